"""What the milter answers, and what it asks to be done to a message."""

import signal

from table import case
from world import BODY, FROM_ALICE, World, expect, expect_match

ALICE = "alice@example.org"


@case("a good message passes every stage and is charged once")
def accepted():
    with World() as world:
        answer = world.send(ALICE, recipients=("<r1@example.net>", "<r2@example.net>"))
        expect(answer, ("continue", []), "answer at the end")
        end = world.decided(stage="END-OF-MESSAGE", verdict="accept", login=ALICE)
        expect((end.used, end.limit, end.node, end.client), ("2", "1000", "mx1", "192.0.2.7"), "log line")
        expect_match(r"^4Q", end.qid, "queue id at the end")
        expect([d.qid for d in world.decisions(stage="RCPT")], ["-", end.qid], "queue id at each RCPT")
        expect(world.used(ALICE), 2, "used afterwards")


@case("a blocked login is refused at the first RCPT with its reply, and passes when allowed again")
def blocked():
    with World() as world:
        world.account(ALICE, state="blocked", reason="phished 100% sure")
        expect(world.send(ALICE).answer, f"550 5.7.1 state: login {ALICE} is blocked: phished 100% sure", "reply")
        expect(world.decided(stage="RCPT", verdict="refuse", login=ALICE).check, "state", "check")
        world.account(ALICE)
        expect(world.send(ALICE).answer, "continue", "answer after allow")
        expect(world.used(ALICE), 1, "used afterwards")


@case("a client outside the networks is refused at the first RCPT, IPv4 and IPv6")
def networks():
    with World(plan={"networks": '{ "192.0.2.0/24", "2001:db8::/32" }'}) as world:
        for client, passes in (("192.0.2.7", True), ("198.51.100.9", False), ("2001:db8::7", True),
                               ("2001:db9::7", False), ("::ffff:192.0.2.8", True)):
            with world.session(client=client) as session:
                answer = session.envelope("<alice@example.org>", ALICE)
            expect(answer == "continue", passes, f"{client} answered {answer}")
            if not passes:
                expect(answer, f"550 5.7.1 networks: login {ALICE} may not send from {client}", "reply")


@case("a foreign envelope sender is refused at the first RCPT, as it was typed")
def envelope_sender():
    with World() as world:
        for sender, passes in (("<alice@example.org>", True), ("<ALICE@Example.ORG>", True), ("bare@example.org", True),
                               ("<mallory@example.com>", False), ("<>", True), ("<@relay:alice@example.org>", False)):
            with world.session() as session:
                answer = session.envelope(sender, ALICE)
            expect(answer == "continue", passes, f"{sender} answered {answer}")
        expect(world.decided(verdict="refuse", login=ALICE).check, "envelope_sender", "check")
        for sender, reply in (("<mallory@example.com>", f"{ALICE} may not use mallory@example.com"),
                              ("<100%@example.com>", f"{ALICE} may not use 100%@example.com"),
                              ("<a@b@example.org>", f'more than one "@" (login {ALICE}): a@b@example.org'),
                              ("<\udcff@example.org>", f"not UTF-8 (login {ALICE}): ?@example.org")):
            with world.session() as session:
                expect(session.envelope(sender, ALICE), f"553 5.7.1 envelope_sender: {reply}", "reply")
        with world.session() as session:
            expect(session.envelope('<"a@b"@example.org>', ALICE), "continue", "the quoted one")
        with world.session() as session:
            answer = session.envelope(f"<{'x' * 2000}@example.com>", ALICE)
        expect_match(rf"^553 5\.7\.1 envelope_sender: .* \(login {ALICE}\): x+$", answer, "reply to a long one")
        expect(len(answer), len("553 5.7.1 ") + 400, "its length")


@case("a foreign header From is refused at the end and not charged")
def header_from():
    with World() as world:
        answer = world.send(ALICE, headers=(("From", " Boss <boss@example.com>"), ("Subject", " pay")))
        expect_match(r"^550 5\.7\.1 header_from: .*boss@example\.com", answer.answer, "reply")
        expect(world.decided(stage="END-OF-MESSAGE", verdict="refuse").check, "header_from", "check")
        answer = world.send(ALICE, headers=(("Subject", " nobody"),))
        expect_match(r"^550 5\.7\.1 header_from: ", answer.answer, "reply without a From field")
        answer = world.send(ALICE, headers=(*FROM_ALICE, ("From", " bob@example.org")))
        expect_match(r"^550 5\.7\.1 header_from: ", answer.answer, "reply to two From fields")
        expect(world.used(ALICE), 0, "used afterwards")


@case("a quota in recipients counts them at RCPT; the one too many is refused, the message goes on")
def quota_recipients():
    with World(plan={"quotas": '{ "3 recipients / 1h" }'}) as world, world.session() as session:
        expect(session.mail("<alice@example.org>", ALICE), "continue", "MAIL")
        for i in range(3):
            expect(session.rcpt(f"<r{i}@example.net>", "4QA" if i else None), "continue", f"RCPT {i}")
        refused = session.rcpt("<r3@example.net>", "4QA")
        expect_match(r"^450 4\.7\.28 quota: 3 recipients / 1h", refused, "the fourth RCPT")
        session.content(FROM_ALICE, BODY, "4QA")
        expect(session.end_of_message("4QA").answer, "continue", "the end")
        expect(world.decided(stage="END-OF-MESSAGE").used, "3", "used")
        answer = world.send(ALICE).answer
        expect_match(r"^450 4\.7\.28 quota: 3 recipients / 1h used up, retry after [\w ]+ \(3/3 used", answer, "the first RCPT")


@case("a quota in messages refuses the first one beyond it at its first RCPT")
def quota_messages():
    with World(plan={"quotas": '{ "2 messages / 1h", "1000 messages / 1d" }'}) as world:
        expect([world.send(ALICE).answer for _ in range(2)], ["continue"] * 2, "within the quota")
        expect_match(r"^450 4\.7\.28 quota: 2 messages / 1h used up", world.send(ALICE).answer, "beyond")
        expect(world.send("bob@example.org", sender="<bob@example.org>",
                          headers=(("From", " bob@example.org"),)).answer, "continue", "another login")


@case("a quota in bytes counts what the client sent, to the octet")
def quota_bytes():
    headers = (("From", " alice@example.org"), ("Subject", "no space,\n\tfolded"), ("X-Long", "  " + "x" * 70))
    body = b"x" * 98 + b"\r\n" + b"\r\n" * 70000
    size = len("".join(f"{name}:{value}\r\n" for name, value in headers).replace("\n", "\r\n").replace("\r\r", "\r"))
    size += 2 + len(body)
    for limit, passes in ((size, True), (size - 1, False)):
        with World(plan={"quotas": f'{{ "{limit} bytes / 1h" }}'}) as world:
            answer = world.send(ALICE, headers=headers, body=body).answer
            expect(answer == "continue", passes, f"{size} bytes with a quota of {limit}: {answer}")
            if passes:
                expect(world.decided(stage="END-OF-MESSAGE").used, str(size), "used")
            else:
                expect_match(f"{size} asked", answer, "reply")


@case("SIZE= beyond a cap is refused before the message is sent")
def size_cap():
    with World(plan={"max_size": "1000"}) as world:
        answer = world.send(ALICE, parameters=("BODY=8BITMIME", "SIZE=1001")).answer
        expect_match(r"^552 5\.3\.4 caps: ", answer, "the first RCPT")
        expect(world.send(ALICE, parameters=("SIZE=1000",)).answer, "continue", "SIZE= within the cap")


@case("several messages of one session are each their own, with and without a login")
def several_messages():
    with World(plan={"quotas": '{ "3 messages / 1h" }'}) as world, world.session() as session:
        expect(world.message(session, ALICE).answer, "continue", "first")
        expect(session.envelope("<x@example.com>", None), "accept", "without a login")
        expect(world.message(session, ALICE).answer, "continue", "second")
        expect_match("^553 ", world.message(session, ALICE, sender="<x@example.com>").answer, "foreign sender")
        expect(world.message(session, ALICE).answer, "continue", "third")
        expect_match("^450 ", world.message(session, ALICE).answer, "fourth")
        expect(len({d.qid for d in world.decisions(stage="END-OF-MESSAGE")}), 3, "queue ids charged")


@case("without a login a message is left alone")
def no_login():
    with World(top={"unknown_login": "refuse"}) as world, world.session() as session:
        expect(session.envelope("<x@example.com>", None), "accept", "without a login")
        expect(session.envelope("<x@example.com>", ""), "accept", "with an empty login")
        expect_match("^550 ", session.envelope("<alice@example.org>", ALICE), "with an unknown login")
        world.decided(verdict="refuse", login=ALICE)
        expect(len(world.decisions()), 1, "decisions")


@case("a login that is too long is deferred, whatever on_store_failure says")
def long_login():
    with World(top={"on_store_failure": "pass"}) as world:
        expect_match(r"^451 4\.3\.0 ", world.send("x" * 256).answer, "256 octets")
        world.daemon.wait_log("the login is too long")
        expect(world.send("x" * 255).answer, "continue", "255 octets")


@case("odd logins have their own accounts and counters")
def odd_logins():
    logins = ("user+tag@example.org", "DOM\\user", "two words", 'quo"te', "gr\u00fc\u00df@example.org", "a}b{c", "a",
              "100%")
    with World() as world:
        for n, login in enumerate(logins, 1):
            for _ in range(n):
                expect(world.send(login).answer, "continue", repr(login))
        for n, login in enumerate(logins, 1):
            expect(world.used(login), n, f"used by {login!r}")
            world.account(login, state="blocked")
            expect_match("^550 ", world.send(login).answer, f"{login!r} blocked")


@case("a sandboxed message is discarded: the client sees it accepted, and it is charged")
def discard():
    with World() as world:
        world.account(ALICE, state="sandboxed")
        expect(world.send(ALICE), ("discard", []), "answer")
        expect(world.decided(stage="END-OF-MESSAGE", verdict="discard").check, "sandbox", "check")
        expect(world.used(ALICE), 1, "used afterwards")


@case("a sandboxed message is held")
def hold():
    with World(plan={"sandbox": "hold"}) as world:
        world.account(ALICE, state="sandboxed")
        answer = world.send(ALICE)
        expect((answer.answer, [name for name, _ in answer.changes]), ("continue", ["quarantine"]), "answer")
        expect_match("sandbox", answer.changes[0][1], "reason")


@case("a redirected message loses each recipient as it was spelled and gets the one configured")
def redirect():
    recipients = ("<Up@EXAMPLE.NET>", "bare@example.net", '<"quo ted"@example.net>', "<Up@EXAMPLE.NET>")
    with World(plan={"sandbox": "redirect", "sandbox_redirect": '"trap@example.org"'}) as world:
        world.account(ALICE, state="sandboxed")
        answer = world.send(ALICE, recipients=recipients)
        expect(answer, ("continue", [("delrcpt", r) for r in recipients] + [("addrcpt", "trap@example.org")]), "answer")


@case("a message with a recipient that cannot be deleted is held instead of redirected")
def redirect_not_possible():
    with World(plan={"sandbox": "redirect", "sandbox_redirect": '"trap@example.org"'}) as world:
        world.account(ALICE, state="sandboxed")
        for odd in ("<@relay.example:r@example.net>", "<r@example.net,>", "<group:r@example.net;>", "<<r@example.net>>"):
            answer = world.send(ALICE, recipients=("<one@example.net>", odd))
            expect((answer.answer, [name for name, _ in answer.changes]), ("continue", ["quarantine"]), odd)
        expect(world.used(ALICE), 8, "recipients used afterwards")


LIST = {"sandbox_recipients": '{ "abuse@example.net", "*@help.example" }'}


@case("a sandboxed login reaches the recipients in sandbox_recipients, and only them")
def sandbox_recipients():
    with World(plan=LIST) as world:
        world.account(ALICE, state="sandboxed")
        listed, others = ["<Abuse@example.net>", "a@HELP.example"], ["<Up@EXAMPLE.NET>", "bare@example.net"]
        expect(world.send(ALICE, recipients=listed), ("continue", []), "to those in the list")
        world.decided(stage="END-OF-MESSAGE", verdict="accept")
        expect_match(r'verdict=accept .* flag="sandboxed, all recipients in sandbox_recipients"$',
                     world.daemon.log().splitlines()[-1], "log line")
        expect(world.send(ALICE, recipients=others), ("discard", []), "to others")
        expect(world.send(ALICE, recipients=[others[0], listed[0], others[1], listed[1], others[0]]),
               ("continue", [("delrcpt", r) for r in (*others, others[0])]), "to both")
        world.decided(2, stage="END-OF-MESSAGE", verdict="discard")
        expect_match(r"verdict=discard check=sandbox .* dropped=3$", world.daemon.log().splitlines()[-1], "log line")
        expect(world.send(ALICE, recipients=[*listed, "<@relay.example:r@example.net>"]), ("discard", []),
               "to one that cannot be deleted")
        expect(world.used(ALICE), 12, "recipients used afterwards")
        world.reconfigure(plan={**LIST, "checks": "{ header_from = rewrite }"})
        answer = world.send(ALICE, recipients=[others[0], listed[0]], headers=(("From", " boss@example.com"),))
        expect([name for name, _ in answer.changes], ["addheader", "chgheader", "delrcpt"], "changes in mode rewrite")
        for sandbox, changes in (("hold", ["quarantine"]), ("redirect", ["delrcpt", "delrcpt", "addrcpt"])):
            world.reconfigure(plan={**LIST, "sandbox": sandbox, "sandbox_redirect": '"trap@example.org"'})
            answer = world.send(ALICE, recipients=[others[0], listed[0]])
            expect([name for name, _ in answer.changes], changes, f"changes with sandbox = {sandbox}")
            expect(world.send(ALICE, recipients=listed), ("continue", []), f"to those in the list, {sandbox}")


@case("a login that comes into the sandbox in the middle of a message reaches nobody with it")
def sandboxed_late():
    with World(plan=LIST) as world, world.session() as session:
        expect(session.mail("<alice@example.org>", ALICE), "continue", "MAIL")
        expect(session.rcpt("<abuse@example.net>"), "continue", "RCPT")
        world.account(ALICE, state="sandboxed")
        session.content(FROM_ALICE, BODY, "4QA")
        expect(session.end_of_message("4QA").answer, "discard", "the end")


@case("a recipient that was refused is not deleted when the message is redirected")
def redirect_accepted_only():
    with World(plan={"sandbox": "redirect", "sandbox_redirect": '"trap@example.org"',
                     "max_recipients": "1"}) as world, world.session() as session:
        world.account(ALICE, state="sandboxed")
        expect(session.mail("<alice@example.org>", ALICE), "continue", "MAIL")
        expect(session.rcpt("<one@example.net>"), "continue", "first RCPT")
        expect_match(r"^452 4\.5\.3 ", session.rcpt("<two@example.net>", "4QA"), "second RCPT")
        session.content(FROM_ALICE, BODY, "4QA")
        expect(session.end_of_message("4QA").changes,
               [("delrcpt", "<one@example.net>"), ("addrcpt", "trap@example.org")], "changes")


@case("a message over quota is held and not charged when over_quota = hold")
def over_quota_hold():
    with World(plan={"quotas": '{ "1 messages / 1h" }', "over_quota": "hold"}) as world:
        expect(world.send(ALICE), ("continue", []), "within the quota")
        answer = world.send(ALICE)
        expect((answer.answer, [name for name, _ in answer.changes]), ("continue", ["quarantine"]), "beyond")
        expect(world.decided(stage="END-OF-MESSAGE", verdict="hold").used, "1", "used")


@case("when the policy daemon charges, the end of the message asks no quota")
def charged_elsewhere():
    with World(top={"charge": "policyd"}, plan={"quotas": '{ "1 messages / 1h" }'}) as world:
        expect([world.send(ALICE).answer for _ in range(3)], ["continue"] * 3, "answers")
        answer = world.send(ALICE, headers=(("From", " boss@example.com"),)).answer
        expect_match("^550 ", answer, "a foreign header From")
        world.account(ALICE, state="sandboxed")
        expect(world.send(ALICE), ("continue", []), "sandboxed")
        expect(world.used(ALICE), 0, "used afterwards")


@case("monitor mode passes everything and logs what would have happened")
def monitor():
    checks = "{ envelope_sender = monitor  header_from = monitor  quotas = monitor }"
    with World(plan={"quotas": '{ "1 messages / 1h" }', "checks": checks}) as world:
        for _ in range(2):
            expect(world.send(ALICE, sender="<x@example.com>"), ("continue", []), "answer")
        line = world.decided(2, stage="END-OF-MESSAGE", verdict="accept")
        expect((line.monitor, line.check, line.also), ("refuse", "envelope_sender", "quotas"), "the second one")


@case("too many recipients get 452, and the message goes on")
def many_recipients():
    limit = 10000
    with World(plan={"quotas": '{ "1000000 recipients / 1h" }', "max_recipients": "0"}) as world, \
            world.session() as session:
        expect(session.mail("<alice@example.org>", ALICE), "continue", "MAIL")
        for i in range(limit):
            answer = session.rcpt(f"<r{i}@example.net>", "4QA")
            if answer != "continue":
                raise AssertionError(f"recipient {i}: {answer}")
        expect(session.rcpt("<one@more.example>", "4QA"), "452 4.5.3 too many recipients in one message", "one more")
        session.content(FROM_ALICE, BODY, "4QA")
        expect(session.end_of_message("4QA").answer, "continue", "the end")
        expect(world.decided(stage="END-OF-MESSAGE").used, str(limit), "used")


REWRITE = {"checks": "{ header_from = rewrite }"}


def _fields(answer):
    """The changes of the header: (what, index, name, value); 2^32 - 1 is no index."""
    fields = []
    for what, text in answer.changes:
        data = text.encode("utf-8", "surrogateescape")
        index = 0
        if what == "chgheader":
            index, data = int.from_bytes(data[:4], "big"), data[4:]
        name, _, value = data.partition(b"\0")
        fields.append((what, index, name.decode(), value.decode()))
    return fields


@case("in mode rewrite a foreign header From gives way to the main address, and is kept")
def rewrite():
    with World(plan=REWRITE) as world:
        answer = world.send(ALICE, headers=(("From", " The Boss <boss@example.com>"), ("Subject", " pay")))
        expect(answer.answer, "continue", "answer")
        expect(_fields(answer), [("addheader", 0, "X-Original-From", " The Boss <boss@example.com>"),
                                 ("chgheader", 1, "From", ' "The Boss" <alice@example.org>')], "changes")
        line = world.daemon.log().splitlines()[-1]
        expect_match(r"verdict=accept rewrite=header_from check=header_from "
                     r'rule="From: boss@example\.com is not covered by \*@example\.org [^"]*" .* '
                     r"from=alice@example\.org", line, "log line")
        expect(world.send(ALICE), ("continue", []), "an own header From")
        expect(world.used(ALICE), 2, "used afterwards")


@case("in mode rewrite all that was wrong is taken out, and nothing a client wrote passes for ours")
def rewrite_all():
    with World(plan=REWRITE) as world:
        answer = world.send(ALICE, headers=(
            ("X-Original-From", " forged@example.org"), ("From", " alice@example.org"), ("Sender", " boss@example.com"),
            ("From", " boss@example.com,\n\t\xe9\udce9 <"), ("X-original-from", " forged"), ("Resent-From", ALICE),
            ("X-Original-Resent-From", " stays")))
        expect(answer.answer, "continue", "answer")
        expect(_fields(answer), [
            ("chgheader", 2, "X-Original-From", ""), ("chgheader", 1, "X-Original-From", ""),
            ("addheader", 0, "X-Original-From", " alice@example.org"),
            ("addheader", 0, "X-Original-From", " boss@example.com, \xe9? <"),
            ("chgheader", 1, "From", " alice@example.org"), ("chgheader", 2, "From", ""),
            ("addheader", 0, "X-Original-Sender", " boss@example.com"), ("chgheader", 1, "Sender", "")], "changes")
        answer = world.send(ALICE, headers=(("Subject", " nobody"),))
        expect(_fields(answer), [("addheader", 0, "From", " alice@example.org")], "changes without a From field")


@case("a foreign Reply-To is looked at with reply_to = owned, and taken out in mode rewrite")
def reply_to():
    headers = (*FROM_ALICE, ("Reply-To", " boss@example.com"), ("X-Original-Reply-To", " forged"))
    with World(plan=REWRITE) as world:
        expect(world.send(ALICE, headers=headers), ("continue", []), "with reply_to = ignore")
        world.reconfigure(top={"reply_to": "owned"})
        expect_match(r"^550 5\.7\.1 .*Reply-To: boss@example\.com", world.send(ALICE, headers=headers).answer, "reply")
        world.reconfigure(top={"reply_to": "owned"}, plan=REWRITE)
        expect(_fields(world.send(ALICE, headers=headers))[2:], [
            ("chgheader", 1, "X-Original-Reply-To", ""),
            ("addheader", 0, "X-Original-Reply-To", " boss@example.com"), ("chgheader", 1, "Reply-To", "")], "changes")


@case("in mode rewrite a login without an address of its own is refused, and told why")
def rewrite_none():
    with World(plan=REWRITE) as world:
        answer = world.send("alice", headers=(("From", " boss@example.com"),))
        expect(answer.answer, "550 5.7.1 header_from: From: boss@example.com; login alice has no address of its own to "
               "put there", "reply")
        world.account("alice", senders=["*@example.org", "sales@example.org"])
        answer = world.send("alice", headers=(("From", " boss@example.com"),))
        expect(_fields(answer)[-1], ("chgheader", 1, "From", " sales@example.org"), "with a sender of its own")
        expect_match("^553 ", world.send(ALICE, sender="<x@example.com>").answer, "a foreign envelope sender")


@case("in mode rewrite a message that is held or redirected is put right too, a discarded one is not")
def rewrite_sandbox():
    headers = (("From", " boss@example.com"),)
    with World(plan={**REWRITE, "sandbox_redirect": '"trap@example.org"'}) as world:
        world.account(ALICE, state="sandboxed")
        for sandbox, changes in (("discard", []), ("hold", ["addheader", "chgheader", "quarantine"]),
                                 ("redirect", ["addheader", "chgheader", "delrcpt", "addrcpt"])):
            world.reconfigure(plan={**REWRITE, "sandbox_redirect": '"trap@example.org"', "sandbox": sandbox})
            answer = world.send(ALICE, headers=headers)
            expect([name for name, _ in answer.changes], changes, f"changes with sandbox = {sandbox}")


@case("when Postfix has gone before a header is rewritten, the charge goes back")
def rewrite_gone():
    with World(plan=REWRITE) as world:
        session = world.session()
        expect(session.mail("<alice@example.org>", ALICE), "continue", "MAIL")
        expect(session.rcpt("<r@example.net>"), "continue", "RCPT")
        session.content((("From", " boss@example.com"),), BODY, "4QGONE")
        world.redis.signal(signal.SIGSTOP)
        session.send_end_of_message("4QGONE")
        session.wait_read()
        session.close()
        world.redis.signal(signal.SIGCONT)
        world.daemon.wait_log("did not take the answer, its charge is taken back")
        world.decided(stage="END-OF-MESSAGE", verdict="accept")
        expect(world.used(ALICE), 0, "used afterwards")
