"""What the cases work with: a directory, a Redis, a configuration, the tool."""

import grp
import json
import os
import pwd
import re
import shlex
import shutil
import signal
import socket
import subprocess
import time

from places import make_temporary

HERE = os.path.dirname(os.path.abspath(__file__))
REPOSITORY = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.abspath(os.environ.get("SENDWARD_BUILD", REPOSITORY))

# No call of the tool takes longer, whatever Redis does, but for those with much to do.
LIMIT_S = 60

# The deadline of every wait for Redis: so long that no machine is too busy for it, or short where one is waited out.
DEADLINE = "10s"
SHORT = "1s"

SANITIZER = re.compile(r"(ERROR|WARNING|SUMMARY): \w*Sanitizer|runtime error:|LeakSanitizer")

CONFIGURATION = """
node = "mx1"
redis {{ address = "{address}" }}
plan default {{
  quotas = {{ "200 recipients / 1h", "500M bytes / 1d" }}
  senders = {{ "%login" }}
  max_recipients = 100
}}
plan students {{
  quotas = {{ "10 messages / 1h" }}
  networks = {{ "192.0.2.0/24" }}
}}
"""


class Failure(Exception):
    """What was expected did not come."""


def expect(condition, what):
    if not condition:
        raise Failure(what)


def equal(actual, expected, what=""):
    expect(actual == expected, f"{what}\n      got      {actual!r}\n      expected {expected!r}")


def until(condition, what):
    end = time.monotonic() + LIMIT_S
    while not condition():
        expect(time.monotonic() < end, "never: " + what)
        time.sleep(0.05)


def key_of(login):
    """What the keys of a login begin with; store/key.h."""
    return "sendward:{%s}" % re.sub(r"[{}% \x00-\x1f\x7f]", lambda match: f"%{ord(match.group()):02X}", login)


def redis_server():
    """The program: SENDWARD_REDIS_SERVER names another one, such as valkey-server."""
    return os.environ.get("SENDWARD_REDIS_SERVER") or "redis-server"


class Redis:
    """A private redis-server on a unix socket, and the little of its protocol that the cases need."""

    def __init__(self, directory):
        self.path = os.path.join(directory, "redis.sock")
        self._directory = directory
        self._process = None

    @property
    def address(self):
        return "unix:" + self.path

    def start(self):
        # pylint: disable=consider-using-with
        self._process = subprocess.Popen(
            [redis_server(), "--port", "0", "--unixsocket", self.path, "--save", "", "--dir", self._directory],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + LIMIT_S
        while True:
            try:
                equal(self("PING"), "PONG")
                return
            except OSError:
                expect(time.monotonic() < end and self._process.poll() is None, "redis-server does not start")
                time.sleep(0.02)

    def stop(self):
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def signal(self, number):
        self._process.send_signal(number)

    def __call__(self, *words):
        """One command; its answer as str, int, None or list. Raises Failure for an error."""
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(LIMIT_S)
            link.connect(self.path)
            encoded = [str(word).encode(errors="surrogateescape") for word in words]
            link.sendall(b"*%d\r\n" % len(encoded) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in encoded))
            with link.makefile("rb") as stream:
                return self._answer(stream)

    def _answer(self, stream):
        line = stream.readline().decode().rstrip("\r\n")
        kind, rest = line[0], line[1:]
        if kind == "-":
            raise Failure("redis: " + rest)
        if kind == ":":
            return int(rest)
        if kind == "+" or int(rest) < 0:
            return rest if kind == "+" else None
        if kind == "$":
            return stream.read(int(rest) + 2)[:-2].decode(errors="surrogateescape")
        return [self._answer(stream) for _ in range(int(rest))]


def _policy_answer(link, stream, attributes):
    text = "".join(f"{name}={value}\n" for name, value in attributes.items()) + "\n"
    link.sendall(text.encode(errors="surrogateescape"))
    answer = stream.readline().rstrip("\n")
    expect(stream.readline() == "\n", f"sendward-policyd answers {answer!r} and no empty line")
    return answer


class Bench:
    """One for all cases; begin() makes it as new."""

    def __init__(self, verbose):
        self.directory = make_temporary("sendward-control-")
        self.redis = Redis(self.directory)
        self.config = self.path("sendward.conf")
        self._verbose = verbose
        self._messages = 0

    def __enter__(self):
        self.redis.start()
        return self

    def __exit__(self, *_):
        self.redis.stop()
        shutil.rmtree(self.directory)

    def begin(self):
        self.redis("FLUSHALL")
        self.configure()

    def path(self, name):
        return os.path.join(self.directory, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def configure(self, text=CONFIGURATION, deadline=DEADLINE):
        """`deadline` is added to section redis, if there is one; None for none."""
        text = text.format(address=self.redis.address)
        self.write("sendward.conf", text.replace("redis {", f"redis {{ deadline = {deadline} ", 1) if deadline else text)

    # --- the tool --------------------------------------------------------------------------------------------------

    def words(self, *words):
        return [os.path.join(BUILD, "sendward"), "-c", self.config, *words]

    def call(self, *words, stdin=None, env=None, limit_s=LIMIT_S):
        """Runs `sendward -c FILE WORDS`; returns the CompletedProcess."""
        done = subprocess.run(self.words(*words), input=stdin, capture_output=True, check=False, timeout=limit_s,
                              encoding="utf-8", errors="surrogateescape", env={**os.environ, **(env or {})})
        if self._verbose:
            print(f"\n    $ sendward {shlex.join(words)}\n{done.stdout}{done.stderr}    = {done.returncode}")
        if SANITIZER.search(done.stderr):
            raise Failure(f"sendward {shlex.join(words)}: {done.stderr}")
        return done

    def ok(self, *words, **options):
        """Must end with status 0 and nothing on standard error, unless an account is new; returns standard output."""
        done = self.call(*words, **options)
        said = re.sub(r"^sendward: .* had no account and has one now; .*\n", "", done.stderr)
        equal((done.returncode, said), (0, ""), f"sendward {shlex.join(words)}")
        return done.stdout

    def json(self, *words, **options):
        return json.loads(self.ok("--json", *words, **options))

    def lines(self, *words, **options):
        return [json.loads(line) for line in self.ok(*words, **options).splitlines()]

    def refused(self, status, pattern, *words, **options):
        """Must end with that status and a message on standard error that matches; returns standard output."""
        done = self.call(*words, **options)
        equal(done.returncode, status, f"sendward {shlex.join(words)}: {done.stderr}")
        expect(re.search(pattern, done.stderr), f"sendward {shlex.join(words)}: /{pattern}/ not in {done.stderr!r}")
        return done.stdout

    def start(self, *words):
        """Starts the tool; returns the Popen."""
        return subprocess.Popen(self.words(*words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, encoding="utf-8")

    # --- what the daemons do -----------------------------------------------------------------------------------------

    def charge(self, login, recipients=1, size=1000, client="192.0.2.7"):
        """Lets sendward-policyd accept and charge one message."""
        self.charge_all([(login, recipients, size)], client)

    def charge_all(self, messages, client="192.0.2.7"):
        """The same with many, each (login, recipients, size). On a busy machine the daemon may miss Redis' deadline:
        then all are asked again, and charged once."""
        end = time.monotonic() + LIMIT_S
        first = self._messages + 1
        self._messages += len(messages)
        requests = [{
            "request": "smtpd_access_policy", "protocol_state": "END-OF-MESSAGE", "sender": "",
            "client_address": client, "sasl_username": login, "recipient_count": recipients,
            "size": size, "queue_id": f"Q{first + i}", "instance": f"i{first + i}"}
            for i, (login, recipients, size) in enumerate(messages)]
        answers = ["action=4 4.3.0"]
        while any(" 4.3.0" in answer for answer in answers) and time.monotonic() < end:
            answers, errors = self.ask(requests)
        bad = [answer for answer in answers if answer != "action=DUNNO"]
        expect(not bad and not SANITIZER.search(errors), f"{bad[:3]!r}\n{errors}")

    def ask(self, requests):
        """Asks a sendward-policyd that is started for it and ended; returns its answers and its log."""
        listener = self.path("policy.sock")
        with open(self.config, encoding="utf-8") as file:
            config = self.write("policyd.conf", file.read() +
                                f'\npolicyd {{ listen = {{ "unix:{listener}" }} }}\non_store_failure = defer\n'
                                f'user = "{pwd.getpwuid(os.geteuid()).pw_name}"\n'
                                f'socket_group = "{grp.getgrgid(os.getegid()).gr_name}"\n')
        log = self.path("policyd.log")
        # A file: many lines would fill a pipe, and the daemon wait.
        with open(log, "w", encoding="utf-8") as out, \
             subprocess.Popen([os.path.join(BUILD, "sendward-policyd"), "-f", "-c", config], stdin=subprocess.DEVNULL,
                              stderr=out) as daemon:
            try:
                answers = self.ask_policyd(listener, daemon, requests)
            finally:
                daemon.terminate()
                daemon.wait(timeout=LIMIT_S)
        with open(log, encoding="utf-8") as file:
            return answers, file.read()

    def ask_policyd(self, listener, daemon, requests):
        """Asks a daemon that starts, whose log is policyd.log, over one connection; returns its answers."""
        end = time.monotonic() + LIMIT_S
        while True:
            with socket.socket(socket.AF_UNIX) as link:
                link.settimeout(LIMIT_S)
                try:
                    link.connect(listener)
                except OSError:
                    if time.monotonic() > end or daemon.poll() is not None:
                        with open(self.path("policyd.log"), encoding="utf-8") as file:
                            raise Failure("sendward-policyd does not start: " + file.read()) from None
                    time.sleep(0.02)
                    continue
                with link.makefile("r", encoding="utf-8") as stream:
                    return [_policy_answer(link, stream, attributes) for attributes in requests]

    def record(self, login):
        """The account as it is stored."""
        return json.loads(self.redis("GET", key_of(login) + ":a")[16:])


def stopped(process):
    """Ends a process started with Bench.start(); returns its output so far."""
    process.send_signal(signal.SIGTERM)
    return process.communicate(timeout=LIMIT_S)


def ended(process):
    """Waits for a process to end by itself; returns status, output, errors."""
    out, err = process.communicate(timeout=LIMIT_S)
    return process.returncode, out, err
