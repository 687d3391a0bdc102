"""What stands in Redis, read without any code of Sendward's: the formats are those at the head of store/take.lua and
of store/lent.lua."""

import collections
import re
import struct

PREFIX = "sendward:"
ENTRY_SIZE = {"m": 5, "r": 5, "b": 7}
CHARGES = 10    # behind "c" and the message's token
CHARGE_SIZE = 26
ASKED_NAMES = 10    # behind "q", the time, and the number of rows
TOKEN_SIZE = 9
VERSION_SIZE = 16
PRINT_AT, PRINT_SIZE = 10, 12    # of a message that a lease has charged
NAME_SIZE, SUM_SIZE, FRESH_SIZE, BORN_SIZE, REST_SIZE, AMOUNT_SIZE = 6, 8, 16, 7, 21, 8

# kind, unit and window name it; entries: [(slot modulo 256, amount)].
Block = collections.namedtuple("Block", "kind unit window born newest sum mark marked entries")


def tagged(name):
    """What all keys of a login, a domain, ... begin with; store/key.h."""
    return PREFIX + "{%s}" % re.sub(r"[{}% \x00-\x1f\x7f]", lambda match: f"%{ord(match.group()):02X}", name)


def _scope_mark(scope):
    return f"-{scope}" if scope else ""


def counters_key(name, scope=""):
    return f"{tagged(name)}:u{_scope_mark(scope)}"


def message_key(name, node, queue_id, scope=""):
    return f"{tagged(name)}:m{_scope_mark(scope)}:{node}/{queue_id}"


def _number(octets):
    return int.from_bytes(octets, "big")


def _double(octets):
    return int(struct.unpack("<d", octets)[0])


def _name(part):
    return chr(part[0]), chr(part[1]), _number(part[2:6])


def _parts(value, at, count, size):
    return [value[at + i * size:at + (i + 1) * size] for i in range(count)], at + count * size


def decode(value):
    """The blocks of a counters value by (kind, unit, window); {} for None."""
    if value is None:
        return {}
    count = _number(value[VERSION_SIZE:VERSION_SIZE + 2])
    names, at = _parts(value, VERSION_SIZE + 2, count, NAME_SIZE)
    sums, at = _parts(value, at, count, SUM_SIZE)
    borns, at = _parts(value, at + FRESH_SIZE, count, BORN_SIZE)
    rests, at = _parts(value, at, count, REST_SIZE)
    blocks = {}
    for name, total, born, rest in zip(names, map(_double, sums), map(_number, borns), rests):
        kind, unit, window = _name(name)
        newest, base = _number(rest[:6]), _number(rest[6:13])
        size, entries = ENTRY_SIZE[unit], []
        for _ in range(rest[20]):
            entries.append((value[at], _number(value[at + 1:at + size])))
            at += size
        if kind in "wW":
            entries.append((newest % 256, total - base))
        blocks[kind, unit, window] = Block(kind, unit, window, born, newest, total, rest[13],
                                           _number(rest[14:20]), entries)
    if at != len(value):
        raise AssertionError(f"{len(value) - at} octets behind the counters")
    return blocks


def totals(redis, name, scope=""):
    """{(unit, window): counted} of the rolling windows; sums are compared with their entries on the way."""
    result = {}
    for block in decode(redis("GET", counters_key(name, scope))).values():
        if block.kind != "w":
            continue
        if sum(amount for _, amount in block.entries) != block.sum:
            raise AssertionError(f"the sum of {block} is not that of its entries")
        result[block.unit, block.window] = block.sum
    return result


def used(redis, name, unit, window, scope=""):
    return totals(redis, name, scope).get((unit, window), 0)


def charged(redis, name, node, queue_id, scope=""):
    """What the message was charged by (kind, unit, window): {} after its refund, None when nothing is known of it."""
    value = redis("GET", message_key(name, node, queue_id, scope))
    if value is None:
        return None if scope else _charged_by_lease(redis, name, f"{node}/{queue_id}")
    return _amounts(value)


def _charged_by_lease(redis, name, message):
    """The same of a message that a lease has charged."""
    wanted = _fingerprint(message.encode())[:PRINT_SIZE]
    for value in _leases(redis, name):
        if wanted not in value:
            continue
        lease, records = _lease(value)
        record = next(record for record in records if record[PRINT_AT:PRINT_AT + PRINT_SIZE] == wanted)
        given = record[PRINT_AT + PRINT_SIZE:]
        rows = _amounts(lease) if record[:1] == b"c" else {}
        return {row: _number(given[4 * i:4 * i + 4]) for i, row in enumerate(rows)}
    return None


def _leases(redis, name):
    """Those that have gone back, as long as their messages are remembered."""
    return [value for turn in (0, 1) for value in redis("HVALS", f"{tagged(name)}:l:{turn}r")]


def _lease(value):
    """What it was remembered as, and the records of its messages."""
    size, octets = _number(value[:2]), _number(value[2:6])
    return value[6 + octets:], [value[at:at + size] for at in range(6, 6 + octets, size)]


def lent(redis, name):
    """How many messages leases have charged, as far as that has been written."""
    return sum(len(_lease(value)[1]) for value in _leases(redis, name))


def _fingerprint(text):
    """SipHash-1-3 of 128 bits, with the key 00 01 .. 0f."""
    word = (1 << 64) - 1
    low, high = (int.from_bytes(bytes(range(at, at + 8)), "little") for at in (0, 8))
    v = [low ^ 0x736f6d6570736575, high ^ 0x646f72616e646f6d ^ 0xee, low ^ 0x6c7967656e657261, high ^ 0x7465646279746573]

    def add(to, what, bits):
        v[to] = v[to] + v[what] & word
        v[what] = (v[what] << bits | v[what] >> 64 - bits) & word ^ v[to]

    def stir():
        add(0, 1, 13)
        v[0] = (v[0] << 32 | v[0] >> 32) & word
        add(2, 3, 16)
        add(0, 3, 21)
        add(2, 1, 17)
        v[2] = (v[2] << 32 | v[2] >> 32) & word

    def half():
        for _ in range(3):
            stir()
        return (v[0] ^ v[1] ^ v[2] ^ v[3]).to_bytes(8, "little")

    padded = text + bytes(7 - len(text) % 8) + bytes([len(text) % 256])
    for at in range(0, len(padded), 8):
        part = int.from_bytes(padded[at:at + 8], "little")
        v[3] ^= part
        stir()
        v[0] ^= part
    v[2] ^= 0xee
    first = half()
    v[1] ^= 0xdd
    return first + half()


def _amounts(value):
    amounts = {}
    if value[:1] == b"q":
        count = _number(value[8:10])
        names, at = _parts(value, ASKED_NAMES, count, NAME_SIZE)
        given, _ = _parts(value, at + TOKEN_SIZE, count, AMOUNT_SIZE)
        return {_name(name): _double(amount) for name, amount in zip(names, given)}
    if value[:1] != b"c":
        return {}
    for at in range(CHARGES, len(value), CHARGE_SIZE):
        part = value[at:at + CHARGE_SIZE]
        amounts[chr(part[0]), chr(part[1]), _number(part[2:6])] = _number(part[19:25])
    return amounts
