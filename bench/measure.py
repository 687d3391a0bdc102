"""Measuring servers in turns, and the table of what came out."""

import collections
import json
import statistics

COLUMNS = (("per_second", "1/s"), ("p50", "p50 us"), ("p90", "p90"), ("p99", "p99"), ("p99.9", "p99.9"), ("max", "max"),
           ("server_us", "server us"), ("redis_us", "redis us"), ("redis_commands", "trips"),
           ("redis_octets", "octets"), ("resident_mb", "MB"))

# One line of the table: what is said of it, the server, the generator and its options.
Line = collections.namedtuple("Line", "what server generator load")


class Table:
    def __init__(self, seconds, rounds):
        self.seconds, self.rounds = seconds, rounds
        self.results = []

    def turns(self, section, rig, lines, tolerated=(), rounds=None):
        """Each line in turn, rounds times or as often as asked for; the medians of each figure for each.
        One of the tolerated servers has None there when it fails, another one ends everything."""
        found_of = [[] for _ in lines]
        for _ in range(rounds or self.rounds):
            for line, results in zip(lines, found_of):
                if None in results:
                    continue
                try:
                    found = rig.load(line.generator, line.server, **{"seconds": self.seconds, **line.load})
                    latency = found.pop("latency_us")
                    results.append({**found, **latency})
                except RuntimeError as why:
                    if line.server not in tolerated:
                        raise
                    print(f"{line.server}: {why}")
                    results.append(None)
        return [self._median(section, line, results) for line, results in zip(lines, found_of)]

    def _median(self, section, line, results):
        if None in results:
            return None
        median = {key: statistics.median(result[key] for result in results) for key in results[0]}
        self.results.append({"section": section, "what": line.what, "server": line.server, **median})
        self.print_row(line, median)
        return median

    @staticmethod
    def print_head(title):
        print(f"\n{title}\n{'':38}" + "".join(f"{head:>10}" for _, head in COLUMNS), flush=True)

    @staticmethod
    def print_row(line, row):
        print(f"{line.server:19}{line.what:19}" + "".join(f"{row[column]:10.1f}" for column, _ in COLUMNS), flush=True)

    @staticmethod
    def say(text, value, wanted=None):
        print(f"    {text}: {value:.2f}" + (f"  (wanted: {wanted})" if wanted else ""), flush=True)

    def save(self, path, machine):
        with open(path, "w", encoding="utf-8") as out:
            json.dump({"machine": machine, "results": self.results}, out, indent=1)

