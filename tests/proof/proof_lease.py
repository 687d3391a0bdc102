"""Leases: the promises hold while daemons decide by what they have taken in advance (HACKING.md, "Leases")."""

import itertools
import signal
import threading
import time

import bench
import counters
from processes import wait_until
from system import System
from table import case, expect, expect_that

DAY_S = 86400
LIMIT_S = 60
NODES = {"mx1": False, "mx2": False}
SHARE = 0.1
WORKERS = 4    # connections to each daemon
ROSE = "rose@dom.example"

NUMBERS = itertools.count()


def system_of(quota):
    return System(NODES, {"plan default": {"quotas": f'{{ "{quota}" }}'}}, redis={"lease_share": str(SHARE)})


def end(client, number, login=ROSE, recipients=1):
    """The answer to END-OF-MESSAGE, None when there is none."""
    try:
        return client.ask("END-OF-MESSAGE", sasl_username=login, sender=login, instance=f"{number:x}.1",
                          queue_id=f"0BFF{number:08X}", recipient_count=recipients, size=1000)
    except OSError:
        return None


class Load:
    """Connections that send one message after the other, and what they were answered: (sent, answered, answer)."""

    def __init__(self, nodes, login, refusals=None, workers=WORKERS):
        self.login = login
        self.log = []
        self._refusals = refusals
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._send, args=(node.policy_path,))
                         for node in nodes for _ in range(workers)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self._stopping.set()
        self.join()

    def join(self):
        for thread in self._threads:
            thread.join()

    def _send(self, path):
        refused = 0
        with bench.Client(path) as client:
            while not self._stopping.is_set() and refused != self._refusals:
                sent = time.monotonic()
                answer = end(client, next(NUMBERS), self.login)
                self.log.append((sent, time.monotonic(), answer))
                if answer is None:
                    return
                refused += answer != bench.DUNNO

    def accepted(self):
        return sum(answer == bench.DUNNO for _, _, answer in list(self.log))


def wait_lease(system, login):
    wait_until(lambda: system.redis("EXISTS", f"{counters.tagged(login)}:l") == 1, "a lease", LIMIT_S)


def wait_no_lease(system, login):
    """And the daemons have given back what they had."""
    wait_until(lambda: system.redis("EXISTS", f"{counters.tagged(login)}:l") == 0, "the end of the leases", LIMIT_S)


def used(system, login, unit="m"):
    return counters.used(system.redis, login, unit, DAY_S)


def settle(system, login, wanted):
    wait_no_lease(system, login)
    try:
        wait_until(lambda: used(system, login) == wanted, "", LIMIT_S)
    except Exception:                                             # pylint: disable=broad-except
        expect(used(system, login), wanted, f"counter of {login}")


@case("lease: two daemons together accept the limit and not one more, and count what they accept")
def exact(run):
    # Some seconds: leases go by what was sent in the last one.
    limit = 40000 if run.full else 12000
    with system_of(f"{limit} messages / 1d") as system:
        with Load(system.nodes.values(), ROSE, refusals=20) as load:
            load.join()
        accepted = load.accepted()
        expect_that(accepted <= limit, f"{accepted} of {limit} accepted")
        settle(system, ROSE, accepted)
        charged = counters.lent(system.redis, ROSE)
        with bench.Client(system.nodes["mx1"].policy_path) as client:
            for _ in range(limit - accepted):
                expect(end(client, next(NUMBERS)), bench.DUNNO, "what is left")
            expect_that(end(client, next(NUMBERS)) != bench.DUNNO, "one more than the limit is accepted")
        expect(used(system, ROSE), limit, "counter in Redis")
        expect_that(charged > 0, "none was charged from a lease")
        return f"{accepted} of {limit}, then the rest; at least {charged} from leases"


@case("lease: in no interval as long as the window more than the limit is accepted")
def every_interval(run):
    limit, window_s = 2000, 8
    with system_of(f"{limit} messages / {window_s}s") as system:
        with Load(system.nodes.values(), ROSE, workers=2) as load:
            time.sleep(5 * window_s if run.full else 2.5 * window_s)    # what is measured is time
        log = sorted((sent, answered) for sent, answered, answer in load.log if answer == bench.DUNNO)
        most = 0
        for first, (begin, _) in enumerate(log):
            inside = sum(sent >= begin and answered <= begin + window_s for sent, answered in log[first:])
            most = max(most, inside)
            if first > 4 * limit:
                break
        expect_that(most <= limit, f"{most} of {limit} accepted in {window_s} s")
        # A machine on which nobody was refused was too slow to use it up.
        refused = any(answer != bench.DUNNO for _, _, answer in load.log)
        expect_that(most > limit * 9 / 10 or not refused, f"only {most} of {limit} accepted in {window_s} s")
        expect_that(counters.lent(system.redis, ROSE) > 100, "no leases")
        return f"{len(log)} accepted, at most {most} of {limit} in {window_s} s"


def cut_news(system):
    """What daemons would hear of is lost: their connection ends in this moment."""
    system.redis("CLIENT", "KILL", "TYPE", "pubsub")


@case("lease: when block has returned nobody accepts a message, also who has not heard of it")
def block(run):
    rounds = 40 if run.full else 8
    with system_of("1000000 messages / 1d") as system:
        tool, late = system.nodes["mx1"].tool, 0
        for number in range(rounds):
            login = f"rose{number}@dom.example"
            with Load(system.nodes.values(), login, refusals=100) as load:
                wait_lease(system, login)
                if number % 2:
                    cut_news(system)
                tool("block", login)
                blocked = time.monotonic()
                load.join()
            late += sum(answer == bench.DUNNO and sent >= blocked for sent, _, answer in load.log)
            expect(late, 0, "messages accepted after block has returned")
            settle(system, login, load.accepted())
        return f"{rounds} blocks, half of them without news"


@case("lease: a daemon that was stopped while it had a lease refuses what it finds when it goes on")
def stopped(run):
    rounds = 10 if run.full else 3
    with system_of("1000000 messages / 1d") as system:
        node, tool = system.nodes["mx2"], system.nodes["mx1"].tool
        for number in range(rounds):
            login = f"rose{number}@dom.example"
            with bench.Client(node.policy_path) as client:
                while not system.redis("EXISTS", f"{counters.tagged(login)}:l"):
                    expect(end(client, next(NUMBERS), login), bench.DUNNO, "the answer before")
                node.policyd.signal(signal.SIGSTOP)
                try:
                    client.send(bench.request("END-OF-MESSAGE", sasl_username=login, sender=login, instance="f.1",
                                              queue_id="0BFFF", recipient_count=1, size=1000))
                    tool("block", login)
                finally:
                    node.policyd.signal(signal.SIGCONT)
                answer = client.answer()
                expect_that(answer.startswith("550 5.7.1"), f"the answer after block: {answer}")
        return f"{rounds} times"


@case("lease: a reset that has returned is of all that was accepted before")
def reset(run):
    rounds = 10 if run.full else 3
    limit = 100000
    with system_of(f"{limit} messages / 1d") as system:
        for number in range(rounds):
            login = f"rose{number}@dom.example"
            with Load(system.nodes.values(), login) as load:
                wait_lease(system, login)
                system.nodes["mx1"].tool("reset", login)
                done = time.monotonic()
                time.sleep(0.3)                                   # more messages come
            after = sum(answer == bench.DUNNO and sent >= done for sent, _, answer in load.log)
            before = sum(answer == bench.DUNNO and answered < done for _, answered, answer in load.log)
            most = after + before + 2 * len(NODES) * WORKERS
            wait_no_lease(system, login)
            # What a lease has left comes back a moment after its end.
            wait_until(lambda: used(system, login) <= most, f"{login} to have no more counted than {most}", LIMIT_S)
            expect_that(after <= used(system, login), f"{after} accepted after the reset, {used(system, login)} counted")
        return f"{rounds} times"


@case("lease: a daemon that is killed leaves at most its lease, and never too little counted")
def killed(run):
    rounds = 10 if run.full else 3
    limit, most = 100000, 0
    with system_of(f"{limit} messages / 1d") as system:
        node = system.nodes["mx1"]
        for number in range(rounds):
            login = f"rose{number}@dom.example"
            with Load([node], login) as load:
                wait_lease(system, login)
                time.sleep(run.chance.random() * 0.9)             # somewhere in it
                node.policyd.kill()
            accepted = load.accepted()
            wait_no_lease(system, login)
            left = used(system, login) - accepted
            most = max(most, left)
            expect_that(0 <= left <= SHARE * limit + WORKERS, f"{left} more counted than accepted")
            node.policyd.start()
            system.wait_connected()
        return f"{rounds} times, at most {most} more counted than accepted"


@case("lease: a request that is repeated, to the daemon that lives or to one after it, is charged once")
def repeated(run):
    del run
    with system_of("1000000 messages / 1d") as system:
        node = system.nodes["mx1"]
        with bench.Client(node.policy_path) as client:
            sent = []
            while not system.redis("EXISTS", f"{counters.tagged(ROSE)}:l") or len(sent) < 500:
                sent.append(next(NUMBERS))
                expect(end(client, sent[-1]), bench.DUNNO, "the first answer")
            for number in sent[-20:]:
                with bench.Client(node.policy_path) as other:
                    expect(end(other, number), bench.DUNNO, "the answer to a repeated request")
                expect(end(client, number), bench.DUNNO, "the same on the same connection")
        settle(system, ROSE, len(sent))
        node.policyd.ask_to_stop()
        node.policyd.stop()
        node.policyd.start()
        system.wait_connected()
        for number in sent[-20:]:
            with bench.Client(node.policy_path) as other:
                expect(end(other, number), bench.DUNNO, "the answer of the next daemon")
        expect(used(system, ROSE), len(sent), "counter after all of it")
        return f"{len(sent)} messages, {counters.lent(system.redis, ROSE)} in leases"
