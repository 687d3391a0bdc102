"""What stands in Redis, read without any code of Sendward's: the formats are those at the head of store/take.lua."""

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
LEASE_ID_SIZE = 17
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
    """The same of a message that a lease has charged; the formats are those at the head of store/refund.lua."""
    hashes = [f"{tagged(name)}:l:{part}" for part in (0, 1)]
    value = next((found for found in (redis("HGET", key, message) for key in hashes) if found), None)
    if value is None:
        return None
    if value[:1] != b"c":
        return {}
    lease = next(found for found in (redis("HGET", key, value[-LEASE_ID_SIZE:]) for key in hashes) if found)
    given = value[1 + TOKEN_SIZE:-LEASE_ID_SIZE]
    return {row: _number(given[6 * i:6 * i + 6]) for i, row in enumerate(_amounts(lease))}


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
