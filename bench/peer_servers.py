"""Other programs that limit what a login may send, as Debian packages them, each started privately in one directory.

How they are made comparable. Each counts by SASL login, against as many limits as Sendward has quotas (three), as far
as it knows such limits; they are so high that none is ever reached, or the first is small where over-admission is
looked at. Each counts in the fastest way that it has, which is in memory and sometimes forgets when it ends; no DNS, no
log line for a message (Sendward writes its own). Listeners are Unix sockets where the program can, and a free port of
127.0.0.1 where not. When root starts them they run as the user their package made for them.
"""

import os
import re
import shutil
import tempfile

from rig import HIGH    # first: it says where the others are

from ports import free_port
from processes import Process, accepts_connections, alive_in_session, kill_session, wait_until
from services import write

PATHS = os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/bin:/bin"
IN_MEMORY = ":memory:"    # of SQLite
PROCESSES = 105    # of those that need one for each connection
START_S = 60    # rspamd compiles a list of top level domains first, which takes ten seconds


class Peer:
    """One program. start() writes its configuration into self.directory and starts it; address is then where it is."""

    name = package = user = None
    program = None    # None: called as the peer
    generator = "policy-load"
    load = {}         # options of the generator
    config_name = "config"
    processes = 1      # that it is waited for
    dearer_when_used = False    # its speed depends on how much each login has sent

    def __init__(self, rig, messages=HIGH):
        self.messages = messages    # the first limit
        self.directory = tempfile.mkdtemp(prefix=self.package + "-", dir=rig.directory)
        self.redis = rig.redis
        self.pid = None
        self.address = "unix:" + self.path("socket")
        self._as_user = {"user": self.user, "group": self.user, "extra_groups": []} if os.geteuid() == 0 else {}
        if self._as_user:
            shutil.chown(self.directory, self.user, self.user)

    @classmethod
    def path_of_program(cls):
        return shutil.which(cls.program or cls.name, path=PATHS)

    def path(self, name):
        return os.path.join(self.directory, name)

    def start(self):
        try:
            self.launch()
        except BaseException:
            self.kill()
            raise
        return self

    def launch(self):
        """For a program that stays in the foreground."""
        write(self.path(self.config_name), self.config())
        process = Process(self.name, [self.path_of_program(), *self.arguments()], self.path("log"), **self._as_user)
        self.pid = process.pid
        process.wait_ready(lambda: self.listening() and self.complete(), START_S)

    def listening(self):
        scheme, _, where = self.address.partition(":")
        if scheme == "unix":
            return accepts_connections(where)
        host, _, port = where.rpartition(":")
        return accepts_connections((host, int(port)))

    def complete(self):
        return len(alive_in_session(self.pid)) >= self.processes

    def kill(self):
        if self.pid:
            kill_session(self.pid)
        self.pid = None
        shutil.rmtree(self.directory, ignore_errors=True)


class PolicydRateLimit(Peer):
    """One Python process, SQLite on disk as it is packaged. It counts messages only, and only at RCPT: other stages are
    answered unread. debug is off: it would log each request."""

    name = package = user = program = "policyd-rate-limit"
    database = "db"
    load = {"stage": "RCPT"}
    config_name = "config.yaml"    # it looks at the ending

    def arguments(self):
        return ["--file", self.path(self.config_name)]

    def config(self):
        return f"""debug: False
pidfile: "{self.path('pid')}"
backend: 0
sqlite_config: {{ database: "{self.database if self.database == IN_MEMORY else self.path(self.database)}" }}
SOCKET: "{self.path('socket')}"
socket_permission: 0666
limits: [[{self.messages}, 3600], [{HIGH}, 86400], [{HIGH}, 604800]]
limit_by_sasl: True
report: False
"""


class PolicydRateLimitInMemory(PolicydRateLimit):
    """Faster, and everything is forgotten when it ends. It keeps a row of each message and counts them each time, so
    that a request costs more the more a login has sent."""

    name = "policyd-r-l memory"
    database = IN_MEMORY
    dearer_when_used = True


class Postfwd(Peer):
    """Perl, counts in memory. The request cache is off: it would answer without counting. It can only be a daemon, in
    a session of its own, which its pid file names."""

    package, user = "postfwd", "postfw"
    more = []

    def launch(self):
        write(self.path("rules"), "".join(
            f"id=Q{n}; sasl_username=~.; action={what}(sasl_username/{limit}/{seconds}/450 4.7.1 too many)\n"
            for n, (what, limit, seconds) in enumerate(
                (("rate", self.messages, 3600), ("rcpt", HIGH, 86400), ("size", 1000 * HIGH, 86400)))))
        owner = ["--user", self.user, "--group", self.user] if self._as_user else []
        argv = [self.path_of_program(), "--daemon", "--file", self.path("rules"), "--proto", "unix",
                "--port", self.path("socket"), "--pidfile", self.path("pid"), "--cache", "0", "--nodns", "--perfmon",
                *owner, *(word.replace("DIRECTORY", self.directory) for word in self.more)]
        launcher = Process(self.name, argv, self.path("log"))
        try:
            launcher.wait(START_S)
            wait_until(self.find_pid, f"{self.name} to write its pid", START_S)
            wait_until(lambda: self.listening() and self.complete(), f"{self.name} to listen", START_S)
        finally:
            launcher.kill()

    def find_pid(self):
        try:
            with open(self.path("pid"), encoding="ascii") as file:
                pid = int(file.read())
        except (OSError, ValueError):
            return None
        self.pid = pid if pid in alive_in_session(pid) else None
        return self.pid


class Postfwd1(Postfwd):
    """One process that serves all connections."""

    name = "postfwd1"


class Postfwd2(Postfwd):
    """A process for each connection, all there from the start, and one that counts for all of them."""

    name = "postfwd2"
    more = ["--cache_proto", "unix", "--cache_port", "DIRECTORY/cache", "--umask", "0177", "--server_umask", "0111",
            "--min_servers", str(PROCESSES), "--max_spare_servers", str(PROCESSES),
            "--max_servers", str(PROCESSES + 10)]
    processes = PROCESSES


class Mtpolicyd(Peer):
    """Perl, a process for each connection, all there from the start; plugins Quota (three: messages, recipients,
    octets) and Accounting on SQLite, which its manual shows, as the package has no other store for counts. The file is
    in memory (/dev/shm). No session cache, which would cost a round trip to a server and keep a message from being
    counted twice."""

    name = package = user = "mtpolicyd"
    processes = PROCESSES

    def __init__(self, rig, messages=HIGH):
        super().__init__(rig, messages)
        self.port = free_port()
        self.address = f"inet:127.0.0.1:{self.port}"
        memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
        self.database = tempfile.mkdtemp(prefix="sendward-bench-", dir=memory)
        if self._as_user:
            shutil.chown(self.database, self.user, self.user)

    def kill(self):
        super().kill()
        shutil.rmtree(self.database, ignore_errors=True)

    def arguments(self):
        return ["-f", "-c", self.path("config")]

    def config(self):
        quotas = "".join(f"""  <Plugin {metric}>
    module = "Quota"
    field = "sasl_username"
    metric = "{metric}"
    time_pattern = "%Y-%m-%d"
    threshold = {threshold}
    action = "450 4.7.1 too many"
  </Plugin>
""" for metric, threshold in (("count", self.messages), ("count_rcpt", HIGH), ("size", 1000 * HIGH)))
        return f"""log_level=0
log_file="{self.path('messages')}"
pid_file="{self.path('pid')}"
host=127.0.0.1
port="127.0.0.1:{self.port}"
min_servers={PROCESSES}
min_spare_servers=4
max_spare_servers={PROCESSES}
max_servers={PROCESSES + 10}
keepalive_timeout=0
max_keepalive=0
<Connection db>
  module = "Sql"
  dsn = "dbi:SQLite:dbname={self.database}/db"
</Connection>
<VirtualHost {self.port}>
  name="quota"
{quotas}  <Plugin accounting>
    module = "Accounting"
    fields = "sasl_username"
    time_pattern = "%Y-%m-%d"
  </Plugin>
</VirtualHost>
"""


class Rspamd(Peer):
    """As a milter, with its module ratelimit and no other, no rules, no DNS, no other worker: the proxy scans by
    itself, in as many processes as there are processors. Three buckets by user in the same Redis that Sendward has;
    their sizes differ, as rspamd makes the key of the size. They leak so fast that they are never full."""

    name = package = "rspamd"
    user = "_rspamd"
    generator = "milter-load"

    def arguments(self):
        return ["-f", "-c", self.path("config")]

    def config(self):
        fast = 1000000
        rate = fast if self.messages == HIGH else self.messages / 3600
        buckets = ", ".join(f"{{ burst = {burst}; rate = {leak}; }}" for burst, leak in (
            (min(self.messages, 10000), rate), (20000, fast), (50000, fast)))
        return f"""options {{
  pidfile = "{self.path('pid')}"; filters = ""; rrd = ""; tempdir = "{self.directory}";
  cache_file = "{self.path('cache')}"; history_file = "{self.path('history')}"; stats_file = "{self.path('stats')}";
  hs_cache_dir = "{self.directory}"; control_socket = "{self.path('control')} mode=0600";
  dynamic_conf = "{self.path('dynamic')}"; url_tld = "/usr/share/rspamd/effective_tld_names.dat";
}}
logging {{ type = "file"; filename = "{self.path('messages')}"; level = "error"; }}
redis {{ servers = "{self.redis.socket}"; }}
modules {{ path = "/usr/share/rspamd/plugins/ratelimit.lua"; }}
ratelimit {{ rates {{ user = {{ bucket = [ {buckets} ] }} }} }}
worker "rspamd_proxy" {{
  bind_socket = "{self.path('socket')} mode=0666"; milter = yes; timeout = 120s; count = {os.cpu_count()};
  upstream "local" {{ default = yes; self_scan = yes; }}
}}
"""

    def launch(self):
        self._before = 0
        self._before = self._scripts()
        super().launch()
        # It listens before its workers have given their two scripts to Redis.
        wait_until(lambda: self._scripts() >= 2 * os.cpu_count(), "the workers of rspamd", START_S)

    def _scripts(self):
        found = re.search(r"cmdstat_script\|load:calls=(\d+)", self.redis.command("INFO", "commandstats"))
        return int(found.group(1)) - self._before if found else 0


PEERS = (PolicydRateLimitInMemory, PolicydRateLimit, Postfwd1, Postfwd2, Mtpolicyd, Rspamd)
