"""The faults: how each begins and ends, and what is to be expected of it."""

import collections
import time

from proxy import NEVER, NONE, SCRIPTS, Fault, replying
from topologies import Cluster, Sentinels

# name: as it stands in the names of the cases.
# begin, end: given the World.
# kind: what becomes of decisions meanwhile: none is the store's (OUTAGE), all are (HARMLESS), or one is not (ONCE).
# forgets: Redis has lost what it knew.
# lasts_s: questions go on for so long before it ends.
# own: it is Redis' own, and hits whoever uses it.
# topology: the servers there are, None for one.
# told: how often, at least and at most, the log says that an outage begins, and as often that it is over.
FaultCase = collections.namedtuple("FaultCase", "name begin end kind forgets lasts_s own topology told")

OUTAGE, HARMLESS, ONCE = "outage", "harmless", "once"

TOLD = {OUTAGE: (1, 1), HARMLESS: (0, 0), ONCE: (0, 1)}
# It answers, but not to the question; another question it may answer.
NOT_ASKED_THAT = (0, 0)

FAULTS = []


def _add(name, begin, end, kind=OUTAGE, forgets=False, lasts_s=0, own=False, topology=None, told=None):
    FAULTS.append(FaultCase(name, begin, end, kind, forgets, lasts_s, own, topology, told or TOLD[kind]))


def _proxied(name, fault, **expected):
    _add(name, lambda world: world.proxy.set(fault), lambda world: world.proxy.set(NONE), **expected)


def _server(name, begin, end, **expected):
    _add(name, lambda world: begin(world.server), lambda world: end(world.server), own=True, **expected)


def _first_reply(mangle):
    """Does that to the first reply of a script, and lets the others alone."""
    seen = []

    def one(data):
        if seen:
            return data, "go on"
        seen.append(data)
        return mangle(data)
    return one


def _losing_one(world):
    world.proxy.set(Fault(commands=SCRIPTS, mangle=_first_reply(lambda data: (b"", "reset"))))


# --- the proxy's ---

_proxied("replies 50 ms late", Fault(delay_ms=50), kind=HARMLESS)
_proxied("replies later than the deadline", Fault(delay_ms=400))
_proxied("a peer that stops reading", Fault(reads=False))
_proxied("a peer that accepts and says nothing", Fault(cuts=True, answer=lambda words: NEVER))
_proxied("a peer that falls silent", Fault(answer=lambda words: NEVER))
_proxied("a closed port", Fault(accepts=False, cuts=True))
_proxied("a closed port for some seconds", Fault(accepts=False, cuts=True), lasts_s=4)
_proxied("a peer that says nothing for some seconds", Fault(cuts=True, answer=lambda words: NEVER), lasts_s=4)
_proxied("a reset in the middle of each reply",
         Fault(commands=SCRIPTS, mangle=lambda data: (data[:len(data) // 2], "reset")))
_proxied("a reset in the middle of each reply for some seconds",
         Fault(commands=SCRIPTS, mangle=lambda data: (data[:len(data) // 2], "reset")), lasts_s=4)
_proxied("half a reply, then silence",
         Fault(commands=SCRIPTS, mangle=lambda data: (data[:len(data) // 2], "silence")))
_proxied("garbage for a reply", replying(b"\xff\xfe\0 220 mail.example ESMTP\r\n\r\n"))
_proxied("garbage from the first word", replying(b"HTTP/1.1 400 Bad Request\r\n\r\n", commands=None))
for _what, _text in (("an integer", ":7"), ("a status", "+OK"), ("nothing", "$-1"), ("an empty array", "*0"),
                     ("an array of arrays", "*2\r\n*1\r\n:1\r\n*0")):
    _proxied(f"{_what} for a reply", replying(_text), told=NOT_ASKED_THAT)
# A whole answer, for somebody who has asked for no quota.
_proxied("an array with too little for a reply",
         Fault(commands=SCRIPTS, answer=lambda words: b"*3\r\n$4\r\ndone\r\n:%d\r\n:1\r\n" % (time.time() * 1000)),
         told=NOT_ASKED_THAT)
_proxied("an array of impossible numbers for a reply", replying("\r\n".join(
    ["*7", "$4", "done"] + [":9223372036854775807"] * 2 + [":-9223372036854775808"] * 4)), told=NOT_ASKED_THAT)
_proxied("LOADING", replying("-LOADING Redis is loading the dataset in memory", commands=None))
_proxied("OOM", replying("-OOM command not allowed when used memory > 'maxmemory'."), told=NOT_ASKED_THAT)
_proxied("READONLY", replying("-READONLY You can't write against a read only replica."))
_proxied("NOAUTH", replying("-NOAUTH Authentication required.", commands=None))
_proxied("NOSCRIPT without end", replying("-NOSCRIPT No matching script. Please use EVAL."), told=NOT_ASKED_THAT)
_proxied("BUSY", replying("-BUSY Redis is busy running a script.", commands=None))
_proxied("MASTERDOWN", replying("-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."))
_proxied("MOVED from a single server", replying("-MOVED 3999 127.0.0.1:6381"), told=NOT_ASKED_THAT)
_add("one lost reply", _losing_one, lambda world: world.proxy.set(NONE), kind=ONCE)

# --- Redis' own ---

_server("a stopped Redis", lambda server: server.pause(), lambda server: server.resume())
_server("a stopped Redis for some seconds", lambda server: server.pause(), lambda server: server.resume(),
        lasts_s=4)
_server("a killed Redis", lambda server: server.kill(), lambda server: server.start(persistent=True))
_server("a Redis that loads its data", lambda server: server.restart_slowly(), lambda server: server.hurry())
_server("a full Redis", lambda server: server.full(), lambda server: server.not_full(),
        told=NOT_ASKED_THAT)
_server("a Redis that runs an endless script", lambda server: server.busy(), lambda server: server.not_busy())
_server("a Redis made a replica", lambda server: server.replica(), lambda server: server.primary())
_server("a Redis with a new password", lambda server: server.lock(), lambda server: server.unlock())
_server("scripts flushed", lambda server: server.ask("SCRIPT", "FLUSH"), lambda server: None, kind=HARMLESS)
# The last: they forget what went before.
_server("everything flushed", lambda server: server.ask("FLUSHALL"), lambda server: None, kind=HARMLESS, forgets=True)
_server("a killed Redis that kept nothing",
        lambda server: (server.ask("CONFIG", "SET", "appendonly", "no"), server.kill()),
        lambda server: server.start(persistent=False), forgets=True)

# --- of several servers: each needs a world of its own ---

# Every server that is asked may tell of itself.
EACH_SERVER = (1, 6)

for _what, _topology in (("a primary that its Sentinels replace", Sentinels),
                         ("a node of a Cluster that is killed", Cluster)):
    _add(_what, lambda world: world.server.kill_primary(world.login("marker")),
         lambda world: world.server.wait_primary(), own=True, topology=_topology, told=EACH_SERVER)
