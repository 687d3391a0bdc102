"""A hundred connections at once, and a limit that fewer fit into."""

import collections
import itertools
import threading

import counters
from processes import Timeout, wait_until
from smtpd import Smtpd, plain
from system import System
from table import Failure, case, expect, expect_that

DAY_S = 86400
CONNECTIONS = 100
LIMIT = 100
LIMIT_S = 60
SETTLED_S = 60
ROSE, TULIP = "rose@dom.example", "tulip@dom.example"

# One node charges in its milter, the other in its policy daemon: two connections to Redis that charge.
NODES = {"mx1": True, "mx2": False}


def quota(own, of_domain=None):
    """Sections of a configuration with one quota for each login, and one that a domain shares."""
    sections = {"plan default": {"quotas": f'{{ "{own}" }}'}}
    if of_domain:
        sections['domain "dom.example"'] = {"shared_quotas": f'{{ "{of_domain}" }}'}
    return sections


class Gathering:
    """Holds everybody before the first charge until all have been let through to it by all earlier questions."""

    def __init__(self, n):
        self._barrier = threading.Barrier(n)
        self._seen = threading.local()

    def __call__(self):
        if not getattr(self._seen, "once", False):
            self._seen.once = True
            self._barrier.wait(LIMIT_S)

    def abort(self):
        self._barrier.abort()


def race(system, chance, messages_of):
    """messages_of(chance) makes what one connection sends; the Outcomes of all connections."""
    nodes = list(system.nodes.values())
    gathering = Gathering(CONNECTIONS)
    outcomes, errors = [], []

    def client(number, messages):
        try:
            with Smtpd(nodes[number % len(nodes)], hooks={"end": gathering}) as smtpd:
                outcomes.extend([smtpd.send(message) for message in messages])
        except Exception as error:                                # pylint: disable=broad-except
            errors.append(error)
            gathering.abort()

    threads = [threading.Thread(target=client, args=(number, messages_of(chance))) for number in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    for outcome in outcomes:
        expect_that(outcome.delivered or outcome.reply.startswith("450 4.7.28 quota: "), f"an odd answer: {outcome}")
    return outcomes


def delivered(outcomes, **fields):
    """Messages and recipients that were delivered, of those outcomes with these fields."""
    chosen = [o.delivered for o in outcomes
              if o.delivered and all(getattr(o, name) == value for name, value in fields.items())]
    return len(chosen), sum(len(recipients) for recipients, _ in chosen)


def shares(outcomes):
    """How many each node delivered."""
    return collections.Counter(o.node for o in outcomes if o.delivered)


def expect_both(share):
    expect(sorted(share), sorted(NODES), "nodes that delivered")
    return " + ".join(f"{share[name]} through {name}" for name in sorted(share))


@case("race: of 100 connections together through two nodes exactly 100 messages pass, and 100 are counted")
def messages(run):
    share = collections.Counter()
    rounds = 50 if run.full else 10
    with System(NODES, quota(f"{LIMIT} messages / 1d")) as system:
        for number in range(rounds):
            login = f"rose{number}@dom.example"
            # The first of everybody is under way at once; what comes next meets a quota that is all but used up.
            outcomes = race(system, run.chance, lambda _, login=login: [plain(login)] * 2)
            expect(delivered(outcomes)[0], LIMIT, "messages delivered")
            expect(counters.used(system.redis, login, "m", DAY_S), LIMIT, "counter in Redis")
            expect(system.usage(login), {f"{LIMIT} messages / 1d": LIMIT}, "what `sendward usage` says")
            expect(len(system.redis.keys(counters.tagged(login) + ":m:*")), LIMIT, "messages remembered")
            share += shares(outcomes)
        return f"{rounds} x {2 * CONNECTIONS} messages against a limit of {LIMIT}: {expect_both(share)}"


@case("race: of 100 connections together not one message more than fits passes, when 60 fit")
def fewer(run):
    limit = 60
    with System(NODES, quota(f"{limit} messages / 1d")) as system:
        outcomes = race(system, run.chance, lambda _: [plain(ROSE)])
        expect(delivered(outcomes)[0], limit, "messages delivered")
        expect(counters.used(system.redis, ROSE, "m", DAY_S), limit, "counter in Redis")
        return f"{CONNECTIONS} messages all at their end against a limit of {limit}"


@case("race: with messages of 1 to 7 recipients never more than 100 recipients pass, and as many are counted")
def recipients(run):
    said = []
    rounds = 50 if run.full else 10
    with System(NODES, quota(f"{LIMIT} recipients / 1d")) as system:
        for number in range(rounds):
            login = f"rose{number}@dom.example"
            outcomes = race(system, run.chance,
                            lambda chance, login=login: [plain(login, recipients=chance.randint(1, 7))])
            passed = delivered(outcomes)[1]
            expect_that(LIMIT - 6 <= passed <= LIMIT, f"{passed} recipients passed with a limit of {LIMIT}")
            expect(counters.used(system.redis, login, "r", DAY_S), passed, "counter in Redis")
            fill(system, login, LIMIT - passed)
            said.append(f"{passed}")
    return f"{rounds} x {CONNECTIONS} messages against a limit of {LIMIT}: recipients passed: {', '.join(said)}"


def fill(system, login, room):
    """What is left fits, and then nothing more: nothing that was refused is counted."""
    with Smtpd(system.nodes["mx1"]) as smtpd:
        if room:
            expect_that(smtpd.send(plain(login, recipients=room)).delivered, f"the {room} that are left do not pass")
        expect(smtpd.send(plain(login)).delivered, None, "one more")
    expect(counters.used(system.redis, login, "r", DAY_S), LIMIT, "counter when it is full")


def wait_counted(system, login, unit, n):
    """What the domain refused goes back to the login; a client has its answer a moment earlier."""
    def counted():
        return counters.used(system.redis, login, unit, DAY_S)
    try:
        wait_until(lambda: counted() == n, "", SETTLED_S)
    except Timeout:
        raise Failure(f"{login}: {n} delivered and {counted()} counted") from None


@case("race: a quota that a domain shares admits exactly 100 messages of two logins, and each is charged its own")
def shared(run):
    own = 80
    with System(NODES, quota(f"{own} messages / 1d", of_domain=f"{LIMIT} messages / 1d")) as system:
        logins = itertools.cycle((ROSE, TULIP))
        outcomes = race(system, run.chance, lambda _: [plain(next(logins))] * 2)
        each = {login: delivered(outcomes, login=login)[0] for login in (ROSE, TULIP)}
        expect(sum(each.values()), LIMIT, f"messages delivered ({each})")
        expect(counters.used(system.redis, "dom.example", "m", DAY_S, scope="domain"), LIMIT, "counter of the domain")
        for login, n in each.items():
            expect_that(n <= own, f"{login} delivered {n} with a limit of {own}")
            wait_counted(system, login, "m", n)
        return f"{2 * CONNECTIONS} messages, {each[ROSE]} + {each[TULIP]} passed"


@case("race: recipients of two logins of one domain never exceed what it shares, nor either's own")
def shared_recipients(run):
    own = 70
    with System(NODES, quota(f"{own} recipients / 1d", of_domain=f"{LIMIT} recipients / 1d")) as system:
        outcomes = race(system, run.chance, lambda chance: [plain(chance.choice((ROSE, TULIP)),
                                                                  recipients=chance.randint(1, 7))])
        total = delivered(outcomes)[1]
        expect_that(LIMIT - 14 <= total <= LIMIT, f"{total} recipients passed with a limit of {LIMIT}")
        expect(counters.used(system.redis, "dom.example", "r", DAY_S, scope="domain"), total, "counter of the domain")
        for login in (ROSE, TULIP):
            n = delivered(outcomes, login=login)[1]
            expect_that(n <= own, f"{login} delivered {n} with a limit of {own}")
            wait_counted(system, login, "r", n)
        return f"{total} recipients passed"
