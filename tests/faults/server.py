"""A real redis-server, with what can go wrong with one."""

import os
import signal
import threading

import resp
from processes import Process, wait_until
from services import program, write

LIMIT_S = 60
LOAD_DELAY_US = 100    # for each command, when the server is to be seen loading; it looks up after every 1024
BALLAST = 20000        # commands that it loads then
FILL = f"for i = 1, {BALLAST} do redis.call('SET', 'ballast', i) end"
ENDLESS = "while true do end"
PASSWORD = "not for the daemon"


class Server:
    """On a unix socket in `directory`; `persistent` keeps everything in an append-only file."""

    def __init__(self, directory, persistent=True):
        self.directory = os.path.join(directory, "redis")
        self.socket = os.path.join(directory, "redis.sock")
        self.log_path = os.path.join(directory, "redis.log")
        self.persistent = persistent
        self._process = None
        self._config = os.path.join(directory, "redis.conf")
        os.makedirs(self.directory)

    @property
    def reach(self):
        """Settings of section redis."""
        return {"address": f'"unix:{self.socket}"'}

    @staticmethod
    def suits(_):
        """Would a fault of this server hit the login?"""
        return True

    def start(self, persistent=None, load_delay_us=0):
        self.persistent = self.persistent if persistent is None else persistent
        write(self._config, f"""\
port 0
unixsocket {self.socket}
unixsocketperm 777
dir {self.directory}
save ""
appendonly {"yes" if self.persistent else "no"}
appendfsync no
enable-debug-command local
busy-reply-threshold 30
repl-diskless-load disabled
key-load-delay {load_delay_us}
""")
        self._process = Process("redis-server", [program("redis-server", "redis-server"), self._config], self.log_path)
        self._process.wait_ready((lambda: self._refuses("LOADING")) if load_delay_us else self._answers, LIMIT_S)

    def _answers(self):
        try:
            return self.ask("PING") == b"PONG"
        except (OSError, resp.ServerError):
            return False

    def stop(self):
        if self._process:
            self._process.kill()
            self._process = None
            if os.path.exists(self.socket):
                os.unlink(self.socket)

    def kill(self):
        """As the kernel would: nothing is said to anybody, the socket file stays."""
        self._process.kill()
        self._process = None

    def signal(self, number):
        self._process.signal(number)

    def pause(self):
        self.signal(signal.SIGSTOP)

    def resume(self):
        self.signal(signal.SIGCONT)

    def ask(self, *words, password=None):
        """One command on a connection of its own."""
        connection = resp.Connection(self.socket)
        try:
            if password:
                connection("AUTH", password)
            return connection(*words)
        finally:
            connection.close()

    def keys(self, pattern):
        connection = resp.Connection(self.socket)
        try:
            return connection.keys(pattern)
        finally:
            connection.close()

    # --- faults that are Redis' own: each begins and ends ---

    def busy(self):
        """Somebody's script does not end."""
        threading.Thread(target=self._endless, daemon=True).start()
        wait_until(lambda: self._refuses("BUSY"), "Redis to be busy", LIMIT_S)

    def _endless(self):
        try:
            self.ask("EVAL", ENDLESS, "0")
        except (OSError, resp.ServerError):
            pass    # SCRIPT KILL, or the server's end

    def not_busy(self):
        self.ask("SCRIPT", "KILL")
        wait_until(self._answers, "the script's end", LIMIT_S)

    def _refuses(self, word):
        try:
            self.ask("PING")
        except resp.ServerError as error:
            return str(error).startswith(word)
        except OSError:
            pass
        return False

    def restart_slowly(self):
        """It is back, but does not know its data yet."""
        self.ask("EVAL", FILL, "0")
        self.kill()
        self.start(load_delay_us=LOAD_DELAY_US)

    def hurry(self):
        self.ask("CONFIG", "SET", "key-load-delay", "0")
        wait_until(self._answers, "the data", LIMIT_S)

    def full(self):
        self.ask("CONFIG", "SET", "maxmemory-policy", "noeviction", "maxmemory", "1")

    def not_full(self):
        self.ask("CONFIG", "SET", "maxmemory", "0")

    def replica(self):
        """Of a server that is not there; writing is refused, reading is not."""
        self.ask("REPLICAOF", "127.0.0.1", "1")

    def primary(self):
        self.ask("REPLICAOF", "NO", "ONE")

    def lock(self):
        """Who is connected stays so: those are thrown out, as a new ACL would."""
        self.ask("CONFIG", "SET", "requirepass", PASSWORD)
        self.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes", password=PASSWORD)

    def unlock(self):
        self.ask("CONFIG", "SET", "requirepass", "", password=PASSWORD)
