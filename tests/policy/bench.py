"""What a case works with: a private Redis, a sendward-policyd with its configuration, and clients of the protocol."""

import os
import resource
import socket

from alone import LIMIT_S, Alone, Failure, expect, own_settings
from sendward import decisions, write_configuration

__all__ = ["ATTRIBUTES", "DUNNO", "LIMIT_S", "Bench", "Client", "Failure", "expect", "expect_prefix", "request"]

DUNNO = "DUNNO"

# As Postfix 3.10 sends them, in its order.
ATTRIBUTES = {
    "request": "smtpd_access_policy", "protocol_state": "RCPT", "protocol_name": "ESMTP",
    "client_address": "192.0.2.1", "client_name": "unknown", "client_port": "34567",
    "reverse_client_name": "unknown", "server_address": "198.51.100.7", "server_port": "587",
    "helo_name": "client.example.org", "sender": "rose@dom.example", "recipient": "r1@far.example",
    "recipient_count": "0", "queue_id": "", "instance": "", "size": "0", "etrn_domain": "", "stress": "",
    "sasl_method": "PLAIN", "sasl_username": "rose@dom.example", "sasl_sender": "", "ccert_subject": "",
    "ccert_issuer": "", "ccert_fingerprint": "", "ccert_pubkey_fingerprint": "", "encryption_protocol": "TLSv1.3",
    "encryption_cipher": "TLS_AES_256_GCM_SHA384", "encryption_keysize": "256", "policy_context": "",
    "compatibility_level": "3.6", "mail_version": "3.10.13",
}


def expect_prefix(actual, prefix, what="the answer"):
    if not isinstance(actual, str) or not actual.startswith(prefix):
        raise Failure(f"{what} is {actual!r}, which does not begin with {prefix!r}")


def request(state, **attributes):
    """The bytes of one request."""
    values = {**ATTRIBUTES, "protocol_state": state, **{name: str(value) for name, value in attributes.items()}}
    return "".join(f"{name}={value}\n" for name, value in values.items()).encode() + b"\n"


class Client:
    """One connection to the daemon, as one smtpd process has."""

    def __init__(self, address):
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(LIMIT_S)
        self.socket.connect(address)
        self._received = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def answer(self):
        """The next action, or None when the connection was closed instead."""
        while b"\n\n" not in self._received:
            try:
                data = self.socket.recv(65536)
            except ConnectionResetError:
                data = b""
            if not data:
                if self._received:
                    raise Failure(f"closed inside an answer: {self._received!r}")
                return None
            self._received += data
        answer, _, self._received = self._received.partition(b"\n\n")
        if not answer.startswith(b"action=") or b"\n" in answer:
            raise Failure(f"not an answer: {answer!r}")
        return answer[len(b"action="):].decode()

    def ask(self, state, **attributes):
        self.send(request(state, **attributes))
        return self.answer()

    def message(self, number, recipients=1, size=1000, **attributes):
        """A whole message as Postfix asks about it. Answers of the stages up to the first that is not DUNNO."""
        attributes = {"instance": f"1153.6b006db0.{number:x}", "queue_id": f"0BFF{number:08X}", **attributes}
        answers = []
        for index in range(recipients):
            named = {**attributes, "queue_id": attributes["queue_id"] if index else ""}
            answers.append(self.ask("RCPT", recipient=f"r{index}@far.example", **named))
            if answers[-1] != DUNNO:
                return answers
        for state in ("DATA", "END-OF-MESSAGE"):
            count = {"recipient_count": recipients, "recipient": "r0@far.example" if recipients == 1 else ""}
            answers.append(self.ask(state, size=size if state != "DATA" else 0, **count, **attributes))
            if answers[-1] != DUNNO:
                break
        return answers

    def send_message(self, number, **arguments):
        """The last answer of message()."""
        return self.message(number, **arguments)[-1]


class Bench(Alone):
    """Redis and the daemon in a directory of their own; start() when the case has said how."""

    def __init__(self):
        super().__init__("policyd")

    def configure(self, plan=None, top=None, policyd=None, redis=None, milter=False, listen=(), sections=None):
        sockets = ", ".join(f'"{address}"' for address in (f"unix:{self.path}", *listen))
        content = {
            "": {**own_settings(self.directory), **(top or {})},
            "redis": {"address": f'"unix:{self.redis.socket}"', "deadline": "10s", **(redis or {})},
            "policyd": {"listen": f"{{ {sockets} }}", **(policyd or {})},
            "plan default": {"quotas": '{ "1000 messages / 1h" }', "senders": '{ "%login" }', **(plan or {})},
        }
        content.update(sections or {})
        if milter:
            content["milter"] = {"listen": f'"unix:{self.directory}/milter"'}
        write_configuration(self.config_path, content)

    def client(self, address=None):
        return self.keep(Client(address or self.path))

    def decisions(self, login="rose@dom.example"):
        return [decision for decision in decisions(self.log()) if decision.login == login]

    def limit_descriptors(self, soft):
        pid = self.daemon.processes[0].pid
        _, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))

    def n_descriptors(self):
        pid = self.daemon.processes[0].pid
        try:
            return len(os.listdir(f"/proc/{pid}/fd"))
        except PermissionError:    # only root looks into a daemon: how many there is room for
            with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
                return next(int(line.split()[1]) for line in status if line.startswith("FDSize:"))
