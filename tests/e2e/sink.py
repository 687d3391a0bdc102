#!/usr/bin/python3
"""An SMTP server that accepts everything and keeps it: one JSON file per delivery.

    sink.py PORT DIRECTORY

Speaks what Postfix may want to use towards it: PIPELINING, SIZE, 8BITMIME, DSN parameters and SMTPUTF8. Each delivery
becomes DIRECTORY/NUMBER.json, written elsewhere and renamed, with the members `sender` and `recipients` (without the
angle brackets) and `content` (the message as received, dots unstuffed, bytes as ISO 8859-1 characters).
"""

import json
import os
import socketserver
import sys
import threading

KEYWORDS = (b"PIPELINING", b"SIZE 1000000000", b"8BITMIME", b"SMTPUTF8", b"DSN", b"ENHANCEDSTATUSCODES")


class Keeper:
    """The directory deliveries are written to."""

    def __init__(self, directory):
        self._directory = directory
        self._lock = threading.Lock()
        self._number = 0

    def keep(self, sender, recipients, content):
        with self._lock:
            self._number += 1
            name = f"{self._number:06d}.json"
        record = {"sender": sender, "recipients": recipients, "content": content.decode("latin-1")}
        unfinished = os.path.join(self._directory, "." + name)
        with open(unfinished, "w", encoding="utf-8") as out:
            json.dump(record, out)
        os.rename(unfinished, os.path.join(self._directory, name))


class Session(socketserver.StreamRequestHandler):
    """One SMTP session."""

    def handle(self):
        self.sender, self.recipients = None, []
        self.reply(b"220 sink.example ESMTP")
        for line in self.rfile:
            words = line.strip().split(None, 1) or [b""]
            verb, rest = words[0].upper(), words[1] if len(words) > 1 else b""
            if verb == b"QUIT":
                self.reply(b"221 2.0.0 bye")
                return
            self.command(verb, rest)

    def command(self, verb, rest):
        if verb == b"EHLO":
            lines = [b"sink.example", *KEYWORDS]
            for word in lines[:-1]:
                self.wfile.write(b"250-" + word + b"\r\n")
            self.reply(b"250 " + lines[-1])
        elif verb in (b"HELO", b"NOOP"):
            self.reply(b"250 2.0.0 ok")
        elif verb == b"RSET":
            self.sender, self.recipients = None, []
            self.reply(b"250 2.0.0 ok")
        elif verb == b"MAIL":
            self.sender, self.recipients = address(rest), []
            self.reply(b"250 2.1.0 ok")
        elif verb == b"RCPT":
            self.recipients.append(address(rest))
            self.reply(b"250 2.1.5 ok")
        elif verb == b"DATA":
            self.reply(b"354 go on")
            self.server.keeper.keep(self.sender, self.recipients, self.content())
            self.reply(b"250 2.0.0 kept")
        else:
            self.reply(b"502 5.5.2 unknown")

    def content(self):
        lines = []
        for line in self.rfile:
            if line == b".\r\n":
                return b"".join(lines)
            lines.append(line[1:] if line.startswith(b".") else line)
        raise ConnectionError("connection lost in the content")

    def reply(self, line):
        self.wfile.write(line + b"\r\n")


def address(argument):
    """FROM:<a@b> SIZE=1 -> a@b"""
    path = argument.partition(b":")[2].strip()
    if path.startswith(b"<"):
        path = path[1:].rpartition(b">")[0]
    return path.decode("utf-8", "backslashreplace")


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port, directory):
        super().__init__(("127.0.0.1", port), Session)
        self.keeper = Keeper(directory)

    def handle_error(self, request, client_address):
        print("sink:", sys.exc_info()[1], file=sys.stderr, flush=True)


def main(argv):
    if len(argv) != 3:
        print("usage: sink.py PORT DIRECTORY", file=sys.stderr)
        return 2
    with Server(int(argv[1]), argv[2]) as server:
        server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
