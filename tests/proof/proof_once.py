"""Many messages that meet everything that can go wrong: each is charged once when it was delivered, else not at all."""

import collections
import threading

import counters
from processes import Timeout, wait_until
from smtpd import MISCHIEF, Message, Smtpd, queue_id
from system import System
from table import Failure, case, expect_that

DAY_S = 86400
SESSIONS = 8
SETTLED_S = 60
MAX_SIZE = 20000
DOMAIN = "dom.example"

# What each login is there for. The first are never over their quota, so that most messages come to their end.
QUOTAS = '{ "1000000 messages / 1d", "1000000 recipients / 1d", "1000000k bytes / 1d" }'
LOGINS = {
    # What the policy daemon knows of free recipients is not exact (policy/transaction.h), and errs on the safe side.
    "lily@other.example": "friends",
    "rose@dom.example": "default",
    "tulip@dom.example": "default",
    "iris@other.example": "default",
    "holly@other.example": "held",
    "daisy@other.example": "few",
    "poppy@dom.example": "few",
}
FRIENDS = "lily@other.example"
FREE = "@near.example"


def sections(n):
    """Plans whose quotas are used up in the course of n messages."""
    return {
        "plan default": {"quotas": QUOTAS, "max_size": f'"{MAX_SIZE}"', "max_recipients": "9"},
        "plan friends": {"quotas": QUOTAS, "free_recipients": f'{{ "*{FREE}" }}'},
        "plan few": {"quotas": QUOTAS.replace("1000000 recipients", f"{n // 10} recipients")},
        "plan held": {"quotas": QUOTAS.replace("1000000 messages", f"{n // 20} messages"), "over_quota": "hold"},
        f'domain "{DOMAIN}"': {"shared_quotas": f'{{ "1000000 messages / 1d", "{n // 2} recipients / 1d" }}'},
    }


def random_recipient(chance):
    return f"r{chance.randint(1, 40)}{FREE if chance.random() < 0.2 else '@far.example'}"


def random_message(chance, with_milter):
    login = chance.choice([login for login in LOGINS if with_milter or login != FRIENDS])
    stages = ["MAIL", "RCPT", "DATA", "END-OF-MESSAGE", "body", "end"] if with_milter else ["MAIL", "RCPT", "DATA"]
    mischief = at = None
    if chance.random() < 0.4:
        mischief = chance.choice(MISCHIEF)
        at = chance.choice(["RCPT", "DATA", "END-OF-MESSAGE"] if mischief == "answer lost" else stages)
    if mischief in ("reset", "client gone") and at == "end":
        mischief = "smtpd gone"    # the client's loss is nothing to us once the dot is there
    return Message(login=login,
                   sender="foreign@far.example" if chance.random() < 0.04 else login,
                   recipients=[random_recipient(chance) for _ in range(chance.choice((1, 1, 1, 2, 3, 10)))],
                   header_from="foreign@far.example" if chance.random() < 0.06 else login,
                   size=MAX_SIZE + 1 if chance.random() < 0.04 else chance.randint(100, 3000),
                   mischief=mischief, at=at)


class Load:
    """Sessions that send until there is nothing more to send."""

    def __init__(self, run, system, n, make):
        self.outcomes = []
        self._left = n
        self._lock = threading.Lock()
        self._errors = []
        nodes = list(system.nodes.values())
        self._threads = [threading.Thread(target=self._session, args=(nodes[i % len(nodes)], make, run.split()))
                         for i in range(SESSIONS)]

    def run(self):
        self.start()
        self.join()

    def start(self):
        for thread in self._threads:
            thread.start()

    def running(self):
        return any(thread.is_alive() for thread in self._threads)

    def stop(self):
        self._left = 0

    def join(self):
        for thread in self._threads:
            thread.join()
        if self._errors:
            raise self._errors[0]

    def _next(self):
        with self._lock:
            self._left -= 1
            return self._left >= 0

    def _session(self, node, make, chance):
        smtpd = Smtpd(node, chance=chance)
        try:
            while self._next():
                if chance.random() < 0.1:
                    smtpd.close()
                self.outcomes.append(smtpd.send(make(chance, node.milter is not None), queue_id()))
        except Exception as error:                                # pylint: disable=broad-except
            self._errors.append(error)
            self.stop()
        finally:
            smtpd.close()


def amounts(outcome):
    """What a delivered message must have been charged."""
    recipients, size = outcome.delivered
    counted = [r for r in recipients if outcome.login != FRIENDS or not r.endswith(FREE)]
    return {("w", "m", DAY_S): 1, ("w", "r", DAY_S): len(counted), ("w", "b", DAY_S): size}


def shared_amounts(outcome):
    return {key: n for key, n in amounts(outcome).items() if key[1] != "b"}


def in_domain(login):
    return login.endswith("@" + DOMAIN)


def expected_totals(outcomes):
    """What must be counted, by (name, scope)."""
    totals = collections.defaultdict(collections.Counter)
    for outcome in outcomes:
        if outcome.delivered:
            totals[outcome.login, ""].update({key[1:]: n for key, n in amounts(outcome).items()})
            if in_domain(outcome.login):
                totals[DOMAIN, "domain"].update({key[1:]: n for key, n in shared_amounts(outcome).items()})
    return totals


def expect_counted(redis, totals, names):
    """Refunds may still be under way: what is expected must come, and within a time."""
    for name in names:
        wanted = dict(totals[name])

        def found(name=name):
            return {key: n for key, n in counters.totals(redis, *name).items() if n}
        try:
            wait_until(lambda found=found, wanted=wanted: found() == wanted, "", SETTLED_S)
        except Timeout:
            raise Failure(f"counters of {name}: {found()}, and delivered were {wanted}") from None


def expect_each_charged_once(redis, outcomes):
    for outcome in outcomes:
        scopes = [(outcome.login, "", amounts)]
        if in_domain(outcome.login):
            scopes.append((DOMAIN, "domain", shared_amounts))
        for name, scope, wanted in scopes:
            charged = counters.charged(redis, name, outcome.node, outcome.queue_id, scope)
            if outcome.delivered:
                good = charged == wanted(outcome)
            else:
                good = not charged
            expect_that(good, f"{outcome} was charged {charged} to {name}")


def describe(outcomes):
    kinds = collections.Counter()
    for outcome in outcomes:
        reply = outcome.reply
        kinds[reply if not reply[:3].isdigit() else " ".join(reply.split()[:3])[:22]] += 1
    return ", ".join(f"{n} {kind}" for kind, n in kinds.most_common())


def prove(run, nodes, n, top=None, redis=None):
    with System(nodes, sections(n), top, redis=redis) as system:
        for login, plan in LOGINS.items():
            if plan != "default":
                system.nodes["mx1"].tool("user", "add", login, "--plan", plan)
        load = Load(run, system, n, random_message)
        load.run()
        expect_that(not any(outcome.doubt for outcome in load.outcomes), "a daemon was lost")
        names = [(login, "") for login in LOGINS] + [(DOMAIN, "domain")]
        expect_counted(system.redis, expected_totals(load.outcomes), names)
        expect_each_charged_once(system.redis, load.outcomes)
        lent = sum(counters.lent(system.redis, login) for login in LOGINS)
        expect_that(bool(lent) == bool(redis), f"{lent} messages charged from leases")
        return f"{len(load.outcomes)} messages: {describe(load.outcomes)}"


@case("once: with both daemons wired the counters are what was delivered, message by message")
def both(run):
    return prove(run, {"mx1": True}, 50000 if run.full else 10000)


@case("once: the same when the policy daemon charges, and when nodes charge one way and the other")
def mixed(run):
    return prove(run, {"mx1": True, "mx2": False}, 20000 if run.full else 5000)


@case("once: the same when daemons charge from leases")
def with_leases(run):
    return prove(run, {"mx1": True, "mx2": False}, 20000 if run.full else 5000, redis={"lease_share": "0.2"})
