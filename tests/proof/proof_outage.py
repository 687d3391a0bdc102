"""A Redis that hangs again and again under load, and daemons that are killed meanwhile."""

import signal
import threading

import counters
from processes import Timeout, wait_until
from proof_kill import MESSAGES, expect_each, wait_for_messages
from proof_once import SESSIONS, Load, describe
from smtpd import plain
from system import LIMIT_S, System
from table import case, expect_that

DAY_S = 86400
OUTAGES = 6
DOMAIN = "dom.example"
LOGINS = [f"{name}@{DOMAIN}" for name in ("rose", "tulip", "lily")]
SECTIONS = {f'domain "{DOMAIN}"': {"shared_quotas": '{ "1000000 messages / 1d" }'}}


def message(chance, _):
    return plain(chance.choice(LOGINS), recipients=chance.randint(1, 3))


def outages_under_load(run, system, killed):
    """The Outcomes of a load while Redis hangs OUTAGES times; in each a daemon of `killed` is killed and started."""
    load = Load(run, system, MESSAGES, message)
    load.start()
    try:
        for _ in range(OUTAGES):
            wait_for_messages(load, run.chance.randint(20, 40))
            system.redis_signal(signal.SIGSTOP)
            try:
                wait_for_messages(load, run.chance.randint(10, 30))
                if killed:
                    daemon = run.chance.choice(killed)
                    daemon.kill()
                    daemon.start()
                    wait_for_messages(load, run.chance.randint(10, 30))
            finally:
                system.redis_signal(signal.SIGCONT)
            threading.Event().wait(run.chance.uniform(0.0, 0.5))
        wait_for_messages(load, 50)
    finally:
        load.stop()
        load.join()
    return load.outcomes


def wrong_counts(system, outcomes):
    """What is not right yet, "" for nothing: each login, and the domain, has what was delivered, and what is in doubt
    perhaps."""
    sums = [(login, "", [o for o in outcomes if o.login == login]) for login in LOGINS] + [(DOMAIN, "domain", outcomes)]
    for name, scope, mine in sums:
        delivered, doubts = sum(1 for o in mine if o.delivered), sum(1 for o in mine if o.doubt)
        counted = counters.used(system.redis, name, "m", DAY_S, scope)
        if not delivered <= counted <= delivered + doubts:
            return f"{name}: {delivered} delivered, {doubts} in doubt, {counted} counted"
    return ""


def prove(run, with_milter, kill):
    with System({"mx1": with_milter, "mx2": with_milter}, SECTIONS, deadline="200ms") as system:
        chargers = [node.milter or node.policyd for node in system.nodes.values()]
        outcomes = outages_under_load(run, system, chargers if kill else [])
        try:
            wait_until(lambda: not wrong_counts(system, outcomes), "", LIMIT_S)
        except Timeout:
            pass
        expect_that(not wrong_counts(system, outcomes), wrong_counts(system, outcomes))
        expect_each(system, outcomes)
        doubts = sum(1 for o in outcomes if o.doubt)
        expect_that(doubts <= (OUTAGES if kill else 0) * SESSIONS, f"{doubts} in doubt")
        delivered = sum(1 for o in outcomes if o.delivered)
        return f"{OUTAGES} outages, {delivered} delivered and counted once, {doubts} in doubt\n        {describe(outcomes)}"


@case("outage: what the milters accept while Redis hangs is charged once")
def milter(run):
    return prove(run, True, False)


@case("outage: the same with milters that are killed meanwhile")
def milter_killed(run):
    return prove(run, True, True)


@case("outage: what the policy daemons accept while Redis hangs is charged once, though they are killed meanwhile")
def policyd_killed(run):
    return prove(run, False, True)
