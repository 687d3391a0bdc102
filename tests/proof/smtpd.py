"""What a Postfix smtpd process does with the two daemons of its node, request for request and in its order.

	MAIL             milter
	RCPT             policy daemon, then milter, for each recipient
	DATA             policy daemon
	END-OF-MESSAGE   policy daemon, then the milter's header, body and end

A policy request whose connection breaks is sent once more on a new one. A milter whose connection breaks is not asked
again in the session: the client is told to come later.
"""

import collections
import itertools
import random
import select
import socket
import threading
import time

import bench
import mta

DUNNO = bench.DUNNO
RECONNECT_S = 60    # as long as a daemon may take to be there again
TRIES = 2           # smtpd_policy_service_try_limit

# One message as the client wants it. mischief: one of MISCHIEF or None; at: the stage it happens at.
Message = collections.namedtuple("Message", "login sender recipients header_from size mischief at")

MISCHIEF = (
    "unknown recipient",    # Postfix refuses one, after the policy daemon has seen it
    "reset",                # RSET at a stage
    "client gone",          # the client's connection ends at a stage: an abort as well, and the session is over
    "smtpd gone",           # the smtpd process dies at a stage: its connections end
    "answer lost",          # the answer to a policy request is thrown away, and the request repeated
)
STAGES = ("MAIL", "RCPT", "DATA", "END-OF-MESSAGE", "body", "end")

# delivered: the recipients that were accepted and the bytes, or None; reply: what was said last; doubt: nobody knows
# whether it was charged.
Outcome = collections.namedtuple("Outcome", "node queue_id login delivered reply doubt")


class Stopped(Exception):
    """The transaction has ended here; the text says how."""


_numbers = itertools.count(1)
_lock = threading.Lock()


def queue_id():
    """A new one, as Postfix makes them."""
    with _lock:
        return f"{next(_numbers):05X}3F7A"


class Smtpd:
    """One session of one client. Not for several threads.

    hooks: what is called after a stage (STAGES) of each message; "end" before the last question of a message.
    """

    def __init__(self, node, client="192.0.2.7", hooks=None, chance=None):
        self.node = node
        self.hooks = hooks or {}
        self._client = client
        self._chance = chance or random.Random(0)
        self._policy = None
        self._milter = None
        self._repeat_at = None

    def hook(self, stage):
        self.hooks.get(stage, lambda: None)()

    def close(self):
        for connection in (self._policy, self._milter):
            if connection:
                connection.close()
        self._policy = self._milter = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # --- the daemons ---

    def _connect_policy(self):
        end = time.monotonic() + RECONNECT_S
        while not self._policy:
            try:
                self._policy = bench.Client(self.node.policy_path)
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.01)

    def _connect_milter(self):
        """A session that finds no milter is one that can send nothing; here it waits for it."""
        end = time.monotonic() + RECONNECT_S
        while not self._milter:
            try:
                self._milter = mta.Session(self.node.milter_path, client=self._client)
            except (OSError, mta.Gone):
                if time.monotonic() > end:
                    raise
                time.sleep(0.01)

    def _lose_answer(self, data):
        """The daemon has been asked, and has perhaps answered, and nobody will know."""
        self._connect_policy()
        self._policy.send(data)
        if self._chance.random() < 0.5:
            self._policy.answer()
        self._policy.close()
        self._policy = None

    def _ask_policy(self, state, **attributes):
        data = bench.request(state, client_address=self._client, **attributes)
        if self._repeat_at == state:
            self._repeat_at = None
            self._lose_answer(data)
        for _ in range(TRIES):
            try:
                self._connect_policy()
                self._policy.send(data)
                answer = self._policy.answer()
            except (OSError, bench.Failure):
                answer = None
            if answer is not None:
                return answer
            self._policy.close()
            self._policy = None
        return None

    # --- one message ---

    def send(self, message, qid=None):
        """Returns its Outcome."""
        transaction = _Transaction(self, message, qid or queue_id())
        try:
            transaction.run()
            reply = "250 queued"
        except Stopped as how:
            reply = str(how)
        except (mta.Gone, OSError):
            reply = "451 milter gone"
            if self._milter:
                self._milter.close()
            self._milter = None
        doubt = reply.startswith("451") and transaction.asked_to_charge
        delivered = (transaction.accepted, transaction.size) if reply.startswith("250") else None
        return Outcome(self.node.name, transaction.qid, message.login, delivered, reply, doubt)


class _Transaction:
    def __init__(self, smtpd, message, qid):
        self._smtpd = smtpd
        self._message = message
        self.qid = qid
        self.accepted = []
        self.asked_to_charge = False
        self._attributes = {"instance": f"1153.{next(_numbers):x}.0", "sasl_username": message.login, "sender": message.sender}
        self._headers = (("From", f" {message.header_from}"),)
        head = sum(len(name) + 1 + len(value) + 2 for name, value in self._headers) + 2
        self._body = b"x" * max(message.size - head, 0)
        self.size = head + len(self._body)

    def run(self):
        s, m = self._smtpd, self._message
        s._repeat_at = m.at if m.mischief == "answer lost" else None
        if s.node.milter:
            s._connect_milter()
            self._heed(s._milter.mail(f"<{m.sender}>", m.login))
        self._mischief("MAIL")
        self._recipients()
        self._mischief("RCPT")
        self._policy("DATA")
        self._mischief("DATA")
        if not s._milter:
            s.hook("end")
            self.asked_to_charge = True
        self._policy("END-OF-MESSAGE", size=self.size)
        self._mischief("END-OF-MESSAGE")
        if s._milter:
            self._content()

    def _recipients(self):
        s, m = self._smtpd, self._message
        unknown = len(m.recipients) // 2 if m.mischief == "unknown recipient" else -1
        refused = "554 no recipients"
        for i, recipient in enumerate(m.recipients):
            known = {"queue_id": self.qid if self.accepted else ""}
            answer = s._ask_policy("RCPT", recipient=recipient, **{**self._attributes, **known})
            if answer != DUNNO:
                refused = self._refusal(answer)
                continue
            if i == unknown:
                continue
            answer = s._milter.rcpt(f"<{recipient}>", self.qid if self.accepted else None) if s._milter else "continue"
            if answer == "continue":
                self.accepted.append(recipient)
            else:
                refused = answer
        if not self.accepted:
            self._abort()
            raise Stopped(refused)

    def _policy(self, state, **attributes):
        one = self.accepted[0] if len(self.accepted) == 1 else ""
        answer = self._smtpd._ask_policy(state, **{**self._attributes, "queue_id": self.qid, "recipient": one,
                                                   "recipient_count": len(self.accepted), **attributes})
        if answer != DUNNO:
            self._abort()
            raise Stopped(self._refusal(answer))

    @staticmethod
    def _refusal(answer):
        return "451 policy server gone" if answer is None else answer

    def _content(self):
        s = self._smtpd
        s._milter.content(self._headers, self._body, self.qid)
        self._mischief("body")
        s.hook("end")
        self.asked_to_charge = True
        if self._message.mischief == "smtpd gone" and self._message.at == "end":
            self._die_at_end()
            raise Stopped("smtpd gone")
        answer = s._milter.end_of_message(self.qid)
        if any(name == "quarantine" for name, _ in answer.changes):
            raise Stopped("held")
        self._heed(answer.answer, last=True)

    def _die_at_end(self):
        """Shut before the question is there, so that the milter cannot answer: a moment later nobody could tell."""
        s = self._smtpd
        s._milter.socket.shutdown(socket.SHUT_RD)
        s._milter.send_end_of_message(self.qid)
        closed = select.poll()
        closed.register(s._milter.socket, 0)
        if not closed.poll(RECONNECT_S * 1000):
            raise AssertionError("the milter does not notice that the connection is gone")
        s.close()

    def _heed(self, answer, last=False):
        if answer != "continue":
            if not last:
                self._abort()
            raise Stopped(answer)

    def _abort(self):
        if self._smtpd._milter:
            self._smtpd._milter.abort()

    def _mischief(self, stage):
        m, s = self._message, self._smtpd
        s.hook(stage)
        if m.at != stage or m.mischief not in ("reset", "client gone", "smtpd gone"):
            return
        if m.mischief != "smtpd gone":
            self._abort()
        if m.mischief == "client gone" and s._milter:
            s._milter.quit()
            s._milter = None
        if m.mischief == "smtpd gone":
            s.close()
        raise Stopped(m.mischief)


def plain(login, recipients=1, size=200, sender=None, header_from=None, mischief=None, at=None):
    """A Message that is wrong only in what is said."""
    return Message(login, sender or login, [f"r{i}@far.example" for i in range(recipients)], header_from or login, size,
                   mischief, at)
