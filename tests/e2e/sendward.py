"""Sendward's own programs: where they are, a configuration for them, the daemons, the control tool, the log lines."""

import collections
import json
import os
import re
import shlex
import shutil
import signal
import time

from processes import LIMIT_S, Process, Timeout, accepts_connections, wait_until
from services import run_tool, write

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NODE = "mx1"
PREFIX = "sendward:"    # of every key in Redis
SUBSECTIONS = ("checks", "ramp")
DAEMON_USER = "nobody"    # what the daemons become; any system has it

# What a sanitizer writes on standard error when it has found something.
SANITIZER_REPORTS = re.compile(
    r"^.*(ERROR: \w*Sanitizer|WARNING: \w*Sanitizer|SUMMARY: \w*Sanitizer|runtime error:|LeakSanitizer).*$", re.M)


def built(name):
    """Path of one of our programs in the build directory, $SENDWARD_BUILD or else the repository itself."""
    directory = os.path.abspath(os.environ.get("SENDWARD_BUILD", REPOSITORY))
    path = os.path.join(directory, name)
    if not os.access(path, os.X_OK):
        raise FileNotFoundError(f"{path} is not there: build first, or set SENDWARD_BUILD to the build directory")
    return path


def built_for_anyone(name, directory):
    """A copy of it in `directory`: an ordinary user may be unable to walk to the build directory."""
    return shutil.copy(built(name), directory)


def environment():
    """The environment our programs run in: this one's, and sanitizers that report to standard error and go on."""
    result = dict(os.environ)
    result.setdefault("ASAN_OPTIONS", "detect_leaks=1:exitcode=99")
    result.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")
    result["G_SLICE"] = "always-malloc"    # so that they see what GLib allocates, too
    return result


def configuration(sections):
    """The text of a configuration file.

    `sections` maps a section's title ("" for the top level, else e.g. "redis" or "plan default") to its settings, each
    a name and its value as written in the file.
    """
    text = []
    for title, settings in sections.items():
        lines = [f"{name} {value}" if value.startswith("{") and name in SUBSECTIONS else f"{name} = {value}"
                 for name, value in settings.items()]
        if title:
            text += [title + " {", *("  " + line for line in lines), "}"]
        else:
            text += lines
    return "\n".join(text) + "\n"


class Daemon:
    """sendward-policyd or sendward-milter in the foreground, its standard error in a file."""

    def __init__(self, name, config_path, log_path, sockets):
        self.name = name
        self.log_path = log_path
        self.stopped_with = None
        self._config_path = config_path
        self._sockets = sockets
        self._process = None
        self._starts = 0

    @property
    def processes(self):
        return [self._process] if self._process else []

    def start(self, **credentials):
        self.launch(**credentials)
        self.wait_ready()

    def launch(self, **credentials):
        self.stopped_with = None
        self._starts = self._times_started()
        path = built_for_anyone(self.name, os.path.dirname(self._config_path)) if credentials else built(self.name)
        self._process = Process(self.name, [path, "-f", "-c", self._config_path], self.log_path, env=environment(),
                                **credentials)

    def wait_ready(self):
        """Sockets accept us a moment before they have the mode and group that Postfix needs: the log tells."""
        self._process.wait_ready(lambda: self._times_started() > self._starts and
                                 all(accepts_connections(path) for path in self._sockets))

    def _times_started(self):
        return self.log().count(" started, node=")

    def running(self):
        return self._process is not None and self._process.running()

    def signal(self, number):
        self._process.signal(number)

    def ask_to_stop(self):
        if self._process:
            self._process.signal(signal.SIGTERM)

    def stop(self, limit_s=LIMIT_S):
        """Clean stop by SIGTERM. `stopped_with` is the exit status afterwards, or None if it had to be killed."""
        if self._process:
            try:
                self.ask_to_stop()
                self.stopped_with = self._process.wait(limit_s)
            except Timeout:
                self.stopped_with = None
            finally:
                self.kill()

    def kill(self):
        if self._process:
            self._process.kill()
            self._process = None

    def log(self):
        try:
            with open(self.log_path, encoding="utf-8", errors="backslashreplace") as log:
                return log.read()
        except FileNotFoundError:
            return ""

    def wait_log(self, pattern, limit_s=LIMIT_S, after=0):
        """Waits until the log, from character `after` on, matches a regular expression; returns the match."""
        return wait_until(lambda: re.search(pattern, self.log()[after:], re.M | re.I),
                          f"{self.name} to log /{pattern}/", limit_s)

    def sanitizer_reports(self):
        return [match.group(0) for match in SANITIZER_REPORTS.finditer(self.log())]


class Tool:
    """The control tool with one configuration file."""

    def __init__(self, config_path):
        self.config_path = config_path

    def __call__(self, *words, check=True, said=""):
        """`sendward WORDS -c FILE`, `said` on its standard input; returns the CompletedProcess. With check, raises when the
        exit status is not 0."""
        done = run_tool([built("sendward"), "-c", self.config_path, *words], check=False, said=said)
        if SANITIZER_REPORTS.search(done.stderr):
            raise RuntimeError(f"sendward {shlex.join(words)}: {done.stderr}")
        if check and done.returncode != 0:
            raise RuntimeError(f"sendward {shlex.join(words)}: status {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def json(self, *words, check=True):
        """The same with --json; returns what it printed, decoded."""
        done = self(*words, "--json", check=check)
        try:
            return json.loads(done.stdout)
        except ValueError:
            raise RuntimeError(f"sendward {shlex.join(words)} --json: status {done.returncode}, not JSON:\n"
                               f"{done.stdout}{done.stderr}") from None


Decision = collections.namedtuple("Decision", "node stage qid login client verdict check rule used limit us monitor credential also")

_FIELD = re.compile(r'(\w+)=(?:"((?:[^"\\]|\\.)*)"|(\S*))')
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|([0-7]{3})|(.))", re.S)
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "0": "\0"}


def decisions(log_text):
    """The log lines that are decisions, oldest first, as Decision tuples; a missing field is "-"."""
    found = []
    for line in log_text.splitlines():
        start = re.search(r"\bnode=\S+ stage=", line)
        if start:
            fields = {name: _plain(quoted) if quoted else bare
                      for name, quoted, bare in _FIELD.findall(line[start.start():])}
            if "verdict" in fields:
                found.append(Decision(*(fields.get(name, "-") for name in Decision._fields)))
    return found


def write_account(redis, login, **fields):
    """Writes an account straight to the store, as store/put.lua would."""
    version = f"{time.time_ns() // 1000:016d}"
    record = version + json.dumps({"format": 1, "state": "allowed", **fields})
    key = "".join(c if c not in "{}% " and ord(c) >= 32 and ord(c) != 127 else f"%{ord(c):02X}" for c in login)
    counters = f"{PREFIX}{{{key}}}:u"
    if redis.command("STRLEN", counters).strip() != "0":
        redis.command("SETRANGE", counters, "0", version)
    redis.command("SET", f"{PREFIX}{{{key}}}:a", record)


def events(redis):
    """What is in the stream of events, oldest first, decoded."""
    return [json.loads(line) for line in redis.command("XRANGE", PREFIX + "events", "-", "+").splitlines()
            if line.startswith("{")]


def _plain(quoted):
    """A quoted value of a log line without its escapes; bytes are read as UTF-8 where they are."""
    def one(match):
        hexadecimal, octal, other = match.groups()
        if hexadecimal:
            return chr(int(hexadecimal, 16))
        if octal:
            return chr(int(octal, 8))
        return _LETTERS.get(other, other)

    text = _ESCAPE.sub(one, quoted)
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def write_configuration(path, sections):
    write(path, configuration(sections))
