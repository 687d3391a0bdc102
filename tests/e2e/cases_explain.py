"""`sendward explain --message` reads a file as the milter gets the same message from Postfix. Number 6: header From."""

import os

from stack import MILTER
from table import case, expect, expect_equal

ROSE = "rose@dom.example"
OWN = b"From: " + ROSE.encode()
TO, SUBJECT = b"To: friend@far.example", b"Subject: a message"
FOREIGN = b"boss@bank.example"

# Lines of a header, and what Sendward finds in it: None, or a piece of the reply.
HEADERS = (
    ("an own address", [OWN], None),
    ("a foreign address", [b"From: " + FOREIGN], "From: boss@bank.example"),
    ("no From field", [TO], "no From field"),
    ("two From fields", [OWN, OWN], "two From fields"),
    ("a folded field", [b"From: Rose", b"\t<rose@dom.example>"], None),
    ("a folded field that begins with a fold", [b"From:", b" rose@dom.example"], None),
    ("a folded line of blanks only", [b"From: Rose", b" ", b" <rose@dom.example>"], "folded line that is blank"),
    ("another case of letters", [b"fROM:rose@dom.example"], None),
    ("a space before the colon", [TO, b"From : boss@bank.example"], "From: boss@bank.example"),
    ("a tab before the colon", [TO, b"From\t: boss@bank.example"], "From: boss@bank.example"),
    ("a space before the colon of the first line", [b"From : boss@bank.example", TO], "no From field"),
    ("a mbox line in front", [b"From boss@bank.example Fri Nov 20 21:00:00 2026", OWN], None),
    ("two mbox lines in front", [b"From x@y.example Fri", b">From x@y.example Fri", OWN], None),
    ("a mbox line further down", [TO, b"From x@y.example Fri", OWN], "no From field"),
    ("a line that is no field before it", [TO, b"hello, this is no field", OWN], "no From field"),
    ("a line that is no field behind it", [OWN, b"hello", b"From: boss@bank.example"], None),
    ("a field without a name before it", [TO, b": value", OWN], "no From field"),
    ("a name with a blank in it before it", [TO, b"X Y: value", OWN], "no From field"),
    ("a name of 8-bit octets before it", [TO, b"X-\xc3\xa9: value", OWN], "no From field"),
    ("a NUL in a name before it", [TO, b"X\0Y: value", OWN], "no From field"),
    ("a NUL in the value", [OWN + b"\0, boss@bank.example"], None),
    ("a NUL in the value, and a fold behind it", [OWN + b"\0", b" , boss@bank.example"], "boss@bank.example"),
    ("a CR in the value", [b"From: Rose\r<rose@dom.example>"], None),
    ("a CR in a name before it", [TO, b"X\rY: value", OWN], "no From field"),
    ("two CRs at the end of a line", [OWN + b"\r", SUBJECT], None),
    ("a name of raw UTF-8", [b"From: Ros\xc3\xa9 <rose@dom.example>"], None),
    ("a name that is not UTF-8", [b"From: Ros\xe9 <rose@dom.example>"], "not UTF-8"),
    ("a line of more than 998 octets", [b"From: " + b"x" * 1000 + b" <rose@dom.example>"], "longer than 998"),
    ("a line longer than Postfix's own buffer", [b"From: " + b"x" * 5000 + b" <rose@dom.example>"], "998"),
    ("a field cut before its address", [b"From: R", *[b" " + b"x" * 900] * 70, b" <rose@dom.example>"], "a domain"),
    ("a field cut behind an own address", [OWN, *[b" (" + b"x" * 88 + b")"] * 700, b" , " + FOREIGN], None),
    ("a field not yet cut", [OWN, *[b" (" + b"x" * 88 + b")"] * 640, b" , " + FOREIGN], "From: boss@bank.example"),
    ("a Return-Path field", [b"Return-Path: <boss@bank.example>", OWN], None),
    ("a foreign Sender", [OWN, b"Sender: " + FOREIGN], "Sender: boss@bank.example"),
    ("a foreign Resent-From", [b"Resent-From: " + FOREIGN, OWN], "Resent-From: boss@bank.example"),
)


def _told_by_smtp(stack, content):
    """The reply to the final dot."""
    with stack.session(login=ROSE) as session:
        session.mail(ROSE, "BODY=8BITMIME")
        session.rcpt("friend@far.example")
        return str(session.data(content))


def _told_by_explain(stack, content):
    path = os.path.join(stack.directory, "message.eml")
    with open(path, "wb") as file:
        file.write(content)
    return stack.sendward.json("explain", "--login", ROSE, "--from", ROSE, "--client", "127.0.0.5", "--message", path,
                               check=False)


@case(6, "explain --message reads a file as the milter gets the message from Postfix", wirings=[MILTER])
def _(stack):
    wrong, rules = [], []
    for what, lines, fault in HEADERS:
        wire = b"\r\n".join([*lines, b"", b"Hello.", b""])
        smtp = _told_by_smtp(stack, wire)
        told = _told_by_explain(stack, wire.replace(b"\r\n", b"\n"))
        reply = told["reply"] or "250"
        if (fault or "250") not in reply or not smtp.startswith(reply):
            wrong.append(f"{what}: SMTP {smtp!r}, explain {reply!r}")
        rules += [check["rule"] for check in told["checks"] if check["result"] == "refuse"]
    expect_equal(wrong, [], "messages read differently")
    stack.wait_decision(rule=rules[-1])
    expect_equal([line.rule for line in stack.decisions(verdict="refuse")], rules, "rules in the log")


@case(6, "explain --message takes CRLF, a header without a body, and standard input", wirings=[MILTER])
def _(stack):
    for content in (OWN + b"\r\n" + TO + b"\r\n\r\nHello.\r\n", OWN + b"\n" + TO, OWN):
        expect_equal(_told_by_explain(stack, content)["verdict"], "accept", f"verdict of {content!r}")
        reply = _told_by_smtp(stack, content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
        expect(reply.startswith("250"), f"SMTP says {reply} to {content!r}")
