"""The mail server's side of the milter protocol, version 6, packet for packet as Postfix 3.7 speaks it.

Facts from Postfix's src/milter/milter8.c: macros go before each event, also before one that the milter does not want;
a header's value keeps the space after the colon (SMFIP_HDR_LEADSPC); the body comes in chunks of at most 65535 octets
and the end of the body in a packet of its own; RSET sends ABORT.
"""

import collections
import fcntl
import socket
import struct
import termios

from processes import wait_until

VERSION = 6
ACTIONS = 0x1FF
STEPS = 0x1FFFFF
CHUNK = 65535
LIMIT_S = 60

# Steps the milter need not get (SMFIP_NO...) and those it does not answer (SMFIP_NR_...), by command.
UNWANTED = {"C": 0x1, "H": 0x2, "M": 0x4, "R": 0x8, "B": 0x10, "L": 0x20, "N": 0x40, "U": 0x100, "T": 0x200}
UNANSWERED = {"L": 0x80, "C": 0x1000, "H": 0x2000, "M": 0x4000, "R": 0x8000, "T": 0x10000, "N": 0x40000, "B": 0x80000}

# What the milter may ask for before its last word, and where texts are separated.
CHANGES = {"+": "addrcpt", "-": "delrcpt", "q": "quarantine", "h": "addheader", "i": "insheader", "m": "chgheader",
           "e": "chgfrom", "b": "replacebody", "p": "progress"}
LAST_WORDS = {"c": "continue", "a": "accept", "d": "discard", "r": "reject", "t": "tempfail", "s": "skip"}

# answer: one of LAST_WORDS, or the SMTP reply; changes: [(name, text)] in the order they came, progress left out.
Answer = collections.namedtuple("Answer", "answer changes")


class Gone(Exception):
    """The milter closed the connection."""


class Session:
    """One SMTP session: one connection to the milter."""

    def __init__(self, address, client="192.0.2.7", offer=(VERSION, ACTIONS, STEPS)):
        """address is a path, or a host and a port."""
        if isinstance(address, str):
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.socket.settimeout(LIMIT_S)
            self.socket.connect(address)
        else:
            self.socket = socket.create_connection(address, LIMIT_S)
        self.symbols = {}
        try:
            self._negotiate(offer)
            self._connect(client)
        except BaseException:
            self.socket.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _negotiate(self, offer):
        self._write("O", struct.pack("!III", *offer))
        command, data = self._read()
        if command != "O":
            raise Gone(f"negotiation was answered with {command!r}")
        self.version, self.actions, self.steps = struct.unpack("!III", data[:12])
        data = data[12:]
        while data:
            stage = struct.unpack("!I", data[:4])[0]
            names, _, data = data[4:].partition(b"\0")
            self.symbols[stage] = names.decode()

    def _connect(self, client):
        family = b"6" if ":" in client else b"4"
        self._event("C", {"j": "mx.example", "{daemon_name}": "mx.example", "v": "Postfix 3.7.11"},
                    b"client.example\0" + family + struct.pack("!H", 40000) + client.encode() + b"\0")
        self._event("H", {}, b"client.example\0")

    def mail(self, sender, login=None, *parameters):
        """MAIL FROM as typed, by a session with or without a login."""
        macros = {"{mail_addr}": sender.strip("<>"), "{mail_mailer}": "smtp"}
        if login is not None:
            macros.update({"{auth_type}": "PLAIN", "{auth_authen}": login})
        return self._event("M", macros, _texts(sender, *parameters)).answer

    def envelope(self, sender, login=None, *parameters):
        """MAIL and the first RCPT, at which the milter says what it thinks of both."""
        answer = self.mail(sender, login, *parameters)
        return self.rcpt("<r@example.net>") if answer == "continue" else answer

    def rcpt(self, recipient, queue_id=None):
        macros = {"{rcpt_addr}": recipient.strip("<>").lower(), "{rcpt_mailer}": "smtp"}
        if queue_id:
            macros["i"] = queue_id
        return self._event("R", macros, _texts(recipient)).answer

    def content(self, headers, body, queue_id):
        """DATA and everything up to the final dot, which end_of_message() is."""
        macros = {"i": queue_id}
        self._event("T", macros, b"")
        for name, value in headers:
            self._event("L", macros, _texts(name, value))
        self._event("N", macros, b"")
        for start in range(0, len(body), CHUNK):
            self._event("B", macros, body[start:start + CHUNK])

    def end_of_message(self, queue_id):
        return self._event("E", {"i": queue_id}, b"")

    def send_end_of_message(self, queue_id):
        """The same, without waiting for the answer."""
        self._macros("E", {"i": queue_id})
        self._write("E", b"")

    def wait_read(self):
        """Until the milter has read all that was written: what is unread when the connection ends may be lost with it."""
        wait_until(lambda: not self._unread(), "the milter to read")

    def _unread(self):
        if self.socket.family == socket.AF_UNIX:
            return any(fcntl.ioctl(self.socket, termios.TIOCOUTQ, b"\0" * 4))
        ends = [f":{name[1]:04X}" for name in (self.socket.getpeername(), self.socket.getsockname())]
        with open("/proc/net/tcp", encoding="ascii") as table:    # local and remote address, state, tx_queue:rx_queue
            rows = [line.split() for line in table]
        return any(int(row[4].partition(":")[2], 16) for row in rows[1:] if [row[1][-5:], row[2][-5:]] == ends)

    def abort(self):
        self._write("A", b"")

    def quit(self):
        self._write("Q", b"")
        if self.socket.recv(1):
            raise AssertionError("the milter answered to QUIT")
        self.close()

    def close(self):
        self.socket.close()

    def _macros(self, command, macros):
        self._write("D", command.encode() + b"".join(_texts(name, value) for name, value in macros.items()))

    def _event(self, command, macros, data):
        self._macros(command, macros)
        if self.steps & UNWANTED.get(command, 0):
            return Answer("continue", [])
        self._write(command, data)
        if self.steps & UNANSWERED.get(command, 0):
            return Answer("continue", [])
        return self.answer()

    def answer(self):
        """Reads up to the last word."""
        changes = []
        while True:
            command, data = self._read()
            if command in LAST_WORDS:
                return Answer(LAST_WORDS[command], changes)
            text = data.rstrip(b"\0").decode("utf-8", "surrogateescape")
            if command == "y":
                return Answer(_as_postfix_reads(text), changes)
            if command not in CHANGES:
                raise AssertionError(f"unexpected answer {command!r} {data!r}")
            if CHANGES[command] != "progress":
                changes.append((CHANGES[command], text))

    def _write(self, command, data):
        self.socket.sendall(struct.pack("!I", len(data) + 1) + command.encode() + data)

    def _read(self):
        length = struct.unpack("!I", self._read_exactly(4))[0]
        packet = self._read_exactly(length)
        return packet[:1].decode("latin-1"), packet[1:]

    def _read_exactly(self, n):
        data = b""
        while len(data) < n:
            more = self.socket.recv(n - len(data))
            if not more:
                raise Gone("the milter closed the connection")
            data += more
        return data


def _texts(*texts):
    return b"".join(text.encode("utf-8", "surrogateescape") + b"\0" for text in texts)


def _as_postfix_reads(reply):
    """A reply is a format for sendmail: Postfix makes one "%" of two and drops a single one."""
    return reply.replace("%%", "\0").replace("%", "").replace("\0", "%")
