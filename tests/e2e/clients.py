"""Real mail clients, and a session of our own for what they cannot do.

Each client function submits one Message with SMTP AUTH over STARTTLS and returns an Outcome: the reply that decided,
the stage it came at, and the conversation as the client reported it.
"""

import base64
import dataclasses
import itertools
import os
import re
import socket
import ssl
import subprocess

from services import PASSWORD, program

# Postfix treats sessions from its own address as local and mends their headers; any other loopback address is remote.
CLIENT = "127.0.0.5"
HELO = "client.example"
LIMIT_S = 60

_numbers = itertools.count(1)


class Message:
    """One message to submit.

    `sender` is the envelope sender, by default the login, "" for <>. `header_from` is the content of the From field, by
    default the login; None leaves the field out. `headers` are further header lines. `client_ip` is the loopback
    address the client connects from, `password` what swaks logs in with. `message_id` names the message in logs and
    deliveries.
    """

    def __init__(self, login, to=("friend@far.example",), sender=None, header_from="", headers=(), body="Hello.\n",
                 client_ip=CLIENT, password=PASSWORD):
        self.to = list(to)
        self.sender = login if sender is None else sender
        self.header_from = login if header_from == "" else header_from
        self.client_ip = client_ip
        self.password = password
        self.message_id = f"{os.getpid()}.{next(_numbers)}@{HELO}"
        lines = [] if self.header_from is None else ["From: " + self.header_from]
        lines += ["To: " + ", ".join(self.to[:3]), f"Message-ID: <{self.message_id}>",
                  "Date: Mon, 5 Jan 2026 12:00:00 +0000", "Subject: a message", *headers, "", *body.splitlines()]
        self.content = "\r\n".join(lines) + "\r\n"


@dataclasses.dataclass
class Outcome:
    """How a submission ended. `stage` is AUTH, MAIL, RCPT, DATA or END-OF-MESSAGE."""

    stage: str
    code: int
    text: str
    message_id: str = ""
    transcript: str = ""
    sent: Message = None

    @property
    def accepted(self):
        return self.stage == "END-OF-MESSAGE" and self.code == 250

    @property
    def queue_id(self):
        found = re.search(r"queued as (\w+)", self.text)
        return found.group(1) if found else ""

    @property
    def reply(self):
        return f"{self.code} {self.text}"

    def __str__(self):
        return f"at {self.stage}: {self.reply}"


# Who says what in a conversation as the client prints it: (pattern of a command, pattern of a reply).
_SWAKS = (re.compile(r"^ [-~]> (.*)$"), re.compile(r"^<(?:[-~*]) ?[ *] ?\s*(\d{3})([ -])(.*)$"))
_MSMTP = (re.compile(r"^--> (.*)$"), re.compile(r"^<-- (\d{3})([ -])(.*)$"))
_CURL = (re.compile(r"^> (.*)$"), re.compile(r"^< (\d{3})([ -])(.*)$"))

_VERBS = ("EHLO", "HELO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "RSET", "QUIT")


def outcome_of(transcript, patterns, message):
    """Reads the conversation: the first refusal decides, otherwise the reply to the final dot.

    Some clients pipeline, so replies are counted off against the commands before them. A transcript may or may not show
    the content; the reply after a 354 is the one to the final dot in any case.
    """
    command, reply = patterns
    waiting, text_lines = ["CONNECT"], []
    for line in transcript.splitlines():
        spoken, heard = command.match(line), reply.match(line)
        if spoken:
            verb = spoken.group(1).split(" ")[0].strip().upper()
            if verb in _VERBS and "END-OF-MESSAGE" not in waiting:
                waiting.append(verb)
        elif heard:
            text_lines.append(heard.group(3).rstrip())
            if heard.group(2) == "-":
                continue
            stage, code, text = waiting.pop(0) if waiting else "?", int(heard.group(1)), " ".join(text_lines)
            text_lines = []
            if code == 354:
                waiting = ["END-OF-MESSAGE"]
            elif code >= 400 or stage == "END-OF-MESSAGE":
                return Outcome(stage, code, text, message.message_id, transcript, message)
    raise RuntimeError(f"no end in the client's conversation:\n{transcript}")


def _run(argv, content):
    done = subprocess.run(argv, input=content.encode("utf-8"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=LIMIT_S, check=False)
    return done.stdout.decode("utf-8", "backslashreplace")


def swaks(port, login, message):
    argv = [program("swaks", "swaks"), "--server", "127.0.0.1", "--port", str(port), "--ehlo", HELO,
            "--local-interface", message.client_ip, "--tls", "--auth", "PLAIN", "--auth-user", login,
            "--auth-password", message.password, "--from", message.sender or "<>", "--to", ",".join(message.to),
            "--data", "-", "--timeout", str(LIMIT_S)]
    return outcome_of(_run(argv, message.content.replace("\r\n", "\n")), _SWAKS, message)


def msmtp(port, login, message):
    argv = [program("msmtp", "msmtp"), "--file=/dev/null", "--debug", "--host=127.0.0.1", f"--port={port}",
            "--domain=" + HELO, "--source-ip=" + message.client_ip, "--tls=on", "--tls-starttls=on",
            "--tls-certcheck=off", "--auth=plain", "--user=" + login, f"--passwordeval=echo '{PASSWORD}'",
            "--set-from-header=off", "--set-date-header=off", "--from=" + message.sender, "--", *message.to]
    return outcome_of(_run(argv, message.content.replace("\r\n", "\n")), _MSMTP, message)


def curl(port, login, message):
    argv = [program("curl", "curl"), "--silent", "--show-error", "--verbose", "--insecure", "--ssl-reqd",
            "--interface", message.client_ip, "--max-time", str(LIMIT_S), "--login-options", "AUTH=PLAIN",
            "--user", f"{login}:{PASSWORD}", "--mail-from", f"<{message.sender}>", "--upload-file", "-",
            f"smtp://127.0.0.1:{port}/{HELO}"]
    for recipient in message.to:
        argv += ["--mail-rcpt", recipient]
    return outcome_of(_run(argv, message.content), _CURL, message)


def python(port, login, message):
    """Our own session, for logins no client takes, and the fastest of all."""
    with Session(port, client_ip=message.client_ip, login=login) as session:
        return session.submit(message)


CLIENTS = {"swaks": swaks, "msmtp": msmtp, "curl": curl, "python": python}


class Reply:
    """One SMTP reply."""

    def __init__(self, code, text):
        self.code, self.text = code, text

    def __str__(self):
        return f"{self.code} {self.text}"


class Session:
    """One SMTP session, command by command.

    Opens the connection from `client_ip`, says EHLO and STARTTLS, then AUTH for `login` if given. `xclient` are
    attributes to pretend by XCLIENT, for instance {"ADDR": "IPV6:2001:db8::7", "LOGIN": "rose@dom.example"}.
    `tls_version` is the newest that it offers, `certificate` the path of its own, the key beside it in PATH.key.
    """

    def __init__(self, port, client_ip=CLIENT, login=None, xclient=None, tls=True, tls_version=None, certificate=None):
        self._tls_version, self._certificate = tls_version, certificate
        self.transcript = []
        self._socket = socket.create_connection(("127.0.0.1", port), LIMIT_S, (client_ip, 0))
        self._stream = self._socket.makefile("rwb")
        try:
            self._expect(220, self.read_reply())
            self._expect(250, self.command("EHLO " + HELO))
            if tls:
                self._start_tls()
            if xclient:
                words = " ".join(f"{name}={xtext(value)}" for name, value in xclient.items())
                self._expect(220, self.command("XCLIENT " + words))
                self._expect(250, self.command("EHLO " + HELO))
            if login is not None:
                self._expect(235, self.auth(login))
        except BaseException:
            self.drop()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.drop()

    def auth(self, login, password=PASSWORD):
        response = base64.b64encode(b"\0".join([b"", login.encode("utf-8"), password.encode("utf-8")])).decode("ascii")
        return self.command("AUTH PLAIN " + response)

    def command(self, line):
        self.write(line.encode("utf-8") + b"\r\n")
        return self.read_reply()

    def mail(self, sender, parameters=""):
        return self.command(f"MAIL FROM:<{sender}>{' ' if parameters else ''}{parameters}")

    def rcpt(self, recipient):
        return self.command(f"RCPT TO:<{recipient}>")

    def data(self, content):
        """DATA, the content and the final dot; the reply is the one that ends it, to DATA or to the dot."""
        reply = self.command("DATA")
        if reply.code == 354:
            self.write(dotted(content) + b".\r\n")
            reply = self.read_reply()
        return reply

    def submit(self, message, parameters=""):
        """One message as a polite client sends it: goes on while at least one recipient is accepted."""
        begin = len(self.transcript)

        def ended(stage, reply):
            return Outcome(stage, reply.code, reply.text, message.message_id,
                           "\n".join(self.transcript[begin:]), message)

        if not message.content.isascii() and "SMTPUTF8" not in parameters:
            parameters = (parameters + " BODY=8BITMIME SMTPUTF8").strip()
        reply = self.mail(message.sender, parameters)
        if reply.code != 250:
            return ended("MAIL", reply)
        answers = [self.rcpt(recipient) for recipient in message.to]
        if all(answer.code != 250 for answer in answers):
            self.command("RSET")
            return ended("RCPT", answers[0])
        reply = self.command("DATA")
        if reply.code != 354:
            self.command("RSET")
            return ended("DATA", reply)
        self.write(dotted(message.content.encode("utf-8")) + b".\r\n")
        return ended("END-OF-MESSAGE", self.read_reply())

    def write(self, octets):
        self.transcript += ["> " + line for line in octets.decode("utf-8", "backslashreplace").splitlines()[:40]]
        self._stream.write(octets)
        self._stream.flush()

    def read_reply(self):
        lines = []
        while True:
            line = self._stream.readline()
            if not line:
                raise ConnectionError("the server closed the connection; so far:\n" + "\n".join(self.transcript))
            line = line.decode("utf-8", "backslashreplace").rstrip("\r\n")
            self.transcript.append("< " + line)
            lines.append(line[4:])
            if line[3:4] != "-":
                return Reply(int(line[:3]), " ".join(lines))

    def drop(self):
        """Ends the connection without a word."""
        for part in (self._stream, self._socket):
            try:
                part.close()
            except OSError:
                pass

    def _start_tls(self):
        self._expect(220, self.command("STARTTLS"))
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if self._tls_version:
            context.maximum_version = self._tls_version
        if self._certificate:
            context.load_cert_chain(self._certificate, self._certificate + ".key")
        self._stream.close()
        self._socket = context.wrap_socket(self._socket)
        self._stream = self._socket.makefile("rwb")
        self._expect(250, self.command("EHLO " + HELO))

    def _expect(self, code, reply):
        if reply.code != code:
            raise RuntimeError(f"expected {code}, got {reply}; the session:\n" + "\n".join(self.transcript))


def dotted(content):
    """Content with the dots of RFC 5321 section 4.5.2, its last line ended."""
    stuffed = re.sub(rb"^\.", b"..", content, flags=re.M)
    return stuffed if not stuffed or stuffed.endswith(b"\r\n") else stuffed + b"\r\n"


def xtext(value):
    """RFC 3461 section 4 encoding, as XCLIENT wants attribute values."""
    return "".join(chr(octet) if 33 <= octet <= 126 and octet not in b'+="\\<>()' else f"+{octet:02X}"
                   for octet in value.encode("utf-8"))
