"""What a measurement works with: Redis, the servers that are compared, and the load generators, in one directory."""

import contextlib
import glob
import json
import os
import pwd
import grp
import resource
import shutil
import socket
import struct
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "tests", "e2e"))

from places import make_temporary    # noqa: E402
from processes import Process, Timeout, accepts_connections, alive_in_session    # noqa: E402
from sendward import Daemon, built, write_configuration    # noqa: E402
from services import Redis    # noqa: E402

TICKS = os.sysconf("SC_CLK_TCK")
# What the daemons write about once a second, and for how long they may still be at work with it after the last message.
LATE = 2
# So that a server has seen the load before anything is measured.
WARM_UP = 0.5

# Redis' memory has come to rest when it has stayed within so many octets for so long: what logins have sent comes late,
# and a table of keys that has been replaced is let go some seconds after the last command.
STILL_OCTETS, STILL_S, STILL_LIMIT_S = 65536, 10, 120

# While Redis moves its keys to a larger table, a step with each command, commands cost up to three times as much,
# whoever asks. Once GROWN keys were in it a table has 2^20 places: it grows when they are all taken, and becomes
# smaller when less than a tenth is. There is a second table, of the keys that expire.
GROWN, KEPT = 620000, 160000
GROW = """
for i = 1, ARGV[1] do redis.call('SET', 'room:' .. i, '', 'EX', 86400) end
for i = ARGV[2] + 1, ARGV[1] do redis.call('UNLINK', 'room:' .. i) end
"""
# Some of the messages that Sendward remembers; answers where the next ones are, 0 after the last.
FORGET = """
local found = redis.call('SCAN', ARGV[1], 'MATCH', '*}:m:*', 'COUNT', 50000)
for _, key in ipairs(found[2]) do redis.call('UNLINK', key) end
return found[1]
"""
HIGH = 100000000    # a limit that is never reached
LARGE = ("100M messages / 1h", "100M recipients / 1d", "900G bytes / 1d")
LIMITS = ("100000000", "3600", "100000000", "86400", "900000000000", "86400")


def bench_program(name):
    return built(os.path.join("bench", name))


class Usage:
    """What the processes of a session have used by now: CPU seconds (of ended children, too), resident octets."""

    def __init__(self, leader):
        self.cpu, self.resident = 0, 0
        for pid in alive_in_session(leader):
            try:
                with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
                    fields = stat.read().rpartition(")")[2].split()
            except OSError:
                continue    # it has ended meanwhile: its parent has the time
            self.cpu += sum(int(field) for field in fields[11:15]) / TICKS
            self.resident += int(fields[21]) * resource.getpagesize()


def two_shares():
    """The first processor, and the others; None when there is only one."""
    first, *others = sorted(os.sched_getaffinity(0))
    return ({first}, set(others)) if others else None


def place(leader, processors):
    """All threads of a session onto these processors."""
    for pid in alive_in_session(leader):
        for task in os.listdir(f"/proc/{pid}/task"):
            os.sched_setaffinity(int(task), processors)


class Rig:
    """One Redis and, one after the other or side by side, the servers.

    Apart: Redis has a processor of its own; the servers that ask it once a message, and the generator while it is at
    work with one of these, share the others. Left to itself the kernel puts three processes onto two processors in
    one way or another, for a tenth of a second or for ten seconds, and what comes of them differs by a third."""

    def __init__(self, apart=False):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft < hard:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.directory = make_temporary("sendward-bench-")
        os.chmod(self.directory, 0o755)
        self.redis = Redis(self.directory, self.path("redis.log"))
        self.servers = {}
        self.addresses = {}    # of a server that does not listen on unix:path(name)
        self.shares = two_shares() if apart else None
        self.placed = set()    # names of servers

    def path(self, name):
        return os.path.join(self.directory, name)

    def start(self):
        self.redis.start()
        if self.shares:
            place(self.pid("redis"), self.shares[0])
        return self

    def close(self):
        for server in self.servers.values():
            server.kill()
        self.redis.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    # ---- servers

    def add_program(self, name, *argv):
        """One of the yardsticks: its socket is the first argument."""
        process = Process(name, [bench_program(name), *argv], self.path(name + ".log"))
        process.wait_ready(lambda: accepts_connections(self.path(name)))
        self.servers[name] = process

    def place_beside_redis(self, name):
        if self.shares:
            place(self.pid(name), self.shares[1])
            self.placed.add(name)

    def add_null_policy(self):
        self.add_program("null-policy", self.path("null-policy"))

    def add_bare_policy(self):
        self.add_program("bare-policy", self.path("bare-policy"), self.redis.socket, *LIMITS)
        self.place_beside_redis("bare-policy")

    def add_null_milter(self):
        """The one yardstick that needs libmilter: ./configure does without (apt-get install libmilter-dev)."""
        self.add_program("null-milter", "unix:" + self.path("null-milter"))

    def add_sendward(self, daemon, name=None, plan=None, sections=None, redis=None):
        """sendward-policyd or sendward-milter with three quotas, sender binding and networks; its log is written."""
        name = name or daemon
        config = self.path(name + ".conf")
        content = {
            "": {"node": f'"{name}"', "state_dir": f'"{self.directory}"',
                 "user": f'"{pwd.getpwuid(os.geteuid()).pw_name}"',
                 "socket_group": f'"{grp.getgrgid(os.getegid()).gr_name}"'},
            "redis": {"address": f'"unix:{self.redis.socket}"', "prefix": f'"{name}:"', **(redis or {})},
            "policyd": {"listen": f'{{ "unix:{self.path(name)}" }}', "max_connections": "20000"},
            "plan default": {"quotas": _list(LARGE), "senders": '{ "%login" }',
                             "networks": '{ "192.0.2.0/24", "198.51.100.0/24" }', **(plan or {})},
            **(sections or {}),
        }
        if daemon == "sendward-milter":
            content["milter"] = {"listen": f'"unix:{self.path(name)}"', "max_connections": "20000"}
            del content["policyd"]
        write_configuration(config, content)
        server = Daemon(daemon, config, self.path(name + ".log"), [self.path(name)])
        server.start()
        self.servers[name] = server
        self.place_beside_redis(name)
        return config

    def add_peer(self, peer):
        """A Peer that has been started."""
        self.servers[peer.name] = peer
        self.addresses[peer.name] = peer.address

    def stop(self, name):
        self.servers.pop(name).kill()
        self.addresses.pop(name, None)
        self.placed.discard(name)

    def address(self, name):
        return self.addresses.get(name, "unix:" + self.path(name))

    def pid(self, name):
        if name == "redis":
            return self.redis.processes[0].pid
        server = self.servers[name]
        return server.processes[0].pid if isinstance(server, Daemon) else server.pid

    def resident(self, name):
        """Octets in memory of a server's processes."""
        return Usage(self.pid(name)).resident

    def control(self, config, *words, stdin=None):
        return subprocess.run([built("sendward"), "-c", config, *words], input=stdin, check=True, encoding="utf-8",
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE).stdout

    # ---- one measurement

    def make_room(self):
        """Before servers are added: no measurement of up to 800,000 messages makes Redis' tables grow."""
        self.redis.command("EVAL", GROW, "0", str(GROWN), str(KEPT))

    def forget_messages(self):
        """As Redis would after ten minutes: each measurement begins with as many keys."""
        cursor = "0"
        while (cursor := self.redis.command("EVAL", FORGET, "0", cursor)) != "0":
            pass

    def pace(self, server, seconds):
        """Options for load(). Sendward writes some of what it does a second later (what logins have sent, leases that
        go back): it is to be measured while it writes what came before, and the next server not while it still does. A
        measurement of less than a second is a trial: so is its pace."""
        late = LATE * min(1, seconds)
        return {"warm_up": late, "rest": late} if isinstance(self.servers[server], Daemon) else {
            "warm_up": WARM_UP * min(1, seconds)}

    def load(self, generator, server, rest=0, **options):
        """Runs the generator on the server, and waits so many seconds. The generator's result, and what server and
        Redis have used in all that time for a message, those of the warming up among them."""
        watched = {name: Usage(self.pid(name)) for name in (server, "redis")}
        before = self.redis_counts()
        processors = self.shares[1] if server in self.placed else None
        result = self.generate(generator, self.address(server), processors, **options)
        time.sleep(rest)
        after = self.redis_counts()
        scale = 1 / max(result["answered"], 1)
        for name, usage in watched.items():
            now = Usage(self.pid(name))
            result[("redis" if name == "redis" else "server") + "_us"] = (now.cpu - usage.cpu) * scale * 1e6
            if name == server:
                result["resident_mb"] = now.resident / 1e6
        result["redis_commands"] = (after["commands"] - before["commands"]) * scale
        result["redis_octets"] = sum(after[way] - before[way] for way in ("in", "out")) * scale
        if isinstance(self.servers[server], Daemon):
            self.forget_messages()
            # Up to 70 MB of lines a second, which the kernel would write to disk while another server is measured.
            os.truncate(self.path(server + ".log"), 0)
        return result

    @staticmethod
    def generate(generator, address, processors=None, **options):
        """What the generator says, and the CPU that it has used for a message; raises when one was not answered."""
        argv = [bench_program(generator)]
        for name, value in options.items():
            argv += ["--" + name.replace("_", "-"), str(value)]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run([*argv, address], check=False, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              encoding="utf-8", timeout=600,
                              preexec_fn=(lambda: os.sched_setaffinity(0, processors)) if processors else None)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode != 0 or not done.stdout:
            raise RuntimeError(f"{' '.join(argv)} {address}: {done.stderr}{done.stdout}")
        result = json.loads(done.stdout)
        if result["errors"] > 0:
            raise RuntimeError(f"{' '.join(argv)} {address}: {result['errors']} connections were lost")
        used = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
        result["load_us"] = used / max(result["answered"], 1) * 1e6
        return result

    def fill(self, server, logins, each=1, **load):
        """So many logins send messages, one after the other."""
        self.generate("policy-load", self.address(server), connections=100, logins=logins, in_turn=1,
                      messages=logins * each, **load)

    @contextlib.contextmanager
    def idle(self, server, connections, milter=False):
        """So many connections that ask nothing; a milter has been greeted on each, as by an smtpd that waits for a
        client."""
        held = []
        try:
            for _ in range(connections):
                held.append(socket.socket(socket.AF_UNIX))
                held[-1].settimeout(10)
                held[-1].connect(self.path(server))
                if milter:
                    held[-1].sendall(struct.pack(">IcIII", 13, b"O", 6, 0x1ff, 0x1fffff))
                    held[-1].recv(1000)
            yield
        finally:
            for connection in held:
                connection.close()

    def redis_counts(self):
        """Calls from outside (a script is one), octets in and out, octets in use."""
        info = dict(line.split(":", 1) for line in self.redis.command("INFO", "all").split("\n") if ":" in line)
        calls = sum(int(info.get("cmdstat_" + name, "calls=0").split(",")[0].split("=")[1])
                    for name in ("evalsha", "eval", "xadd", "xread", "hgetall"))
        return {"commands": calls, "in": int(info["total_net_input_bytes"]),
                "out": int(info["total_net_output_bytes"]), "memory": int(info["used_memory"])}


    def memory_at_rest(self):
        """Octets that Redis uses when it has come to rest; raises Timeout when it does not."""
        since, octets = time.monotonic(), self.redis_counts()["memory"]
        end = since + STILL_LIMIT_S
        while True:
            time.sleep(0.25)
            now, found = time.monotonic(), self.redis_counts()["memory"]
            if abs(found - octets) > STILL_OCTETS:
                since, octets = now, found
            elif now - since >= STILL_S:
                return found
            if now > end:
                raise Timeout(f"Redis' memory still changes after {STILL_LIMIT_S} s")


def _list(texts):
    return "{ " + ", ".join(f'"{text}"' for text in texts) + " }"


def machine():
    """One line about where this was measured."""
    model = "unknown processor"
    for line in open("/proc/cpuinfo", encoding="utf-8"):
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    release = "unknown system"
    for path in glob.glob("/etc/os-release"):
        for line in open(path, encoding="utf-8"):
            if line.startswith("PRETTY_NAME="):
                release = line.split("=", 1)[1].strip().strip('"')
    return f"{os.cpu_count()} x {model}, {release}, Linux {os.uname().release}"
