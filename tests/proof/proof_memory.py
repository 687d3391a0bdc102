"""What stands in Redis: how much for a login, for how long, and that nothing stays.

The scripts are those of store/, run by Redis itself. Where a proof needs another time than now, the one line of a
script that asks Redis for it is replaced, and what expires is deleted when its time has come.
"""

import os
import re
import struct

import counters
from proof_once import QUOTAS
from smtpd import Smtpd, plain
from system import System
from table import case, expect, expect_that

STORE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "store")
# What of take.lua is replaced for a clock of our own, whose seconds are one argument more.
CLOCK = (("call('TIME')", "{tonumber(ARGV[#ARGV]), 0}"), ("#ARGV - 1", "#ARGV - 2"))
STATUS = {"u": "done", "d": "done", "o": "over", "r": "repeated", "g": "gone"}
HOUR_S, DAY_S = 3600, 86400
MONTH_S = 31 * DAY_S
SLOTS = 60
START_S = 1700000000
AIM = 1536
REMEMBERED_S = 600
ROSE = "rose@dom.example"


def script(name, faked):
    with open(os.path.join(STORE, name + ".lua"), encoding="utf-8") as file:
        text = file.read()
    for old, new in CLOCK if faked else ():
        expect(text.count(old), 1, f"number of times that {name}.lua says {old}")
        text = text.replace(old, new)
    return text


def question(rows, kind, ramp):
    """The question, packed as the head of take.lua says; without limits it is the usual case."""
    usual = kind == "w" and all(limit == -1 for _, _, _, limit in rows)
    return (bytes([len(rows), 1, usual]) + bytes(16) + struct.pack(">H", len(rows)) +
            b"".join(struct.pack(">ccI", b"w", unit.encode(), window) for unit, window, _, _ in rows) + b"-" * 9 +
            b"".join(struct.pack("<d", amount) for _, _, amount, _ in rows) + struct.pack("<d", 1 << 40) * len(rows) +
            b"".join(struct.pack(f">cBq{len(ramp)}q", kind.encode(), 1, limit, *ramp) for *_, limit in rows))


class Clockwork:
    """Redis with the scripts of the store and a clock of our own."""

    def __init__(self, redis, login=ROSE, now_s=START_S):
        self.redis = redis
        self.login = login
        self.now_s = now_s
        self._expiry = {}
        self._take = redis("SCRIPT", "LOAD", script("take", faked=True))
        self._refund = redis("SCRIPT", "LOAD", script("refund", faked=False))

    def after(self, seconds):
        """The clock goes on; what has expired by then is deleted."""
        self.now_s += seconds
        for key in [key for key, at in self._expiry.items() if at <= self.now_s]:
            self.redis("DEL", key)
            del self._expiry[key]

    def _note_expiry(self, *keys):
        """Each has just been written."""
        for key in keys:
            ttl = self.redis("PTTL", key)
            expect_that(ttl > 0, f"{key} has no expiry")
            self._expiry[key] = self.now_s + (ttl + 999) // 1000

    def take(self, qid, rows):
        """Rows are (unit, window, amount, limit) of rolling windows. What became of it."""
        return self.ask(qid, rows)[0]

    def ask(self, qid, rows, ramp=None):
        """What became of it, and the limit of the first row; ramp: that this is one, with its numbers."""
        count = counters.counters_key(self.login)
        message = counters.message_key(self.login, "mx1", qid)
        kind = "r" if ramp else "w"
        answer = self.redis("EVALSHA", self._take, 3, count, message, counters.tagged(self.login) + ":a",
                            REMEMBERED_S, question(rows, kind, ramp or ()), self.now_s)[0]
        status = STATUS[chr(answer[0])]
        if status == "done":
            self._note_expiry(count, message)
        limit = rows[0][3] if answer[:1] == b"u" else int.from_bytes(answer[23:31], "big", signed=True)
        return status, limit

    def refund(self, qid):
        count = counters.counters_key(self.login)
        message = counters.message_key(self.login, "mx1", qid)
        self.redis("EVALSHA", self._refund, 2, count, message, REMEMBERED_S)
        for key in (count, message):
            expect_that(self.redis("TTL", key) != -1, f"{key} has no expiry after a refund")
        self._expiry[message] = self.now_s + REMEMBERED_S

    def memory(self, key):
        return self.redis("MEMORY", "USAGE", key, "SAMPLES", 0) or 0

    def keys(self):
        return self.redis.keys(counters.tagged(self.login) + ":*")


ONE_EACH = [("m", HOUR_S, 1, -1), ("r", DAY_S, 2, -1), ("b", DAY_S, 20000, -1)]


def bare_redis():
    return System({})


@case("memory: an active login with three quotas takes no more than 1.5 KB, and no more after many messages")
def memory(_):
    with bare_redis() as system:
        clock = Clockwork(system.redis)
        expect(clock.take("A0", ONE_EACH), "done", "first message")
        first = clock.memory(counters.counters_key(ROSE))
        message = clock.memory(clock.keys()[-1])
        # Every slot of the longest window is used, several times over.
        sizes = []
        for n in range(1, 3 * 60 * 24):
            clock.after(60)
            expect(clock.take(f"A{n}", ONE_EACH), "done", f"message {n}")
            sizes.append(clock.memory(counters.counters_key(ROSE)))
            expect_that(len(clock.keys()) <= 2 + REMEMBERED_S // 60, f"keys after {n} messages: {clock.keys()}")
        counted = counters.totals(system.redis, ROSE)
        expect_that(counted["m", HOUR_S] in (60, 61), f"counted: {counted}")
        system.redis("SET", counters.tagged(ROSE) + ":a", "0" * 16 + '{"format":1,"state":"allowed","quotas":'
                     '["100 messages / 1h","1000 recipients / 1d","500M bytes / 1d"]}')
        account = clock.memory(counters.tagged(ROSE) + ":a")
        worst = max(sizes)
        expect_that(worst <= AIM, f"{worst} bytes for a login with every slot of three quotas used")
        expect(max(sizes[-1440:]), max(sizes[1440:2880]), "largest size on the third day, as on the second")
        return (f"counters {first} bytes after one message, {worst} with all {SLOTS + 1} slots of three quotas used; "
                f"account {account}; each message {message} for {REMEMBERED_S // 60} min")


@case("memory: windows of 31 days leave nothing behind, refunded and changed ones included")
def residue(run):
    rows = [("m", MONTH_S, 1, -1), ("r", MONTH_S, 3, -1), ("b", HOUR_S, 1000, -1)]
    slot_s = MONTH_S // SLOTS
    with bare_redis() as system:
        clock = Clockwork(system.redis)
        sizes, log = [], []
        for n in range(2000):
            clock.after(run.chance.randint(0, 2 * MONTH_S // 1000))
            expect(clock.take(f"A{n}", rows), "done", f"message {n}")
            if run.chance.random() < 0.2:
                clock.refund(f"A{n}")
            else:
                log.append(clock.now_s)
            sizes.append(system.redis("STRLEN", counters.counters_key(ROSE)))
            counted = counters.used(system.redis, ROSE, "m", MONTH_S)
            exact = sum(1 for at in log if at > clock.now_s - MONTH_S)
            safe = sum(1 for at in log if at > clock.now_s - MONTH_S - slot_s - 1)
            expect_that(exact <= counted <= safe,
                        f"{counted} counted after {n}: {exact} in 31 days, {safe} with a slot")
        days = (clock.now_s - START_S) // DAY_S
        ttl = system.redis("TTL", counters.counters_key(ROSE))
        expect_that(ttl <= MONTH_S + slot_s + 2, f"counters stay for {ttl} s")
        # Another quota takes their place: the old ones go when their time has passed, though the key lives on.
        for n in range(40):
            clock.after(DAY_S)
            clock.take(f"B{n}", [("m", HOUR_S, 1, -1)])
        left = {(unit, window) for _, unit, window in counters.decode(system.redis("GET", counters.counters_key(ROSE)))}
        expect(left, {("m", HOUR_S)}, "counters 40 days after the quotas were changed")
        clock.after(HOUR_S + 2 * 60 + REMEMBERED_S)
        expect(clock.keys(), [], "keys when all windows have passed")
        return f"2000 messages in {days} days, never more than {max(sizes)} bytes of counters; then nothing"


@case("memory: everything that the daemons write expires, but for accounts")
def expiry(run):
    sections = {
        "plan default": {"quotas": QUOTAS, "shared_quotas": '{ "unlimited messages / month" }'},
        "plan few": {"quotas": '{ "2 messages / 1h", "5 recipients / day in Europe/Zurich" }'},
        'domain "dom.example"': {"shared_quotas": '{ "10 messages / 1d" }'},
        'group "resale"': {"quotas": '{ "10 messages / week" }'},
    }
    with System({"mx1": True, "mx2": False}, sections) as system:
        tool = system.nodes["mx1"].tool
        tool("user", "add", ROSE, "--plan", "few", "--group", "resale")
        tool("sandbox", "tulip@dom.example")
        for node in system.nodes.values():
            with Smtpd(node, chance=run.chance) as smtpd:
                for n in range(30):
                    login = (ROSE, "tulip@dom.example", f"new{n}@far.example")[n % 3]
                    at = "end" if node.milter else "DATA"
                    smtpd.send(plain(login, mischief="smtpd gone" if n % 7 == 0 else None, at=at))
        tool("usage", ROSE)
        tool("reset", "tulip@dom.example")
        forever = {key for key in system.redis.keys() if system.redis("TTL", key) == -1}
        accounts = {counters.tagged(login) + ":a" for login in (ROSE, "tulip@dom.example")}
        # And the index of who may own an address, which goes with the accounts.
        index = {key for key in forever if re.search(r"\{@[^}]*\}:s:", key)}
        expect(forever - index, accounts, "keys that never expire")
        kinds = sorted({re.sub(r".*\}:([a-z-]+).*", r"\1", key) for key in system.redis.keys() if "{" in key})
        return f"{len(system.redis.keys())} keys of the kinds {' '.join(kinds)}"


@case("ramp: the limit grows step by step from the first message, and begins anew after a month of silence")
def ramp(_):
    steps = [50, 75, 112, 168, 252, 378, 567, 850, 1275, 1912, 2000, 2000]
    rows, numbers = [("r", DAY_S, 1, steps[0])], (1500, DAY_S, 2000)
    with bare_redis() as system:
        clock = Clockwork(system.redis)
        for day, limit in enumerate(steps):
            # An hour after the step, and after the day before has left the window.
            accepted = 0
            while clock.ask(f"D{day}-{accepted}", rows, numbers)[0] == "done":
                accepted += 1
            expect(accepted, limit, f"accepted on day {day}")
            expect(clock.ask(f"D{day}-over", rows, numbers)[1], limit, f"the limit told on day {day}")
            clock.after(DAY_S + HOUR_S)
        clock.after(MONTH_S + DAY_S)
        expect(clock.ask("again", rows, numbers)[1], steps[0], "the limit after a month of silence")
        return f"{', '.join(map(str, steps))} a day"
