"""One whole private mail system around Sendward, in one directory.

    with Stack(wiring=BOTH, plan={"quotas": '{ "3 messages / 1h" }'}) as stack:
        stack.sendward("user", "add", "rose@dom.example")
        outcome = stack.send("rose@dom.example", to=["x@far.example"])

Leaving the block ends every process and removes the directory, whatever happened inside.
"""

import dataclasses
import json
import os
import pwd
import shutil

import clients
from postfix import Postfix
from places import make_temporary
from processes import wait_until
from sendward import DAEMON_USER, NODE, Daemon, Tool, decisions, write_configuration
from services import Dovecot, Redis, Sink
from smtp_users import ITERATIONS

POLICY_STAGES = ("RCPT", "DATA", "END-OF-MESSAGE")
_RESTRICTIONS = {
    "MAIL": "smtpd_sender_restrictions",
    "RCPT": "smtpd_recipient_restrictions",
    "DATA": "smtpd_data_restrictions",
    "END-OF-MESSAGE": "smtpd_end_of_data_restrictions",
}

# Every login is somebody Dovecot knows; a case has the Redis for itself, so names need not differ between cases.
USERS = ["rose@dom.example", "tulip@dom.example", "plainlogin"]


@dataclasses.dataclass(frozen=True)
class Wiring:
    """How Postfix is told to ask Sendward.

    `stages`: where the policy daemon is asked, none for not at all. `milter`: whether ours is in smtpd_milters.
    `foreign_before`, `foreign_behind`: Unix socket names (in the stack's run directory) of other milters around ours.
    """

    name: str
    stages: tuple = ()
    milter: bool = False
    foreign_before: str = ""
    foreign_behind: str = ""

    def but(self, **changes):
        return dataclasses.replace(self, **changes)


POLICYD = Wiring("policyd only", stages=POLICY_STAGES)
MILTER = Wiring("milter only", milter=True)
BOTH = Wiring("both daemons", stages=POLICY_STAGES, milter=True)
EVERY_WIRING = (POLICYD, MILTER, BOTH)


class Stack:
    """Redis, Dovecot, sink, Postfix and the two daemons as `wiring` says.

    `top`, `plan` and `redis` are settings of the configuration file's top level, of plan default and of the redis
    section; `sections` are further sections as sendward.configuration() takes them. `users` are the logins Dovecot
    knows besides USERS. With `sasld`, settings of that section, sendward-sasld is the SASL server and there is no
    Dovecot. With `dovecot_dict` Dovecot knows those that `sendward password` has made. `directory` is made and removed when none is given.
    """

    def __init__(self, wiring=BOTH, top=None, plan=None, redis=None, sections=None, users=(), sasld=None,
                 dovecot_dict=False, directory=None):
        self.wiring = wiring
        self._sasld_settings = sasld
        self._own_directory = directory is None
        self.directory = directory or make_temporary("sendward-e2e-")
        os.chmod(self.directory, 0o755)    # Postfix's user must reach the sockets
        self.logs = self._make("log")
        self.run = self._make("run", DAEMON_USER)
        self._state = self._make("state", DAEMON_USER)
        self.config_path = os.path.join(self.directory, "sendward.conf")
        self.policy_socket = os.path.join(self.run, "policy")
        self.milter_socket = os.path.join(self.run, "milter")
        self.sasl_socket = os.path.join(self.run, "auth")

        self.redis = Redis(self.directory, self._log("redis"))
        self.dovecot = None
        if sasld is None:
            self.dovecot = Dovecot(self.directory, self._log("dovecot"), [*USERS, *users],
                                   self.redis.socket if dovecot_dict else None)
        self.sink = Sink(os.path.join(self.directory, "delivered"), self._log("sink"))
        self.postfix = None    # needs the sink's port
        self.policyd = Daemon("sendward-policyd", self.config_path, self._log("policyd"), [self.policy_socket])
        self.milter = Daemon("sendward-milter", self.config_path, self._log("milter"), [self.milter_socket])
        self.sasld = Daemon("sendward-sasld", self.config_path, self._log("sasld"), [self.sasl_socket])
        self.sendward = Tool(self.config_path)
        self.configure(top, plan, redis, sections)

    # -- life

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def start(self, with_redis=True, credentials=None):
        """Starts everything; `credentials` are user, group, extra_groups our daemons are started with, not as root."""
        servers = [server for server in (with_redis and self.redis, self.dovecot, self.sink) if server]
        for server in servers:
            server.launch()
        self.postfix = Postfix(self.directory, self._log("mail"),
                               self.dovecot.socket if self.dovecot else self.sasl_socket, self.sink.port,
                               self.postfix_settings())
        self.postfix.start()
        for server in servers:
            server.wait_ready()
        for daemon in self.daemons():
            daemon.launch(**(credentials or {}))
        for daemon in self.daemons():
            daemon.wait_ready()

    def stop_daemons(self):
        """A clean stop of ours, both at the same time."""
        for daemon in self.daemons():
            daemon.ask_to_stop()
        for daemon in self.daemons():
            daemon.stop()

    def close(self, keep=False):
        """Ends everything at once, and removes the directory if it is this stack's own and not to be kept."""
        for part in (self.policyd, self.milter, self.sasld):
            part.kill()
        for part in (self.postfix, self.dovecot, self.sink, self.redis):
            if part:
                part.stop()
        if self._own_directory and not keep:
            shutil.rmtree(self.directory, ignore_errors=True)

    def daemons(self):
        """Those of our daemons this wiring has."""
        return [daemon for daemon, wired in ((self.policyd, self.wiring.stages), (self.milter, self.wiring.milter),
                                             (self.sasld, self._sasld_settings is not None)) if wired]

    def processes(self):
        parts = [self.redis, self.dovecot, self.sink, self.postfix, self.policyd, self.milter,
                 self.sasld]
        return [process for part in parts if part for process in part.processes]

    # -- configuration

    def configure(self, top=None, plan=None, redis=None, sections=None):
        """Writes the configuration file; the daemons know nothing of it before they start or are told to reload."""
        content = {
            "": {"node": f'"{NODE}"', "user": f'"{DAEMON_USER}"', "state_dir": f'"{self._state}"', **(top or {})},
            "redis": {"address": f'"unix:{self.redis.socket}"', "deadline": "5s", **(redis or {})},
        }
        if self.wiring.stages:
            content["policyd"] = {"listen": f'{{ "unix:{self.policy_socket}" }}'}
        if self.wiring.milter:
            content["milter"] = {"listen": f'"unix:{self.milter_socket}"'}
        if self._sasld_settings is not None:
            content["sasld"] = {"listen": f'{{ "unix:{self.sasl_socket}" }}', "guess_delay": "0s",
                                **self._sasld_settings}
            content["passwords"] = {"method": "sha512", "sha512_rounds": "5000", "scram_iterations": str(ITERATIONS)}
        content["plan default"] = {"quotas": '{ "100 messages / 1h" }', "senders": '{ "%login" }', **(plan or {})}
        content.update(sections or {})
        write_configuration(self.config_path, content)

    def postfix_settings(self):
        """What main.cf says about Sendward: with the failure settings README.md recommends."""
        service = (f"check_policy_service {{ unix:{self.policy_socket}, timeout=10s, "
                   "{ default_action = 451 4.3.0 policy service is away } }")
        milters = [f"{{ unix:{path}, connect_timeout=5s, command_timeout=10s, content_timeout=10s, "
                   "default_action=tempfail }"
                   for path in (self._foreign(self.wiring.foreign_before),
                                self.wiring.milter and self.milter_socket,
                                self._foreign(self.wiring.foreign_behind)) if path]
        settings = {_RESTRICTIONS[stage]: service for stage in self.wiring.stages}
        at_recipient = [service] if "RCPT" in self.wiring.stages else []
        settings["smtpd_recipient_restrictions"] = ", ".join(
            [*at_recipient, "permit_sasl_authenticated", "reject_unauth_destination"])
        settings["smtpd_milters"] = " ".join(milters)
        settings["milter_default_action"] = "tempfail"
        if "MAIL" in self.wiring.stages:
            settings["smtpd_delay_reject"] = "no"
        return settings

    # -- mail

    def send(self, login, client="swaks", **message):
        """One message by one of clients.py's clients; see clients.Message for what it may say."""
        return clients.CLIENTS[client](self.postfix.port, login, clients.Message(login, **message))

    def session(self, **arguments):
        return clients.Session(self.postfix.port, **arguments)

    def delivered(self, message_id):
        """All deliveries of one message, once Postfix has nothing left to deliver. Held mail is not waited for."""
        wait_until(self.postfix.drained, "Postfix to deliver what it has queued")
        return [delivery for delivery in self.sink.deliveries() if message_id.encode() in delivery.content]

    # -- what Sendward says

    def used(self, login, unit="messages", window_s=None):
        """How much of the login's quota in that unit is used; 0 when the tool does not know the login."""
        done = self.sendward("usage", login, "--json", check=False)
        if done.returncode == 1 and "no account" in done.stderr:
            return 0
        if done.returncode != 0:
            raise RuntimeError(f"sendward usage: status {done.returncode}: {done.stderr}")
        rows = [row for row in json.loads(done.stdout)["quotas"]
                if row["unit"] == unit and window_s in (None, row["window_s"])
                and not row["quota"].startswith("null sender:")]
        if len(rows) != 1:
            raise RuntimeError(f"{len(rows)} quotas in {unit} for {login}: {done.stdout}")
        return rows[0]["used"]

    def wait_attempts(self, login, count):
        """What `sendward usage` says of refused mail when it is so many: a daemon writes it a second later."""
        def attempts():
            done = self.sendward("usage", login, "--json", check=False)
            found = json.loads(done.stdout)["attempts"] if done.returncode == 0 else None
            return found if found and found["day"] >= count else None
        return wait_until(attempts, f"{count} attempts of {login}")

    def decisions(self, **fields):
        """Decisions in both daemons' logs whose fields have these values."""
        every = [*decisions(self.policyd.log()), *decisions(self.milter.log())]
        return [one for one in every if all(getattr(one, name) == value for name, value in fields.items())]

    def wait_decision(self, **fields):
        wanted = " ".join(f"{name}={value}" for name, value in fields.items())
        return wait_until(lambda: self.decisions(**fields), f"a decision {wanted} in the log")[-1]

    # -- inside

    def _make(self, name, owner=None):
        path = os.path.join(self.directory, name)
        os.makedirs(path, exist_ok=True)
        if owner:
            os.chown(path, pwd.getpwnam(owner).pw_uid, -1)
        return path

    def _log(self, name):
        return os.path.join(self.logs, name + ".log")

    def foreign_socket(self, name):
        return os.path.join(self.run, name)

    def _foreign(self, name):
        return self.foreign_socket(name) if name else None
