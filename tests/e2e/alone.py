"""One daemon with its Redis in a directory of their own, without Postfix: what tests/policy, tests/milter, tests/sasld
and the others that speak a daemon's protocol themselves begin with. And their runner."""

import grp
import os
import pwd
import shutil
import signal
import sys
import traceback

from places import make_temporary
from processes import wait_until
from sendward import NODE, Daemon, built, write_account
from services import MissingProgram, Redis, program
from side_by_side import side_by_side

LIMIT_S = 60


class Failure(Exception):
    """What was expected did not happen."""


def expect(actual, expected, what="the answer"):
    if actual != expected:
        raise Failure(f"{what} is {actual!r}, not {expected!r}")


def make_directory(prefix):
    """A new one for everything, where a daemon keeps what it knows in "state". The caller removes it."""
    directory = make_temporary(prefix)
    os.chmod(directory, 0o755)
    os.mkdir(os.path.join(directory, "state"), 0o755)
    return directory


def own_settings(directory, node=NODE):
    """The top level of a configuration for a daemon that stays who we are."""
    return {"node": f'"{node}"', "state_dir": f'"{directory}/state"', "user": f'"{pwd.getpwuid(os.geteuid()).pw_name}"',
            "socket_group": f'"{grp.getgrgid(os.getegid()).gr_name}"'}


class Alone:
    """`kind` is policyd, milter or sasld; `address` is a host and a port to listen on instead of a socket in the
    directory. A subclass has configure(**settings), which writes the configuration."""

    reload_signal = signal.SIGHUP

    def __init__(self, kind, address=None):
        self.kind = kind
        self.directory = make_directory(f"sendward-{kind}-")
        self.path = os.path.join(self.directory, kind)
        self.address = address or self.path
        self.config_path = os.path.join(self.directory, "sendward.conf")
        self.redis = Redis(self.directory, os.path.join(self.directory, "redis.log"))
        self.daemon = Daemon(f"sendward-{kind}", self.config_path, os.path.join(self.directory, f"{kind}.log"),
                             [self.address])
        self._clients = []

    def configure(self, **settings):
        raise NotImplementedError

    def start(self, with_redis=True, **settings):
        if with_redis:
            self.redis.start()
        self.configure(**settings)
        self.daemon.start()
        if with_redis:
            self.wait_connected()
        return self

    def wait_connected(self):
        """A decision before that would be one without the store; the first heartbeat comes with the connection."""
        wait_until(lambda: self.redis.keys(f"*node:{NODE}/{self.kind}"), "the daemon to reach Redis", LIMIT_S)

    def reconfigure(self, **settings):
        """The same for a daemon that runs."""
        before = self.log_count("configuration reloaded")
        self.configure(**settings)
        self.daemon.signal(self.reload_signal)
        wait_until(lambda: self.log_count("configuration reloaded") > before, "the reload", LIMIT_S)

    def account(self, login, **fields):
        """Writes an account straight to the store, as store/put.lua would."""
        write_account(self.redis, login, **fields)

    def keep(self, client):
        """Is closed at the end; returns it."""
        self._clients.append(client)
        return client

    def log(self):
        return self.daemon.log()

    def log_count(self, text):
        return sum(text in line for line in self.log().splitlines())

    def wait_log(self, text):
        wait_until(lambda: text in self.log(), f"the log to say {text!r}", LIMIT_S)

    def expect_healthy(self):
        """Ends the daemon, if the case has not, and expects it to have been well to the last."""
        if self.daemon.processes:
            self.daemon.stop()
        expect(self.daemon.stopped_with, 0, "the exit status")
        expect(self.daemon.sanitizer_reports(), [], "what a sanitizer found")

    def close(self):
        for client in self._clients:
            client.close()
        self.daemon.kill()
        self.redis.stop()
        shutil.rmtree(self.directory, ignore_errors=True)


def run_case(case, bench, verbose, printing):
    """True when the case, a function of a bench whose text is its name, passed. Holds the lock `printing` to print."""
    trouble = None
    try:
        case(bench)
        bench.expect_healthy()
    except Failure as why:
        trouble = f"    {why}"
    except Exception:                                             # pylint: disable=broad-except
        trouble = traceback.format_exc()
    finally:
        log = bench.log()
        bench.close()
    with printing:
        print(f"  {case.__doc__} ... " + (f"FAILED\n{trouble}" if trouble else "ok"))
        if verbose:
            print(log)
        elif trouble:
            print("".join(f"    | {line}\n" for line in log.splitlines()[-15:]), end="")
        sys.stdout.flush()
    return not trouble


def run_cases(name, daemon, cases, make_bench, words):
    """The runner's main(): words are those of its command line. The cases run side by side.
    Returns the exit status."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))      # through the finally of the case
    verbose = "-v" in words
    words = [word for word in words if word != "-v"]
    try:
        built(daemon)
        program("redis-server", "redis-server")
    except FileNotFoundError as why:
        print(f"{name}: {why}", file=sys.stderr)
        return 2
    except MissingProgram as why:
        print(f"{name}: skipped: {why}")
        return 77
    chosen = [case for case in cases if not words or any(word in case.__doc__ for word in words)]
    results = side_by_side(chosen, lambda case, _, printing: run_case(case, make_bench(), verbose, printing))
    print(f"{name}: {results.count(True)} passed, {results.count(False)} failed")
    return 0 if results and all(results) else 1
