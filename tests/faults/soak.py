"""Minutes of mail through both daemons with a fault every second; in the end the books are compared.

Two nodes share one Redis, each through a proxy of its own: one charges in the policy daemon, the other in the milter.
The load keeps its pace as long as the answers do. Faults are those of the matrix that lose nothing.
"""

import collections
import multiprocessing
import os
import random
import tempfile
import threading
import time

import counters
import mta
import resp
from bench import DUNNO, Client, Failure as ProtocolFailure
from faults import FAULTS
from processes import Timeout, wait_until
from server import Server
from world import DEADLINE_MS, MARGIN_MS, measured

RATES = {"policyd": 400, "milter": 100}    # messages/s
THREADS = {"policyd": 8, "milter": 8}
LOGINS = 200          # with room for everything
TIGHT = 20            # with a quota that is soon used up
TIGHT_LIMIT = 200
BLOCKED = "blocked@dom.example"
FAULT_EVERY_S = 1.0
SAMPLE_EVERY_S = 5.0
GROWTH_KB = 4096      # of each daemon, from the first quarter to the end
SETTLE_S = 60         # for refunds and charges that come later

LOSING_NOTHING = [fault for fault in FAULTS if not (fault.forgets or fault.lasts_s or fault.topology)]


class Tally:
    """What one thread has seen."""

    def __init__(self):
        self.accepted = collections.Counter()    # by login
        self.answers = collections.Counter()
        self.took_ms = []

    def note(self, login, answer, took_ms):
        self.answers[answer] += 1
        self.took_ms.append(took_ms)
        if answer == "accept":
            self.accepted[login] += 1

    def add(self, other):
        self.accepted.update(other.accepted)
        self.answers.update(other.answers)
        self.took_ms.extend(other.took_ms)


def pick_login(chance):
    draw = chance.random()
    if draw < 0.02:
        return BLOCKED
    if draw < 0.12:
        return f"tight{chance.randrange(TIGHT)}@dom.example"
    return f"rose{chance.randrange(LOGINS)}@dom.example"


# --- the load, in a process for each daemon ---

class PolicyLoad:
    def __init__(self, path):
        self._path = path
        self._client = None

    def send(self, login, queue_id):
        """(answer, ms)"""
        try:
            self._client = self._client or Client(self._path)
            began = time.monotonic()
            text = self._client.ask("END-OF-MESSAGE", sasl_username=login, sender=login, instance=f"1.{queue_id}",
                                    queue_id=queue_id, recipient_count=1, size=1000)
        except (OSError, ProtocolFailure):
            text, self._client = None, None
        if text is None:
            return "closed", 0
        return "accept" if text == DUNNO else text[:3], (time.monotonic() - began) * 1000


class MilterLoad:
    PER_SESSION = 10

    def __init__(self, path):
        self._path = path
        self._session = None
        self._left = 0

    def send(self, login, queue_id):
        """(answer, ms of the slowest question)"""
        try:
            if self._left == 0:
                self._end_session()
                self._session, self._left = mta.Session(self._path), self.PER_SESSION
            self._left -= 1
            return self._message(login, queue_id)
        except (OSError, mta.Gone):
            self._session, self._left = None, 0
            return "closed", 0

    def _message(self, login, queue_id):
        session, slowest = self._session, 0
        for ask in (lambda: session.mail(f"<{login}>", login), lambda: session.rcpt("<r@far.example>"),
                    lambda: self._content(login, queue_id)):
            began = time.monotonic()
            answer = ask()
            slowest = max(slowest, (time.monotonic() - began) * 1000)
            if answer not in ("continue", "accept"):
                session.abort()
                return answer[:3], slowest
        return "accept", slowest

    def _content(self, login, queue_id):
        self._session.content((("From", " " + login), ("Subject", " test")), b"Hello.\r\n", queue_id)
        return self._session.end_of_message(queue_id).answer

    def _end_session(self):
        if self._session:
            self._session.quit()


LOADS = {"policyd": PolicyLoad, "milter": MilterLoad}


def load_thread(kind, path, number, seed, until, tally):
    load, chance = LOADS[kind](path), random.Random(f"{seed} {kind} {number}")
    interval = THREADS[kind] / RATES[kind]
    due, sent = time.monotonic() + chance.random() * interval, 0
    while time.monotonic() < until:
        pause = due - time.monotonic()
        if pause > 0:
            time.sleep(pause)    # the pace
        # Who is late does not hurry to make up for more than a second.
        due = max(due + interval, time.monotonic() - 1)
        login, sent = pick_login(chance), sent + 1
        tally.note(login, *load.send(login, f"{kind[0].upper()}{number:02X}{sent:08X}"))


def load_process(kind, seed, pipe):
    """Told over the pipe where to go and for how long; answers with a Tally."""
    path, seconds = pipe.recv()
    until = time.monotonic() + seconds
    tallies = [Tally() for _ in range(THREADS[kind])]
    threads = [threading.Thread(target=load_thread, args=(kind, path, number, seed, until, tally))
               for number, tally in enumerate(tallies)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    total = Tally()
    for tally in tallies:
        total.add(tally)
    pipe.send(total)


class Load:
    """The processes; they begin before anything listens, so that they hold no socket of it."""

    def __init__(self, seed):
        context = multiprocessing.get_context("fork")
        self._processes, self._pipes = [], {}
        for kind in LOADS:
            self._pipes[kind], far = context.Pipe()
            self._processes.append(context.Process(target=load_process, args=(kind, seed, far), daemon=True))
            self._processes[-1].start()
            far.close()

    def begin(self, worlds, seconds):
        for world in worlds:
            self._pipes[world.kind].send((world.path, seconds))

    def tallies(self):
        return {kind: pipe.recv() for kind, pipe in self._pipes.items()}

    def end(self):
        for process in self._processes:
            process.terminate()
            process.join()


# --- the faults ---

def one_fault(worlds, chance, counts):
    fault = chance.choice(LOSING_NOTHING)
    counts[fault.name] += 1
    # The proxy's faults hit both nodes or one; Redis' own hit whoever is there.
    hit = worlds if chance.random() < 0.5 else [chance.choice(worlds)]
    end = time.monotonic() + chance.uniform(0.05, 0.8) * FAULT_EVERY_S
    if fault.own:
        hit = hit[:1]
    for world in hit:
        fault.begin(world)
    try:
        time.sleep(max(0, end - time.monotonic()))    # as long as it lasts
    finally:
        for world in hit:
            fault.end(world)


class Samples:
    def __init__(self, worlds):
        self.worlds = worlds
        self.taken = []
        self._next = 0

    def take(self):
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + SAMPLE_EVERY_S
            self.taken.append([(world.rss_kb(), world.descriptors(), world.threads()) for world in self.worlds])

    def growth_kb(self, index):
        sizes = [sample[index][0] for sample in self.taken]
        quarter = max(1, len(sizes) // 4)
        return max(sizes[-quarter:]) - max(sizes[:quarter])

    def text(self, index):
        first, last = self.taken[0][index], self.taken[-1][index]
        middle = self.taken[len(self.taken) // 2][index]
        return (f"{first[0]}, {middle[0]}, {last[0]} KB at first, in the middle, in the end; {first[1]} and {last[1]} "
                f"descriptors, {first[2]} and {last[2]} threads")


# --- the books ---

def charged(connection, login):
    """By the rolling window of an hour."""
    return counters.used(connection, login, "m", 3600)


def decided(worlds):
    """{login: messages accepted} by the logs, in total and those that the store decided on."""
    total, by_store = collections.Counter(), collections.Counter()
    for world in worlds:
        for fields in world.decisions():
            if fields["stage"] == "END-OF-MESSAGE" and fields["verdict"] == "accept":
                total[fields["login"]] += 1
                by_store[fields["login"]] += "store" not in fields
    return total, by_store


class Books:
    def __init__(self, accepted):
        self.accepted = accepted
        self.counted = {}

    def wrong(self, connection):
        """[(login, counted, accepted)] of those where it is not the same."""
        self.counted = {login: charged(connection, login) for login in self.accepted}
        return [(login, count, self.accepted[login]) for login, count in self.counted.items()
                if count != self.accepted[login]]

    def settle(self, connection):
        """Refunds, and what was accepted without the store, may still be on their way."""
        try:
            wait_until(lambda: not self.wrong(connection), "", SETTLE_S)
        except Timeout:
            pass
        return self.wrong(connection)


# --- all of it ---

def percentile(values, part):
    return values[min(len(values) - 1, int(len(values) * part))] if values else 0


def run_load(load, worlds, seconds, chance):
    """({kind: Tally}, Samples, Counter of faults)"""
    samples, counts = Samples(worlds), collections.Counter()
    until = time.monotonic() + seconds
    load.begin(worlds, seconds)
    while time.monotonic() < until:
        began = time.monotonic()
        samples.take()
        one_fault(worlds, chance, counts)
        time.sleep(max(0, began + FAULT_EVERY_S - time.monotonic()))    # the rest of its second
    tallies = load.tallies()
    samples.take()
    return tallies, samples, counts


def report_load(tallies, seconds):
    for kind, tally in tallies.items():
        times = sorted(tally.took_ms)
        late = sum(took > DEADLINE_MS + MARGIN_MS for took in times)
        answers = ", ".join(f"{count} {answer}" for answer, count in sorted(tally.answers.items()))
        print(f"  {kind}: {len(times) / seconds:.0f} messages/s; {answers}")
        print(f"    slowest question of a message: {percentile(times, 0.5):.1f} ms in the middle, "
              f"{percentile(times, 0.99):.0f} ms for 99 %, {times[-1]:.0f} ms at most; {late} later than "
              f"{DEADLINE_MS + MARGIN_MS} ms")


def soak(seconds, seed, mode):
    """True when the books are right."""
    print(f"soak: {seconds} s, on_store_failure = {mode}, seed {seed}", flush=True)
    load = Load(seed)
    with tempfile.TemporaryDirectory(prefix="sw-soak-") as directory:
        os.chmod(directory, 0o755)
        server = Server(directory)
        try:
            server.start()
            settings = {"mode": mode, "plan": {"quotas": '{ "1000000 messages / 1h" }'}, "server": server}
            with measured("policyd", node="mx1", **settings) as first:
                with measured("milter", node="mx2", **settings) as second:
                    return soak_worlds(load, [first, second], seconds, random.Random(seed))
        finally:
            load.end()
            server.stop()


def soak_worlds(load, worlds, seconds, chance):
    for number in range(TIGHT):
        worlds[0].tool("user", "add", f"tight{number}@dom.example", "--quota", f"{TIGHT_LIMIT} messages / 1h")
    worlds[0].tool("block", BLOCKED)
    for world in worlds:
        world.send(BLOCKED)
    tallies, samples, counts = run_load(load, worlds, seconds, chance)
    for world in worlds:
        world.heal()
        world.wait_store()
    accepted = sum((tally.accepted for tally in tallies.values()), collections.Counter())
    report_load(tallies, seconds)
    print("  faults: " + ", ".join(f"{count} {name}" for name, count in counts.most_common()))
    problems = check(worlds, tallies, accepted, samples)
    for problem in problems:
        print(f"  WRONG: {problem}")
    return not problems


def check(worlds, tallies, accepted, samples):
    problems = []
    total, by_store = decided(worlds)
    logins = [login for login in accepted if login.startswith(("rose", "tight"))]
    books = Books({login: accepted[login] for login in logins})
    connection = resp.Connection(worlds[0].server.socket)
    wrong = books.settle(connection)
    connection.close()
    problems += [f"{login}: {count} charged, {taken} accepted" for login, count, taken in wrong]
    tight = {login: accepted[login] for login in logins if login.startswith("tight")}
    # The store's limit, and each node's share.
    most = TIGHT_LIMIT if worlds[0].mode == "defer" else 2 * TIGHT_LIMIT if worlds[0].mode == "degrade" else None
    problems += [f"{login}: {count} accepted, which is more than {most}" for login, count in tight.items()
                 if most is not None and count > most]
    if accepted[BLOCKED]:
        problems.append(f"{accepted[BLOCKED]} messages of the blocked login accepted")
    for kind, tally in tallies.items():
        if tally.answers["closed"]:
            problems.append(f"{kind}: {tally.answers['closed']} connections closed without an answer")
    for index, world in enumerate(worlds):
        print(f"  {world.kind}: {samples.text(index)}; {world.log().count('warning: redis')} outages told")
        if samples.growth_kb(index) > GROWTH_KB:
            problems.append(f"{world.kind}: {samples.growth_kb(index)} KB more than in the first quarter")
        end = world.end()
        if end != (0, []):
            problems.append(f"{world.kind}: it ended with {end}")
    print(f"  accepted {sum(accepted.values())} ({sum(by_store.values())} by the store), charged "
          f"{sum(books.counted.values())}; of {len(tight)} logins with {TIGHT_LIMIT} each at most "
          f"{max(tight.values(), default=0)} accepted")
    for login in accepted:
        if abs(total[login] - accepted[login]) > 0 and not login.startswith("witness"):
            problems.append(f"{login}: {accepted[login]} accepted, {total[login]} in the log")
    return problems
