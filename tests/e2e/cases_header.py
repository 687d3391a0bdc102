"""Case 6 once more: every header of the corpus (tests/header) through SMTP AUTH and Postfix's own cleanup.

What the client is told and what is delivered must be what the corpus says of the header, or what its line `postfix`
says where Postfix makes another header of it before the milter sees it. And what is rewritten must be good afterwards.
"""

import os
import sys

from clients import Session, dotted
from processes import wait_until
from sendward import write_account
from stack import MILTER
from table import case, expect

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "header"))

import corpus    # noqa: E402

# One login for each list of senders that some case wants.
LOGINS = {owns: f"login{number}@dom.example"
          for number, owns in enumerate(sorted({one.owns for one in corpus.cases()}))}
BODY = b"\r\nHello.\r\n"


class Told:
    """What the client was told of one header."""

    def __init__(self, one, reply, recipient):
        self.case, self.reply, self.recipient = one, reply, recipient
        verdict, says = one.postfix or (one.verdict, one.says)
        self.wants_delivery = verdict == "pass"
        if verdict == "pass":
            self.wanted = "250"
        elif verdict == "reply":
            self.wanted = says
        else:
            self.wanted = "550 5.7.1"
        # What is beyond ASCII, or too long, is written in another way.
        self.text = says if verdict in ("fault", "foreign") and says.isascii() and len(says) < 300 else ""

    def fault(self):
        """Why this is not as the case says; None when it is."""
        if str(self.reply).startswith(self.wanted) and self.text in self.reply.text:
            return None
        return f"{self.case.place} {self.case.name}: wanted {self.wanted} {self.text}, the client was told {self.reply}"


def submit(session, one, recipient):
    """Sends the case's octets as they are; the reply that ended it."""
    parameters = "" if one.header.isascii() else "BODY=8BITMIME SMTPUTF8"
    for reply in (session.mail(LOGINS[one.owns], parameters), session.rcpt(recipient)):
        if reply.code != 250:
            session.command("RSET")
            return reply
    reply = session.command("DATA")
    if reply.code == 354:
        session.write(dotted(one.header + BODY) + b".\r\n")
        reply = session.read_reply()
    return reply


def submit_all(stack, chosen):
    """Sends all of them, in a session for each login. Returns what was told."""
    told = []
    for owns in sorted({one.owns for one in chosen}):
        write_account(stack.redis, LOGINS[owns], senders=owns.split())
        with Session(stack.postfix.port, login=LOGINS[owns]) as session:
            for one in chosen:
                if one.owns == owns:
                    recipient = f"case{len(told)}@far.example"
                    told.append(Told(one, submit(session, one, recipient), recipient))
    return told


def check_deliveries(stack, told):
    """What was accepted is delivered once, the octets of its header as they were sent; nothing else is."""
    wait_until(stack.postfix.drained, "Postfix to deliver what it has queued")
    by_recipient = {}
    for delivery in stack.sink.deliveries():
        by_recipient.setdefault(delivery.recipients[0], []).append(delivery)
    wrong = []
    for one in told:
        found = by_recipient.get(one.recipient, [])
        if len(found) != one.wants_delivery:
            wrong.append(f"{one.case.place} {one.case.name}: delivered {len(found)} times")
        elif found and not one.case.postfix and one.case.header not in found[0].content:
            wrong.append(f"{one.case.place} {one.case.name}: delivered as {found[0].content[:400]!r}")
    return wrong


def _check(chosen):
    def check(stack):
        told = submit_all(stack, chosen)
        wrong = [one.fault() for one in told if one.fault()] + check_deliveries(stack, told)
        expect(not wrong, f"{len(wrong)} of {len(told)} headers came out wrongly:\n" + "\n".join(wrong))
    return check


def _group(one):
    """The cases of a file share a mail system; those with a configuration of their own have their own."""
    return one.place.split(":")[0] if not one.config else one.config


def _top(config):
    return dict(setting.split(" = ", 1) for setting in config.split(";") if setting)


for _name in dict.fromkeys(_group(one) for one in corpus.cases()):
    _chosen = [one for one in corpus.cases() if _group(one) == _name]
    case(6, f"the corpus of headers through Postfix: {_name.rstrip(';')}", wirings=[MILTER],
         plan={"quotas": '{ "1000000 messages / 1h" }'}, top=_top(_chosen[0].config),
         users=sorted({LOGINS[one.owns] for one in _chosen}))(_check(_chosen))


REWRITE = '{ header_from = rewrite }'


def explained(stack, login, content):
    """What explain says of a message that was delivered."""
    path = os.path.join(stack.directory, "delivered.eml")
    with open(path, "wb") as file:
        file.write(content)
    return stack.sendward.json("explain", "--login", login, "--from", login, "--client", "127.0.0.5", "--message", path,
                               check=False)


def is_own(stack, delivery):
    """Does what was delivered have a header that the login may use?"""
    told = explained(stack, delivery.sender, delivery.content)
    result = {check["check"]: check["result"] for check in told["checks"]}["header_from"]
    return None if result == "pass" else f"{result}: {told['header']}"


@case(6, "what a rewritten message shows is the login's own, whatever its header was", wirings=[MILTER],
      plan={"quotas": '{ "1000000 messages / 1h" }', "checks": REWRITE}, top={"display_name_address": "reject"},
      users=sorted(LOGINS.values()))
def _(stack):
    chosen = [one for one in corpus.cases() if not one.config]
    places = {one.recipient: one.case.place for one in submit_all(stack, chosen)}
    wait_until(stack.postfix.drained, "Postfix to deliver what it has queued")
    deliveries = stack.sink.deliveries()
    faults = {places[one.recipients[0]]: is_own(stack, one) for one in deliveries}
    wrong = [f"{place}: {fault}" for place, fault in faults.items() if fault]
    expect(not wrong, f"{len(wrong)} of {len(deliveries)} left with a foreign header:\n" + "\n".join(wrong))
    expect(len(deliveries) > 0.9 * len(chosen), f"only {len(deliveries)} of {len(chosen)} were delivered")


LONG_VALUE = (b"x" * 900 + b"\r\n ") * 350    # 300 KB, more than a packet may have (milter/packet.h)


@case(6, "a field longer than a packet may be is no way past the milter: Postfix cuts it before", wirings=[MILTER])
def _(stack):
    settings = {name: value.replace("default_action=tempfail", "default_action=accept")
                for name, value in stack.postfix_settings().items()}
    stack.postfix.reconfigure({**settings, "milter_default_action": "accept", "header_size_limit": "1000000"})
    with Session(stack.postfix.port, login="rose@dom.example") as session:
        for header, code, text in ((b"From: rose@dom.example\r\nX-Long: " + LONG_VALUE, 250, ""),
                                   (b"From: rose@dom.example\r\nX-Long: " + LONG_VALUE + b"\r\nFrom: a@b.example", 550,
                                    "two From fields"),
                                   (b"From: " + LONG_VALUE + b"<rose@dom.example>", 550, "header_from: From: ")):
            for reply in (session.mail("rose@dom.example", ""), session.rcpt("r1@far.example"), session.command("DATA")):
                expect(reply.code in (250, 354), f"the envelope was answered {reply}")
            session.write(dotted(header + b"\r\n" + BODY) + b".\r\n")
            reply = session.read_reply()
            expect(reply.code == code and text in reply.text, f"{header[:60]} was answered {reply}")
    wait_until(stack.postfix.drained, "Postfix to deliver what it has queued", 30)
    deliveries = stack.sink.deliveries()
    expect(len(deliveries) == 1, f"{len(deliveries)} were delivered")
    expect(50000 < len(deliveries[0].content) < 65536, f"{len(deliveries[0].content)} octets were delivered")
