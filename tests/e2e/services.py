"""The servers around Postfix and Sendward: Redis, Dovecot as SASL server and the sink, each private to one directory.

Every class writes its own configuration below the directory it is given, starts with start() and ends with stop(). The
`processes` property names the processes to watch or end. All listen on 127.0.0.1 or on Unix sockets only.
"""

import collections
import json
import os
import re
import shutil
import subprocess
import sys

from ports import free_port
from processes import LIMIT_S, Process, accepts_connections

HERE = os.path.dirname(os.path.abspath(__file__))
EXAMPLE = os.path.join(os.path.dirname(os.path.dirname(HERE)), "packaging", "dovecot")
PASSWORD = "open sesame"
POSTFIX_USER = "postfix"    # from its package; Dovecot's socket is for it


def program(name, package):
    """Full path of a program, looked for where daemons live too. Raises MissingProgram naming its Debian package.

    SENDWARD_REDIS_SERVER in the environment stands for redis-server."""
    if name == "redis-server":
        name = os.environ.get("SENDWARD_REDIS_SERVER") or name
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


def write_old(path, text):
    """The same for a configuration file of Postfix, all of whose programs sleep until one that they read is two seconds old."""
    write(path, text)
    age = os.stat(path).st_mtime - 10
    os.utime(path, (age, age))


def run_tool(argv, limit_s=LIMIT_S, check=True, said=""):
    """Runs a short-lived program, `said` on its standard input; returns its CompletedProcess with text output. With check,
    raises when it fails."""
    done = subprocess.run(argv, input=said, capture_output=True, timeout=limit_s, check=False, encoding="utf-8",
                          errors="backslashreplace")
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(argv)}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done


class Service:
    """One process, which the class starts with launch() and finds ready with wait_ready()."""

    def __init__(self):
        self._process = None

    @property
    def processes(self):
        return [self._process] if self._process else []

    def start(self):
        self.launch()
        self.wait_ready()

    def stop(self):
        if self._process:
            self._process.kill()
            self._process = None


class Redis(Service):
    """redis-server on a Unix socket, nothing written to disk."""

    def __init__(self, directory, log_path):
        super().__init__()
        self.socket = os.path.join(directory, "redis.sock")
        self._directory = directory
        self._log_path = log_path

    def launch(self):
        argv = [program("redis-server", "redis-server"), "--port", "0", "--unixsocket", self.socket,
                "--unixsocketperm", "777", "--dir", self._directory, "--save", "", "--appendonly", "no",
                "--daemonize", "no", "--databases", "16"]
        self._process = Process("redis-server", argv, self._log_path)

    def wait_ready(self):
        self._process.wait_ready(lambda: self.command("PING", check=False) == "PONG")

    def stop(self):
        super().stop()
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


class Dovecot(Service):
    """Dovecot as nothing but a SASL server: PLAIN and LOGIN against a file of users, any character in a login.

    With `redis_socket` instead against what Sendward keeps in that Redis, as packaging/dovecot has it (Dovecot 2.3)."""

    def __init__(self, directory, log_path, users, redis_socket=None):
        super().__init__()
        self.directory = os.path.join(directory, "dovecot")
        self.socket = os.path.join(self.directory, "sasl")
        self.config = os.path.join(self.directory, "dovecot.conf")
        self._users = users
        self._redis_socket = redis_socket
        self._log_path = log_path

    @staticmethod
    def version():
        """(2, 3, 19)"""
        text = run_tool([program("dovecot", "dovecot-core"), "--version"]).stdout
        return tuple(int(part) for part in re.findall(r"\d+", text.split()[0]))

    @classmethod
    def has_dict(cls):
        """Can it look users up in Redis? Where there is no Dovecot at all, run says so later."""
        try:
            return cls.version() < (2, 4)
        except MissingProgram:
            return True

    def prepare(self):
        os.makedirs(os.path.join(self.directory, "run"), exist_ok=True)
        if self._redis_socket:
            self._prepare_example()
            return
        users = os.path.join(self.directory, "users")
        write(users, "".join(f"{self._escaped(login)}:{{PLAIN}}{PASSWORD}\n" for login in self._users))
        write(self.config, self._configuration(users))

    def launch(self):
        self.prepare()
        self._process = Process("dovecot", [program("dovecot", "dovecot-core"), "-F", "-c", self.config],
                                self._log_path)

    def wait_ready(self):
        self._process.wait_ready(lambda: accepts_connections(self.socket))

    @staticmethod
    def _escaped(login):
        """The login as Dovecot looks for it in a file of users, with backslashes before quotes and backslashes."""
        return re.sub(r"([\\\"'])", r"\\\1", login)

    def _prepare_example(self):
        """The example as it is in the package, with the places of this stack."""
        dict_file = os.path.join(self.directory, "sendward-dict.conf.ext")
        places = {
            "/run/redis/redis-server.sock": self._redis_socket,
            "/etc/dovecot/sendward-dict.conf.ext": dict_file,
            "/var/spool/postfix/private/auth": self.socket,
        }
        for name, path in (("sendward-dict.conf.ext", dict_file), ("dovecot.conf", self.config)):
            with open(os.path.join(EXAMPLE, name), encoding="utf-8") as example:
                text = example.read()
            for usual, here in places.items():
                text = text.replace(usual, here)
            if path == self.config:
                text += (f"base_dir = {self.directory}/run\nlog_path = {self._log_path}\nssl = no\n"
                         "service anvil {\n  unix_listener anvil-auth-penalty {\n    mode = 0\n  }\n}\n")
            write(path, text)

    def _configuration(self, users):
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
        if self.version() >= (2, 4):
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


class Sink(Service):
    """The next hop of all mail: keeps every delivery (see sink.py)."""

    def __init__(self, directory, log_path):
        super().__init__()
        self.directory = directory
        self._log_path = log_path
        self.port = None

    def launch(self):
        os.makedirs(self.directory, exist_ok=True)
        self.port = free_port()
        argv = [sys.executable, os.path.join(HERE, "sink.py"), str(self.port), self.directory]
        self._process = Process("sink", argv, self._log_path)

    def wait_ready(self):
        self._process.wait_ready(lambda: accepts_connections(("127.0.0.1", self.port)))

    def deliveries(self):
        """Everything delivered so far, oldest first; `content` is bytes."""
        found = []
        for name in sorted(os.listdir(self.directory)):
            if name.endswith(".json") and not name.startswith("."):
                with open(os.path.join(self.directory, name), encoding="utf-8") as record:
                    fields = json.load(record)
                found.append(Delivery(fields["sender"], fields["recipients"], fields["content"].encode("latin-1")))
        return found
