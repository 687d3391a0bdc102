"""Measuring servers in turns, and the table of what came out."""

import collections
import json
import statistics

COLUMNS = (("per_second", "1/s"), ("p50", "p50 us"), ("p90", "p90"), ("p99", "p99"), ("p99.9", "p99.9"), ("max", "max"),
           ("load_us", "load us"), ("server_us", "server us"), ("redis_us", "redis us"), ("redis_commands", "trips"),
           ("redis_octets", "octets"), ("resident_mb", "MB"))

# One line of the table: what is said of it, the server, the generator and its options.
Line = collections.namedtuple("Line", "what server generator load")


class Row(dict):
    """The medians of a line's figures; rounds has the figures of each."""

    def __init__(self, rounds):
        super().__init__({key: statistics.median(found[key] for found in rounds) for key in rounds[0]})
        self.rounds = rounds

    def each(self, figure):
        return [found[figure] for found in self.rounds]


class Table:
    def __init__(self, seconds, rounds):
        self.seconds, self.rounds = seconds, rounds
        self.section = None
        self.results, self.ratios = [], []

    def turns(self, rig, lines, tolerated=(), rounds=None):
        """Each line in turn, rounds times or as often as asked for, every second time from the last to the first; a Row
        for each. One of the tolerated servers has None there when it fails, another one ends everything."""
        found_of = [[] for _ in lines]
        for number in range(rounds or self.rounds):
            for line, results in list(zip(lines, found_of))[::-1 if number % 2 else 1]:
                if None in results:
                    continue
                try:
                    found = rig.load(line.generator, line.server,
                                     **{**rig.pace(line.server, self.seconds), "seconds": self.seconds, **line.load})
                    latency = found.pop("latency_us")
                    results.append({**found, **latency})
                except RuntimeError as why:
                    if line.server not in tolerated:
                        raise
                    print(f"{line.server}: {why}")
                    results.append(None)
        return [self._row(line, results) for line, results in zip(lines, found_of)]

    def _row(self, line, results):
        if None in results:
            return None
        row = Row(results)
        self.results.append({"section": self.section, "what": line.what, "server": line.server, **row})
        self.print_row(line, row)
        return row

    def begin(self, section, title):
        self.section = section
        print(f"\n{section}: {title}\n{'':38}" + "".join(f"{head:>10}" for _, head in COLUMNS), flush=True)

    @staticmethod
    def print_row(line, row):
        print(f"{line.server:19}{line.what:19}" + "".join(f"{row[column]:10.1f}" for column, _ in COLUMNS), flush=True)

    @staticmethod
    def say(text, value, wanted=None):
        print(f"    {text}: {value:.2f}" + (f"  (wanted: {wanted})" if wanted else ""), flush=True)

    def ratio(self, text, over, under, wanted=None):
        """Of two figures in each round: of their medians, and of the rounds the median, the least and the most."""
        each = [a / b for a, b in zip(over, under)]
        found = {"of_medians": statistics.median(over) / statistics.median(under), "median": statistics.median(each),
                 "least": min(each), "most": max(each)}
        self.ratios.append({"section": self.section, "what": text, **found, "rounds": len(each), "wanted": wanted})
        print(f"    {text}: {found['of_medians']:.2f}; of {len(each)} rounds {found['median']:.2f}"
              f" ({found['least']:.2f}..{found['most']:.2f})" + (f"  (wanted: {wanted})" if wanted else ""), flush=True)

    def save(self, path, machine):
        with open(path, "w", encoding="utf-8") as out:
            json.dump({"machine": machine, "results": self.results, "ratios": self.ratios}, out, indent=1)
