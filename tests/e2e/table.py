"""The table of cases, and what a case can expect.

A case is a function that gets a started Stack and returns when everything was as expected; otherwise it raises. The
decorator puts it into the table, once for every wiring it is to run with:

    @case(2, "a blocked login is refused", wirings=EVERY_WIRING, plan={"max_recipients": "5"})
    def _(stack): ...

The number is that of the list in the end-to-end section of issue 2, FAILURE for parts that are away, CLI for
the programs' own interface, SASL for logins, IDENTITY for sessions without one and what logins' sessions must have.
"""

import dataclasses
import re

from stack import BOTH, Stack

FAILURE, CLI, SASL, IDENTITY = "failure", "cli", "sasl", "identity"


class Failure(Exception):
    """Something was not as expected."""


@dataclasses.dataclass
class Case:
    number: object
    name: str
    function: object
    wiring: object
    start: bool
    clean_stop: bool
    arguments: dict

    @property
    def title(self):
        return f"{self.number}: {self.name}"

    def stack(self):
        return Stack(self.wiring, **self.arguments)

    def run(self, stack):
        """The case itself on a stack made by stack(), and that our daemons were well all the time."""
        if self.start:
            stack.start()
        self.function(stack)
        daemons = stack.daemons() if self.start and self.clean_stop else []
        crashed = [daemon.name for daemon in daemons if not daemon.running()]
        expect(not crashed, f"{', '.join(crashed)} ended in the middle of the case")
        if daemons:
            stack.stop_daemons()
        for daemon in daemons:
            expect(daemon.stopped_with == 0,
                   f"{daemon.name} answered SIGTERM with status {daemon.stopped_with} (None: had to be killed)")
        for daemon in (stack.policyd, stack.milter, stack.sasld):
            reports = daemon.sanitizer_reports()
            expect(not reports, f"{daemon.name}: {reports[:1]}")


_table = []


def rows():
    """All cases, in the order of their numbers."""
    return sorted(_table, key=lambda one: (isinstance(one.number, str), one.number))


def case(number, name, wirings=(BOTH,), start=True, clean_stop=True, **stack_arguments):
    """Decorator: one row of the table for each wiring.

    start=False: the function starts what it needs by itself. clean_stop=False: the function ends the daemons in a way
    of its own. `stack_arguments` as for Stack.
    """
    def add(function):
        for wiring in wirings:
            suffix = f" ({wiring.name})" if len(wirings) > 1 else ""
            _table.append(Case(number, name + suffix, function, wiring, start, clean_stop, stack_arguments))
        return function

    return add


# -- expectations

def expect(condition, message):
    if not condition:
        raise Failure(message)


def expect_equal(got, wanted, what):
    expect(got == wanted, f"{what}: expected {wanted!r}, got {got!r}")


def expect_match(pattern, text, what):
    expect(re.search(pattern, text, re.I | re.S), f"{what}: /{pattern}/ does not match {text!r}")


def expect_delivered(stack, outcome, to=None):
    """The client was told 250 and the message arrived once, for exactly these recipients. Returns the delivery."""
    expect(outcome.accepted, f"not accepted {outcome}\n{outcome.transcript}")
    found = stack.delivered(outcome.message_id)
    expect_equal(len(found), 1, f"deliveries of message {outcome.message_id}")
    expect_equal(sorted(found[0].recipients), sorted(to or outcome.sent.to), "recipients of the delivery")
    return found[0]


def expect_not_delivered(stack, outcome):
    expect_equal(stack.delivered(outcome.message_id), [], "deliveries")


def expect_refused(stack, outcome, code, xcode, text):
    """The client read this code, this enhanced code and a text that matches, and nothing was delivered."""
    expect(outcome.stage in ("MAIL", "RCPT", "DATA", "END-OF-MESSAGE") and outcome.code >= 400,
           f"expected {code} {xcode}, but the client was told {outcome}\n{outcome.transcript}")
    expect_match(rf"^{code} {re.escape(xcode)} .*{text}", outcome.reply, "reply")
    expect_not_delivered(stack, outcome)


def expect_over_quota(stack, outcome, quota, used, limit, code="450", xcode="4.7.28"):
    """Refused for this quota, with used/limit and, when the client may try again, the time to wait."""
    expect_refused(stack, outcome, code, xcode, r"quota\b.*" + re.escape(quota).replace(r"\ ", " *"))
    expect_match(rf"\b{used} ?/ ?{limit}\b", outcome.reply, "used/limit in the reply")
    if code.startswith("4"):
        expect_match(r"retry after \d+ ?\w+", outcome.reply, "retry time in the reply")


def expect_same_story(stack, login, outcome, verdict, check="-"):
    """Log and `sendward explain` say what the client was told.

    Explain is asked about the same message, so this is for checks whose answer is still the same now.
    """
    line = _log_line(stack, login, outcome, verdict, check)
    if outcome.queue_id and verdict != "accept":
        expect_equal(line.qid, outcome.queue_id, "queue id in the log")
    expect_equal((line.client, line.check), (outcome.sent.client_ip, check), "client and check in the log")

    told = explain(stack, login, outcome)
    expect_equal(told["verdict"], verdict, f"verdict of explain {told}")
    expect_equal(told["check"] or "-", check, f"check of explain {told}")
    if verdict in ("refuse", "defer"):
        code, xcode, text = told["reply"].split(" ", 2)
        expect(outcome.reply.startswith(f"{code} {xcode} "), f"explain says {told['reply']!r}, the reply {outcome}")
        steady = re.split(r"retry after", text)[0]
        expect(steady in outcome.reply, f"explain says {told['reply']!r}, the reply {outcome}")


def _log_line(stack, login, outcome, verdict, check):
    wanted = {"login": login, "verdict": verdict}
    if verdict in ("refuse", "defer", "hold"):
        wanted["check"] = check
    if outcome.queue_id:
        wanted["qid"] = outcome.queue_id
    return stack.wait_decision(**wanted)


def explain(stack, login, outcome):
    """What `sendward explain` says about a message like the one of this outcome."""
    sent = outcome.sent
    words = ["explain", "--login", login, "--from", sent.sender, "--client", sent.client_ip,
             "--recipients", str(len(sent.to)), "--size", str(len(sent.content))]
    if stack.wiring.milter and sent.header_from is not None:
        words += ["--header-from", sent.header_from]
    done = stack.sendward(*words, check=False)
    told = stack.sendward.json(*words, check=False)
    refuses = told["verdict"] in ("refuse", "defer")
    expect_equal(done.returncode, 1 if refuses else 0, f"exit status of explain that says {told['verdict']}")
    return told
