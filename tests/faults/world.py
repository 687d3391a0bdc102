"""What a case works in: a real Redis, the proxy before it, and one daemon, in a directory of their own."""

import json
import os
import re
import shutil
import signal
import time

from alone import make_directory, own_settings
from fronts import FRONTS
from ports import free_port
from processes import wait_until
from proxy import NONE, Proxy
from sendward import NODE, Daemon, Tool, write_configuration
from server import LIMIT_S, Server

DEADLINE_MS = 250
LIMIT = 10         # messages of a login in an hour
MARGIN_MS = 250    # what an answer may take beyond the deadline: less than another deadline would

# What store/breaker.c says when an outage begins and when it is over, and nobody else.
OPENING = re.compile(r"warning: redis .*; not asked until it answers again$")
CLOSING = re.compile(r"\]: redis .*: answers again after \d+ ms$")

QUARANTINE = ":quarantine_size_mb=1"

_FIELD = re.compile(r'(\w+)=(?:"((?:[^"\\]|\\.)*)"|(\S*))')


def decision_fields(line):
    """The fields of a decision as a dict; None for another line."""
    start = re.search(r"\bnode=\S+ stage=", line)
    if not start:
        return None
    return {name: quoted or bare for name, quoted, bare in _FIELD.findall(line[start.start():])}


class World:
    """`kind` is policyd or milter. The milter reaches its Redis by TCP, the policy daemon by a unix socket; `daemon` is
    the class to start it with, `server` a Redis that several share, `topology` a class of servers that are
    reached without a proxy."""

    def __init__(self, kind, mode="degrade", top=None, redis=None, plan=None, front=None, persistent=True, tcp=None,
                 daemon=Daemon, node=NODE, server=None, topology=None):
        self.kind = kind
        self.mode = mode
        self.node = node
        self._owns_server = server is None
        self.directory = make_directory("sw-faults-")
        self.server = server or (topology(self.directory) if topology else Server(self.directory, persistent))
        tcp = kind == "milter" if tcp is None else tcp
        self.proxy = None
        if not topology:
            self.proxy = Proxy(("127.0.0.1", free_port()) if tcp else os.path.join(self.directory, "proxy.sock"),
                               self.server.socket)
        self.path = os.path.join(self.directory, kind)
        self.config_path = os.path.join(self.directory, "sendward.conf")
        self.front = FRONTS[kind](self.path)
        self.daemon = daemon(self.front.program, self.config_path, os.path.join(self.directory, kind + ".log"),
                            [self.path])
        self._settings = {"top": top or {}, "redis": redis or {}, "plan": plan or {}, kind: front or {}}
        self._numbers = 0
        self.tool = None

    def __enter__(self):
        try:
            if self._owns_server:
                self.server.start()
            if self.proxy:
                self.proxy.start()
            self.tool = self._tool()
            self._configure()
            self.daemon.start()
            self.wait_store()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    # Of the last that was closed, for the runner to show.
    last_log = ""

    def close(self):
        self.daemon.kill()
        World.last_log = self.log()
        if self.proxy:
            self.proxy.stop()
        if self._owns_server:
            self.server.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _tool(self):
        """Goes to Redis itself, past the proxy."""
        path = os.path.join(self.directory, "tool.conf")
        write_configuration(path, {
            "": {"node": '"tool"'},
            "redis": {**self.server.reach, "deadline": "5s"},
            "plan default": self._plan(),
        })
        return Tool(path)

    def _plan(self):
        return {"quotas": f'{{ "{LIMIT} messages / 1h" }}', "senders": '{ "%login" }', **self._settings["plan"]}

    def _reach(self):
        if not self.proxy:
            return self.server.reach
        address = self.proxy.address
        return {"address": f'"unix:{address}"' if isinstance(address, str) else '"inet:{}:{}"'.format(*address)}

    def _configure(self):
        listen = f'"unix:{self.path}"'
        write_configuration(self.config_path, {
            "": {**own_settings(self.directory, self.node), "on_store_failure": self.mode, **self._settings["top"]},
            "redis": {**self._reach(), "deadline": f"{DEADLINE_MS}ms", **self._settings["redis"]},
            self.kind: {"listen": f"{{ {listen} }}" if self.kind == "policyd" else listen, **self._settings[self.kind]},
            "plan default": self._plan(),
        })

    # --- asking ---

    def queue_id(self):
        self._numbers += 1
        return f"4Q{self._numbers:08X}"

    def login(self, name, hit=True):
        """One that nobody has used, and that a fault of the server would hit, or would not."""
        while True:
            self._numbers += 1
            login = f"{name}{self._numbers}@dom.example"
            if self.server.suits(login) == hit:
                return login

    def send(self, login, sender=None):
        return self.front.send(login, self.queue_id(), sender)

    def used(self, login):
        """What Redis has counted."""
        done = self.tool("usage", login, "--json", check=False)
        if done.returncode != 0:
            return 0
        return json.loads(done.stdout)["quotas"][0]["used"]

    # --- what the log says ---

    def log(self):
        return self.daemon.log()

    def decisions(self, after=0, login=None):
        """Fields of the decisions in the log from character `after` on."""
        found = [decision_fields(line) for line in self.log()[after:].splitlines()]
        return [fields for fields in found if fields and login in (None, fields.get("login"))]

    def store_decides(self, login):
        """Sends, and tells by the log whether it was the store that has decided on it."""
        after = len(self.log())
        self.send(login)
        fields = wait_until(lambda: self.decisions(after, login), "the decision in the log", LIMIT_S)[-1]
        return "store" not in fields

    def wait_store(self):
        """Until decisions are the store's; returns how long that took, in ms."""
        login, began = self.login("witness"), time.monotonic()
        wait_until(lambda: self.store_decides(login), "a decision of the store's", LIMIT_S)
        return (time.monotonic() - began) * 1000

    def heal(self):
        """Whatever was wrong with Redis, it is not any more."""
        self.proxy.set(NONE)

    def missed_deadline(self, after=0):
        """Was an answer of Redis later than the deadline?"""
        return f": no answer within {DEADLINE_MS} ms" in self.log()[after:]

    # --- what the daemon takes ---

    @property
    def pid(self):
        return self.daemon.processes[0].pid

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def threads(self):
        return len(os.listdir(f"/proc/{self.pid}/task"))

    def rss_kb(self):
        return self._status("VmRSS")

    def _status(self, name):
        with open(f"/proc/{self.pid}/status", encoding="ascii") as status:
            return int(re.search(rf"^{name}:\s+(\d+)", status.read(), re.M).group(1))

    def cpu_s(self):
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self):
        """A clean stop: exit status and what a sanitizer has found, which is to be (0, [])."""
        self.daemon.ask_to_stop()
        self.daemon.stop()
        return self.daemon.stopped_with, self.daemon.sanitizer_reports()

    def signal(self, number=signal.SIGTERM):
        self.daemon.signal(number)


def measured(kind, *arguments, **settings):
    """A world whose memory is looked at: a sanitizer does not keep much of what was freed."""
    options = os.environ.get("ASAN_OPTIONS", "exitcode=99")
    if QUARANTINE not in options:
        os.environ["ASAN_OPTIONS"] = options + QUARANTINE    # each group of cases is a process of its own
    return World(kind, *arguments, **settings)
