"""What Sendward reads in a header, from the helper program tests/header/read-header."""

import json
import os
import subprocess


class Reader:
    """The helper program, asked one header after the other."""

    def __init__(self, build):
        path = os.path.join(build, "tests", "header", "read-header")
        self._process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()

    def read(self, header, owns="", config=""):
        """The answer as read-header.c describes it. Raises when the helper has ended, which it does with a report."""
        request = b"\t".join((config.encode(), owns.encode(), header.hex().encode())) + b"\n"
        self._process.stdin.write(request)
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"read-header ended with status {self._process.wait()} at {header!r}")
        return json.loads(line)
