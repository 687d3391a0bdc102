"""Credentials that end: what is told of them before, once, and what becomes of them."""

import time

from bench import LIMIT_S, expect
from cases import PASSWORD, ROSE, accepted, case
from processes import wait_until
from sendward import PREFIX, events

DAY = 86400


def told(bench):
    return [(event["login"], event["credential"], event["days"]) for event in events(bench.redis)
            if event["event"] == "expiry"]


def wait_told(bench, wanted):
    wait_until(lambda: sorted(told(bench)) == sorted(wanted) or None, f"the events {wanted}, not {told(bench)}", LIMIT_S)


@case
def at_login(bench):
    """a login with a credential that ends soon is told of, once for each of 14, 7 and 1 days and the end"""
    now = int(time.time())
    bench.start(plan={"must_rotate_after": "100d", "at_expiry": "event"})
    client = bench.client()
    wanted = []
    for age, days in ((80, None), (90, 14), (95, 7), (99, 1), (101, 0)):
        login = f"user{age}@dom.example"
        bench.account(login, credentials={"": {"changed": now - age * DAY - 60}})
        bench.secret(login, PASSWORD)
        for _ in range(2):
            expect(client.plain(login, PASSWORD), accepted(login))
        if days is not None:
            wanted.append((login, "", days))
    wait_told(bench, wanted)


@case
def refused(bench):
    """an expired secret is refused, and its end is told"""
    now = int(time.time())
    bench.start(plan={"must_rotate_after": "100d"})
    bench.account(ROSE, credentials={"": {"changed": now - 101 * DAY}, "key": {"expires": now + 3 * DAY}})
    bench.secret(ROSE, PASSWORD)
    bench.secret(ROSE + "+key", PASSWORD)
    client = bench.client()
    expect(client.plain(ROSE, PASSWORD), ("FAIL", {"reason": "The password has expired"}))
    expect(client.plain(ROSE, "wrong"), ("FAIL", {}))
    expect(client.scram(ROSE + "+key", PASSWORD), accepted(ROSE + "+key"))
    wait_told(bench, [(ROSE, "", 0), (ROSE, "key", 7)])


@case
def sandboxed(bench):
    """with at_expiry = sandbox the login is let in; its mail is another matter"""
    bench.start(plan={"must_rotate_after": "100d", "at_expiry": "sandbox"})
    bench.account(ROSE, credentials={"": {"changed": int(time.time()) - 101 * DAY}})
    bench.secret(ROSE, PASSWORD)
    expect(bench.client().plain(ROSE, PASSWORD), accepted())
    wait_told(bench, [(ROSE, "", 0)])


@case
def by_the_pass(bench):
    """credentials that nobody uses are told of by a daily pass of one daemon"""
    now = int(time.time())
    bench.redis.start()
    wanted = []
    for number in range(50):
        login = f"user{number}@dom.example"
        bench.account(login, credentials={"": {"changed": now}, "key": {"expires": now + (number % 25) * DAY + 60}})
        wanted += [(login, "key", days) for days in [1 if number % 25 < 1 else 7 if number % 25 < 7 else 14]
                   if number % 25 < 14]
    bench.configure()
    bench.daemon.start()
    wait_told(bench, wanted)
    expect(int(bench.redis.command("TTL", f"{PREFIX}elected:lifetime")) > 80000, True, "that it is done for the day")
    bench.daemon.stop()
    bench.daemon.start()
    bench.wait_connected()
    expect(bench.client().plain(ROSE, PASSWORD), ("FAIL", {}))
    expect(len(told(bench)), len(wanted), "the number of events after a restart")
