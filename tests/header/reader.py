"""What Sendward reads in a header, from the helper program tests/header/read-header."""

import collections
import json
import os
import subprocess
import sys

# Questions sent before their answers are read; so few that both fit into the pipes.
AHEAD = 8


class Reader:
    """The helper program, asked one header after the other."""

    def __init__(self, build):
        path = os.path.join(build, "tests", "header", "read-header")
        if not os.path.exists(path):
            sys.exit(f"{path} is not built: make check-programs, or set SENDWARD_BUILD")
        self._process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()

    def read(self, header, owns="", config=""):
        """The answer as read-header.c describes it. Raises when the helper has ended, which it does with a report."""
        self._ask(header, owns, config)
        return self._answer(header)

    def read_many(self, headers):
        """The answers to many headers, one after the other."""
        waiting = collections.deque()
        for header in headers:
            self._ask(header, "", "")
            waiting.append(header)
            if len(waiting) > AHEAD:
                yield self._answer(waiting.popleft())
        while waiting:
            yield self._answer(waiting.popleft())

    def _ask(self, header, owns, config):
        request = b"\t".join((config.encode(), owns.encode(), header.hex().encode())) + b"\n"
        self._process.stdin.write(request)
        self._process.stdin.flush()

    def _answer(self, header):
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"read-header ended with status {self._process.wait()} at {header!r}")
        return json.loads(line)
