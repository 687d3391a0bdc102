"""The differential test: wherever Sendward finds exactly one reading, Python must find the same."""

import collections

import differences
import generator
import second

# Python's parsers take quadratic time for very long fields.
LONGEST = 8000
SHOWN = 10


class Comparison:
    """Compares header after header and remembers what differed."""

    def __init__(self):
        self.compared = 0
        self.refused = 0
        self.unknown = []                          # Disagreement
        self.known = collections.Counter()         # name of a class
        self.known_in_corpus = {}                  # name of a case: names of classes

    def header(self, header, answer, case=""):
        if len(header) > LONGEST:
            return
        if answer["fault"]:
            self.refused += 1
            return
        self.compared += 1
        ours = [(local, domain) for _field, local, domain, _text in answer["addresses"]]
        for name in second.READERS:
            theirs = _read(name, header)
            if theirs != ours:
                self._differs(differences.Disagreement(header, name, ours, theirs, answer["shown"]), case)

    def _differs(self, disagreement, case):
        known = differences.class_of(disagreement)
        if not known:
            self.unknown.append(disagreement)
            return
        self.known[known.name] += 1
        self.known_in_corpus.setdefault(case, set()).add(known.name)

    def report(self):
        """Prints what there is to say; returns how many things passed and failed."""
        print(f"  {self.compared} headers with one reading, {self.refused} refused; "
              f"readers: {', '.join(second.READERS)}")
        for one in differences.CLASSES:
            print(f"    {one.name}: {self.known[one.name]}")
        for one in self.unknown[:SHOWN]:
            print(f"  FAILED: read differently by {one.reader}: {one.header!r}\n"
                  f"    Sendward: {one.ours}\n    Python:   {one.theirs!r}")
        stale = [one for one in differences.CLASSES if not self._shown_by_example(one)]
        for one in stale:
            print(f"  FAILED: the case \"{one.example}\" does not show \"{one.name}\" any more")
        failed = len(self.unknown) + len(stale)
        return self.compared - len(self.unknown), failed

    def _shown_by_example(self, one):
        # A later Python may have mended its side.
        return one.name in self.known_in_corpus.get(one.example, ()) or one.matches in differences.MAY_BE_MENDED


def _read(name, header):
    try:
        return second.normalised(second.READERS[name](second.fields(header)))
    except Exception as why:    # pylint: disable=broad-except
        return why


def compare(reader, cases, n, seed):
    """The corpus, then n headers made from it and from the grammar. Returns how many passed and failed."""
    comparison = Comparison()
    for case in cases:
        comparison.header(case.header, reader.read(case.header), case.name)
    supply = generator.Generator(seed, [case.header for case in cases if len(case.header) < 1000])
    headers = [supply.header() for _ in range(n)]
    for header, answer in zip(headers, reader.read_many(headers)):
        comparison.header(header, answer)
    return comparison.report()
