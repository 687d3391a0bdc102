"""What stands in Redis, read without any code of Sendward's: the formats are those at the head of store/take.lua."""

import collections
import re

PREFIX = "sendward:"
ENTRY_SIZE = {"m": 5, "r": 5, "b": 7}
CHARGES = 10    # behind "c" and the message's token
CHARGE_SIZE = 26
ROWS = 34    # behind "q", the time, and the question's head
ROW_SIZE, BORN_SIZE = 28, 7

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


def decode(value):
    """The blocks of a counters value by (kind, unit, window); {} for None."""
    blocks, at = {}, 0
    while value and at < len(value):
        kind, unit = chr(value[at]), chr(value[at + 1])
        window = _number(value[at + 2:at + 6])
        born, newest = _number(value[at + 6:at + 13]), _number(value[at + 13:at + 19])
        total = _number(value[at + 19:at + 26])
        mark, marked = value[at + 26], _number(value[at + 27:at + 33])
        count = value[at + 33]
        at += 34
        size, entries = ENTRY_SIZE[unit], []
        for _ in range(count):
            entries.append((value[at], _number(value[at + 1:at + size])))
            at += size
        blocks[kind, unit, window] = Block(kind, unit, window, born, newest, total, mark, marked, entries)
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
        return None
    amounts = {}
    if value[:1] == b"q":
        count = (len(value) - ROWS) // (ROW_SIZE + BORN_SIZE)
        for at in range(ROWS, ROWS + count * ROW_SIZE, ROW_SIZE):
            part = value[at + 1:at + ROW_SIZE]
            amounts[chr(part[0]), chr(part[1]), _number(part[2:6])] = _number(part[10:18])
        return amounts
    if value[:1] != b"c":
        return {}
    for at in range(CHARGES, len(value), CHARGE_SIZE):
        part = value[at:at + CHARGE_SIZE]
        amounts[chr(part[0]), chr(part[1]), _number(part[2:6])] = _number(part[19:25])
    return amounts
