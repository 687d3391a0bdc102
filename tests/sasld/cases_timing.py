"""Nobody can tell a user who exists from one who does not by the time an answer takes: by counting the instructions
of a build without sanitizers, $SENDWARD_PLAIN or else $SENDWARD_BUILD."""

import os
import re
import shutil

from bench import Failure, expect
from cases import ROSE, case
from processes import Process
from sendward import Daemon
from services import program

READY_S = 60
STOP_S = 60
# A name as long as ROSE.
NOBODY = "nobo@dom.example"
# Mechanism, logins of a run, and how much the two may differ, in hundredths of the smaller one.
ROWS = (("PLAIN", 20, 1), ("LOGIN", 20, 1), ("SCRAM-SHA-256", 60, 3))


def plain_build():
    """Where the programs are that valgrind can run, or None."""
    for name in ("SENDWARD_PLAIN", "SENDWARD_BUILD"):
        directory = os.environ.get(name)
        if directory and not sanitized(os.path.join(directory, "sendward-sasld")):
            return os.path.abspath(directory)
    return None


def sanitized(path):
    with open(path, "rb") as file:
        return re.search(rb"__[at]san_init", file.read()) is not None


class Counted(Daemon):
    """The daemon under callgrind, which says at its end how many instructions there were."""

    def launch(self, **_):
        self._starts = self._times_started()
        argv = [program("valgrind", "valgrind"), "--tool=callgrind", "--callgrind-out-file=/dev/null",
                os.path.join(plain_build(), self.name), "-f", "-c", self._config_path]
        self._process = Process(self.name, argv, self.log_path)

    def wait_ready(self):
        self._process.wait_ready(lambda: self._times_started() > self._starts, READY_S)


def instructions(bench, mechanism, username, logins):
    """Those of one run of the daemon with so many failed logins."""
    before = len(bench.log())
    bench.daemon = Counted("sendward-sasld", bench.config_path, bench.daemon.log_path, [bench.path])
    bench.redis.command("FLUSHDB")
    bench.user(ROSE)
    bench.daemon.start()
    bench.wait_connected()
    client = bench.client()
    ask = {"PLAIN": client.plain, "LOGIN": client.login, "SCRAM-SHA-256": client.scram}[mechanism]
    for _ in range(logins):
        expect(ask(username, "wrong"), ("FAIL", {}))
    client.close()
    bench.daemon.stop(STOP_S)
    expect(bench.daemon.stopped_with, 0, "the exit status")
    return int(re.search(r"Collected : (\d+)", bench.log()[before:]).group(1))


if plain_build() and shutil.which("valgrind"):
    @case
    def timing(bench):
        """a known and an unknown user take the same number of instructions"""
        bench.start(sasld={"guess_limit": "0", "guess_network_limit": "0", "hash_threads": "1"},
                    redis={"deadline": "20s"})
        bench.daemon.stop()
        for mechanism, logins, percent in ROWS:
            # What a run costs without logins is in both, and is taken off.
            idle = instructions(bench, mechanism, ROSE, 0)
            known, unknown = (instructions(bench, mechanism, username, logins) - idle for username in (ROSE, NOBODY))
            print(f"    {mechanism}: {known / logins:,.0f} for a known user, {unknown / logins:,.0f} for an unknown one",
                  flush=True)
            if abs(known - unknown) * 100 > percent * min(known, unknown):
                raise Failure(f"{mechanism}: {known} and {unknown} instructions for {logins} logins")
