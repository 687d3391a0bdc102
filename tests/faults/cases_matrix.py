"""Every fault, with each daemon, in each mode: what the clients are told and when, and what was counted in the end."""

import concurrent.futures
import itertools
import time

from faults import FAULTS, HARMLESS, ONCE, OUTAGE
from known import known
from processes import Timeout, wait_until
from server import LIMIT_S
from table import CASES, Case, Failure, Slow, expect
from topologies import Cluster
from world import CLOSING, DEADLINE_MS, LIMIT, MARGIN_MS, OPENING, World, decision_fields

SHARE = LIMIT // 2    # degraded_share is 0.5
BEFORE = 2            # messages of the login before the fault
BURST = 4             # questions at once when it begins

# store/link.c tries again after at most 2 s; and what a busy machine needs.
RECOVERY_MS = 2000 + 1000

# While an outage lasts: how often somebody asks, and how often the daemon may try to connect: after 50 ms, then
# twice as late each time up to 2 s, each shortened by up to a half.
ASK_EVERY_S = 0.1
CONNECTS_MAX = 12

SETTLED_S = 30    # until what was accepted meanwhile is charged, and refunds are made

FOREIGN = "somebody@else.example"


class Row:
    """One fault in one world; what is not as it should be is collected by aspect."""

    def __init__(self, world, fault):
        self.world = world
        self.fault = fault
        self.mode = world.mode
        self.wrong = {}
        self.accepted = 0        # of rose's, meanwhile
        self.slowest_ms = 0
        self.recovery_ms = 0

    def claim(self, aspect, condition, what):
        if not condition:
            self.wrong.setdefault(aspect, what)

    def run(self):
        self._prepare()
        self.log_start = len(self.world.log())
        self.fault.begin(self.world)
        try:
            self._burst()
            if self.fault.kind == ONCE:
                self.recovery_ms = self.world.wait_store()
            self._one_by_one()
            self._go_on()
        finally:
            self.fault.end(self.world)
        self._recover()
        self._times()
        self._counts()
        self._lines()

    # --- before ---

    def _prepare(self):
        world = self.world
        self.rose, self.blocked = world.login("rose"), world.login("blocked")
        self.crowd = [world.login("crowd") for _ in range(BURST - 2)]
        world.tool("block", self.blocked, "--reason", "stolen")
        # A late refusal of the fault before this one may put one off, which is not charged.
        for _ in range(BEFORE):
            wait_until(lambda: world.send(self.rose).answer == "accept", "a message before the fault", LIMIT_S)
        wait_until(lambda: world.send(self.blocked).answer == "550", "a refusal of the blocked login", LIMIT_S)

    # --- meanwhile ---

    def _ask(self, login, sender=None):
        reply = self.world.send(login, sender)
        self.slowest_ms = max(self.slowest_ms, reply.slowest_ms)
        return reply.answer

    def _by_mode(self, degrade, defer, passing):
        """What is expected when the store does not decide, or what it would say, which is as when degraded."""
        if self.fault.kind == HARMLESS:
            return degrade
        return {"degrade": degrade, "defer": defer, "pass": passing}[self.mode]

    def _burst(self):
        """Several at once, the first to meet the fault."""
        logins = [self.rose, self.blocked, *self.crowd]
        with concurrent.futures.ThreadPoolExecutor(len(logins)) as pool:
            answers = list(pool.map(self._ask, logins))
        self.accepted += answers[0] == "accept"
        self.crowd_accepted = [answer == "accept" for answer in answers[2:]]
        if self.fault.kind == ONCE:
            self.claim("reply", set(answers) <= {"accept", "451", "550"}, f"answers {answers}")
        else:
            wanted = self._by_mode("accept", "451", "accept")
            self.claim("reply", {answers[0], *answers[2:]} == {wanted}, f"answers {answers}, not {wanted}")
        self._claim_blocked(answers[1])

    def _claim_blocked(self, answer):
        if not self.fault.forgets:
            self.claim("reply", answer in self._by_mode(("550",), ("550", "451"), ("550",)),
                       f"the blocked login is told {answer}")

    def _one_by_one(self):
        self._claim_blocked(self._ask(self.blocked))
        answer = self._ask(self.rose, FOREIGN)
        if self.fault.kind == OUTAGE:
            self.claim("reply", answer in self._by_mode(("553",), ("553", "451"), ("553",)),
                       f"a foreign sender is told {answer}")
        else:
            self.claim("reply", answer == "553", f"a foreign sender is told {answer}")
        answer = self._ask(self.world.login("stranger"))
        wanted = "accept" if self.fault.kind == ONCE else self._by_mode("accept", "451", "accept")
        self.claim("reply", answer == wanted, f"a login never seen is told {answer}, not {wanted}")
        self._fill()

    def _fill(self):
        """Until the share is used up, and a little longer."""
        goal = LIMIT - BEFORE if self.fault.kind != OUTAGE else SHARE
        goal = LIMIT if self.fault.forgets and self.fault.kind != OUTAGE else goal
        refused = set()
        for _ in range(goal + 2 - self.accepted if self.mode == "degrade" or self.fault.kind != OUTAGE else 3):
            answer = self._ask(self.rose)
            self.accepted += answer == "accept"
            if answer != "accept":
                refused.add(answer)
        if self.fault.kind == OUTAGE and self.mode != "degrade":
            self.claim("reply", refused == self._by_mode(None, {"451"}, set()), f"rose is told {refused}")
            return
        # A reply that was lost with the connection may not have been rose's.
        most = goal + 1 if self.fault.kind == ONCE else goal
        self.claim("share", goal <= self.accepted <= most, f"{self.accepted} accepted, not {goal}")
        wanted = {"451", "450"} if self.fault.kind == OUTAGE else {"450"}
        self.claim("share", refused and refused <= wanted, f"beyond it rose is told {refused}")

    def _go_on(self):
        """The outage lasts: answers stay quick, and Redis is not stormed."""
        if self.fault.topology:
            self._ask_elsewhere()
            return
        accepted_before, end = self.world.proxy.accepted, time.monotonic() + self.fault.lasts_s
        while time.monotonic() < end:
            self._ask(self.blocked)
            time.sleep(ASK_EVERY_S)    # the pace of a load, nothing is waited for
        connects = self.world.proxy.accepted - accepted_before
        self.claim("connects", connects <= CONNECTS_MAX, f"{connects} connections within {self.fault.lasts_s} s")

    def _ask_elsewhere(self):
        """Logins of another server, where there are several, go on."""
        if self.fault.topology is Cluster:
            login = self.world.login("elsewhere", hit=False)
            self.claim("reply", self.world.store_decides(login), "a login of another node is not decided by its store")

    # --- afterwards ---

    def _recover(self):
        self.recovery_ms = max(self.recovery_ms, self.world.wait_store())
        self.claim("recovery", self.recovery_ms <= RECOVERY_MS, f"{self.recovery_ms:.0f} ms until the store decides")

    def _times(self):
        limit = DEADLINE_MS + MARGIN_MS
        slowest_us = max(int(fields["us"]) for fields in self.world.decisions(self.log_start))
        self.claim("time", slowest_us <= limit * 1000, f"the daemon took {slowest_us / 1000:.0f} ms for an answer")
        self.claim("time", self.slowest_ms <= limit, f"a client waited for {self.slowest_ms:.0f} ms")

    def _counts(self):
        before = 0 if self.fault.forgets else BEFORE
        self._claim_count(self.rose, before, self.accepted)
        for login, accepted in zip(self.crowd, self.crowd_accepted):
            self._claim_count(login, 0, int(accepted))

    def _claim_count(self, login, before, accepted):
        """Refunds, and what the node has accepted by itself, may come a little after the first answer."""
        used = None

        def right():
            nonlocal used
            used = self.world.used(login)
            return used == before + accepted
        try:
            wait_until(right, "", SETTLED_S)
        except Timeout:
            self.claim("count", False, f"{used} counted of {login}, not {before + accepted}")

    def _told(self):
        """The lines but for decisions; how many of them say that an outage begins, and that it is over."""
        lines = [line for line in self.world.log()[self.log_start:].splitlines() if not decision_fields(line)]
        return (lines, sum(bool(OPENING.search(line)) for line in lines),
                sum(bool(CLOSING.search(line)) for line in lines))

    def _told_right(self):
        _, opening, closing = self._told()
        # Of several servers, one that is gone for good is not told to be back.
        return closing <= opening if self.fault.topology else closing == opening

    def _lines(self):
        # A late refusal may begin an outage once more, which is over soon.
        try:
            wait_until(self._told_right, "", SETTLED_S)
        except Timeout:
            pass
        lines, opening, closing = self._told()
        least, most = self.fault.told
        self.claim("log", least <= opening <= most and self._told_right(),
                   f"{opening} lines say that an outage begins and {closing} that it is over:\n      "
                   + "\n      ".join(lines))


class Marks:
    """What the daemon takes, to be compared with what it takes when all is over."""

    def __init__(self, world):
        self.descriptors = world.descriptors()
        self.threads = world.threads()


def run_row(group, fault, front, mode):
    if fault.topology:
        with World(front, mode, topology=fault.topology) as world:
            row = Row(world, fault)
            row.run()
            expect(world.end(), (0, []), "exit status and sanitizer reports")
            return row
    world = group.world(lambda: World(front, mode))
    if not hasattr(world, "marks"):
        world.marks = Marks(world)
    row = Row(world, fault)
    row.run()
    return row


def row_case(fault, front, mode):
    def run(group):
        row = run_row(group, fault, front, mode)
        expected = known(fault.name, front, mode)
        cured = [aspect for aspect in expected if aspect not in row.wrong]
        wrong = {aspect: what for aspect, what in row.wrong.items() if aspect not in expected}
        if cured:
            raise Failure(f"{', '.join(cured)}: no longer wrong; take it out of known.py")
        # What is harmless is no outage, but where an answer missed the deadline.
        missed = fault.kind == HARMLESS and row.world.missed_deadline(row.log_start)
        if wrong and (missed or set(wrong) <= {"time", "recovery"}):
            raise Slow("; ".join(wrong.values()))
        if wrong:
            raise Failure("; ".join(f"{aspect}: {what}" for aspect, what in wrong.items()))
        group.note(f"{front} {mode}", row)
        known_text = "".join(f"known: {aspect}: {why}" for aspect, why in expected.items())
        recovered = f"the store decides {row.recovery_ms:.0f} ms after it is there again" if fault.topology else ""
        return known_text + recovered or None
    # The servers that are many take their time to start, and wait for no other case.
    aside = f" {fault.name}" if fault.topology else ""
    return Case(f"{front}, {mode}: {fault.name}", f"{front} {mode}{aside}", run)


def last_case(front, mode):
    """After all of them in the same daemon."""
    def run(group):
        world = group.world(lambda: World(front, mode))
        marks = getattr(world, "marks", None)
        if marks:
            wait_until(lambda: world.descriptors() <= marks.descriptors and world.threads() <= marks.threads,
                       f"the {marks.descriptors} descriptors and {marks.threads} threads of the beginning "
                       f"(now {world.descriptors()} and {world.threads()})", LIMIT_S)
        expect(world.end(), (0, []), "exit status and sanitizer reports")
        rows = group.noted.get(f"{front} {mode}", [])
        if not rows:
            return None
        times = sorted(row.recovery_ms for row in rows)
        slowest = max(row.slowest_ms for row in rows)
        return (f"{len(rows)} faults; slowest answer {slowest:.0f} ms, recovery {times[len(times) // 2]:.0f} ms in the "
                f"middle, {times[-1]:.0f} ms at most")
    return Case(f"{front}, {mode}: nothing is left behind, and it ends well", f"{front} {mode}", run)


for _front, _mode in itertools.product(("policyd", "milter"), ("degrade", "defer", "pass")):
    CASES.extend(row_case(_fault, _front, _mode) for _fault in FAULTS)
    CASES.append(last_case(_front, _mode))
