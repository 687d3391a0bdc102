"""A proxy between a daemon and a real Redis that misbehaves on demand.

It knows just enough of RESP to tell commands and replies apart, so that a fault may hit one kind of command, and that
what it makes up keeps its place among the replies of a pipeline. It runs in a thread of its own; everything public may
be called from any other.
"""

import asyncio
import os
import socket
import threading

LIMIT_S = 60
CHUNK = 65536

# What one command is answered with, besides bytes of the proxy's own.
FORWARD = object()    # what Redis says
NEVER = object()      # nothing, and nothing after it
SCRIPTS = (b"EVALSHA", b"EVAL")


class Fault:
    """How a proxy misbehaves; as it stands here it does not.

    `accepts` False closes the listener. `cuts` closes the connections there are when the fault begins, and every fault
    closes those it has spoiled when it ends. `reads` False leaves what comes in the socket. `delay_ms` holds back each
    reply, of `commands` only when that is given. `answer(words)` may be bytes in the place of Redis' reply. `mangle` is
    given a reply of Redis to one of `commands`, and returns what is sent of it and what happens then: "go on", "reset"
    or "silence".
    """

    def __init__(self, accepts=True, cuts=False, reads=True, delay_ms=0, commands=None, answer=None, mangle=None):
        self.accepts = accepts
        self.cuts = cuts
        self.reads = reads
        self.delay_ms = delay_ms
        self.commands = commands
        self.answer = answer
        self.mangle = mangle

    def concerns(self, words):
        return self.commands is None or words[0].upper() in self.commands


NONE = Fault()


def replying(text, commands=SCRIPTS):
    """A fault that answers these commands (None: all) with the same text, and Redis never sees them."""
    data = text if isinstance(text, bytes) else text.encode() + b"\r\n"
    return Fault(commands=commands, answer=lambda words: data)


class Scanner:
    """Cuts a stream into RESP values. A value is (its bytes, its words when it is an array of strings)."""

    def __init__(self):
        self._data = b""

    def feed(self, data):
        self._data += data
        found = []
        while True:
            words = []
            end = self._end(0, words)
            if end is None:
                return found
            found.append((self._data[:end], words))
            self._data = self._data[end:]

    def _end(self, at, words):
        """Where the value at `at` ends; None when it has not all come."""
        line_end = self._data.find(b"\r\n", at)
        if line_end < 0:
            return None
        kind, text, after = self._data[at:at + 1], self._data[at + 1:line_end], line_end + 2
        if kind == b"$" and int(text) >= 0:
            words.append(self._data[after:after + int(text)])
            after += int(text) + 2
            return after if after <= len(self._data) else None
        if kind == b"*":
            for _ in range(int(text)):
                after = self._end(after, words)
                if after is None:
                    return None
        return after


class Connection:
    """One of the daemon's: commands in, replies out in their order."""

    def __init__(self, proxy, reader, writer):
        self.proxy = proxy
        self.reader = reader
        self.writer = writer
        self.spoiled = False
        self.upstream = None
        self.waiting = []            # futures of what Redis owes, in order
        self.slots = asyncio.Queue()    # (due, words, future of bytes), in order
        self.tasks = []

    async def serve(self):
        try:
            self.tasks = [asyncio.ensure_future(part) for part in (self._commands(), self._replies())]
            await asyncio.wait(self.tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.close()

    async def _commands(self):
        scanner = Scanner()
        while True:
            await self.proxy.reading.wait()
            data = await self.reader.read(CHUNK)
            # What was read while the fault began waits as if it had not been.
            await self.proxy.reading.wait()
            if not data:
                return
            for whole, words in scanner.feed(data):
                await self._command(whole, words)

    async def _command(self, whole, words):
        loop, fault = asyncio.get_running_loop(), self.proxy.fault
        concerned = fault.concerns(words)
        due = loop.time() + (fault.delay_ms / 1000 if concerned else 0)
        answer = fault.answer(words) if fault.answer and concerned else FORWARD
        future = loop.create_future()
        self.slots.put_nowait((due, words, future))
        if answer is FORWARD:
            await self._forward(whole, future)
        elif answer is NEVER:
            self.spoiled = True
        else:
            future.set_result(answer)

    async def _forward(self, whole, future):
        if self.upstream is None:
            reader, self.upstream = await self.proxy.connect_upstream()
            self.tasks.append(asyncio.ensure_future(self._upstream_replies(reader)))
        self.waiting.append(future)
        self.upstream.write(whole)

    async def _upstream_replies(self, reader):
        scanner = Scanner()
        try:
            while True:
                data = await reader.read(CHUNK)
                if not data:
                    break
                for whole, _ in scanner.feed(data):
                    future = self.waiting.pop(0)
                    if not future.done():
                        future.set_result(whole)
        except OSError:
            pass
        self.close()

    async def _replies(self):
        while True:
            due, words, future = await self.slots.get()
            data = await future
            await self.proxy.reading.wait()
            pause = due - asyncio.get_running_loop().time()
            if pause > 0:
                await asyncio.sleep(pause)
            fault, then = self.proxy.fault, "go on"
            if fault.mangle and fault.concerns(words):
                data, then = fault.mangle(data)
            self.writer.write(data)
            await self.writer.drain()
            if then == "go on":
                continue
            self.spoiled = True
            if then == "reset":
                self.close()
                return
            await asyncio.Event().wait()

    def close(self):
        for task in self.tasks:
            task.cancel()
        for writer in (self.writer, self.upstream):
            if writer and not writer.is_closing():
                if writer is self.writer and writer.get_extra_info("socket").family != socket.AF_UNIX:
                    self._linger(writer)
                writer.transport.abort()
        self.proxy.connections.discard(self)

    @staticmethod
    def _linger(writer):
        """The peer is to see a reset, not an end."""
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def bound_socket(address):
    """One that never listens refuses who connects, and keeps the port from others while nobody listens there."""
    result = socket.socket()
    result.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    result.bind(address)
    return result


class Proxy:
    """Listens on `address`, a path or a (host, port), for the Redis at the path `upstream`."""

    def __init__(self, address, upstream):
        self.address = address
        self.fault = NONE
        self.connections = set()
        self.accepted = 0    # connections since the start
        self.reading = None
        self._upstream = upstream
        self._server = None
        self._reserved = None if isinstance(address, str) else bound_socket(address)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._started = threading.Event()

    def start(self):
        self._thread.start()
        self._started.wait(LIMIT_S)
        self._call(self._listen())

    def stop(self):
        if self._thread.is_alive():
            self._call(self._close())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(LIMIT_S)
        if self._reserved:
            self._reserved.close()

    def set(self, fault):
        """From now on; NONE ends it."""
        self._call(self._set(fault))

    def cut(self):
        """Closes every connection, whatever the fault."""
        self._call(self._cut(lambda connection: True))

    async def connect_upstream(self):
        return await asyncio.open_unix_connection(self._upstream)

    def _run(self):
        asyncio.set_event_loop(self._loop)
        self._loop.set_exception_handler(lambda *_: None)    # tasks that end with their connection
        self.reading = asyncio.Event()
        self.reading.set()
        self._loop.call_soon(self._started.set)
        self._loop.run_forever()

    def _call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(LIMIT_S)

    async def _listen(self):
        if isinstance(self.address, str):
            if os.path.exists(self.address):
                os.unlink(self.address)
            self._server = await asyncio.start_unix_server(self._accepted, self.address)
            os.chmod(self.address, 0o777)
        else:
            listener = bound_socket(self.address)
            self._server = await asyncio.start_server(self._accepted, sock=listener)

    async def _accepted(self, reader, writer):
        connection = Connection(self, reader, writer)
        self.accepted += 1
        self.connections.add(connection)
        await connection.serve()

    async def _set(self, fault):
        if not fault.accepts and self._server:
            self._server.close()
            self._server = None
        if fault.cuts:
            await self._cut(lambda connection: True)
        await self._cut(lambda connection: connection.spoiled)
        self.fault = fault
        if fault.reads:
            self.reading.set()
        else:
            self.reading.clear()
        if fault.accepts and not self._server:
            await self._listen()

    async def _cut(self, which):
        for connection in [connection for connection in self.connections if which(connection)]:
            connection.close()

    async def _close(self):
        if self._server:
            self._server.close()
        await self._cut(lambda connection: True)
