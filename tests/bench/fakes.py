"""Servers of a moment that see what a generator says, and a rig that measures nothing."""

import contextlib
import os
import socket
import struct
import tempfile
import threading

# What Postfix 3.7 says of each message (its src/smtpd/smtpd_check.c), in its order.
ATTRIBUTES = """request protocol_state protocol_name client_address client_name client_port reverse_client_name
server_address server_port helo_name sender recipient recipient_count queue_id instance size etrn_domain stress
sasl_method sasl_username sasl_sender ccert_subject ccert_issuer ccert_fingerprint ccert_pubkey_fingerprint
encryption_protocol encryption_cipher encryption_keysize policy_context""".split()


@contextlib.contextmanager
def server(serve):
    """A listener whose first connection is given to serve(connection) in a thread; yields its address."""
    with tempfile.TemporaryDirectory() as directory, socket.socket(socket.AF_UNIX) as listener:
        path = os.path.join(directory, "socket")
        listener.bind(path)
        listener.listen()

        def accept():
            with contextlib.suppress(OSError), listener.accept()[0] as connection:
                serve(connection)
        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield "unix:" + path
        finally:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join(30)


def whole_request(connection):
    """The next policy request; b"" when there is none."""
    request = b""
    while not request.endswith(b"\n\n"):
        more = connection.recv(65536)
        if not more:
            return b""
        request += more
    return request


def packet_of(text):
    return struct.pack(">I", len(text)) + text


def milter_packet(connection):
    """The next packet without its length; b"" when there is none."""
    head = connection.recv(4, socket.MSG_WAITALL)
    return connection.recv(struct.unpack(">I", head)[0], socket.MSG_WAITALL) if len(head) == 4 else b""


class Recorder:
    """In place of a Rig: each server answers with the next of its speeds."""

    def __init__(self, others, **speeds):
        """others: the other figures that are found, with their values."""
        self.others = others
        self.speeds = {name: list(values) for name, values in speeds.items()}
        self.asked = []

    @staticmethod
    def pace(server, seconds):
        return {"warm_up": seconds, "rest": seconds} if server == "ours" else {}

    def load(self, generator, server, **options):
        del generator
        self.asked.append((server, options))
        if not self.speeds[server]:
            raise RuntimeError("has gone")
        return {**self.others, "per_second": self.speeds[server].pop(0), "latency_us": {}}
