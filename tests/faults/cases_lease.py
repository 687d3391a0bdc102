"""Faults while the daemons charge from leases (redis.lease_share): in the end the books are compared.

Three logins send without a pause: rose has room, tight has none soon, and jack is blocked in the middle. What is lost
with a lease counts as used: never the other way round.
"""

import signal
import threading
import time

import counters
import resp
from faults import FAULTS, HARMLESS
from processes import Timeout, wait_until
from server import LIMIT_S
from soak import LOADS
from table import CASES, Case, Slow, expect, expect_in_time, expect_that
from world import DEADLINE_MS, MARGIN_MS, World

SHARE = 0.2
LIMIT = 5000
TIGHT_LIMIT = 40
EVERY_S = 1 / 50      # messages of one login
FRESH_MS = 500        # a lease that lasts so long has just been taken
MEANWHILE = 10        # messages of each login during a fault, and after a block
REPEATS = 5           # messages that Postfix asks about once more
SETTLED_S = 30

# The others are refused answers of one kind, which tests/faults/cases_matrix.py has all of.
CHOSEN = ["replies 50 ms late", "replies later than the deadline", "a peer that stops reading",
          "a peer that falls silent", "a closed port", "a reset in the middle of each reply",
          "half a reply, then silence", "garbage for a reply", "LOADING", "OOM", "READONLY", "one lost reply",
          "a stopped Redis", "a killed Redis", "a Redis that loads its data", "a Redis that runs an endless script",
          "a Redis made a replica", "scripts flushed", "everything flushed"]


class Stream:
    """One message of the login after the other, on connections that are kept; `sent` is [(queue id, when it was
    asked, answer)]. What was not answered is asked again, as Postfix does."""

    def __init__(self, world, login):
        self.login = login
        self.sent = []
        self.slowest_ms = 0
        self._world = world
        self._load = LOADS[world.kind](world.path)
        self._pause = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._pause.set()
        self._thread.join()

    def _run(self):
        while not self._pause.wait(EVERY_S):
            queue_id = self._world.queue_id()
            began = time.monotonic()
            answer, took_ms = self._load.send(self.login, queue_id)
            self.slowest_ms = max(self.slowest_ms, took_ms)
            self.sent.append((queue_id, began, answer))

    def wait(self, more=MEANWHILE):
        goal = len(self.sent) + more
        wait_until(lambda: len(self.sent) >= goal, f"messages of {self.login}", LIMIT_S)

    def repeat(self, some):
        """Asks about these messages again, each on a connection of its own."""
        for queue_id in some:
            answer, _ = LOADS[self._world.kind](self._world.path).send(self.login, queue_id)
            self.sent.append((queue_id, time.monotonic(), answer))

    def accepted(self):
        return {queue_id for queue_id, _, answer in list(self.sent) if answer == "accept"}

    def kept(self):
        """Those whose last answer let them through: the charge of a message that is put off when it is asked about again
        is taken back, unless Redis could not be asked at all."""
        last = {queue_id: answer for queue_id, _, answer in list(self.sent) if answer != "closed"}
        return {queue_id for queue_id, answer in last.items() if answer == "accept"}

    def unanswered(self):
        return {queue_id for queue_id, _, answer in list(self.sent) if answer == "closed"} - self.accepted()

    def last_accepted(self):
        return [queue_id for queue_id, _, answer in list(self.sent) if answer == "accept"][-REPEATS:]


class Books:
    """Redis, past the proxy and past all code of Sendward's."""

    def __init__(self, server):
        self._server = server

    def lease_ms(self, login):
        """How long nobody may change the account for the sake of leases; 0 when there is none."""
        return max(0, self._server.ask("PTTL", f"{counters.tagged(login)}:l"))

    def used(self, login):
        connection = resp.Connection(self._server.socket)
        try:
            return counters.used(connection, login, "m", 3600)
        finally:
            connection.close()

    def wait_lease(self, login):
        wait_until(lambda: self.lease_ms(login) > FRESH_MS, f"a lease of {login}", LIMIT_S)

    def wait_used(self, login, least, most):
        """Leases go back a moment after their end, charges of an outage after it."""
        try:
            wait_until(lambda: self.lease_ms(login) == 0 and least <= self.used(login) <= most, "", SETTLED_S)
        except Timeout:
            used = self.used(login)
            expect_that(least <= used <= most, f"{used} counted of {login}, not {least}" +
                        (f" to {most}" if most > least else ""))


def lease_world(kind, mode):
    return World(kind, mode, redis={"lease_share": str(SHARE)},
                 plan={"quotas": f'{{ "{LIMIT} messages / 1h" }}'})


def decided_by_store(world, after):
    """Queue ids of the messages that were accepted by the store's word or a lease's."""
    return {fields["qid"] for fields in world.decisions(after)
            if fields["verdict"] == "accept" and "store" not in fields and fields.get("qid")}


class Trial:
    """One fault in the midst of leases."""

    def __init__(self, world, fault):
        self.world = world
        self.fault = fault
        self.books = Books(world.server)
        self.rose, self.jack, self.tight = (Stream(world, world.login(name)) for name in ("rose", "jack", "tight"))

    def run(self):
        self.log_start = len(self.world.log())
        self.world.tool("user", "add", self.tight.login, "--quota", f"{TIGHT_LIMIT} messages / 1h")
        with self.rose, self.jack, self.tight:
            for stream in (self.rose, self.jack):
                self.books.wait_lease(stream.login)
            before = self.rose.last_accepted()
            self.fault.begin(self.world)
            try:
                self._meanwhile()
            finally:
                self.fault.end(self.world)
            if self.fault.own and not self.fault.forgets:
                self._block()
            self.world.wait_store()
            self.books.wait_lease(self.rose.login)
            self.rose.wait()
            if not self.fault.forgets:
                wait_until(lambda: self.tight.sent[-1][2] == "450", "a quota to be used up", LIMIT_S)
        if self.world.kind == "policyd":
            self.rose.repeat(before + self.rose.last_accepted())
        self._counts()
        self._times()

    def _meanwhile(self):
        for stream in (self.rose, self.jack, self.tight):
            stream.wait()
        if not self.fault.own:
            self._block()
        if self.world.kind == "policyd":
            self.rose.repeat(self.rose.last_accepted())

    def _block(self):
        """Who is cut off from Redis goes on by what is known there, but not by a lease."""
        self.world.tool("block", self.jack.login)
        blocked = time.monotonic()
        self.jack.wait()
        later = {queue_id for queue_id, began, answer in list(self.jack.sent) if began >= blocked
                 and answer == "accept"}
        by_lease = later & decided_by_store(self.world, self.log_start)
        expect(len(by_lease), 0, "messages accepted from a lease after block has returned")
        if self.fault.kind == HARMLESS or self.world.mode == "defer":
            expect(len(later), 0, "messages accepted after block has returned")

    def _counts(self):
        if self.fault.forgets:
            self.books.wait_used(self.rose.login, 1, len(self.rose.accepted()))
            return
        for stream in (self.rose, self.jack, self.tight):
            self.books.wait_used(stream.login, len(stream.kept()), len(stream.accepted()))
        most = TIGHT_LIMIT
        if self.fault.kind != HARMLESS and self.world.mode == "degrade":
            most += TIGHT_LIMIT // 2    # degraded_share
        accepted = len(self.tight.accepted())
        what = f"{accepted} of {TIGHT_LIMIT} accepted, which is more than {most}"
        # What is harmless is no outage, but where an answer missed the deadline.
        if accepted > most and self.fault.kind == HARMLESS and self.world.missed_deadline(self.log_start):
            raise Slow(what)
        expect_that(accepted <= most, what)

    def _times(self):
        slowest = max(stream.slowest_ms for stream in (self.rose, self.jack, self.tight))
        expect_in_time(slowest, DEADLINE_MS + MARGIN_MS, "the slowest answer")


def fault_case(fault, kind, mode):
    def run(group):
        Trial(group.world(lambda: lease_world(kind, mode)), fault).run()
    return Case(f"{kind}, {mode}, leases: {fault.name}", f"leases {kind} {mode}", run)


def last_case(kind, mode):
    def run(group):
        world = group.world(lambda: lease_world(kind, mode))
        expect(world.end(), (0, []), "exit status and sanitizer reports")
    return Case(f"{kind}, {mode}, leases: it ends well", f"leases {kind} {mode}", run)


_BY_NAME = {fault.name: fault for fault in FAULTS}
for _kind, _mode in (("policyd", "degrade"), ("policyd", "defer"), ("milter", "degrade")):
    CASES.extend(fault_case(_BY_NAME[_name], _kind, _mode) for _name in CHOSEN)
    CASES.append(last_case(_kind, _mode))


# --- the end of a daemon ---

AWAY = {
    "": (lambda server: None, lambda server: None),
    " while Redis hangs": (lambda server: server.pause(), lambda server: server.resume()),
    " while Redis is gone": (lambda server: server.kill(), lambda server: server.start()),
}


def ended(kind, number, away):
    begin, end = AWAY[away]
    with lease_world(kind, "degrade") as world:
        books, stream = Books(world.server), Stream(world, world.login("rose"))
        with stream:
            books.wait_lease(stream.login)
            begin(world.server)
            stream.wait(3)
            world.daemon.signal(number)
            wait_until(lambda: not world.daemon.running(), "the daemon's end", LIMIT_S)
        if number == signal.SIGTERM:
            expect(world.daemon.sanitizer_reports(), [], "sanitizer reports")
        world.daemon.start()
        end(world.server)
        world.wait_store()
        before = stream.last_accepted()
        if kind == "policyd":
            stream.repeat(before + sorted(stream.unanswered()))
        accepted, unsure = len(stream.accepted()), len(stream.unanswered())
        most = accepted + unsure
        if number != signal.SIGTERM or away:
            most += int(SHARE * LIMIT) + len(before)
        books.wait_used(stream.login, accepted, most)
        return f"{books.used(stream.login) - accepted} more counted than accepted"


for _kind in ("policyd", "milter"):
    for _number in (signal.SIGTERM, signal.SIGKILL):
        for _away in AWAY:
            CASES.append(Case(f"{_kind}, leases: {_number.name}{_away} loses no charge", f"leases end {_kind} {_number}",
                              lambda _, kind=_kind, number=_number, away=_away: ended(kind, number, away)))
