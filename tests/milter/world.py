"""What a case runs in: a private Redis, the real sendward-milter and accounts, in a directory of its own.

The processes come from the end-to-end harness (tests/e2e), which stands beside this directory.
"""

import re
import signal

import mta
from alone import Alone, own_settings
from processes import wait_until
from sendward import decisions, write_configuration

DAY_S = 86400
FROM_ALICE = (("From", " alice@example.org"), ("Subject", " test"))
BODY = b"Hello.\r\n"

# The deadline of every wait for Redis: so long that no machine is too busy for it, or short where one is waited out.
DEADLINE_MS = 10000
SHORT_MS = 1000
# How long an answer may take then: what is waited beyond it (milter/desk.h), with room for a busy machine.
LATEST_MS = 8000


class World(Alone):
    """`top` and `plan` are settings of the configuration's top level and of plan default; `tcp` is a host and a port to
    listen on instead of a socket in the file system, `sections` are more sections by their titles, `deadline_ms` is
    redis.deadline."""

    reload_signal = signal.SIGUSR1

    def __init__(self, top=None, plan=None, with_redis=True, tcp=None, sections=None,
                 deadline_ms=DEADLINE_MS):
        super().__init__("milter", tcp)
        self._with_redis = with_redis
        self._deadline_ms = deadline_ms
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

    def ended(self, well):
        """The runner's: looks at the log before it is removed. Did the daemon end well, if it ran yet?"""

    def close(self):
        runs = bool(self.daemon.processes)
        self.daemon.stop()
        self.ended(not runs or self.daemon.stopped_with == 0)
        super().close()

    def configure(self, top=None, plan=None, sections=None, milter=None):
        """Writes the configuration; settings are texts as they stand in the file."""
        write_configuration(self.config_path, {
            "": {**own_settings(self.directory), **(top or {})},
            "redis": {"address": f'"unix:{self.redis.socket}"', "deadline": f"{self._deadline_ms}ms"},
            "milter": {"listen": f'"{self._listen()}"', **(milter or {})},
            "plan default": {"quotas": '{ "1000 recipients / 1d" }', "senders": '{ "*@example.org" }', **(plan or {})},
            **(sections or {}),
        })

    def _listen(self):
        if self.address == self.path:
            return f"unix:{self.path}"
        return "inet:{}:{}".format(*self.address)

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
        wait_until(lambda: len(self.decisions(**fields)) >= n, f"{n} decisions with {fields} in the log")
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
