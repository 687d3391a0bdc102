"""What happens when a part is away, hangs, loses its memory, is reloaded or stopped."""

import os
import re
import signal
import socket
import time

from clients import Message
from processes import wait_until
from sendward import DAEMON_USER
from stack import BOTH, EVERY_WIRING, MILTER, POLICYD
from table import (FAILURE, case, expect, expect_delivered, expect_equal, expect_match,
                   expect_refused)

ROSE, TULIP = "rose@dom.example", "tulip@dom.example"
CANNOT_TELL = ("451", "4.3.0")
DEADLINE = {"deadline": "1s"}
OURS = "temporarily unable to check"    # who says so, and not Postfix, which gives up to wait after 10 s
LATEST_S = 20    # for a whole session, on a busy machine


def _timed(function):
    """The result, and how many seconds it took."""
    begin = time.monotonic()
    return function(), time.monotonic() - begin


def _accepted_again(stack, login=ROSE):
    """Waits until mail passes; returns that outcome."""
    def attempt():
        outcome = stack.send(login, client="python")
        return outcome if outcome.accepted else None
    return wait_until(attempt, "mail to pass again", step_s=0.1)


# -- Redis

@case(FAILURE, "Redis is away at the start: the daemons start and say so, mail is put off, and all recovers",
      wirings=EVERY_WIRING, start=False, top={"on_store_failure": "defer"}, redis=DEADLINE)
def _(stack):
    stack.start(with_redis=False)
    for daemon in stack.daemons():
        daemon.wait_log(r"redis")
    outcome, took_s = _timed(lambda: stack.send(ROSE, client="python"))
    expect_refused(stack, outcome, *CANNOT_TELL, OURS)
    expect(took_s < LATEST_S, f"the refusal took {took_s:.1f} s")
    done = stack.sendward("usage", ROSE, check=False)
    expect_equal(done.returncode, 1, "exit status of the tool")
    expect_match(re.escape(stack.redis.socket), done.stderr, "message of the tool")

    stack.redis.start()
    expect_delivered(stack, _accepted_again(stack))
    expect_equal(stack.used(ROSE), 1, "messages used")


@case(FAILURE, "Redis ends in the middle: mail is put off with 451 4.3.0, and passes when Redis is back",
      wirings=EVERY_WIRING, top={"on_store_failure": "defer"}, redis=DEADLINE)
def _(stack):
    expect_delivered(stack, _accepted_again(stack))
    stack.redis.stop()
    for _number in range(2):
        outcome, took_s = _timed(lambda: stack.send(ROSE, client="python"))
        expect_refused(stack, outcome, *CANNOT_TELL, OURS)
        expect(took_s < LATEST_S, f"the refusal took {took_s:.1f} s")
    line = stack.wait_decision(login=ROSE, verdict="defer")
    expect(line.check != "quotas" or line.used == "-", f"the log says the quota is used up: {line}")
    stack.redis.start()    # empty: the scripts are gone, too
    expect_delivered(stack, _accepted_again(stack))
    expect_equal(stack.used(ROSE), 1, "messages used since Redis is back")


@case(FAILURE, "Redis hangs: every answer comes within the deadline, and no message is charged without being accepted",
      wirings=EVERY_WIRING, top={"on_store_failure": "defer"}, redis=DEADLINE)
def _(stack):
    expect_delivered(stack, stack.send(ROSE))
    stack.redis.signal(signal.SIGSTOP)
    try:
        for _number in range(3):
            outcome, took_s = _timed(lambda: stack.send(ROSE, client="python"))
            expect_refused(stack, outcome, *CANNOT_TELL, OURS)
            expect(took_s < LATEST_S, f"the refusal took {took_s:.1f} s with a deadline of a second")
    finally:
        stack.redis.signal(signal.SIGCONT)
    expect_delivered(stack, _accepted_again(stack))
    wait_until(lambda: stack.used(ROSE) == 2, "the count of the two accepted messages")


@case(FAILURE, "Redis is away with on_store_failure = pass: mail is delivered", wirings=EVERY_WIRING,
      top={"on_store_failure": "pass"}, redis=DEADLINE)
def _(stack):
    stack.redis.stop()
    outcome, took_s = _timed(lambda: stack.send(ROSE))
    expect_delivered(stack, outcome)
    expect(took_s < LATEST_S, f"it took {took_s:.1f} s")
    stack.redis.start()
    _accepted_again(stack)
    wait_until(lambda: _counts_again(stack), "Sendward to count again", step_s=0.1)


def _counts_again(stack):
    before = stack.used(ROSE)
    expect_delivered(stack, stack.send(ROSE, client="python"))
    return stack.used(ROSE) == before + 1


@case(FAILURE, "with on_store_failure = pass checks that need no Redis go on refusing", wirings=EVERY_WIRING,
      top={"on_store_failure": "pass"}, redis=DEADLINE)
def _(stack):
    stack.sendward("user", "add", ROSE)
    expect_delivered(stack, stack.send(ROSE))
    stack.redis.stop()
    outcome = stack.send(ROSE, sender="boss@bank.example")
    expect_refused(stack, outcome, "553", "5.7.1", "")


@case(FAILURE, "a login known to be blocked stays blocked while Redis is away", wirings=EVERY_WIRING,
      top={"on_store_failure": "degrade"}, redis=DEADLINE)
def _(stack):
    stack.sendward("block", ROSE)
    expect_refused(stack, stack.send(ROSE), "550", "5.7.1", "")
    stack.redis.stop()
    expect_refused(stack, stack.send(ROSE), "550", "5.7.1", "")


@case(FAILURE, "Redis loses its scripts: they are loaded again, nothing is refused, everything is counted",
      wirings=EVERY_WIRING)
def _(stack):
    for number in (1, 2, 3):
        stack.redis.command("SCRIPT", "FLUSH")
        expect_delivered(stack, stack.send(ROSE))
        expect_equal(stack.used(ROSE), number, "messages used")


@case(FAILURE, "Redis drops its connections: the next message is served", wirings=EVERY_WIRING)
def _(stack):
    expect_delivered(stack, stack.send(ROSE))
    stack.redis.command("CLIENT", "KILL", "TYPE", "normal")
    expect_delivered(stack, _accepted_again(stack))


# -- reload

def _reload(stack):
    """Asks each daemon to read its configuration again; returns its log's length before that."""
    lengths = {}
    for daemon, number in ((stack.policyd, signal.SIGHUP), (stack.milter, signal.SIGUSR1)):
        if daemon in stack.daemons():
            lengths[daemon] = len(daemon.log())
            daemon.signal(number)
    return lengths


@case(FAILURE, "a reload brings the new settings without a restart", wirings=EVERY_WIRING)
def _(stack):
    expect_delivered(stack, stack.send(ROSE))
    pids = [daemon.processes[0].pid for daemon in stack.daemons()]
    stack.configure(plan={"senders": '{ "*@other.example" }'})
    for daemon, length in _reload(stack).items():
        daemon.wait_log(r"\b(re)?load", after=length)
    expect_refused(stack, stack.send(ROSE), "553", "5.7.1", "")
    expect_delivered(stack, stack.send(ROSE, sender="any@other.example", header_from="any@other.example"))
    expect_equal([daemon.processes[0].pid for daemon in stack.daemons()], pids, "process ids after the reload")
    expect_equal(stack.used(ROSE), 2, "messages used")


@case(FAILURE, "a reload with a broken file is refused with file, line and reason, and the old settings stay",
      wirings=EVERY_WIRING, plan={"quotas": '{ "2 messages / 1h" }'})
def _(stack):
    expect_delivered(stack, stack.send(ROSE))
    with open(stack.config_path, "a", encoding="utf-8") as config:
        config.write('plan broken {\n  quotas = { "5 apples / 1h" }\n}\n')
    with open(stack.config_path, encoding="utf-8") as config:
        line = 1 + next(number for number, text in enumerate(config) if "apples" in text)
    for daemon, length in _reload(stack).items():
        daemon.wait_log(rf"{re.escape(stack.config_path)}:{line}: .*apples", after=length)
    expect_delivered(stack, stack.send(ROSE))
    expect_refused(stack, stack.send(ROSE), "450", "4.7.28", "2 messages ?/ ?1h")


@case(FAILURE, "a session that is open during a reload goes on", wirings=EVERY_WIRING)
def _(stack):
    with stack.session(login=ROSE) as session:
        expect_delivered(stack, session.submit(Message(ROSE)))
        for daemon, length in _reload(stack).items():
            daemon.wait_log(r"\b(re)?load", after=length)
        expect_delivered(stack, session.submit(Message(ROSE)))
    expect_equal(stack.used(ROSE), 2, "messages used")


# -- stop, restart, absence of the daemons

@case(FAILURE, "SIGTERM stops the daemons with exit status 0, a new start finds the old counters",
      wirings=EVERY_WIRING)
def _(stack):
    expect_delivered(stack, stack.send(ROSE))
    stack.stop_daemons()
    for daemon in stack.daemons():
        expect_equal(daemon.stopped_with, 0, f"exit status of {daemon.name}")
        daemon.start()
    expect_delivered(stack, stack.send(ROSE))
    expect_equal(stack.used(ROSE), 2, "messages used")


@case(FAILURE, "SIGTERM stops both daemons within 10 seconds while sessions are open", wirings=EVERY_WIRING)
def _(stack):
    with stack.session(login=ROSE) as session:
        session.mail(ROSE)
        session.rcpt("friend@far.example")
        _nothing, took_s = _timed(stack.stop_daemons)
    for daemon in stack.daemons():
        expect_equal(daemon.stopped_with, 0, f"exit status of {daemon.name}")
        daemon.start()
    expect(took_s < 10, f"it took {took_s:.1f} s")


@case(FAILURE, "after a crash a daemon starts again on the socket it left behind", wirings=EVERY_WIRING)
def _(stack):
    expect_delivered(stack, stack.send(ROSE))
    for daemon in stack.daemons():
        daemon.kill()
        daemon.start()
    expect_delivered(stack, _accepted_again(stack))


@case(FAILURE, "the policy daemon is away: Postfix answers with the default action we recommend",
      wirings=[POLICYD, BOTH], clean_stop=False)
def _(stack):
    stack.policyd.stop()
    expect_refused(stack, stack.send(ROSE), "451", "4.3.0", "policy service is away")
    stack.policyd.start()
    expect_delivered(stack, stack.send(ROSE))


@case(FAILURE, "the milter is away: Postfix puts mail off", wirings=[MILTER, BOTH], clean_stop=False)
def _(stack):
    stack.milter.stop()
    with stack.session(tls=False) as session:
        expect_match(r"^45\d ", str(session.command("STARTTLS")), "reply to STARTTLS")
    stack.milter.start()
    expect_delivered(stack, stack.send(ROSE))


@case(FAILURE, "the daemons started as root keep none of its privileges", wirings=[BOTH])
def _(stack):
    expect_delivered(stack, stack.send(ROSE))
    for daemon in stack.daemons():
        with open(f"/proc/{daemon.processes[0].pid}/status", encoding="ascii", errors="replace") as status:
            fields = dict(line.split(":", 1) for line in status.read().splitlines())
        for name in ("Uid", "Gid", "Groups"):
            expect("0" not in fields[name].split(), f"{name} of {daemon.name}: {fields[name]}")
        for name in ("CapPrm", "CapEff"):
            expect_equal(int(fields[name], 16), 0, f"{name} of {daemon.name}")
        # proc(5): root's, unlike the process, when it must not be dumped.
        expect_equal(os.stat(f"/proc/{daemon.processes[0].pid}/environ").st_uid, 0, f"the owner of {daemon.name}'s image")


@case(FAILURE, "the daemons run as an ordinary user from the start, as under a service manager", wirings=[BOTH],
      start=False)
def _(stack):
    stack.start(credentials={"user": DAEMON_USER, "group": "nogroup", "extra_groups": ["postfix"]})
    expect_delivered(stack, stack.send(ROSE))


@case(FAILURE, "a request cut off in the middle or too long harms nobody else", wirings=[POLICYD])
def _(stack):

    for octets in (b"request=smtpd_access_policy\nsasl_user", b"x" * 200000, b"\n\n", b"request=other\n\n",
                   b"no equals sign\n\n", bytes(range(256)) * 20):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(20)
            client.connect(stack.policy_socket)
            try:
                client.sendall(octets)
                client.shutdown(socket.SHUT_WR)
                answer = client.recv(1000)
            except OSError:
                answer = b""
        expect(b"action=" not in answer.replace(b"action=DUNNO", b""), f"answer {answer!r} to {octets[:40]!r}")
    expect_delivered(stack, stack.send(ROSE))
    expect_equal(stack.used(ROSE), 1, "messages used")
