"""SMTP users of Sendward that Dovecot 2.3 looks up in Redis (packaging/dovecot); Dovecot 2.4 cannot."""

import re

from clients import CLIENT
from services import Dovecot
from stack import BOTH
from table import case, expect, expect_delivered, expect_equal

LOGIN = "rose@dom.example"
PRINTER = LOGIN + "+printer"
DICT = {"dovecot_dict": True, "top": {"credential_separator": '"+"'}}
WIRINGS = (BOTH,) if Dovecot.has_dict() else ()


def password_of(stack, *words):
    """The one that a command of the tool made."""
    return re.search(r"^password: (\S+)$", stack.sendward(*words).stdout, re.M).group(1)


def refused_at_auth(stack, login, password):
    outcome = stack.send(login, password=password, sender=LOGIN, header_from=LOGIN)
    expect_equal((outcome.stage, outcome.code), ("AUTH", 535), f"{login}: {outcome}")


def delivered(stack, login, password):
    expect_delivered(stack, stack.send(login, password=password, sender=LOGIN, header_from=LOGIN))


@case(7, "an SMTP user whose password was made here logs in through Dovecot", wirings=WIRINGS, **DICT)
def _(stack):
    password = password_of(stack, "user", "add", LOGIN, "--generate")
    delivered(stack, LOGIN, password)
    refused_at_auth(stack, LOGIN, password + "x")
    refused_at_auth(stack, "tulip@dom.example", password)
    again = password_of(stack, "password", "generate", LOGIN)
    refused_at_auth(stack, LOGIN, password)
    delivered(stack, LOGIN, again)
    expect_equal(stack.used(LOGIN), 2, "messages used")


@case(7, "a credential logs in through Dovecot under its own name and counts as the login's", wirings=WIRINGS, **DICT)
def _(stack):
    main = password_of(stack, "user", "add", LOGIN, "--generate")
    printer = password_of(stack, "credential", "add", PRINTER, "--network", CLIENT)
    delivered(stack, LOGIN, main)
    delivered(stack, PRINTER, printer)
    expect_equal(stack.used(LOGIN), 2, "messages used")
    refused_at_auth(stack, PRINTER, main)
    stack.sendward("credential", "set", PRINTER, "--network", "192.0.2.0/24")
    refused_at_auth(stack, PRINTER, printer)
    stack.sendward("credential", "set", PRINTER, "--no-networks")
    delivered(stack, PRINTER, printer)


@case(7, "a credential that is revoked or blocked is refused through Dovecot, the others are not", wirings=WIRINGS, **DICT)
def _(stack):
    main = password_of(stack, "user", "add", LOGIN, "--generate")
    printer = password_of(stack, "credential", "add", PRINTER)
    delivered(stack, PRINTER, printer)
    stack.sendward("credential", "block", PRINTER)
    outcome = stack.send(PRINTER, password=printer, sender=LOGIN, header_from=LOGIN)
    expect(outcome.code == 550 and outcome.stage != "AUTH", f"a blocked credential: {outcome}")
    stack.sendward("credential", "allow", PRINTER)
    delivered(stack, PRINTER, printer)
    stack.sendward("credential", "revoke", PRINTER)
    refused_at_auth(stack, PRINTER, printer)
    delivered(stack, LOGIN, main)
    stack.sendward("credential", "revoke", LOGIN)
    refused_at_auth(stack, LOGIN, main)
