"""Daemons that are killed under load and started again at once."""

import threading

import counters
from proof_once import SESSIONS, Load, describe
from smtpd import plain
from system import System
from table import case, expect, expect_that

DAY_S = 86400
KILLS = 20
LIMIT = 300
MESSAGES = 10000000    # more than there is time for
ROSE, FEW = "rose@dom.example", "few@dom.example"
PAUSE_S = (0.02, 0.25)    # between a start and the next kill
SECTIONS = {
    "plan default": {"quotas": '{ "1000000 messages / 1d" }'},
    "plan few": {"quotas": f'{{ "{LIMIT} messages / 1d" }}'},
}


def message(chance, _):
    return plain(chance.choice((ROSE, ROSE, ROSE, FEW)), recipients=chance.randint(1, 3))


def kill_under_load(run, system, daemons):
    """Each of the daemons KILLS times, with nothing but kill -9; the Outcomes of the load meanwhile."""
    load = Load(run, system, MESSAGES, message)
    kills = [daemon for daemon in daemons for _ in range(KILLS)]
    run.chance.shuffle(kills)
    load.start()
    try:
        for daemon in kills:
            wait_for_messages(load, run.chance.randint(20, 60))
            threading.Event().wait(run.chance.uniform(*PAUSE_S))
            daemon.kill()
            daemon.start()
        wait_for_messages(load, 100)
    finally:
        load.stop()
        load.join()
    return load.outcomes


def wait_for_messages(load, n):
    """So many more are delivered: the daemon is under load again."""
    before = len(load.outcomes)
    while load.running() and sum(1 for o in load.outcomes[before:] if o.delivered) < n:
        threading.Event().wait(0.01)


def expect_bounds(system, outcomes, kills):
    """Counted: what was delivered, and at most what is in doubt. Returns what to say."""
    said = []
    for login in (ROSE, FEW):
        mine = [o for o in outcomes if o.login == login]
        delivered = sum(1 for o in mine if o.delivered)
        doubts = [o for o in mine if o.doubt]
        counted = counters.used(system.redis, login, "m", DAY_S)
        expect_that(delivered <= counted <= delivered + len(doubts),
                    f"{login}: {delivered} delivered, {len(doubts)} in doubt, {counted} counted")
        said.append(f"{login.split('@')[0]} {delivered} delivered, {counted} counted, {len(doubts)} in doubt")
        if login == FEW:
            expect_that(delivered <= counted <= LIMIT, f"{counted} counted with a limit of {LIMIT}")
    doubts = sum(1 for o in outcomes if o.doubt)
    expect_that(doubts <= kills * SESSIONS, f"{doubts} in doubt after {kills} kills of {SESSIONS} connections")
    return "; ".join(said)


def expect_each(system, outcomes):
    """The same message by message: charged when delivered, not when refused; perhaps when in doubt."""
    for o in outcomes:
        charged = counters.charged(system.redis, o.login, o.node, o.queue_id)
        if o.delivered:
            expect(charged, {("w", "m", DAY_S): 1}, f"charge of {o}")
        elif not o.doubt:
            expect_that(not charged, f"{o} was charged {charged}")


def prove(run, with_milter):
    with System({"mx1": with_milter}, SECTIONS) as system:
        system.nodes["mx1"].tool("user", "add", FEW, "--plan", "few")
        daemons = system.daemons
        outcomes = kill_under_load(run, system, daemons)
        kills = KILLS * len(daemons)
        said = expect_bounds(system, outcomes, kills)
        expect_each(system, outcomes)
        system.wait_connected()
        return f"{kills} kills, {len(outcomes)} messages: {said}\n        {describe(outcomes)}"


@case("kill: the milter, which charges, and the policy daemon are killed 20 times each")
def milter(run):
    return prove(run, True)


@case("kill: the policy daemon, which charges, is killed 20 times")
def policyd(run):
    return prove(run, False)
