"""The table of proofs: a function with a sentence for a name; it is given a Run and says what it has found out."""

import collections

Case = collections.namedtuple("Case", "name run")

CASES = []


def case(name):
    """Adds the decorated function to the table."""
    def add(function):
        CASES.append(Case(name, function))
        return function
    return add


class Failure(Exception):
    """What was to be proved is not so."""


def expect(got, wanted, what):
    if got != wanted:
        raise Failure(f"{what}: got {got!r}, expected {wanted!r}")


def expect_that(condition, what):
    if not condition:
        raise Failure(what)
