"""A whole installation for a proof: one Redis, and nodes with the real daemons, in a directory of their own."""

import os
import shutil
import signal

import counters
import resp
from alone import own_settings
from places import make_temporary
from processes import wait_until
from sendward import Daemon, Tool, write_configuration
from services import Redis

LIMIT_S = 60
# Machines that run tests are slow: no proof here is about deadlines.
DEADLINE = "5s"
DEFAULT_PLAN = {"quotas": '{ "1000000 messages / 1d" }'}


class Node:
    """One server: its configuration, a policy daemon, and a milter when it has one."""

    def __init__(self, system, name, milter):
        self.name = name
        self.directory = os.path.join(system.directory, name)
        os.makedirs(os.path.join(self.directory, "state"))
        self.config_path = os.path.join(self.directory, "sendward.conf")
        self.policy_path = os.path.join(self.directory, "policy")
        self.milter_path = os.path.join(self.directory, "milter") if milter else None
        self.policyd = self._daemon("sendward-policyd", self.policy_path)
        self.milter = self._daemon("sendward-milter", self.milter_path) if milter else None
        self.tool = Tool(self.config_path)
        self._redis = system.redis_path
        self._settings = {"deadline": system.deadline, **system.redis_settings}

    def _daemon(self, program, socket):
        return Daemon(program, self.config_path, os.path.join(self.directory, program + ".log"), [socket])

    @property
    def daemons(self):
        return [daemon for daemon in (self.policyd, self.milter) if daemon]

    def configure(self, top, sections):
        content = {
            "": {**own_settings(self.directory, self.name), **top},
            "redis": {"address": f'"unix:{self._redis}"', **self._settings},
            "policyd": {"listen": f'{{ "unix:{self.policy_path}" }}'},
        }
        if self.milter:
            content["milter"] = {"listen": f'"unix:{self.milter_path}"'}
        write_configuration(self.config_path, {**content, "plan default": DEFAULT_PLAN, **sections})

    def reload(self):
        """SIGHUP to one, SIGUSR1 to the other, and waits until both say so."""
        for daemon, number in ((self.policyd, signal.SIGHUP), (self.milter, signal.SIGUSR1)):
            if daemon:
                after = len(daemon.log())
                daemon.signal(number)
                daemon.wait_log("configuration reloaded", after=after)


class System:
    """`nodes` maps a node's name to whether it has a milter; sections, top and redis are the configuration of all."""

    def __init__(self, nodes, sections=None, top=None, deadline=DEADLINE, redis=None):
        self.directory = make_temporary("sendward-proof-")
        os.chmod(self.directory, 0o755)
        self._redis_server = Redis(self.directory, os.path.join(self.directory, "redis.log"))
        self.redis_path = self._redis_server.socket
        self.deadline = deadline
        self.redis_settings = redis or {}
        self.nodes = {name: Node(self, name, milter) for name, milter in nodes.items()}
        self.redis = None
        self.configure(sections, top)

    def configure(self, sections=None, top=None):
        for node in self.nodes.values():
            node.configure(top or {}, sections or {})

    def __enter__(self):
        try:
            self._redis_server.start()
            self.redis = resp.Connection(self._redis_server.socket)
            for node in self.nodes.values():
                for daemon in node.daemons:
                    daemon.start()
            self.wait_connected()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind, *_):
        logs = "".join(daemon.log() for daemon in self.daemons)
        clean = self._stop_daemons()
        self.close()
        if kind is None and not clean:
            raise AssertionError("a daemon did not end well, or a sanitizer has found something:\n" + logs[-3000:])

    @property
    def daemons(self):
        return [daemon for node in self.nodes.values() for daemon in node.daemons]

    def _stop_daemons(self):
        running = [daemon for daemon in self.daemons if daemon.running()]
        for daemon in running:
            daemon.ask_to_stop()
        for daemon in running:
            daemon.stop()
        return all(daemon.stopped_with == 0 for daemon in running) and \
            not any(daemon.sanitizer_reports() for daemon in self.daemons)

    def close(self):
        for daemon in self.daemons:
            daemon.kill()
        if self.redis:
            self.redis.close()
        self._redis_server.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def redis_signal(self, number):
        """SIGSTOP and SIGCONT make a Redis that hangs of it, and back."""
        self._redis_server.signal(number)

    def wait_connected(self):
        """The first heartbeat of a daemon comes with its connection to Redis."""
        n = len(self.daemons)
        wait_until(lambda: len(self.redis.keys(counters.PREFIX + "node:*")) == n, "the daemons to reach Redis", LIMIT_S)

    def usage(self, login, node="mx1"):
        """What `sendward usage` prints: {quota: used}."""
        return {row["quota"]: row["used"] for row in self.nodes[node].tool.json("usage", login)["quotas"]}
