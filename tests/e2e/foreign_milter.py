"""A milter that is not ours, speaking the milter protocol (version 6) as a server.

Runs in threads of the test itself. It lets everything pass but what `answers` says otherwise, and records the commands
it was shown, so that a test can see who was asked and in which order.
"""

import os
import socketserver
import struct
import threading

# Commands of the protocol, Postfix src/milter/milter8.c; NOT_ANSWERED get no response.
OPTIONS, MACROS, QUIT, QUIT_NEW, ABORT = b"O", b"D", b"Q", b"K", b"A"
NAMES = {b"C": "CONNECT", b"H": "HELO", b"M": "MAIL", b"R": "RCPT", b"T": "DATA", b"L": "HEADER", b"N": "EOH",
         b"B": "BODY", b"E": "END-OF-MESSAGE", b"A": "ABORT", b"U": "UNKNOWN"}
NOT_ANSWERED = (MACROS, ABORT, QUIT_NEW)

CONTINUE = b"c"
VERSION, ACTIONS, STEPS = 6, 0, 0    # no changes to the message, all steps shown


def reply(text):
    """An answer with an SMTP reply of its own: "550 5.7.1 no"."""
    return b"y" + text.encode("ascii") + b"\0"


class ForeignMilter:
    """Listens on a Unix socket while the `with` block lasts.

    `answers` maps a name of NAMES to the bytes of the response, for instance {"END-OF-MESSAGE": reply("550 ...")}.
    """

    def __init__(self, path, answers=None):
        self.answers = dict(answers or {})
        self.seen = []
        self._path = path
        self._server = None

    def __enter__(self):
        milter = self

        class Connection(socketserver.StreamRequestHandler):
            def handle(self):
                milter.serve(self.rfile, self.wfile)

        class Server(socketserver.ThreadingUnixStreamServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, request, client_address):
                pass    # Postfix has gone; nothing is owed to it

        self._server = Server(self._path, Connection)
        os.chmod(self._path, 0o666)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        if os.path.exists(self._path):
            os.unlink(self._path)

    def serve(self, stream_in, stream_out):
        """One connection until its end."""
        while True:
            head = stream_in.read(5)
            if len(head) < 5:
                return
            length, command = struct.unpack(">Ic", head)
            stream_in.read(length - 1)
            if command == QUIT:
                return
            if command in NAMES:
                self.seen.append(NAMES[command])
            if command in NOT_ANSWERED:
                continue
            if command == OPTIONS:
                answer = OPTIONS + struct.pack(">III", VERSION, ACTIONS, STEPS)
            else:
                answer = self.answers.get(NAMES.get(command), CONTINUE)
            stream_out.write(struct.pack(">I", len(answer)) + answer)
            stream_out.flush()
