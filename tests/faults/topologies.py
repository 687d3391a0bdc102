"""Several Redis servers: a primary with a replica and three Sentinels, and a Cluster; each loses a primary."""

import os

import resp
from ports import free_port
from processes import Process, wait_until
from services import program, write

LIMIT_S = 60
SLOTS = 16384
NOBODY_WAITS = 'repl-diskless-sync-delay 0\nappendonly yes\nappendfsync no\nsave ""\n'


class Node:
    """One process; `lines` are its configuration, besides where it listens."""

    def __init__(self, directory, name, lines, sentinel=False):
        self.port = free_port()
        self.directory = os.path.join(directory, name)
        self.socket = os.path.join(self.directory, "s")
        self._config = os.path.join(self.directory, "conf")
        self._log_path = os.path.join(self.directory, "log")
        self._sentinel = sentinel
        self._process = None
        os.makedirs(self.directory)
        listen = f"bind 127.0.0.1\nport {self.port}\nunixsocket {self.socket}\n"
        write(self._config, f"{listen}dir {self.directory}\n{lines}")

    @property
    def endpoint(self):
        return f'"inet:127.0.0.1:{self.port}"'

    def start(self):
        argv = [program("redis-server", "redis-server"), self._config] + ["--sentinel"] * self._sentinel
        self._process = Process("redis-server", argv, self._log_path)
        self._process.wait_ready(self._answers, LIMIT_S)

    def _answers(self):
        try:
            return self.ask("PING") == b"PONG"
        except (OSError, resp.ServerError):
            return False

    def kill(self):
        if self._process:
            self._process.kill()
            self._process = None

    def ask(self, *words):
        return self.converse(words)[0]

    def converse(self, *commands):
        """All on one connection."""
        connection = resp.Connection(self.socket)
        try:
            return [connection(*words) for words in commands]
        finally:
            connection.close()

    def says(self, text, *words):
        """Is that in the reply? False when there is none."""
        try:
            reply = self.ask(*words)
        except (OSError, resp.ServerError):
            return False
        return text.encode() in reply

    def replicate(self, key):
        """Until the replica has all there is; the key must be one of this node's."""
        written = wait_until(lambda: self.converse(("SET", key, "1", "PX", 1), ("WAIT", 1, 1000))[1],
                             "the replica to follow", LIMIT_S)
        assert written == 1


class Sentinels:
    """The primary is known to its Sentinels as mail."""

    N = 3

    def __init__(self, directory):
        self._directory = directory
        self._servers, self._sentinels = [], []

    @property
    def reach(self):
        """Settings of section redis."""
        endpoints = ", ".join(sentinel.endpoint for sentinel in self._sentinels)
        return {"sentinel_master": '"mail"', "sentinels": f"{{ {endpoints} }}"}

    def start(self):
        primary = self._add(self._servers, "primary", NOBODY_WAITS)
        self._add(self._servers, "replica", NOBODY_WAITS + f"replicaof 127.0.0.1 {primary.port}\n")
        wait_until(lambda: primary.says("state=online", "INFO", "replication"), "replication", LIMIT_S)
        for number in range(self.N):
            self._add(self._sentinels, f"sentinel{number}",
                      f"sentinel monitor mail 127.0.0.1 {primary.port} 2\nsentinel down-after-milliseconds mail 1000\n"
                      "sentinel failover-timeout mail 4000\n", sentinel=True)
        know = f"slaves=1,sentinels={self.N}"
        wait_until(lambda: all(sentinel.says(know, "INFO", "sentinel") for sentinel in self._sentinels),
                   "the Sentinels to know each other", LIMIT_S)

    def _add(self, to, name, lines, sentinel=False):
        node = Node(self._directory, name, lines, sentinel)
        to.append(node)
        node.start()
        return node

    def stop(self):
        for node in self._servers + self._sentinels:
            node.kill()

    @staticmethod
    def suits(_):
        return True

    def kill_primary(self, _):
        self._servers[0].replicate("marker")
        self._servers[0].kill()

    def wait_primary(self):
        wait_until(lambda: self._servers[1].says("role:master", "INFO", "replication"), "a new primary", LIMIT_S)


class Cluster:
    """Three primaries; the first has a replica, and is the one that dies."""

    N = 3
    LINES = NOBODY_WAITS + ("cluster-enabled yes\ncluster-node-timeout 1000\ncluster-require-full-coverage no\n"
                            "cluster-replica-validity-factor 0\n")

    def __init__(self, directory):
        self._directory = directory
        self._nodes = []

    @property
    def reach(self):
        endpoints = ", ".join(node.endpoint for node in self._nodes[1:])
        return {"cluster": f"{{ {endpoints} }}"}

    def start(self):
        for number in range(self.N + 1):
            bus_port = free_port()
            node = Node(self._directory, f"node{number}", self.LINES + f"cluster-port {bus_port}\n")
            node.bus_port = bus_port
            self._nodes.append(node)
            node.start()
            node.ask("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
            if number < self.N:
                node.ask("CLUSTER", "ADDSLOTSRANGE", number * SLOTS // self.N, (number + 1) * SLOTS // self.N - 1)
            first = self._nodes[0]
            if node is not first:
                node.ask("CLUSTER", "MEET", "127.0.0.1", first.port, first.bus_port)
        self._wait_all(f"cluster_known_nodes:{self.N + 1}", "CLUSTER", "INFO")
        self._nodes[-1].ask("CLUSTER", "REPLICATE", self._nodes[0].ask("CLUSTER", "MYID"))
        wait_until(lambda: self._nodes[-1].says("master_link_status:up", "INFO", "replication"), "replication", LIMIT_S)
        self._wait_all("cluster_state:ok", "CLUSTER", "INFO")
        self._wait_all("slave ", "CLUSTER", "NODES")

    def _wait_all(self, text, *words):
        wait_until(lambda: all(node.says(text, *words) for node in self._nodes), f"all nodes to say {text}", LIMIT_S)

    def stop(self):
        for node in self._nodes:
            node.kill()

    def suits(self, login):
        """Is it at the node that dies?"""
        return self._nodes[1].ask("CLUSTER", "KEYSLOT", "{%s}" % login) < SLOTS // self.N

    def kill_primary(self, login):
        """One of its logins."""
        self._nodes[0].replicate("{%s}marker" % login)
        self._nodes[0].kill()

    def wait_primary(self):
        wait_until(lambda: self._nodes[-1].says("role:master", "INFO", "replication"), "a new primary", LIMIT_S)
        wait_until(lambda: all(node.says("cluster_state:ok", "CLUSTER", "INFO") for node in self._nodes[1:]),
                   "a whole cluster", LIMIT_S)
