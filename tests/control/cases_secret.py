"""Where a secret is asked for and shown, and where it never is."""

import os
import pty
import select
import socket
import subprocess
import time

from bench import BUILD, LIMIT_S, Failure, equal, expect
from cases_credential import CHOSEN, LOGIN, begin, is_right, password_in


def read_answer(fd, wanted):
    """What the terminal shows, until it has the text or the program ends."""
    shown, end = b"", time.monotonic() + LIMIT_S
    while wanted not in shown:
        expect(time.monotonic() < end, f"{shown!r}")
        if select.select([fd], [], [], 0.5)[0]:
            try:
                octets = os.read(fd, 4096)
            except OSError:
                break
            if not octets:
                break
            shown += octets
    return shown


def on_terminal(b, words, answers):
    """Answers the prompts of the tool on a terminal of its own; returns (status, all that was shown)."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execv(os.path.join(BUILD, "sendward"), b.words(*words))
    shown = b""
    for prompt, answer in answers:
        shown += read_answer(fd, prompt)
        os.write(fd, answer + b"\n")
    shown += read_answer(fd, b"there is never such a text")
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(fd)
    return status, shown


def asked(b):
    """a password is asked for twice on the terminal, which does not show it"""
    begin(b)
    b.ok("user", "add", LOGIN)
    octets = CHOSEN.encode()
    status, shown = on_terminal(b, ("password", "set", LOGIN), ((b"Password: ", octets), (b"Once more: ", octets)))
    equal(status, 0, shown)
    expect(octets not in shown, f"it was shown: {shown!r}")
    expect(is_right(b, LOGIN, CHOSEN), "it is not the one that was typed")
    status, shown = on_terminal(b, ("password", "set", LOGIN), ((b"Password: ", octets), (b"Once more: ", b"another")))
    expect(status == 1 and b"the two are not the same" in shown, f"{status} {shown!r}")
    status, shown = on_terminal(b, ("password", "verify", LOGIN), ((b"Password: ", octets),))
    expect(status == 0 and b"Once more" not in shown, f"{status} {shown!r}")
    done = subprocess.run(b.words("password", "set", LOGIN), stdin=subprocess.DEVNULL, capture_output=True, check=False,
                          timeout=LIMIT_S, start_new_session=True, encoding="utf-8")
    expect(done.returncode == 1 and "there is no terminal to ask on; --password-stdin reads it" in done.stderr, done.stderr)


def not_shown(b):
    """a password that cannot be shown is a failure, and is said"""
    begin(b)
    for words in (("user", "add", LOGIN, "--generate"), ("--json", "password", "generate", LOGIN)):
        with open("/dev/full", "wb") as full:
            done = subprocess.run(b.words(*words), stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE,
                                  check=False, timeout=LIMIT_S, encoding="utf-8")
        expect(done.returncode == 1 and done.stderr.count("could not be shown; make another") == 1, f"{words}: {done}")


class Monitor:
    """Every command that Redis gets, as MONITOR shows it."""

    def __init__(self, redis):
        self._link = socket.socket(socket.AF_UNIX)
        self._link.settimeout(LIMIT_S)
        self._link.connect(redis.path)
        self._link.sendall(b"MONITOR\r\n")
        self._seen = b""
        self._until(b"+OK\r\n")
        self._redis = redis

    def _until(self, mark):
        while mark not in self._seen:
            octets = self._link.recv(65536)
            expect(octets, "redis has closed the connection")
            self._seen += octets

    def end(self):
        self._redis("ECHO", "the end of it")
        self._until(b"the end of it")
        self._link.close()
        return self._seen


def arguments_of(process, limit=2000):
    """What the process list shows of it until it ends: arguments and environment."""
    shown = set()
    while process.poll() is None and limit:
        limit -= 1
        for name in ("cmdline", "environ"):
            try:
                with open(f"/proc/{process.pid}/{name}", "rb") as file:
                    shown.add(file.read())
            except OSError:
                pass
        time.sleep(0.002)
    return b"".join(shown)


def nowhere(b):
    """no secret is in what Redis gets, in the process list, on standard error or in an event"""
    begin(b)
    monitor, secrets, shown = Monitor(b.redis), [CHOSEN], b""
    secrets.append(password_in(b.ok("user", "add", LOGIN, "--generate")))
    with subprocess.Popen(b.words("password", "set", LOGIN, "--password-stdin"), stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdin.write(CHOSEN.encode() + b"\n")
        process.stdin.close()
        shown += arguments_of(process)
        shown += process.stdout.read() + process.stderr.read()
        equal(process.wait(LIMIT_S), 0, shown)
    is_right(b, LOGIN, CHOSEN)
    secrets.append(password_in(b.ok("credential", "add", LOGIN, "--name", "printer")))
    secrets.append(password_in(b.ok("credential", "rotate", LOGIN, "--name", "printer")))
    shown += b.ok("events", "--login", LOGIN).encode() + b.ok("password", "list").encode()
    shown += monitor.end()
    expect(b"{CRYPT}$y$" in shown, "the hashes are not there either")
    for secret in secrets:
        if secret.encode() in shown:
            raise Failure("a secret was seen")


CASES = [asked, not_shown, nowhere]
