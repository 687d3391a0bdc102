"""A connection to Redis, for one thread: enough of RESP2 to ask and to run scripts."""

import socket

LIMIT_S = 60


class ServerError(Exception):
    """An error reply."""


class Connection:
    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(LIMIT_S)
        self._socket.connect(path)
        self._file = self._socket.makefile("rb")

    def close(self):
        self._file.close()
        self._socket.close()

    def __call__(self, *words):
        """One command; the reply as int, bytes, None or a list of these."""
        data = [b"*%d\r\n" % len(words)]
        for word in words:
            octets = word if isinstance(word, bytes) else str(word).encode()
            data.append(b"$%d\r\n%s\r\n" % (len(octets), octets))
        self._socket.sendall(b"".join(data))
        return self._reply()

    def keys(self, pattern="*"):
        """All keys that match, through SCAN; as text."""
        found, cursor = set(), b"0"
        while True:
            cursor, page = self("SCAN", cursor, "MATCH", pattern, "COUNT", 1000)
            found.update(key.decode() for key in page)
            if cursor == b"0":
                return sorted(found)

    def _reply(self):
        line = self._file.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("Redis closed the connection")
        kind, text = line[:1], line[1:-2]
        if kind == b"-":
            raise ServerError(text.decode())
        if kind == b":":
            return int(text)
        if kind == b"+":
            return text
        if text == b"-1":
            return None
        if kind == b"$":
            return self._file.read(int(text) + 2)[:-2]
        return [self._reply() for _ in range(int(text))]
