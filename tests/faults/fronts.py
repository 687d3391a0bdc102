"""The two ways to ask: as Postfix asks a policy server, and as it asks a milter."""

import collections
import socket
import time

import mta
from bench import DUNNO, Client

# answer: "accept", or the code of the reply; text: all of it; slowest_ms: of the questions there were.
Reply = collections.namedtuple("Reply", "answer text slowest_ms")

SIZE = 1000
FAR = "<r@far.example>"


class Policy:
    """END-OF-MESSAGE, asked on a connection of its own or on one that is kept."""

    program = "sendward-policyd"

    def __init__(self, address):
        self._address = address

    def send(self, login, queue_id, sender=None):
        """One message with one recipient."""
        with Client(self._address) as client:
            began = time.monotonic()
            text = client.ask("END-OF-MESSAGE", sasl_username=login, sender=sender or login, instance=f"1.{queue_id}",
                              queue_id=queue_id, recipient_count=1, size=SIZE)
            took = (time.monotonic() - began) * 1000
        if text is None:
            return Reply("closed", "", took)
        return Reply("accept" if text == DUNNO else text[:3], text, took)


class Milter:
    """A whole message in a session of its own; up to the first command that is refused."""

    program = "sendward-milter"

    def __init__(self, address):
        self._address = address

    def send(self, login, queue_id, sender=None):
        sender = f"<{sender or login}>"
        slowest, text = 0, "closed"
        try:
            with mta.Session(self._address) as session:
                for ask in (lambda: session.mail(sender, login), lambda: session.rcpt(FAR),
                            lambda: self._end(session, sender, queue_id)):
                    began = time.monotonic()
                    text = ask()
                    slowest = max(slowest, (time.monotonic() - began) * 1000)
                    if text not in ("continue", "accept"):
                        break
        except (mta.Gone, ConnectionError, socket.timeout) as error:
            return Reply("closed", str(error), slowest)
        return Reply("accept" if text in ("continue", "accept") else text[:3], text, slowest)

    @staticmethod
    def _end(session, sender, queue_id):
        session.content((("From", " " + sender), ("Subject", " test")), b"Hello.\r\n", queue_id)
        return session.end_of_message(queue_id).answer


FRONTS = {"policyd": Policy, "milter": Milter}
