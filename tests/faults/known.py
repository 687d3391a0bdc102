"""What is known not to be as it should be: each line makes a case pass that fails in this one respect, and fail when
it does not any more, so that the line is taken out with the fault."""

import collections
import re

# The first three are regular expressions for the whole text; aspect is one of those of cases_matrix.py.
Known = collections.namedtuple("Known", "fault front mode aspect why")

KNOWN = [
]


def known(fault, front, mode):
    """{aspect: why}."""
    return {line.aspect: line.why for line in KNOWN
            if all(re.fullmatch(pattern, text) for pattern, text in zip(line, (fault, front, mode)))}
