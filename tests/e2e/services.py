"""The servers Sendward works with: Redis, Dovecot as SASL server, Postfix and the sink, each private to one directory.

Every class writes its own configuration below the directory it is given, starts with start() and ends with stop(). The
`processes` property names the processes to watch or end. All listen on 127.0.0.1 or on Unix sockets only.
"""

import collections
import grp
import json
import os
import pwd
import re
import shutil
import subprocess
import sys

from processes import Process, Timeout, accepts_connections, free_port, tail, wait_until

HERE = os.path.dirname(os.path.abspath(__file__))
PASSWORD = "open sesame"
HOSTNAME = "mx1.test.example"

# The fixed daemons' users and groups Postfix and Dovecot bring with their packages.
POSTFIX_USER, POSTFIX_GROUP = "postfix", "postdrop"


def program(name, package):
    """Full path of a program, looked for where daemons live too. Raises MissingProgram naming its Debian package."""
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/bin:/bin:/usr/lib/postfix/sbin")
    if path is None:
        raise MissingProgram(f"{name} is missing: install the Debian package {package}")
    return path


class MissingProgram(Exception):
    """A program the stack cannot do without is not installed."""


def write(path, text, mode=0o644):
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)
    os.chmod(path, mode)


def run_tool(argv, limit_s=30, check=True):
    """Runs a short-lived program; returns its CompletedProcess with text output. With check, raises when it fails."""
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=limit_s, check=False,
                          encoding="utf-8", errors="backslashreplace")
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(argv)}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done


class Redis:
    """redis-server on a Unix socket, nothing written to disk."""

    def __init__(self, directory, log_path):
        self.socket = os.path.join(directory, "redis.sock")
        self._directory = directory
        self._log_path = log_path
        self._process = None

    @property
    def processes(self):
        return [self._process] if self._process else []

    def start(self):
        self.launch()
        self.wait_ready()

    def launch(self):
        argv = [program("redis-server", "redis-server"), "--port", "0", "--unixsocket", self.socket,
                "--unixsocketperm", "777", "--dir", self._directory, "--save", "", "--appendonly", "no",
                "--daemonize", "no", "--databases", "16"]
        self._process = Process("redis-server", argv, self._log_path)

    def wait_ready(self):
        self._process.wait_ready(lambda: self.command("PING", check=False) == "PONG")

    def stop(self):
        if self._process:
            self._process.kill()
            self._process = None
            if os.path.exists(self.socket):
                os.unlink(self.socket)

    def signal(self, number):
        """SIGSTOP and SIGCONT make a hung server out of it and back."""
        self._process.signal(number)

    def command(self, *words, check=True):
        """One command through redis-cli; returns what it prints without the last line end."""
        argv = [program("redis-cli", "redis-tools"), "-s", self.socket, "-e", *words]
        return run_tool(argv, check=check).stdout.rstrip("\n")

    def keys(self, pattern="*"):
        return self.command("--scan", "--pattern", pattern).split()


class Dovecot:
    """Dovecot as nothing but a SASL server: PLAIN and LOGIN against a file of users, any character in a login."""

    def __init__(self, directory, log_path, users):
        self.directory = os.path.join(directory, "dovecot")
        self.socket = os.path.join(self.directory, "sasl")
        self.config = os.path.join(self.directory, "dovecot.conf")
        self._users = users
        self._log_path = log_path
        self._process = None

    @property
    def processes(self):
        return [self._process] if self._process else []

    def prepare(self):
        os.makedirs(os.path.join(self.directory, "run"), exist_ok=True)
        users = os.path.join(self.directory, "users")
        write(users, "".join(f"{self._escaped(login)}:{{PLAIN}}{PASSWORD}\n" for login in self._users))
        write(self.config, self._configuration(users))

    def start(self):
        self.launch()
        self.wait_ready()

    def launch(self):
        self.prepare()
        self._process = Process("dovecot", [program("dovecot", "dovecot-core"), "-F", "-c", self.config],
                                self._log_path)

    def wait_ready(self):
        self._process.wait_ready(lambda: accepts_connections(self.socket))

    def stop(self):
        if self._process:
            self._process.kill()
            self._process = None

    @staticmethod
    def _escaped(login):
        """The login as Dovecot looks for it in a file of users, with backslashes before quotes and backslashes."""
        return re.sub(r"([\\\"'])", r"\\\1", login)

    def _configuration(self, users):
        version = run_tool([program("dovecot", "dovecot-core"), "--version"]).stdout
        common = f"""\
base_dir = {self.directory}/run
log_path = {self._log_path}
protocols =
ssl = no
auth_mechanisms = plain login
auth_username_chars =
service auth {{
  unix_listener {self.socket} {{
    mode = 0660
    user = {POSTFIX_USER}
    group = {POSTFIX_USER}
  }}
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""
        if tuple(int(part) for part in re.findall(r"\d+", version)[:2]) >= (2, 4):
            return f"""\
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
{common}auth_username_format = %{{user}}
auth_allow_cleartext = yes
passdb passwd-file {{
  passwd_file_path = {users}
}}
userdb static {{
  fields {{
    uid = dovecot
    gid = dovecot
    home = /nonexistent
  }}
}}
"""
        return f"""\
{common}auth_username_format = %u
disable_plaintext_auth = no
passdb {{
  driver = passwd-file
  args = username_format=%u {users}
}}
userdb {{
  driver = static
  args = uid=dovecot gid=dovecot home=/nonexistent
}}
"""


Delivery = collections.namedtuple("Delivery", "sender recipients content")


class Sink:
    """The next hop of all mail: keeps every delivery (see sink.py)."""

    def __init__(self, directory, log_path):
        self.directory = directory
        self._log_path = log_path
        self.port = None
        self._process = None

    @property
    def processes(self):
        return [self._process] if self._process else []

    def start(self):
        self.launch()
        self.wait_ready()

    def launch(self):
        os.makedirs(self.directory, exist_ok=True)
        self.port = free_port()
        argv = [sys.executable, os.path.join(HERE, "sink.py"), str(self.port), self.directory]
        self._process = Process("sink", argv, self._log_path)

    def wait_ready(self):
        self._process.wait_ready(lambda: accepts_connections(("127.0.0.1", self.port)))

    def stop(self):
        if self._process:
            self._process.kill()
            self._process = None

    def deliveries(self):
        """Everything delivered so far, oldest first; `content` is bytes."""
        found = []
        for name in sorted(os.listdir(self.directory)):
            if name.endswith(".json") and not name.startswith("."):
                with open(os.path.join(self.directory, name), encoding="utf-8") as record:
                    fields = json.load(record)
                found.append(Delivery(fields["sender"], fields["recipients"], fields["content"].encode("latin-1")))
        return found


class Postfix:
    """One Postfix instance: a submission service with STARTTLS and AUTH, everything relayed to the sink.

    `settings` and `submission` are extra main.cf settings and extra -o settings of the submission service. Mail to
    INBOUND_DOMAIN is accepted from anybody, with or without AUTH, as by a server that also receives mail.
    """

    INBOUND_DOMAIN = "inbound.example"

    def __init__(self, directory, log_path, sasl_socket, sink_port, settings):
        self.directory = os.path.join(directory, "postfix")
        self.config = os.path.join(self.directory, "etc")
        self.queue = os.path.join(self.directory, "queue")
        self.data = os.path.join(self.directory, "data")
        self.log_path = log_path
        self.port = None
        self._certificate = os.path.join(self.directory, "tls.pem")
        self._sasl_socket = sasl_socket
        self._sink_port = sink_port
        self._settings = settings
        self._process = None

    @property
    def processes(self):
        return [self._process] if self._process else []

    def start(self):
        """Starts it; another port is tried when somebody was faster in taking the free one."""
        self._make_directories()
        self._make_certificate()
        for attempt in (1, 2, 3):
            self.port = free_port()
            self.write_configuration()
            argv = [program("master", "postfix"), "-c", self.config, "-d"]
            self._process = Process("postfix", argv, os.path.join(self.directory, "master.log"),
                                    env=self._environment())
            try:
                self._process.wait_ready(lambda: accepts_connections(("127.0.0.1", self.port)))
                return
            except Timeout as why:
                self._process.kill()
                if attempt == 3:
                    raise Timeout(f"{why}\n{tail(self.log_path, 15)}") from None

    def stop(self):
        if self._process:
            self._process.kill()
            self._process = None

    def reconfigure(self, settings):
        """Sets other settings and waits until no process with the old ones is left to serve the next session."""
        self._settings = settings
        self.write_configuration()
        before = self._children()
        run_tool([program("postfix", "postfix"), "-c", self.config, "reload"])
        wait_until(lambda: not before & self._children(), "Postfix to reload")

    def mailq(self):
        """What is in the queue, as a list of dictionaries as `postqueue -j` writes them."""
        lines = run_tool([program("postqueue", "postfix"), "-c", self.config, "-j"]).stdout.splitlines()
        return [json.loads(line) for line in lines if line.strip()]

    def drained(self):
        """True when nothing is left to deliver; held mail does not count."""
        return all(entry["queue_name"] == "hold" for entry in self.mailq())

    def release(self, queue_id):
        """Takes one message off hold, as a postmaster would."""
        run_tool([program("postsuper", "postfix"), "-c", self.config, "-H", queue_id])
        run_tool([program("postqueue", "postfix"), "-c", self.config, "-i", queue_id])

    def log(self):
        try:
            with open(self.log_path, encoding="utf-8", errors="backslashreplace") as log:
                return log.read()
        except FileNotFoundError:
            return ""

    def write_configuration(self):
        main = {
            "compatibility_level": "3.6",
            "queue_directory": self.queue,
            "data_directory": self.data,
            "command_directory": os.path.dirname(program("postqueue", "postfix")),
            "daemon_directory": os.path.dirname(program("master", "postfix")),
            "mail_owner": POSTFIX_USER,
            "setgid_group": POSTFIX_GROUP,
            "maillog_file": self.log_path,
            "maillog_file_prefixes": os.path.dirname(self.log_path),
            "myhostname": HOSTNAME,
            "mydestination": "",
            "mynetworks": "",
            "alias_maps": "",
            "alias_database": "",
            "local_recipient_maps": "",
            "relay_domains": self.INBOUND_DOMAIN,
            "relayhost": f"[127.0.0.1]:{self._sink_port}",
            "inet_interfaces": "127.0.0.1",
            "inet_protocols": "all",    # or XCLIENT takes no IPv6 address
            "recipient_delimiter": "+",
            "smtp_dns_support_level": "disabled",
            "smtp_destination_recipient_limit": "2000",
            "relay_destination_recipient_limit": "2000",
            "smtpd_peername_lookup": "no",
            "smtpd_authorized_xclient_hosts": "127.0.0.0/8",
            "smtpd_error_sleep_time": "0",
            "smtpd_hard_error_limit": "1000",
            "smtpd_client_connection_count_limit": "0",
            "smtpd_tls_security_level": "may",
            "smtpd_tls_auth_only": "yes",
            "smtpd_tls_chain_files": self._certificate,
            "smtpd_tls_loglevel": "0",
            "smtpd_sasl_auth_enable": "yes",
            "smtpd_sasl_type": "dovecot",
            "smtpd_sasl_path": self._sasl_socket,
            "smtpd_relay_restrictions": "permit_sasl_authenticated, reject_unauth_destination",
            "in_flow_delay": "0",
            "message_size_limit": "50000000",
        }
        main.update(self._settings)
        write(os.path.join(self.config, "main.cf"),
              "".join(f"{name} = {value}\n" for name, value in main.items()))
        write(os.path.join(self.config, "master.cf"), self._master_cf())
        # Postfix sleeps for up to two seconds in every process that reads a configuration file younger than that.
        for name in ("main.cf", "master.cf"):
            path = os.path.join(self.config, name)
            age = os.stat(path).st_mtime - 10
            os.utime(path, (age, age))

    def _master_cf(self):
        rows = [
            (f"127.0.0.1:{self.port}", "inet", "n", "-", "-", "smtpd"),
            ("pickup", "unix", "n", "60", "1", "pickup"),
            ("cleanup", "unix", "n", "-", "0", "cleanup"),
            ("qmgr", "unix", "n", "300", "1", "qmgr"),
            ("postlog", "unix-dgram", "n", "-", "1", "postlogd"),
            ("showq", "unix", "n", "-", "-", "showq"),
            ("flush", "unix", "n", "1000?", "0", "flush"),
        ]
        rows += [(name, "unix", "-", "-", limit, command) for name, limit, command in (
            ("tlsmgr", "1", "tlsmgr"), ("rewrite", "-", "trivial-rewrite"), ("bounce", "0", "bounce"),
            ("defer", "0", "bounce"), ("trace", "0", "bounce"), ("verify", "1", "verify"),
            ("proxymap", "-", "proxymap"), ("smtp", "-", "smtp"), ("relay", "-", "smtp"), ("error", "-", "error"),
            ("retry", "-", "error"), ("discard", "-", "discard"), ("anvil", "1", "anvil"),
            ("scache", "1", "scache"), ("local", "-", "local"))]
        # service type private unprivileged chroot wakeup maxproc command; only local runs with privileges
        return "".join(f"{name} {kind} {private} {'n' if command == 'local' else '-'} n {wakeup} {limit} {command}\n"
                       for name, kind, private, wakeup, limit, command in rows)

    def _make_directories(self):
        owner = pwd.getpwnam(POSTFIX_USER)
        drop = grp.getgrnam(POSTFIX_GROUP).gr_gid
        for path in (self.directory, self.config, self.queue, os.path.join(self.queue, "pid")):
            os.makedirs(path, 0o755, exist_ok=True)
        os.makedirs(self.data, 0o700, exist_ok=True)
        os.chown(self.data, owner.pw_uid, owner.pw_gid)
        names = "active bounce corrupt defer deferred flush hold incoming private saved trace".split()
        for name, mode, group in [(name, 0o700, -1) for name in names] + [("maildrop", 0o1730, drop),
                                                                          ("public", 0o2710, drop)]:
            path = os.path.join(self.queue, name)
            os.makedirs(path, exist_ok=True)
            os.chown(path, owner.pw_uid, group)
            os.chmod(path, mode)

    def _make_certificate(self):
        key = self._certificate + ".key"
        run_tool([program("openssl", "openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt",
                  "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30", "-subj", "/CN=" + HOSTNAME,
                  "-addext", "subjectAltName=DNS:localhost,DNS:" + HOSTNAME + ",IP:127.0.0.1",
                  "-keyout", key, "-out", self._certificate])
        with open(key, encoding="ascii") as private, open(self._certificate, "r+", encoding="ascii") as chain:
            both = private.read() + chain.read()
            chain.seek(0)
            chain.write(both)
        os.chmod(self._certificate, 0o600)
        os.unlink(key)

    def _environment(self):
        environment = {name: os.environ[name] for name in ("PATH", "TZ") if name in os.environ}
        environment["MAIL_CONFIG"] = self.config
        return environment

    def _children(self):
        """The smtpd and cleanup processes of now, as a set of pids."""
        found = set()
        for pid in os.listdir("/proc"):
            if pid.isdigit():
                try:
                    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
                        name, fields = re.match(r"\d+ \((.*)\) (.*)", stat.read(), re.S).groups()
                except OSError:
                    continue
                state, parent = fields.split()[:2]
                if int(parent) == self._process.pid and name in ("smtpd", "cleanup") and state != "Z":
                    found.add(int(pid))
        return found
