"""Quotas: shared ones, ramps and calendar periods, free recipients, sessions without a login."""

import signal

from processes import wait_until
from sendward import events
from table import case
from world import BODY, FROM_ALICE, SHORT_MS, World, expect, expect_match

ALICE, BOB = "alice@example.org", "bob@example.org"
OWN = '{ "5 messages / 1h" }'

# What shares a quota, and the settings that make both logins share it.
SCOPES = {
    "domain example.org": lambda quotas: {"sections": {'domain "example.org"': {"shared_quotas": quotas}}},
    "plan default": lambda quotas: {"plan": {"shared_quotas": quotas}},
    "group flowers": lambda quotas: {"sections": {"group flowers": {"quotas": quotas}}},
}


def with_scope(scope, limit):
    settings = SCOPES[scope](f'{{ "{limit} messages / 1h" }}')
    return {**settings, "plan": {"quotas": OWN, **settings.get("plan", {})}}


def send(world, login, **message):
    return world.send(login, sender=f"<{login}>", headers=(("From", f" {login}"),), **message).answer


def begin(session, queue_id, recipients=("<r@example.net>",), login=ALICE):
    """A message up to its end; every step passes."""
    expect(session.mail(f"<{login}>", login), "continue", "MAIL")
    for recipient in recipients:
        expect(session.rcpt(recipient, queue_id), "continue", f"RCPT {recipient}")
    session.content((("From", f" {login}"),), BODY, queue_id)


def expect_used(world, login, used):
    """The login's own messages, seen when nothing is shared any more."""
    world.reconfigure(plan={"quotas": OWN})
    expect(world.used(login, f"<{login}>"), used, f"used by {login}")


@case("a message whose queue id nobody tells is charged all the same")
def without_queue_id():
    with World(plan={"quotas": '{ "2 messages / 1h" }'}) as world, world.session() as session:
        for _ in range(2):
            begin(session, "")
            expect(session.end_of_message("").answer, "continue", "within the quota")
        expect(world.decided(2, stage="END-OF-MESSAGE").qid, "-", "queue id in the log")
        expect_match(r"^450 4\.7\.28 ", session.envelope(f"<{ALICE}>", ALICE), "beyond it")


@case("a shared quota is shared, and a message that it refuses at its end is charged to none")
def shared():
    for scope in SCOPES:
        with World(**with_scope(scope, 2)) as world, world.session() as session:
            for login in (ALICE, BOB):
                world.account(login, group="flowers")
            begin(session, "4QSHARED")
            for _ in range(2):
                expect(send(world, BOB), "continue", "within the quota")
            refused = fr"^450 4\.7\.28 quota: 2 messages / 1h \({scope}\) used up"
            expect_match(refused, session.end_of_message("4QSHARED").answer, "the end of the message")
            expect_match(refused, send(world, ALICE), "the first RCPT")
            expect_used(world, ALICE, 0)
            expect_used(world, BOB, 2)


@case("a message whose server has gone before the answer gets back what each scope was charged")
def gone_before_the_answer():
    scope = "domain example.org"
    with World(**with_scope(scope, 2)) as world:
        expect(send(world, ALICE), "continue", "a message before")
        session = world.session()
        begin(session, "4QGONE")
        world.redis.signal(signal.SIGSTOP)
        session.send_end_of_message("4QGONE")
        session.wait_read()
        session.close()
        world.redis.signal(signal.SIGCONT)
        world.daemon.wait_log("qid=4QGONE .*its charge is taken back")
        # The line is written before the refund has gone to Redis.
        wait_until(lambda: send(world, BOB) == "continue", "what the domain has left")
        expect_match("^450 ", send(world, BOB), "beyond it")
        expect_used(world, ALICE, 1)


@case("Redis hangs at the end of a message: nothing stays charged to any scope")
def hung_at_the_end():
    scope = "domain example.org"
    settings = with_scope(scope, 2)
    with World(top={"on_store_failure": "defer"}, deadline_ms=SHORT_MS, **settings) as world, world.session() as session:
        begin(session, "4QHUNG")
        world.redis.signal(signal.SIGSTOP)
        answer = session.end_of_message("4QHUNG").answer
        world.redis.signal(signal.SIGCONT)
        expect_match(r"^451 4\.3\.0 ", answer, "reply")
        wait_until(lambda: send(world, BOB) == "continue", "the store to be back")
        expect(send(world, BOB), "continue", "what the domain has left")
        expect_match("^450 ", send(world, BOB), "beyond it")
        expect_used(world, ALICE, 0)


@case("free recipients are not counted, as they were typed")
def free_recipients():
    plan = {"quotas": '{ "3 recipients / 1h" }', "free_recipients": '{ "*@own.example", "%login" }'}
    with World(plan=plan) as world, world.session() as session:
        begin(session, "4QA", ("<A@Own.Example>", "b@own.example", '<"c d"@own.example>', "<alice@example.org>",
                               "<r1@example.net>", "<r2@example.net>"))
        expect(session.end_of_message("4QA").answer, "continue", "the end")
        expect(world.decided(stage="END-OF-MESSAGE").used, "2", "used")
        expect(session.mail("<alice@example.org>", ALICE), "continue", "the next MAIL")
        expect(session.rcpt("<r1@example.net>"), "continue", "RCPT within the quota")
        expect_match("^450 ", session.rcpt("<r2@example.net>", "4QB"), "RCPT beyond")
        expect(session.rcpt("<a@own.example>", "4QB"), "continue", "a free RCPT")
        session.content(FROM_ALICE, BODY, "4QB")
        expect(session.end_of_message("4QB").answer, "continue", "the next end")
        expect(world.decided(2, stage="END-OF-MESSAGE").used, "3", "used")


@case("over_quota_at_rcpt = too_many: 452 for what is too many, the quota's reply for the first recipient")
def too_many():
    plan = {"quotas": '{ "2 recipients / 1h" }', "over_quota_at_rcpt": "too_many"}
    with World(plan=plan) as world, world.session() as session, world.session() as other:
        expect(other.mail("<alice@example.org>", ALICE), "continue", "MAIL of another session")
        expect(session.mail("<alice@example.org>", ALICE), "continue", "MAIL")
        for recipient in ("<r1@example.net>", "<r2@example.net>"):
            expect(session.rcpt(recipient, "4QA"), "continue", recipient)
        expect_match(r"^452 4\.5\.3 quota: 2 recipients / 1h ", session.rcpt("<r3@example.net>", "4QA"), "one too many")
        session.content(FROM_ALICE, BODY, "4QA")
        expect(session.end_of_message("4QA").answer, "continue", "the end")
        expect_match(r"^450 4\.7\.28 quota: 2 recipients / 1h ", other.rcpt("<r3@example.net>"), "the first of another")


@case("a session without a login counts for its network, and nobody looks at its addresses")
def unauthenticated():
    sections = {"unauthenticated": {"quotas": '{ "2 messages / 1h" }', "ipv4_prefix": "24"}}
    message = {"sender": "<anybody@example.com>", "headers": (("From", " a@b.example, c@d.example"),)}
    with World(plan={"quotas": '{ "1 messages / 1h" }'}, sections=sections) as world:
        for client in ("192.0.2.7", "192.0.2.200"):
            with world.session(client=client) as session:
                expect(world.message(session, None, **message), ("continue", []), client)
        expect(world.decided(2, stage="END-OF-MESSAGE").used, "2", "used")
        with world.session(client="192.0.2.1") as session:
            expect_match(r"^450 4\.7\.28 quota: 2 messages / 1h \(network 192\.0\.2\.0/24\) used up",
                         session.envelope("<>", None), "beyond")
        with world.session(client="192.0.3.1") as session:
            expect(world.message(session, None, **message).answer, "continue", "another network")
        expect(world.send(ALICE).answer, "continue", "a login")
        expect_match("^450 .* 1 messages / 1h used up", world.send(ALICE).answer, "a login beyond")


@case("80 and 95 percent are said once, in the log and as events")
def warnings():
    settings = with_scope("domain example.org", 20)
    settings["plan"]["quotas"] = '{ "10 messages / 1h" }'
    with World(**settings) as world:
        for _ in range(10):
            expect(send(world, ALICE), "continue", "within the quota")
        expect_match("^450 ", send(world, ALICE), "beyond")
        for _ in range(6):
            expect(send(world, BOB), "continue", "within the quota")
        world.daemon.wait_log(f"login={BOB} .* percent=80 used=16 limit=20")
        wanted = [(ALICE, "10 messages / 1h", 80, 8), (ALICE, "10 messages / 1h", 95, 10),
                  (BOB, "20 messages / 1h (domain example.org)", 80, 16)]
        told = [(e["login"], e["quota"], e["percent"], e["used"])
                for e in events(world.redis) if e["event"] == "warning"]
        expect(told, wanted, "events")
        expect(sum(" percent=" in line for line in world.daemon.log().splitlines()), len(wanted), "lines")


@case("a new login begins with what the ramp begins with")
def ramp():
    with World(plan={"ramp": "{ start = 2  factor = 2  until = 100 }"}) as world, world.session() as session:
        begin(session, "4QA", ("<r1@example.net>", "<r2@example.net>"))
        expect(session.end_of_message("4QA").answer, "continue", "the end")
        expect_match(r"^450 4\.7\.28 quota: 2 recipients / 1d \(ramp\) used up", send(world, ALICE), "beyond")
        expect(send(world, BOB), "continue", "another login")


@case("a calendar quota counts by the clock of its zone")
def calendar():
    with World(plan={"quotas": '{ "2 messages / month in Europe/Zurich" }'}) as world:
        expect([send(world, ALICE) for _ in range(2)], ["continue"] * 2, "within the quota")
        expect_match(r"^450 4\.7\.28 quota: 2 messages / month in Europe/Zurich used up, retry after ",
                     send(world, ALICE), "beyond")
