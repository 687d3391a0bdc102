"""Cases 4, 5, 6 and 14: client networks, envelope senders, header From, the null sender."""

import email

from clients import Message
from stack import BOTH, EVERY_WIRING, MILTER, POLICYD
from table import (case, expect, expect_delivered, expect_equal, expect_match, expect_refused, expect_same_story,
                   explain)

ROSE, TULIP = "rose@dom.example", "tulip@dom.example"


# -- 4

def _binds_to_network(client):
    def bind(stack):
        stack.sendward("user", "add", ROSE, "--network", "127.0.0.2/32")
        inside = stack.send(ROSE, client=client, client_ip="127.0.0.2")
        expect_delivered(stack, inside)
        expect_same_story(stack, ROSE, inside, "accept")
        outside = stack.send(ROSE, client=client, client_ip="127.0.0.3")
        expect_refused(stack, outside, "550", "5.7.1", "")
        expect_same_story(stack, ROSE, outside, "refuse", "networks")
        expect_equal(stack.used(ROSE), 1, "messages used")
        expect_delivered(stack, stack.send(TULIP, client=client, client_ip="127.0.0.3"))
    return bind


for _client, _wiring in (("swaks", POLICYD), ("msmtp", MILTER), ("curl", BOTH)):
    case(4, f"a client address outside the login's networks is refused ({_wiring.name}, {_client})",
         wirings=[_wiring])(_binds_to_network(_client))


def _from_address(stack, login, address):
    with stack.session(xclient={"ADDR": address, "LOGIN": login}) as session:
        return session.submit(Message(login))


@case(4, "a denied network inside an allowed one is refused", wirings=EVERY_WIRING)
def _(stack):
    stack.sendward("user", "add", ROSE, "--network", "192.0.2.0/24", "--network", "!192.0.2.128/25")
    expect_delivered(stack, _from_address(stack, ROSE, "192.0.2.127"))
    expect_refused(stack, _from_address(stack, ROSE, "192.0.2.128"), "550", "5.7.1", "")
    expect_refused(stack, _from_address(stack, ROSE, "198.51.100.1"), "550", "5.7.1", "")


@case(4, "with denied networks only, every other address is allowed", wirings=EVERY_WIRING,
      plan={"networks": '{ "!192.0.2.0/24" }'})
def _(stack):
    expect_delivered(stack, _from_address(stack, ROSE, "198.51.100.1"))
    expect_refused(stack, _from_address(stack, ROSE, "192.0.2.1"), "550", "5.7.1", "")


@case(4, "IPv6 networks hold for IPv6 clients", wirings=EVERY_WIRING)
def _(stack):
    stack.sendward("user", "add", ROSE, "--network", "2001:db8:7::/48")
    expect_delivered(stack, _from_address(stack, ROSE, "IPV6:2001:db8:7:1::25"))
    expect_refused(stack, _from_address(stack, ROSE, "IPV6:2001:db8:8::25"), "550", "5.7.1", "")
    expect_refused(stack, _from_address(stack, ROSE, "192.0.2.1"), "550", "5.7.1", "")


# -- 5

@case(5, "a foreign envelope sender is refused", wirings=EVERY_WIRING)
def _(stack):
    stack.sendward("user", "add", ROSE)
    for foreign in ("boss@bank.example", TULIP, "rose@dom.example.evil.example", "xrose@dom.example"):
        outcome = stack.send(ROSE, sender=foreign)
        expect_refused(stack, outcome, "553", "5.7.1", "")
        expect_same_story(stack, ROSE, outcome, "refuse", "envelope_sender")
    expect_equal(stack.used(ROSE), 0, "messages used")


OWNED = (
    ("the login itself", [], ROSE),
    ("in other letter case", [], "Rose@DOM.example"),
    ("with a tag behind the recipient delimiter", [], "rose+news@dom.example"),
    ("an alias", ["sales@dom.example"], "sales@dom.example"),
    ("any address of a domain", ["*@shop.example"], "whatever@shop.example"),
    ("any address of a subdomain", ["*@*.shop.example"], "whatever@east.shop.example"),
    ("any tag of a name", ["user+*@dom.example"], "user+anything@dom.example"),
    ("the login beside its listed senders", ["sales@dom.example"], ROSE),
)

NOT_OWNED = (
    ("a subdomain of a whole domain", ["*@shop.example"], "whatever@east.shop.example"),
    ("the domain above all subdomains", ["*@*.shop.example"], "whatever@shop.example"),
    ("a domain that only ends alike", ["*@shop.example"], "whatever@workshop.example"),
    ("another name with a tag", ["user+*@dom.example"], "other+tag@dom.example"),
    ("another local part of the domain", ["sales@dom.example"], "other@dom.example"),
)


@case(5, "own addresses are accepted: alias, *@domain, *@*.domain, plus-addresses", wirings=EVERY_WIRING)
def _(stack):
    stack.sendward("user", "add", ROSE)
    for what, senders, sender in OWNED:
        _own(stack, senders)
        outcome = stack.send(ROSE, client="python", sender=sender, header_from=sender)
        expect(outcome.accepted, f"{what} ({sender} for {senders}): {outcome}")
        delivery = expect_delivered(stack, outcome)
        expect_equal(delivery.sender.lower(), sender.lower(), "envelope sender of the delivery")
    expect_same_story(stack, ROSE, outcome, "accept")


@case(5, "addresses next to the own ones are refused", wirings=EVERY_WIRING)
def _(stack):
    stack.sendward("user", "add", ROSE)
    for what, senders, sender in NOT_OWNED:
        _own(stack, senders)
        outcome = stack.send(ROSE, client="python", sender=sender, header_from=sender)
        expect_equal(outcome.code, 553, f"{what} ({sender} for {senders}): {outcome}; code")
        expect_same_story(stack, ROSE, outcome, "refuse", "envelope_sender")


def _own(stack, senders):
    if senders:
        stack.sendward("user", "set", ROSE, *[word for sender in senders for word in ("--sender", sender)])


@case(5, "a sender added to a list is accepted at once, a removed one refused at once", wirings=EVERY_WIRING)
def _(stack):
    stack.sendward("user", "add", ROSE, "--sender", ROSE)
    with stack.session(login=ROSE) as session:
        def submit():
            return session.submit(Message(ROSE, sender="new@dom.example", header_from="new@dom.example"))

        expect_refused(stack, submit(), "553", "5.7.1", "")
        stack.sendward("user", "set", ROSE, "--add-sender", "new@dom.example")
        expect_delivered(stack, submit())
        stack.sendward("user", "set", ROSE, "--remove-sender", "new@dom.example")
        expect_refused(stack, submit(), "553", "5.7.1", "")


SALES = {"senders": '{ "sales@dom.example", "*@shop.example", "!boss@shop.example" }'}


@case(5, "two logins share a group of senders, until the configuration loses it", wirings=EVERY_WIRING,
      sections={'sender_group "sales"': SALES})
def _(stack):
    for login in (ROSE, TULIP):
        stack.sendward("user", "add", login, "--sender", "%group:sales")
        for sender in ("sales@dom.example", "any@shop.example", login):
            expect_delivered(stack, stack.send(login, sender=sender, header_from=sender))
        expect_refused(stack, stack.send(login, sender="boss@shop.example"), "553", "5.7.1", "")
    stack.sendward("user", "set", ROSE, "--sender", "*@shop.example", "--sender", "!%group:sales")
    expect_refused(stack, stack.send(ROSE, sender="any@shop.example"), "553", "5.7.1", "")
    expect_delivered(stack, stack.send(ROSE, sender="boss@shop.example", header_from="boss@shop.example"))
    stack.stop_daemons()
    stack.configure()
    for daemon in stack.daemons():
        daemon.start()
    for login, sender in ((TULIP, "sales@dom.example"), (ROSE, "boss@shop.example"), (ROSE, ROSE)):
        expect_refused(stack, stack.send(login, sender=sender), "553", "5.7.1", "")
    expect_delivered(stack, stack.send(TULIP))


@case(5, "a login that is no address and has no senders may use none", wirings=EVERY_WIRING)
def _(stack):
    expect_refused(stack, stack.send("plainlogin", sender="plainlogin@dom.example",
                                     header_from="plainlogin@dom.example"), "553", "5.7.1", "")
    stack.sendward("user", "add", "plainlogin", "--sender", "plainlogin@dom.example")
    expect_delivered(stack, stack.send("plainlogin", sender="plainlogin@dom.example",
                                       header_from="plainlogin@dom.example"))


@case(5, "an unquoted second @ is one too many for the milter; the policy daemon is told what Postfix makes of it",
      wirings=EVERY_WIRING, plan={"senders": '{ "*@dom.example" }'})
def _(stack):
    with stack.session(login=ROSE) as session:
        unquoted = session.submit(Message(ROSE, sender="a@b@dom.example", header_from=ROSE))
        quoted = session.submit(Message(ROSE, sender='"a@b"@dom.example', header_from=ROSE))
    if stack.wiring.milter:
        expect_equal(str(unquoted), f'at RCPT: 553 5.7.1 envelope_sender: more than one "@" (login {ROSE}): '
                     "a@b@dom.example", "reply")
    else:
        expect_equal(expect_delivered(stack, unquoted).sender, '"a@b"@dom.example', "envelope sender of the delivery")
    expect_equal(expect_delivered(stack, quoted).sender, '"a@b"@dom.example', "envelope sender of the delivery")


@case(5, "who may not use which address is told in UTF-8 as Postfix does, and nothing else gets through",
      wirings=EVERY_WIRING)
def _(stack):
    with stack.session(login=ROSE) as session:
        for sender in ("boss@bank.example", "b\u00f2ss@bank.example"):
            outcome = session.submit(Message(ROSE, sender=sender))
            expect_refused(stack, outcome, "553", "5.7.1", f"envelope_sender: {ROSE} may not use {sender}")
        outcome = session.submit(Message(ROSE, sender="\x01@bank.example"))
        expect_equal(outcome.code, 553, f"code of {outcome}")
        expect(outcome.text.isascii() and outcome.text.isprintable(), f"odd octets in {outcome}")


# -- 6

@case(6, "a foreign header From under an own envelope sender is refused by the milter", wirings=(MILTER, BOTH))
def _(stack):
    stack.sendward("user", "add", ROSE)
    for client in ("swaks", "msmtp", "curl"):
        outcome = stack.send(ROSE, client=client, header_from="The Boss <boss@bank.example>")
        expect_equal(outcome.stage, "END-OF-MESSAGE", f"stage of the refusal seen by {client}")
        expect_refused(stack, outcome, "550", "5.7.1", "")
        expect_same_story(stack, ROSE, outcome, "refuse", "header_from")
    expect_equal(stack.used(ROSE), 0, "messages used")


@case(6, "the policy daemon does not see the header, and says so once in the log", wirings=[POLICYD])
def _(stack):
    stack.sendward("user", "add", ROSE)
    for _number in range(3):
        expect_delivered(stack, stack.send(ROSE, header_from="boss@bank.example"))
    told = [line for line in stack.policyd.log().splitlines() if "header_from" in line and "verdict=" not in line]
    expect_equal(len(told), 1, f"log lines about header_from {told}")


# content of From (None: no such field), further header lines, owned or not
ORIGINATORS = (
    ("the login with a name", f"Rose <{ROSE}>", [], True),
    ("the login in quotes", '"rose"@dom.example', [], True),
    ("a folded field", f"Rose\r\n  <{ROSE}>", [], True),
    ("a list of own addresses", f"{ROSE}, sales@dom.example", [], True),
    ("a group of own addresses", f"we: {ROSE}, sales@dom.example;", [], True),
    ("an own address other than the envelope sender", "sales@dom.example", [], True),
    ("an own Sender", ROSE, ["Sender: sales@dom.example"], True),
    ("a list with a foreign one", f"{ROSE}, boss@bank.example", [], False),
    ("a group with a foreign one", f"we: {ROSE}, boss@bank.example;", [], False),
    ("an empty group", "undisclosed: ;", [], False),
    ("no From", None, [], False),
    ("an empty From", " ", [], False),
    ("<>", "<>", [], False),
    ("two From fields", ROSE, [f"From: {ROSE}"], False),
    ("two From fields, the second foreign", ROSE, ["From: boss@bank.example"], False),
    ("an address with a trailing dot", ROSE + ".", [], False),
    ("a foreign Sender", ROSE, ["Sender: boss@bank.example"], False),
    ("a foreign Resent-From", ROSE, ["Resent-From: boss@bank.example"], False),
    ("a foreign Resent-Sender", ROSE, [f"Resent-From: {ROSE}", "Resent-Sender: boss@bank.example"], False),
    ("the own address in the name only", f'"{ROSE}" <boss@bank.example>', [], False),
    ("the own address in a comment only", f"({ROSE}) boss@bank.example", [], False),
)


@case(6, "every address of every originator field must be the login's own", wirings=(MILTER, BOTH))
def _(stack):
    stack.sendward("user", "add", ROSE, "--sender", ROSE, "--sender", "sales@dom.example")
    wrong, accepted = [], 0
    for what, header_from, headers, owned in ORIGINATORS:
        outcome = stack.send(ROSE, client="python", header_from=header_from, headers=headers)
        if outcome.accepted != owned or not (owned or outcome.code == 550):
            wrong.append(f"{what}: {outcome}")
        accepted += outcome.accepted
    expect_equal(wrong, [], "originators judged wrongly")
    expect_equal(stack.used(ROSE), accepted, "messages used")


@case(6, "an address in the display name is let through, or refused with display_name_address = reject",
      wirings=[MILTER])
def _(stack):
    stack.sendward("user", "add", ROSE)
    expect_delivered(stack, stack.send(ROSE, header_from=f'"boss@bank.example" <{ROSE}>'))
    stack.stop_daemons()
    stack.configure(top={"display_name_address": "reject"})
    stack.milter.start()
    expect_refused(stack, stack.send(ROSE, header_from=f'"boss@bank.example" <{ROSE}>'), "550", "5.7.1", "")
    expect_delivered(stack, stack.send(ROSE, header_from=f'"Rose" <{ROSE}>'))


REWRITE = {"checks": "{ header_from = rewrite }"}


def _header(delivery):
    """The header of a delivery as a parser reads it."""
    return email.message_from_bytes(delivery.content)


@case(6, "with header_from = rewrite the message goes out under the login's own address, and tells what it said",
      wirings=(MILTER, BOTH), plan=REWRITE)
def _(stack):
    stack.sendward("user", "add", ROSE)
    outcome = stack.send(ROSE, client="python", header_from="The Boss <boss@bank.example>",
                         headers=["X-Original-From: forged@dom.example", "Sender: boss@bank.example",
                                  "From : second@bank.example", "X-Original-Sender: forged", f"Resent-From: {ROSE}"])
    header = _header(expect_delivered(stack, outcome))
    expect_equal(header.get_all("From"), [ROSE], "From")
    expect_equal(header.get_all("X-Original-From"), ["The Boss <boss@bank.example>", "second@bank.example"],
                 "X-Original-From")
    expect_equal(header.get_all("Sender"), None, "Sender")
    expect_equal(header.get_all("X-Original-Sender"), ["boss@bank.example"], "X-Original-Sender")
    expect_equal(header.get_all("Resent-From"), [ROSE], "Resent-From")
    line = stack.wait_decision(stage="END-OF-MESSAGE", login=ROSE, check="header_from")
    expect_equal(line.verdict, "accept", "verdict")
    expect_equal(stack.used(ROSE), 1, "messages used")


@case(6, "a foreign Reply-To is refused with reply_to = owned, and let through without", wirings=[MILTER])
def _(stack):
    stack.sendward("user", "add", ROSE)
    foreign, own = ["Reply-To: boss@bank.example"], [f"Reply-To: Rose <{ROSE}>"]
    expect_delivered(stack, stack.send(ROSE, client="python", headers=foreign))
    stack.stop_daemons()
    stack.configure(top={"reply_to": "owned"})
    stack.milter.start()
    expect_refused(stack, stack.send(ROSE, client="python", headers=foreign), "550", "5.7.1",
                   "Reply-To: boss@bank.example")
    expect_delivered(stack, stack.send(ROSE, client="python", headers=own))
    expect_delivered(stack, stack.send(ROSE, client="python"))


# content of From (None: no such field), further header lines, the From delivered, what is kept of it
REWRITTEN = (
    ("a display name", "The Boss <boss@bank.example>", [], f'"The Boss" <{ROSE}>', ["The Boss <boss@bank.example>"]),
    ("a name in UTF-8", "=?UTF-8?B?SsOpcsO0bWU=?= <boss@bank.example>", [], f"=?UTF-8?Q?J=C3=A9r=C3=B4me?= <{ROSE}>",
     ["=?UTF-8?B?SsOpcsO0bWU=?= <boss@bank.example>"]),
    ("a name that is an address", '"boss@bank.example" <boss@bank.example>', [], ROSE,
     ['"boss@bank.example" <boss@bank.example>']),
    ("no From", None, [], ROSE, None),
    ("an empty From", "", ["From:"], ROSE, [""]),
    ("no reading", "boss@bank.example <" + ROSE, [], ROSE, ["boss@bank.example <" + ROSE]),
    ("a folded field", "boss@bank.example,\r\n\tchief@bank.example", [], ROSE,
     ["boss@bank.example, chief@bank.example"]),
    ("many fields", "a0@bank.example", [f"From: a{n}@bank.example" for n in range(1, 9)], ROSE,
     [f"a{n}@bank.example" for n in range(9)]),
    ("a foreign Sender", f"Rose <{ROSE}>", ["Sender: boss@bank.example"], f'"Rose" <{ROSE}>', [f"Rose <{ROSE}>"]),
    ("a foreign Resent-From", ROSE, ["Resent-From: boss@bank.example"], ROSE, [ROSE]),
)


@case(6, "what is rewritten has one From field and keeps each it had", wirings=[MILTER], plan=REWRITE)
def _(stack):
    stack.sendward("user", "add", ROSE)
    for what, header_from, headers, new, kept in REWRITTEN:
        outcome = stack.send(ROSE, client="python", header_from=header_from or None, headers=headers)
        header = _header(expect_delivered(stack, outcome))
        expect_equal(header.get_all("From"), [new], f"{what}: From")
        expect_equal(header.get_all("X-Original-From"), kept, f"{what}: X-Original-From")
        for name in ("Sender", "Resent-From"):
            expect_equal(header.get_all(name), None, f"{what}: {name}")
    expect_equal(stack.used(ROSE), len(REWRITTEN), "messages used")


@case(6, "a long and dirty From is kept in lines that can be delivered", wirings=[MILTER], plan=REWRITE)
def _(stack):
    stack.sendward("user", "add", ROSE)
    dirty = "\x01" + "x" * 3000 + "\x7f \t <boss@bank.example>"
    header = _header(expect_delivered(stack, stack.send(ROSE, client="python", header_from=dirty)))
    expect_equal(header.get_all("From"), [ROSE], "From")
    kept = header.get_all("X-Original-From")
    expect_equal(len(kept), 1, "fields X-Original-From")
    expect_match(r"^\?x{800,}[x\s]*\.\.\.$", kept[0], "X-Original-From")
    expect(max(len(line) for line in kept[0].splitlines()) < 950, "a line is too long")


@case(6, "a login without an address of its own is refused with header_from = rewrite", wirings=(MILTER, BOTH),
      plan={**REWRITE, "senders": '{ "*@dom.example" }'})
def _(stack):
    outcome = stack.send("plainlogin", sender=ROSE, header_from="boss@bank.example")
    expect_refused(stack, outcome, "550", "5.7.1", "no address of its own")
    expect_delivered(stack, stack.send("plainlogin", sender=ROSE, header_from=ROSE))
    expect_equal(stack.used("plainlogin"), 1, "messages used")


# -- 14

@case(14, "mail from <> is accepted and charged to the login", wirings=EVERY_WIRING)
def _(stack):
    stack.sendward("user", "add", ROSE)
    for client in ("swaks", "msmtp", "curl"):
        outcome = stack.send(ROSE, client=client, sender="")
        delivery = expect_delivered(stack, outcome)
        expect_equal(delivery.sender, "", "envelope sender of the delivery")
        expect_same_story(stack, ROSE, outcome, "accept")
    expect_equal(stack.used(ROSE), 3, "messages used")


@case(14, "mail from <> is refused with null_sender = reject", wirings=EVERY_WIRING, top={"null_sender": "reject"})
def _(stack):
    stack.sendward("user", "add", ROSE)
    outcome = stack.send(ROSE, sender="")
    expect_match(r"^55[03]$", str(outcome.code), f"code of {outcome}")
    expect_refused(stack, outcome, str(outcome.code), "5.7.1", "")
    expect_same_story(stack, ROSE, outcome, "refuse", "envelope_sender")
    expect_equal(stack.used(ROSE), 0, "messages used")


@case(14, "mail from <> has a quota of its own", wirings=EVERY_WIRING, top={"null_sender": '"2 messages / 1h"'})
def _(stack):
    stack.sendward("user", "add", ROSE)
    for _ in range(2):
        expect_delivered(stack, stack.send(ROSE, sender=""))
    outcome = stack.send(ROSE, sender="")
    expect_refused(stack, outcome, "450", "4.7.28", "null sender: 2 messages / 1h")
    expect_same_story(stack, ROSE, outcome, "defer", "quotas")
    expect_delivered(stack, stack.send(ROSE))
    expect_equal(stack.used(ROSE), 3, "messages used")


@case(14, "mail from <> with a foreign header From is refused by the milter", wirings=(MILTER, BOTH))
def _(stack):
    stack.sendward("user", "add", ROSE)
    outcome = stack.send(ROSE, sender="", header_from="boss@bank.example")
    expect_refused(stack, outcome, "550", "5.7.1", "")
    expect_equal(explain(stack, ROSE, outcome)["check"], "header_from", "check of explain")
