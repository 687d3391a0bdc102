"""What a case works with: a private Redis, a sendward-sasld with its configuration, and clients of the protocol."""

import base64
import hmac
import json
import os
import secrets
import socket

from alone import LIMIT_S, Alone, Failure, expect, own_settings
from processes import wait_until
from sendward import PREFIX, write_configuration
from smtp_users import ITERATIONS, base64_of, scram_keys, write_secret

__all__ = ["CLIENT", "LIMIT_S", "Bench", "Client", "Dropped", "Failure", "expect", "plain"]

CLIENT = "192.0.2.1"


def plain(username, password, acting_for=""):
    return base64_of(f"{acting_for}\0{username}\0{password}")


class Dropped(Exception):
    """The connection was closed instead of an answer: Postfix tells its client 454 then."""


class Client:
    """One connection to the daemon, as one smtpd process has."""

    def __init__(self, path, shake=True):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(LIMIT_S)
        self.socket.connect(path)
        self.mechanisms = {}
        self._received = b""
        self._id = 0
        if shake:
            self.shake()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def shake(self):
        self.send("VERSION\t1\t0", f"CPID\t{os.getpid()}")
        while True:
            word, *rest = self.line().split("\t")
            if word == "MECH":
                self.mechanisms[rest[0]] = set(rest[1:])
            if word == "DONE":
                return

    def send(self, *lines):
        try:
            self.socket.sendall("".join(line + "\n" for line in lines).encode())
        except (BrokenPipeError, ConnectionResetError):
            pass    # the answer is Dropped

    def line(self):
        while b"\n" not in self._received:
            try:
                data = self.socket.recv(65536)
            except ConnectionResetError:
                data = b""
            if not data:
                raise Dropped
            self._received += data
        line, _, self._received = self._received.partition(b"\n")
        return line.decode()

    def ask(self, mechanism, response=None, client=CLIENT, secured=True):
        """Begins a login; returns its number."""
        self._id += 1
        words = ["AUTH", str(self._id), mechanism, "service=smtp", "nologin", "lip=198.51.100.7", f"rip={client}"]
        if secured:
            words.append("secured")
        if response is not None:
            words.append("resp=" + response)
        self.send("\t".join(words))
        return self._id

    def go_on(self, number, response):
        self.send(f"CONT\t{number}\t{response}")

    def answer(self):
        """("OK", {"user": ...}), ("FAIL", {"reason": ...}) or ("CONT", challenge); None when it was dropped."""
        try:
            word, _, *rest = self.line().split("\t")
        except Dropped:
            return None
        if word == "CONT":
            return word, base64.b64decode(rest[0] if rest else "")
        return word, dict(part.split("=", 1) if "=" in part else (part, True) for part in rest)

    def plain(self, username, password, **how):
        self.ask("PLAIN", plain(username, password), **how)
        return self.answer()

    def login(self, username, password, **how):
        number = self.ask("LOGIN", **how)
        for text in (username, password):
            answer = self.answer()
            if answer is None or answer[0] != "CONT":
                return answer
            self.go_on(number, base64_of(text))
        return self.answer()

    def scram(self, username, password, **how):
        """A whole SCRAM-SHA-256, by hand; the server's proof is looked at too."""
        nonce = secrets.token_hex(8)
        bare = f"n={username},r={nonce}"
        number = self.ask("SCRAM-SHA-256", base64_of("n,," + bare), **how)
        answer = self.answer()
        if answer is None or answer[0] != "CONT":
            return answer
        first = answer[1].decode()
        values = dict(part.split("=", 1) for part in first.split(","))
        client_key, stored, server_key = scram_keys(password, base64.b64decode(values["s"]), int(values["i"]))
        final = f"c={base64_of('n,,')},r={values['r']}"
        message = f"{bare},{first},{final}".encode()
        signature = hmac.digest(stored, message, "sha256")
        proof = bytes(a ^ b for a, b in zip(client_key, signature))
        self.go_on(number, base64_of(f"{final},p={base64_of(proof)}"))
        answer = self.answer()
        if answer is None or answer[0] != "CONT":
            return answer
        expect(answer[1].decode(), "v=" + base64_of(hmac.digest(server_key, message, "sha256")), "the server's proof")
        self.go_on(number, "")
        return self.answer()

    def salt(self, username, **how):
        """What the server shows of a user before anything is proven: salt and iterations."""
        self.ask("SCRAM-SHA-256", base64_of(f"n,,n={username},r={secrets.token_hex(8)}"), **how)
        word, first = self.answer()
        expect(word, "CONT")
        values = dict(part.split("=", 1) for part in first.decode().split(","))
        return values["s"], values["i"]


class Bench(Alone):
    """Redis and the daemon in a directory of their own; start() when the case has said how."""

    def __init__(self):
        super().__init__("sasld")

    def configure(self, sasld=None, plan=None, top=None, redis=None, passwords=None, sections=None):
        content = {
            "": {**own_settings(self.directory), **(top or {})},
            "redis": {"address": f'"unix:{self.redis.socket}"', "deadline": "10s", **(redis or {})},
            "sasld": {"listen": f'{{ "unix:{self.path}" }}', "guess_delay": "0s", **(sasld or {})},
            "passwords": {"method": "sha512", "sha512_rounds": "5000", "scram_iterations": str(ITERATIONS),
                          **(passwords or {})},
            "plan default": {"quotas": '{ "1000 messages / 1h" }', **(plan or {})},
        }
        content.update(sections or {})
        write_configuration(self.config_path, content)

    def wait_connected(self):
        """Behind the first heartbeat the secret for strangers is asked for."""
        super().wait_connected()
        wait_until(lambda: self.redis.keys(f"{PREFIX}strangers"), "the daemon to ask for its secret", LIMIT_S)

    # -- users

    def secret(self, username, password, with_scram=True, **fields):
        """Writes the hashes of a password; more fields as in the record."""
        write_secret(self.redis, username, password, with_scram, **fields)

    def user(self, login, password="Correct-Horse-7", **fields):
        """An account with its main credential."""
        self.account(login, **fields)
        self.secret(login, password)
        return password

    def last_use(self, username):
        return json.loads(wait_until(lambda: self.redis.command("GET", f"{PREFIX}{{{username}}}:d"),
                                     f"the last use of {username}", LIMIT_S))

    # -- clients

    def client(self, **how):
        return self.keep(Client(self.path, **how))
