"""What a case runs in: a private Redis, the real sendward-milter and accounts, in a directory of its own.

The processes come from the end-to-end harness (tests/e2e), which stands beside this directory.
"""

import grp
import os
import pwd
import re
import shutil
import signal
import tempfile
import time

import mta
from processes import wait_until
from sendward import NODE, Daemon, decisions, write_account, write_configuration
from services import Redis

DAY_S = 86400
FROM_ALICE = (("From", " alice@example.org"), ("Subject", " test"))
BODY = b"Hello.\r\n"

# The deadline of every wait for Redis, and what is waited beyond it (milter/desk.h), with room for a busy machine.
DEADLINE_MS = 250
MARGIN_MS = 100
BUSY_MS = 400


class World:
    """`top` and `plan` are settings of the configuration's top level and of plan default; `tcp` is a host and a port to
    listen on instead of a socket in the file system, `sections` are more sections by their titles."""

    def __init__(self, top=None, plan=None, with_redis=True, tcp=None, sections=None):
        self.directory = tempfile.mkdtemp(prefix="sw-milter-")
        os.chmod(self.directory, 0o755)
        os.mkdir(os.path.join(self.directory, "state"))
        self.path = os.path.join(self.directory, "milter")
        self.config = os.path.join(self.directory, "sendward.conf")
        self.redis = Redis(self.directory, os.path.join(self.directory, "redis.log"))
        self.address = tcp or self.path
        self.daemon = Daemon("sendward-milter", self.config, os.path.join(self.directory, "milter.log"), [self.address])
        self._with_redis = with_redis
        self._queue_ids = 0
        self.configure(top, plan, sections)

    def __enter__(self):
        try:
            if self._with_redis:
                self.redis.start()
            self.daemon.start()
            self.daemon.wait_log("sendward-milter .* started, ")    # and takes signals, not only connections
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def ended(self):
        """The runner's: looks at the log before it is removed."""

    def close(self):
        self.daemon.stop()
        self.redis.stop()
        self.ended()
        shutil.rmtree(self.directory, ignore_errors=True)

    def configure(self, top=None, plan=None, sections=None, milter=None):
        """Writes the configuration; settings are texts as they stand in the file."""
        write_configuration(self.config, {
            "": {"node": f'"{NODE}"', "state_dir": f'"{self.directory}/state"', "user": f'"{pwd.getpwuid(os.geteuid()).pw_name}"',
                 "socket_group": f'"{grp.getgrgid(os.getegid()).gr_name}"', **(top or {})},
            "redis": {"address": f'"unix:{self.redis.socket}"', "deadline": f"{DEADLINE_MS}ms"},
            "milter": {"listen": f'"{self._listen()}"', **(milter or {})},
            "plan default": {"quotas": '{ "1000 recipients / 1d" }', "senders": '{ "*@example.org" }', **(plan or {})},
            **(sections or {}),
        })

    def reconfigure(self, **settings):
        """The same for a daemon that runs."""
        before = self.daemon.log().count("configuration reloaded")
        self.configure(**settings)
        self.daemon.signal(signal.SIGUSR1)
        wait_until(lambda: self.daemon.log().count("configuration reloaded") > before, "the reload", 10)

    def _listen(self):
        if self.address == self.path:
            return f"unix:{self.path}"
        return "inet:{}:{}".format(*self.address)

    def account(self, login, **fields):
        """Writes an account straight to the store, as store/put.lua would."""
        write_account(self.redis, login, **fields)

    def session(self, **arguments):
        return mta.Session(self.address, **arguments)

    def queue_id(self):
        self._queue_ids += 1
        return f"4Q{self._queue_ids:08X}"

    def message(self, session, login, recipients=("<r@example.net>",), sender="<alice@example.org>", headers=FROM_ALICE,
                body=BODY, parameters=()):
        """One whole message; returns the Answer to its end, or to the first command that was refused."""
        queue_id = self.queue_id()
        answer = session.mail(sender, login, *parameters)
        for i, recipient in enumerate(recipients):
            if answer == "continue":
                answer = session.rcpt(recipient, queue_id if i else None)
        if answer != "continue":
            return mta.Answer(answer, [])
        session.content(headers, body, queue_id)
        return session.end_of_message(queue_id)

    def send(self, login, **message):
        """The same in a session of its own."""
        with self.session() as session:
            answer = self.message(session, login, **message)
            session.quit()
        return answer

    def decisions(self, **fields):
        """The decisions in the log with these fields."""
        return [d for d in decisions(self.daemon.log())
                if all(getattr(d, name) == value for name, value in fields.items())]

    def decided(self, n=1, **fields):
        """Waits for n of them; returns the last."""
        deadline = time.monotonic() + 5
        while len(self.decisions(**fields)) < n:
            if time.monotonic() > deadline:
                raise AssertionError(f"no {n} decisions with {fields} in the log:\n{self.daemon.log()}")
            time.sleep(0.01)
        return self.decisions(**fields)[-1]

    def used(self, login, sender="<alice@example.org>"):
        """What the quota nearest to its limit says at the first RCPT of a new session: an int."""
        before = len(self.decisions(stage="RCPT", login=login))
        with self.session() as session:
            expect(session.envelope(sender, login), "continue", "RCPT that looks at the quota")
        return int(self.decided(before + 1, stage="RCPT", login=login).used)


def expect(got, wanted, what):
    if got != wanted:
        raise AssertionError(f"{what}: got {got!r}, expected {wanted!r}")


def expect_match(pattern, text, what):
    if not re.search(pattern, text):
        raise AssertionError(f"{what}: {text!r} does not match /{pattern}/")


def expect_between(low, value, high, what):
    if not low <= value <= high:
        raise AssertionError(f"{what}: {value:.3f} is not between {low} and {high}")
