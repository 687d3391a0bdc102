"""status, check-config, reload; help, wrong usage, Redis away."""

import contextlib
import json
import os
import pwd
import re
import signal
import subprocess
import time

from bench import CONFIGURATION, LIMIT_S, SHORT, ended, equal, expect, until

COMMANDS = ["user add", "user set", "user show", "user list", "user delete", "password set", "password generate",
            "password verify", "password list", "credential add", "credential set", "credential list", "credential block",
            "credential allow", "credential rotate", "credential revoke", "lockout list", "lockout lift", "identity add", "identity set", "identity list",
            "identity show", "identity delete", "block", "sandbox", "allow", "compromised", "release", "usage", "top",
            "reset", "explain", "events", "sent", "status", "check-config", "doctor", "export", "import", "import-senders", "reindex",
            "reload"]


def status(b):
    """status shows Redis and the daemons that were seen"""
    status_now = b.json("status")
    equal((status_now["redis"]["address"], status_now["redis"]["reachable"], status_now["daemons"]),
          (b.redis.address, True, []))
    expect(re.fullmatch(r"(redis|valkey) \d+\.\d+\.\d+", status_now["redis"]["version"]), status_now["redis"])
    expect(0 < status_now["redis"]["latency_us"] < 1000000 * LIMIT_S, status_now["redis"])
    expect("no daemon has been seen" in b.ok("status"), "not said")
    b.redis("SET", "sendward:node:mx2/milter", '{"version":"0.1.0","pid":5,"since":1795201005,"charge":"milter"}')
    b.redis("SET", "sendward:node:mx1/policyd", '{"version":"0.1.0","pid":4,"since":1795201005}')
    b.redis("SET", "sendward:node:odd", "nonsense")
    equal([(d["node"], d["daemon"], d.get("version"), d.get("pid")) for d in b.json("status")["daemons"]],
          [("mx1", "policyd", "0.1.0", 4), ("mx2", "milter", "0.1.0", 5), ("odd", "", None, None)])
    table = b.ok("status", env={"TZ": "UTC"}).splitlines()
    expect("mx2   milter   0.1.0    2026-11-20 18:56:45 +0000" in table, table)


def status_late(b):
    """status says how old a heartbeat is that was not followed by the next one"""
    now = int(b.redis("TIME")[0])
    for age, state in (5, "up"), (20, "up 2[0-9] s ago, 1 outage"), (3600, "up"), (-50, "up"):
        outages = 1 if "outage" in state else 0
        b.redis("SET", "sendward:node:mx1/policyd", '{"version":"0.1.0","pid":4,"since":1795201005,"beat":%d,'
                '"redis":{"state":"up","subscribed":true,"outages":%d}}' % (now - age, outages))
        expect(re.search(rf"^mx1 .* {state}$", b.ok("status"), re.M), b.ok("status"))


def status_deaf(b):
    """status says that a daemon is not told of changed accounts when it has lasted, and not right after an outage"""
    beat = '{"version":"0.1.0","pid":4,"since":1795201005,"redis":{"state":"up","subscribed":%s,"unsubscribed_s":%d}}'
    for subscribed, lasts_s, said in ("true", 0, False), ("false", 1, False), ("false", 60, True):
        b.redis("SET", "sendward:node:mx1/policyd", beat % (subscribed, lasts_s))
        equal("mx1/policyd: is not told of changed accounts" in b.ok("status"), said)


def status_namesake(b):
    """status says that two daemons have one node"""
    beat = '{"version":"0.1.0","pid":4,"since":1795201005,"redis":{"state":"up","subscribed":true}%s}'
    for more, said in (("", None), (',"namesake":{"host":"mx7","pid":44}', "on host mx7 with pid 44:"),
                       (',"namesake":{"host":"","pid":0}', "on host unknown with pid 0:"),
                       (',"namesake":{"host":"a\\u001bb","pid":1}', "on host a\\x1Bb with pid 1:"),
                       (',"namesake":7', "on host unknown with pid 0:")):
        b.redis("SET", "sendward:node:mx1/policyd", beat % more)
        text = b.ok("status")
        equal("mx1/policyd: is two daemons, one " in text, said is not None)
        expect(not said or said in text, text)


def away(b):
    """a Redis that is away is said with its address and where to look, by every command that needs it"""
    b.configure(CONFIGURATION.replace("{address}", "unix:/nowhere/redis.sock"))
    running = [b.start(*words) for words in (
        ["user", "list"], ["user", "add", "x"], ["block", "x"], ["usage", "x"], ["reset", "x"], ["events"], ["export"],
        ["explain", "--login", "x", "--from", "x", "--client", "::1"], ["status"])]
    for process in running:
        code, out, err = ended(process)
        equal((code, out), (1, ""))
        expect(re.fullmatch("sendward: redis at unix:/nowhere/redis.sock: .*o such file.*: see `sendward doctor redis`\n",
                            err), err)
    redis = json.loads(b.refused(1, "nowhere", "status", "--json"))["redis"]
    equal((redis["address"], redis["reachable"]), ("unix:/nowhere/redis.sock", False))


def hanging(b):
    """a Redis that hangs is waited for, but not for long"""
    b.configure(deadline=SHORT)
    b.redis.signal(signal.SIGSTOP)
    try:
        start = time.monotonic()
        b.refused(1, "^sendward: redis at unix:.*: .*: see `sendward doctor redis`$", "block", "rose")
        expect("sendward doctor" not in b.refused(1, "^$", "doctor", "redis"), "doctor names itself")
        expect(time.monotonic() - start < LIMIT_S / 2, "it took too long")
    finally:
        b.redis.signal(signal.SIGCONT)


def slow(b):
    """a Redis that does not answer for a moment is asked again, and nothing is done twice"""
    b.configure(deadline=SHORT)
    for command, state in (["user", "add"], "allowed"), (["block"], "blocked"):
        b.redis("CLIENT", "PAUSE", 1500, "WRITE")
        b.ok(*command, "rose")
        equal(b.json("user", "show", "rose")["state"], state)
    equal([event["event"] for event in b.lines("events", "--json")], ["account", "state"])


def checked(b):
    """check-config says that a file is good, and which plans it has"""
    out = b.ok("check-config").splitlines()
    equal(out[0], b.config + ": ok")
    expect(any(line.startswith("students  10 messages / 1h") for line in out), out)
    result = b.json("check-config")
    equal((result["file"], result["ok"], [plan["plan"] for plan in result["plans"]]),
          (b.config, True, ["default", "students"]))
    equal(result["plans"][1]["networks"], ["192.0.2.0/24"])


def as_nobody(b, *words):
    """`sendward WORDS` by a user who may read what everybody may, at most."""
    os.chmod(b.directory, 0o755)
    words = b.words(*words)
    if os.geteuid() == 0:
        words = ["setpriv", "--reuid=65534", "--clear-groups", *words]
    return subprocess.run(words, capture_output=True, check=False, encoding="utf-8", timeout=LIMIT_S)


def checked_host(b):
    """check-config warns of users, groups and files that this host has not got, with their lines"""
    redis = 'redis {{ address = "{address}"\n  password_file = "%s"\n  username = "x" }}\n'
    secret = b.write("secret", "x")
    for text, why in (('node = "a"\nuser = "no-such-user"\n', ':2: warning: user "no-such-user" does not exist on this host'),
                      ('group = "no-such-group"\n', ':1: warning: group "no-such-group" does not exist on this host'),
                      ('socket_group = "no-such-group"\n',
                       ':1: warning: socket_group "no-such-group" does not exist on this host'),
                      (redis % "/nowhere/secret",
                       ":2: warning: password_file /nowhere/secret: No such file or directory")):
        b.configure(text)
        done = b.call("check-config")
        equal((done.returncode, done.stderr), (0, b.config + why + "\n"))
        result = json.loads(b.call("check-config", "--json").stdout)
        equal((result["ok"], result["warnings"]), (True, [b.config + why]))
    b.configure('user = "root"\ngroup = "root"\nsocket_group = "4711"\n' + redis % secret)
    b.ok("check-config")
    equal(b.json("check-config")["warnings"], [])


def checked_hidden(b):
    """check-config warns of a file that who asks may not read"""
    hidden = b.write("hidden", "x")
    b.configure('redis {{ address = "{address}"  password_file = "%s" }}\n' % hidden)
    os.chmod(hidden, 0)
    os.chmod(b.config, 0o644)
    why = f"{b.config}:1: warning: password_file {hidden}: Permission denied"
    done = as_nobody(b, "check-config")
    equal((done.returncode, done.stderr), (0, why + "\n"))
    equal(json.loads(as_nobody(b, "check-config", "--json").stdout)["warnings"], [why])
    os.chmod(b.config, 0o600)
    os.unlink(hidden)


def checked_shared(b):
    """check-config says what is shared, and by whom"""
    b.configure('redis {{ address = "{address}" }}\nplan gold {{ shared_quotas = {{ "9 messages / 1d" }} }}\n'
                'domain "dom.example" {{ plan = "gold"  shared_quotas = {{ "7 messages / hour" }} }}\n'
                'group "reseller" {{ quotas = {{ "1k recipients / 1d" }} }}\n'
                'unauthenticated {{ quotas = {{ "3 messages / 1h" }} }}\n')
    result = b.json("check-config")
    equal([result[key] for key in ("domains", "groups", "unauthenticated")],
          [[{"domain": "dom.example", "plan": "gold", "shared_quotas": ["7 messages / hour in UTC"]}],
           [{"group": "reseller", "quotas": ["1000 recipients / 1d"]}], ["3 messages / 1h"]])
    equal(result["plans"][1]["shared_quotas"], ["9 messages / 1d"])
    lines = b.ok("check-config").splitlines()
    equal(lines[lines.index("SHARED BY           QUOTA") + 1:],
          ["domain dom.example  7 messages / hour in UTC", "plan gold           9 messages / 1d",
           "group reseller      1000 recipients / 1d", "network             3 messages / 1h"])


def checked_empty(b):
    """check-config says of an empty file, and of one with comments only, that all is built in and no daemon can start"""
    for text in ("", "\n\n", "# node = x\n\n  // nothing\n/* redis {{ }} */\n", "redis {{ }}\npolicyd {{ }}\n"):
        b.configure(text, None)
        lines = b.ok("check-config").splitlines()
        equal(lines[:2], [b.config + ": ok", "nothing is set in it: what follows is built in"], text)
        equal([line.split(None, 1) for line in lines[3:8]],
              [["redis", "inet:127.0.0.1:6379"], ["policyd", "not configured"], ["milter", "not configured"],
               ["sasld", "not configured"], ["no", "daemon can start with it: section policyd, milter or sasld must have a listen"]])
        result = b.json("check-config")
        equal((result["empty"], result["listeners"], result["redis"]), (True, [], "inet:127.0.0.1:6379"))
    for text in ('node = "a"\n', "redis {{ deadline = 1s }}\n", "plan default {{ }}\n", "milter {{ max_connections = 5 }}\n",
                 "plan a {{ ramp {{ }} }}\n"):
        b.configure(text, None)
        expect("nothing is set" not in b.ok("check-config"), text)
        equal(b.json("check-config")["empty"], False, text)


def checked_daemons(b):
    """check-config says where the daemons listen and who charges, and warns where other hosts may reach them"""
    b.configure('policyd {{ listen = {{ "unix:/a", "inet:0.0.0.0:10031" }}  sender_login_listen = {{ "inet:[::]:10032" }} }}\n'
                'milter {{ listen = "inet:127.0.0.2:10033" }}\nsasld {{ listen = {{ "inet:mx1.example.com:10034" }} }}\n')
    done = b.call("check-config")
    warning = b.config + ": warning: other hosts may reach %s, and whoever does is served: let only Postfix in"
    warnings = [warning % one for one in ("inet:0.0.0.0:10031 of policyd", "inet:[::]:10032 of policyd",
                                          "inet:mx1.example.com:10034 of sasld")]
    equal((done.returncode, done.stderr.splitlines()), (0, warnings))
    equal([line.split() for line in done.stdout.splitlines()[3:9]],
          [["policyd", "unix:/a"], ["inet:0.0.0.0:10031"], ["inet:[::]:10032"], ["milter", "inet:127.0.0.2:10033"],
           ["sasld", "inet:mx1.example.com:10034"], ["messages", "are", "charged", "by", "milter"]])
    result = json.loads(b.call("check-config", "--json").stdout)
    equal((result["warnings"], result["charge"], [one["daemon"] for one in result["listeners"]]),
          (warnings, "milter", ["policyd"] * 3 + ["milter", "sasld"]))


def broken(b):
    """a broken configuration is refused with file, line and reason, by every command"""
    b.configure('node = "mx1"\nnonsense = 5\n')
    pattern = f"^{re.escape(b.config)}:2: .*nonsense"
    for words in (["check-config"], ["status"], ["user", "list"], ["block", "x"], ["reload"], ["import", "-"]):
        b.refused(1, pattern, *words)
    result = json.loads(b.refused(1, pattern, "check-config", "--json"))
    equal(result["ok"], False)
    expect(re.match(pattern, result["error"]), result)


def no_config(b):
    """a configuration that is not there is said"""
    b.refused(1, "^/nowhere/sendward.conf: ", "check-config", "-c", "/nowhere/sendward.conf")


class Fake:
    """A process that looks like one of the daemons and writes the signals it gets to a file."""

    def __init__(self, b, name, config, signals, letters="-c", user=None):
        self.out = b.path(f"{name}-{os.path.basename(config)}.signals")
        ready = self.out + ".ready"
        # Of an earlier case, and perhaps of another user.
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.out)
        traps = "".join(f"trap 'echo {s} >>{self.out}' {s}\n" for s in signals)
        script = b.write(f"{name}.sh", f"{traps}: >{self.out}; : >{ready}\nwhile :; do read -r line; done\n")
        # A shell does not catch what was ignored when it began, as SIGHUP is under nohup.
        # pylint: disable=consider-using-with,subprocess-popen-preexec-fn
        self.process = subprocess.Popen([f"/opt/sbin/{name}", script, "-f", letters, config], executable="/bin/sh",
                                        stdin=subprocess.PIPE, user=user, group=user,
                                        extra_groups=None if user is None else [],
                                        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL))
        until(lambda: os.path.exists(ready), f"{name} has begun")
        os.unlink(ready)

    def _signals(self):
        with open(self.out, encoding="utf-8") as out:
            return out.read().split()

    def got(self, n):
        """What it got, when that is so many."""
        until(lambda: len(self._signals()) >= n, "so many signals")
        return self._signals()

    def end(self):
        alive = self.process.poll() is None
        self.process.kill()
        self.process.communicate()
        return alive


def reload(b):
    """reload signals the daemons that use this configuration, and no one else"""
    b.refused(1, "no daemon on this host uses " + re.escape(b.config) + r"\n.*give -c the file", "reload")
    other = b.write("other.conf", "")
    fakes = [Fake(b, "sendward-policyd", b.config, ["HUP", "USR1"], "-fc"), Fake(b, "sendward-milter", b.config, ["USR1"]),
             Fake(b, "sendward-policyd", other, ["HUP"]), Fake(b, "something", b.config, ["HUP", "USR1"])]
    try:
        out = b.ok("reload")
        equal(sorted(re.findall(r"^(\S+), process (\d+): told to read", out, re.M)),
              [("sendward-milter", str(fakes[1].process.pid)), ("sendward-policyd", str(fakes[0].process.pid))])
        equal([fake.got(n) for fake, n in zip(fakes, (1, 1, 0, 0))], [["HUP"], ["USR1"], [], []])
        equal(sorted(told["daemon"] for told in b.json("reload")["told"]), ["sendward-milter", "sendward-policyd"])
    finally:
        equal([fake.end() for fake in fakes], [True] * 4)


def reload_early(b):
    """reload does not kill a daemon that is not ready for the signal"""
    fake = Fake(b, "sendward-milter", b.config, [])
    try:
        b.refused(1, "sendward-milter, process [0-9]+: not ready", "reload")
    finally:
        equal(fake.end(), True)


def reload_unreadable(b):
    """reload tells no daemon when one of them may not read the file, and says which one and who it is"""
    nobody = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None
    if nobody is None:
        print("  not root: a daemon of another user was not tried")
    mode = os.stat(b.directory).st_mode
    os.chmod(b.directory, 0o777)
    os.chmod(b.config, 0o644)
    fakes = [Fake(b, "sendward-policyd", b.config, ["HUP"], user=nobody), Fake(b, "sendward-milter", b.config, ["USR1"])]
    try:
        b.ok("reload")
        if nobody is not None:
            why = (f"^sendward: {re.escape(b.config)}: user nobody, as whom sendward-policyd \\(process "
                   f"{fakes[0].process.pid}\\) runs, may not read it: Permission denied\nsendward: no daemon was told: ")
            os.chmod(b.config, 0o600)
            equal(b.refused(1, why, "reload"), "")
            equal(json.loads(b.refused(1, why, "reload", "--json")), {"told": []})
            os.chown(b.config, 0, nobody)
            os.chmod(b.config, 0o640)
        # Signals that were sent before would be among these.
        equal([fake.got(1) for fake in fakes], [["HUP"], ["USR1"]])
        b.ok("reload")
        equal([fake.got(2) for fake in fakes], [["HUP"] * 2, ["USR1"] * 2])
        if nobody is not None:  # nor may who cannot come to it
            os.chmod(b.directory, 0o700)
            b.refused(1, why, "reload")
    finally:
        equal([fake.end() for fake in fakes], [True] * 2)
        os.chmod(b.directory, mode)
        os.chown(b.config, os.geteuid(), os.getegid())
        os.chmod(b.config, 0o600)


def helped(b):
    """--help lists every command, and every command has its own"""
    out = b.ok("--help")
    equal(b.ok("-h"), out)
    equal(re.findall(r"^  ([a-z-]+(?: [a-z]+)?)(?: \[?[A-Z]+\]?)?  ", out, re.M), COMMANDS)
    for command in COMMANDS:
        out = b.ok(*command.split(), "--help")
        expect(out.startswith(f"Usage: sendward {command}"), out)
        # The configuration's place is as long as whoever ran configure made it.
        lines = [line for line in out.splitlines() if "/sendward.conf" not in line]
        expect(max(map(len, lines)) <= 80, f"{command}: a line is too long")
    equal([line for line in b.ok("user", "--help").splitlines() if "user" in line and line.startswith("  ")],
          [line for line in b.ok("--help").splitlines() if line.startswith("  user ")])


def version(b):
    """-V prints the version"""
    expect(re.fullmatch(r"sendward \d+\.\d+\.\d+\n", b.ok("-V")), b.ok("-V"))
    equal(b.ok("--version"), b.ok("-V"))


def misuse(b):
    """wrong usage ends with status 2, a message and where to look"""
    rows = [
        ([], "^Usage: sendward "),
        (["user"], "^Usage: sendward user "),
        (["frobnicate"], '^sendward: unknown command "frobnicate"\nTry `sendward --help`'),
        (["user", "rename", "x"], '^sendward: unknown command "user rename"\nTry'),
        (["user", "frob", "x"], '^sendward: unknown command "user frob"\nTry'),
        (["user", "ad", "x"], '^sendward: unknown command "user ad"; did you mean "user add"\\?\nTry'),
        (["unblock", "x"], '^sendward: unknown command "unblock"; did you mean "allow"\\?\nTry'),
        (["help"], '^sendward: unknown command "help"; did you mean "--help"\\?\nTry'),
        (["reste", "x"], '^sendward: unknown command "reste"; did you mean "reset"\\?\n'),
        (["block"], "^sendward block: LOGIN is missing\nTry `sendward block --help`"),
        (["block", "a", "b"], '^sendward block: "b" is too much'),
        (["explain", "a@dom.example"], '^sendward explain: "a@dom.example" is too much; a login is given with --login\n'),
        (["lockout", "list", "a", "b"], '^sendward lockout list: "b" is too much'),
        (["block", "a", "--plan", "p"], "^sendward block: takes no --plan"),
        (["block", "a", "--nothing"], "^sendward block: unknown option --nothing\nTry `sendward block --help`"),
        (["block", "a", "--raeson=x"], r"^sendward block: unknown option --raeson; did you mean --reason\?\n"),
        (["block", "a", "--qouta=x"], "^sendward block: unknown option --qouta\n"),
        (["--qouta", "x"], r"^sendward: unknown option --qouta; did you mean --quota\?\n"),
        (["block", "a", "--re", "x"], "^sendward block: ambiguous option --re\n"),
        (["block", "a", "-x"], "^sendward block: unknown option -x"),
        (["block", "a", "--reason"], "^sendward block: --reason needs TEXT"),
        (["block", "a", "--json=1"], "^sendward block: --json takes no value"),
        (["block", "a", "--reason", "x", "--reason", "y"], "^sendward block: --reason is given twice"),
        (["user", "add", "a", "--network", "300.1.1.1"], "^sendward user add: --network "),
        (["user", "add", "a", "--network", "192.0.2.1/24"], "did you mean 192.0.2.0/24"),
        (["user", "add", "a", "--network", "192.0.2.0/33"], "--network"),
        (["user", "add", "a", "--sender", "nobody"], "--sender"),
        (["user", "add", "a", "--quota", "5 / 1h"], "--quota"),
        (["user", "add", "a", "--quota", "5 messages / 32d"], "--quota"),
        (["user", "add", "a", "--quota", "5 messages"], "--quota"),
        (["user", "add", "a", "--max-size", "big"], "--max-size"),
        (["user", "add", "a", "--max-recipients", "-1"], "--max-recipients"),
        (["user", "add", "a", "--plan", ""], "--plan"),
        (["user", "set", "a", "--inherit", "everything"], "--inherit"),
        (["user", "add", "a", "--add-sender", "x@y.example"], "takes no --add-sender"),
        (["block", "a", "--for", "x" * 100000], '^sendward block: --for "x{100}[.]{3}": .+\nTry'),
        (["block", "x" * 256], '^sendward block: LOGIN "x{100}[.]{3}": is longer than 255 octets\nTry'),
        (["block", "x" * 99 + "é" * 100], '^sendward block: LOGIN "x{99}[.]{3}": is longer than 255 octets\nTry'),
        (["block", "a", "--reason", "é" * 251], '^sendward block: --reason "é{50}[.]{3}": is longer than 500 octets\nTry'),
        (["import", ""], '^sendward import: FILE "": is empty\nTry'),
        (["import-senders", "--login-maps", ""], '^sendward import-senders: --login-maps "": is empty\nTry'),
        (["status", "--config", ""], '^sendward status: --config "": is empty\nTry'),
        (["doctor", ""], '^sendward doctor: PART "": there is no such part; there are: redis, host, postfix\nTry'),
    ]
    for words, pattern in rows:
        equal(b.refused(2, pattern, *words), "")


def misuse_first(b):
    """values that do not parse are found without configuration and Redis"""
    b.refused(2, "--for", "block", "rose", "--for", "24", "-c", "/nowhere/sendward.conf")


def order(b):
    """options stand before or behind the command"""
    b.ok("--reason", "x", "block", "--json", "rose", env={"POSIXLY_CORRECT": "1"})
    equal(b.json("user", "show", "rose")["reason"], "x")


def full_disk(b):
    """standard output that takes nothing is an error"""
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(b.words("status"), stdout=full, stderr=subprocess.PIPE, check=False, encoding="utf-8",
                              timeout=LIMIT_S)
    equal((done.returncode, done.stderr), (1, "sendward: standard output: No space left on device\n"))


def closed_output(b):
    """what would be printed to a standard output that is closed goes nowhere, and is an error"""
    for words in (("user", "list"), ("--help",), ("user", "add", "rose")):
        done = subprocess.run(["sh", "-c", 'exec "$@" >&-', "sh", *b.words(*words)], capture_output=True, check=False,
                              encoding="utf-8", timeout=LIMIT_S)
        equal((done.returncode, done.stderr), (1, "sendward: standard output: Bad file descriptor\n"), f"{words}")
    equal(b.record("rose")["state"], "allowed")
    done = subprocess.run(["sh", "-c", 'exec "$@" <&- 2>&-', "sh", *b.words("block", "rose", "--fro")], capture_output=True,
                          check=False, timeout=LIMIT_S)
    equal(done.returncode, 2)


def follow_full(b):
    """events --follow ends when standard output takes no more"""
    for number in range(200):
        b.redis("XADD", "sendward:events", "*", "event", json.dumps({"time": number, "event": "x" * 100}))
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(b.words("events", "--follow"), stdout=full, stderr=subprocess.PIPE, check=False,
                              encoding="utf-8", timeout=LIMIT_S)
    expect(done.returncode == 1 and done.stderr.startswith("sendward: standard output: "), done)


def events_since(b):
    """events --since leaves out what was written before, also when it goes on; a time of before all is all of it"""
    now = int(b.redis("TIME")[0])
    for age in (7200, 1800, 60):
        event = json.dumps({"time": now - age, "event": "state", "login": "rose"})
        b.redis("XADD", "sendward:events", f"{(now - age) * 1000}-0", "event", event)
    for since, ages in (("3h", [7200, 1800, 60]), ("1h", [1800, 60]), ("30s", []), ("36500d", [7200, 1800, 60])):
        equal([now - event["time"] for event in b.lines("events", "--json", "--since", since)], ages, since)
    equal(len(b.ok("events", "--since", "1h").splitlines()), 2)
    equal(b.lines("events", "--json", "--since", "3h", "--login", "lily"), [])
    follow = b.start("events", "--follow", "--json", "--since", "1h")
    seen = [json.loads(follow.stdout.readline())["time"] for _ in range(2)]
    b.ok("block", "rose")
    seen.append(json.loads(follow.stdout.readline())["event"])
    follow.kill()
    follow.communicate(timeout=LIMIT_S)
    equal(seen, [now - 1800, now - 60, "state"])
    b.refused(2, "--since", "events", "--since", "yesterday")


def unreadable(b):
    """who may not read the configuration is told who may"""
    os.chmod(b.config, 0)
    done = as_nobody(b, "status")
    os.chmod(b.config, 0o600)
    equal(done.returncode, 1)
    expect("Permission denied\n" in done.stderr and "whoever runs this must be able to read it" in done.stderr, done.stderr)


CASES = [status, status_late, status_deaf, status_namesake, away, hanging, slow, checked, checked_host, checked_hidden,
         checked_shared, checked_empty, checked_daemons, broken, no_config, reload, reload_early, reload_unreadable, helped, version, misuse,
         misuse_first, order, full_disk, closed_output, follow_full, events_since, unreadable]
