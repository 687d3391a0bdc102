"""The table of cases. Each has a sentence for a name and belongs to a group; the cases of a group run one after the
other in one process and may share a world, groups run side by side."""

import collections

Case = collections.namedtuple("Case", "name group run")

CASES = []


def case(name, group):
    """Adds the decorated function, which is given the Group it runs in and may return a line to be shown."""
    def add(function):
        CASES.append(Case(name, group, function))
        return function
    return add


class Failure(Exception):
    """What was expected did not happen."""


class Slow(Exception):
    """Everything was right but for the time it took."""


def expect(got, wanted, what):
    if got != wanted:
        raise Failure(f"{what}: got {got!r}, expected {wanted!r}")


def expect_in_time(took_ms, limit_ms, what):
    if took_ms > limit_ms:
        raise Slow(f"{what}: {took_ms:.0f} ms, more than {limit_ms:.0f}")


def expect_that(condition, what):
    if not condition:
        raise Failure(what)
