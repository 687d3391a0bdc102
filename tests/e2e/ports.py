"""TCP ports for servers that cannot be told to choose one themselves.

A port is never given to two processes of the tests at once: each claims a block of ports, by a name in the abstract
namespace of Unix sockets, which like ports belongs to the network namespace and ends with the process. The blocks lie
outside of what the kernel gives to outgoing connections. tests/unit/port.c claims the same blocks.

All servers that the tests start set SO_REUSEADDR, so a port whose last connections are in TIME_WAIT is free.
"""

import itertools
import os
import random
import socket

BLOCK = 256
LOWEST, HIGHEST = 10000, 65535
ENOUGH = 16 * BLOCK
CLAIM = "\0sendward-test-ports-%d"


class NoPort(Exception):
    """Every port is taken."""


class _Block:
    """What one process has claimed; a child of it by fork claims its own."""

    def __init__(self):
        self.pid = os.getpid()
        self._claim, start = _claim()
        self.ports = itertools.cycle(range(start, start + BLOCK))


def _range():
    """The first and the last port worth a try."""
    try:
        with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
            low, high = map(int, file.read().split())
    except OSError:
        return LOWEST, HIGHEST
    best = max((LOWEST, low - 1), (high + 1, HIGHEST), key=lambda ends: ends[1] - ends[0])
    return best if best[1] - best[0] >= ENOUGH else (LOWEST, HIGHEST)


def _claim():
    first, last = _range()
    starts = list(range(first, last - BLOCK + 2, BLOCK))
    random.SystemRandom().shuffle(starts)
    for start in starts:
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            claim.bind(CLAIM % start)
            return claim, start
        except OSError:
            claim.close()
    raise NoPort("every block of ports is claimed")


_block = None


def free_port(address="127.0.0.1"):
    """A port nobody listens on, and not given to another process while this one lives, nor here for the next BLOCK
    calls or so."""
    global _block    # pylint: disable=global-statement
    if _block is None or _block.pid != os.getpid():
        _block = _Block()
    for port in itertools.islice(_block.ports, BLOCK):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError:
                continue
            return port
    raise NoPort("no free TCP port on " + address)
