"""A Postfix instance private to one directory, with a submission service."""

import grp
import json
import os
import pwd
import re

from ports import free_port
from processes import LIMIT_S, Process, Timeout, accepts_connections, tail, wait_until
from services import POSTFIX_USER, program, run_tool, write_old

HOSTNAME = "mx1.test.example"
DROP_GROUP = "postdrop"    # from Postfix's package, as POSTFIX_USER is


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
        # A process that is just beginning may miss the signal, and is told again.
        for last in (False, False, True):
            run_tool([program("postfix", "postfix"), "-c", self.config, "reload"])
            try:
                wait_until(lambda: not before & self._children(), "Postfix to reload", LIMIT_S if last else LIMIT_S / 6)
                return
            except Timeout:
                if last:
                    raise

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
            "setgid_group": DROP_GROUP,
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
        write_old(os.path.join(self.config, "main.cf"),
                  "".join(f"{name} = {value}\n" for name, value in main.items()))
        write_old(os.path.join(self.config, "master.cf"), self._master_cf())

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
        drop = grp.getgrnam(DROP_GROUP).gr_gid
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
