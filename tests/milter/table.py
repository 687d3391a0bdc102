"""The table of cases: a function with a sentence for a name."""

import collections

Case = collections.namedtuple("Case", "name run")

CASES = []


def case(name):
    """Adds the decorated function to the table."""
    def add(function):
        CASES.append(Case(name, function))
        return function
    return add
