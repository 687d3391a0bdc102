"""Passwords and credentials as `sendward` makes them, used through sendward-sasld and a real Postfix."""

import os
import re

from cases_sasl import MECHANISMS, ROSE, login, with_client
from clients import CLIENT, Message
from stack import BOTH, POLICYD
from table import SASL, case, expect, expect_delivered, expect_equal

PRINTER = ROSE + "+printer"


def password_of(stack, *words):
    """The one that a command of the tool made."""
    return re.search(r"^password: (\S+)$", stack.sendward(*words).stdout, re.M).group(1)


def codes(stack, username, password):
    """What each mechanism is answered."""
    return [login(stack, mechanism, username, password).code for mechanism in MECHANISMS]


GOOD, BAD = [235] * len(MECHANISMS), [535] * len(MECHANISMS)


@case(SASL, "a password that the tool made logs in by every mechanism, until there is another", wirings=(BOTH,), sasld={})
def _(stack):
    first = password_of(stack, "user", "add", ROSE, "--generate")
    expect_delivered(stack, with_client(stack, "swaks", "PLAIN", first))
    expect_delivered(stack, with_client(stack, "msmtp", "SCRAM-SHA-256", first))
    expect_equal(codes(stack, ROSE, first), GOOD, "the first password")
    second = password_of(stack, "password", "generate", ROSE)
    expect_equal(codes(stack, ROSE, first), BAD, "the first password, replaced")
    third = password_of(stack, "credential", "rotate", ROSE, "--grace", "1h")
    expect_equal((codes(stack, ROSE, second), codes(stack, ROSE, third)), (GOOD, GOOD), "both in the time of grace")
    fourth = password_of(stack, "credential", "rotate", ROSE, "--grace", "1h")
    expect_equal((codes(stack, ROSE, second), codes(stack, ROSE, fourth)), (BAD, GOOD), "the last but two, and the last")
    for name in os.listdir(stack.logs):
        with open(os.path.join(stack.logs, name), encoding="utf-8", errors="replace") as log:
            text = log.read()
        expect(not any(secret in text for secret in (first, second, third, fourth)), f"a password is in {name}")


@case(SASL, "a credential shares the login's quota, and when it is revoked its session is stopped", wirings=(POLICYD,),
      sasld={})
def _(stack):
    main = password_of(stack, "user", "add", ROSE, "--generate")
    printer = password_of(stack, "credential", "add", PRINTER)
    expect_equal((codes(stack, PRINTER, printer), codes(stack, PRINTER, main)), (GOOD, BAD), "the credential's own")
    with stack.session() as one, stack.session() as other:
        expect_equal((MECHANISMS["PLAIN"](one, PRINTER, printer).code, MECHANISMS["PLAIN"](other, ROSE, main).code),
                     (235, 235), "logins")
        expect_delivered(stack, one.submit(Message(ROSE)))
        expect_delivered(stack, other.submit(Message(ROSE)))
        stack.sendward("credential", "revoke", PRINTER)
        outcome = one.submit(Message(ROSE))
        expect(outcome.code == 550, f"a revoked credential: {outcome}")
        expect_delivered(stack, other.submit(Message(ROSE)))
    expect_equal(stack.used(ROSE), 3, "messages used")
    expect_equal((codes(stack, PRINTER, printer), codes(stack, ROSE, main)), (BAD, GOOD), "after that")


@case(SASL, "a login whose password was revoked is out, and in again with a new one", wirings=(POLICYD,), sasld={})
def _(stack):
    main = password_of(stack, "user", "add", ROSE, "--generate")
    with stack.session() as session:
        expect_equal(MECHANISMS["PLAIN"](session, ROSE, main).code, 235, "the login")
        stack.sendward("credential", "revoke", ROSE)
        outcome = session.submit(Message(ROSE))
        expect(outcome.code == 550, f"a revoked login: {outcome}")
    expect_equal(codes(stack, ROSE, main), BAD, "the revoked password")
    expect_equal(codes(stack, ROSE, password_of(stack, "password", "generate", ROSE)), GOOD, "the new one")
    expect_delivered(stack, with_client(stack, "swaks", "PLAIN", password_of(stack, "password", "generate", ROSE)))


@case(SASL, "compromised stops a session and lists what it has sent up to then; release gives the login back",
      wirings=(POLICYD, BOTH), sasld={})
def _(stack):
    main = password_of(stack, "user", "add", ROSE, "--generate")
    with stack.session() as session:
        expect_equal(MECHANISMS["PLAIN"](session, ROSE, main).code, 235, "the login")
        sent = [session.submit(Message(ROSE, to=["a@far.example", "b@far.example"])) for _ in range(3)]
        found = stack.sendward.json("compromised", ROSE)
        outcome = session.submit(Message(ROSE))
        expect(outcome.code == 550, f"a session of a compromised login: {outcome}")
    expect_equal([(one["qid"], one["recipients"], one["client"]) for one in reversed(found["messages"])],
                 [(outcome.queue_id, 2, CLIENT) for outcome in sent], "the messages that are listed")
    expect_equal(codes(stack, ROSE, main), BAD, "the stolen password")
    expect_equal(codes(stack, ROSE, password_of(stack, "release", ROSE)), GOOD, "the new one")
