"""doctor: what it finds; and that its ACL line has all that is needed and no more."""

import contextlib
import grp
import json
import os
import pwd
import re
import signal
import socket
import subprocess
import tempfile
import time

from bench import BUILD, CONFIGURATION, LIMIT_S, SANITIZER, equal, expect, redis_server, stopped, until
from ports import free_port

USER = CONFIGURATION.replace('address = "{address}"',
                             'address = "{address}" username = "sendward" password_file = "{secret}"')

SHARED = 'domain "shared.example" {{ shared_quotas = {{ "1 messages / 1h" }} }}\n'


def findings(b, check, status=None):
    """What `doctor redis` says of one check: (level, text) of each; all of them when check is None."""
    done = b.call("doctor", "redis", "--json")
    expect(done.stderr == "" and status in (None, done.returncode), f"{done.returncode} {done.stderr}")
    found = json.loads(done.stdout)["findings"]
    return [(one["level"], one["text"]) for one in found if check in (None, one["check"])]


def errors(b):
    return [text for level, text in findings(b, None) if level == "error"]


def host(b):
    """doctor looks at the sockets of this host's daemons, whether they were seen, and whether they are two of one node"""
    listener = b.path("doctor.sock")
    group = grp.getgrgid(os.getegid()).gr_name
    b.configure(CONFIGURATION + f'socket_group = "{group}"\npolicyd {{{{ listen = {{{{ "unix:{listener}" }}}} }}}}\n')
    text = b.refused(1, "^$", "doctor", "host")
    expect(re.search(r"^error +sockets +.*doctor.sock: No such file", text, re.M), text)
    expect(re.search(r"^warning +daemons +mx1/policyd was not seen", text, re.M) and "ACL SETUSER" not in text, text)
    b.redis("SET", "sendward:node:mx1/policyd", '{"pid":4,"namesake":{"host":"mx7","pid":44}}')
    text = b.refused(1, "^$", "doctor", "host")
    expect(re.search(r"^error +daemons +mx1/policyd is two daemons, one on host mx7 with pid 44$", text, re.M), text)
    b.redis("DEL", "sendward:node:mx1/policyd")
    b.configure(CONFIGURATION + f'socket_group = "{group}"\n')
    with policyd(b) as ask:
        equal(ask("rose", "Q1"), "action=DUNNO")
        b.configure(CONFIGURATION + f'socket_group = "{group}"\npolicyd {{{{ listen = {{{{ "unix:{listener}" }}}} }}}}\n')
        text = b.ok("doctor", "host")
        expect(re.search(r"^ok +sockets +.*doctor.sock$", text, re.M), text)
        until(lambda: re.search(r"^ok +daemons +mx1/policyd was seen", b.ok("doctor", "host"), re.M), "a heartbeat")
        os.chmod(listener, 0o666)
        expect(re.search(r"^warning +sockets +.*has not got mode 0660", b.ok("doctor", "host"), re.M), "the mode")


def host_full(b):
    """doctor host does not wait for a daemon that takes no connections any more"""
    path = b.path("full.sock")
    group = grp.getgrgid(os.getegid()).gr_name
    b.configure(CONFIGURATION + f'socket_group = "{group}"\npolicyd {{{{ listen = {{{{ "unix:{path}" }}}} }}}}\n')
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket(socket.AF_UNIX))
        listener.bind(path)
        listener.listen(0)
        os.chmod(path, 0o660)
        with contextlib.suppress(BlockingIOError):
            while True:
                client = stack.enter_context(socket.socket(socket.AF_UNIX))
                client.setblocking(False)
                client.connect(path)
        expect(re.search(r"^ok +sockets +.*full.sock$", b.call("doctor", "host").stdout, re.M), "the socket")
    os.unlink(path)


def exposed(b):
    """doctor host warns of listeners that other hosts may reach, and not of those of this host alone"""
    b.configure(CONFIGURATION + 'policyd {{ listen = {{ "inet:0.0.0.0:10031", "inet:127.0.0.1:10032" }} }}\n'
                'milter {{ listen = "inet:[2001:db8::1]:10033" }}\n')
    found = [finding["text"] for finding in json.loads(b.call("doctor", "host", "--json").stdout)["findings"]
             if finding["check"] == "sockets"]
    equal(found, [f"other hosts may reach {address}, and whoever does is served"
                  for address in ("inet:0.0.0.0:10031", "inet:[2001:db8::1]:10033")])


def host_file(b):
    """doctor host looks whether the daemons' user may read the configuration again, when root asks"""
    mode = os.stat(b.directory).st_mode
    b.configure(CONFIGURATION + 'user = "nobody"\n')
    os.chmod(b.directory, 0o755)
    try:
        for bits, pattern in ((0o644, r"^ok +configuration +user nobody may read "),
                              (0o600, r"^warning +configuration +.*: user nobody may not read it: Permission denied$")):
            os.chmod(b.config, bits)
            text = b.call("doctor", "host").stdout
            equal(bool(re.search(pattern, text, re.M)), os.geteuid() == 0, text)
        secret = b.write("secret", "geheim\n")
        b.configure(CONFIGURATION.replace('"{address}"', f'"{{address}}" password_file = "{secret}"') + 'user = "nobody"\n')
        for bits, refused in ((0o644, False), (0o600, True)):
            os.chmod(secret, bits)
            text = b.call("doctor", "host").stdout
            equal(bool(re.search(r"^error +configuration +password_file /.*: user nobody may not read it", text, re.M)),
                  refused and os.geteuid() == 0, text)
        b.configure(CONFIGURATION + 'user = "no-such-user"\n')
        expect(" configuration " not in b.call("doctor", "host").stdout, "a user that does not exist")
    finally:
        os.chmod(b.directory, mode)


def acl_words(b, without=(), name="acl"):
    """The line that doctor prints, as words for Redis."""
    line = json.loads(b.call("doctor", "--json").stdout)[name]
    equal(line in b.call("doctor").stdout, True)
    return [word.replace(">PASSWORD", ">geheim") for word in line.split() if word not in without]


def use_acl(b, without=()):
    """From now on the configuration names an ACL user with the rights of doctor's line."""
    secret = b.write("secret", "geheim\n")
    os.chmod(secret, 0o640)
    b.configure((USER + SHARED).replace("{secret}", secret))
    b.redis(*acl_words(b, without))


@contextlib.contextmanager
def one_redis(b, *options):
    """Another redis-server, on a port of its own; gives a function for its commands."""
    port = free_port()
    directory = tempfile.mkdtemp(prefix="redis-", dir=b.directory)
    bus_port = free_port() if "--cluster-enabled" in options else None
    if bus_port:
        options = (*options, "--cluster-port", str(bus_port))

    def command(*words, check=True):
        done = subprocess.run(["redis-cli", "-p", str(port), *map(str, words)], capture_output=True, check=False,
                              timeout=LIMIT_S, encoding="utf-8")
        expect(not check or not re.match("(ERR|NO|WRONG)", done.stdout), f"{words}: {done.stdout}")
        return done.stdout.strip()

    with subprocess.Popen([redis_server(), *options, "--port", str(port), "--dir", directory, "--save", ""],
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        try:
            until(lambda: re.match("PONG|NOPERM|NOAUTH|ERR", command("PING", check=False)), "redis-server starts")
            command.port, command.bus_port = port, bus_port
            yield command
        finally:
            process.kill()


def map_asked(b, question):
    """What Postfix is told by the map of senders."""
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(LIMIT_S)
        link.connect(b.path("doctor.sock-senders"))
        link.sendall(f"{len(question)}:{question},".encode())
        return link.recv(4096).decode()


@contextlib.contextmanager
def policyd(b):
    """sendward-policyd with the present configuration; gives a function that asks it."""
    listener, log = b.path("doctor.sock"), b.path("policyd.log")
    with open(b.config, encoding="utf-8") as file:
        config = b.write("doctor.conf", file.read() + f'\npolicyd {{ listen = {{ "unix:{listener}" }}  '
                         f'sender_login_listen = {{ "unix:{listener}-senders" }} }}\n'
                         f'state_dir = "{b.directory}"\nuser = "{pwd.getpwuid(os.geteuid()).pw_name}"\n')
    with open(log, "w", encoding="utf-8") as out, \
         subprocess.Popen([os.path.join(BUILD, "sendward-policyd"), "-f", "-c", config], stdin=subprocess.DEVNULL,
                          stderr=out, encoding="utf-8") as daemon:
        def ask(login, queue_id, **more):
            return b.ask_policyd(listener, daemon, [{
                "request": "smtpd_access_policy", "protocol_state": "END-OF-MESSAGE", "sender": "",
                "client_address": "192.0.2.7", "sasl_username": login, "recipient_count": 1, "size": 100,
                "queue_id": queue_id, "instance": queue_id, **more}])[0]
        try:
            yield ask
        finally:
            daemon.send_signal(signal.SIGTERM)
            daemon.wait(LIMIT_S)
    with open(log, encoding="utf-8") as file:
        text = file.read()
    expect(not SANITIZER.search(text) and "NOPERM" not in text, text)


# --- findings ----------------------------------------------------------------------------------------------------------

def well(b):
    """doctor says what the server is, and that nothing is wrong with it"""
    b.redis("CONFIG", "SET", "appendonly", "yes")
    try:
        until(lambda: "aof_rewrite_in_progress:0" in b.redis("INFO", "persistence"), "appendonly is on")
        equal([level for level, _ in findings(b, None, 0) if level not in ("ok",)], [])
        expect(re.match(r"(redis|valkey) \d+\.\d+\.\d+, standalone, primary", findings(b, "server")[0][1]), "no server")
        expect(re.search(r"^ok +latency .* us", b.ok("doctor", "redis"), re.M), "no latency")
        equal(b.redis("DBSIZE"), 0, "doctor has left something")
    finally:
        b.redis("CONFIG", "SET", "appendonly", "no")
    b.refused(2, "there is no such part", "doctor", "postgres")


def settings(b):
    """doctor finds settings of the server that lose accounts or counters, or throw daemons out"""
    before = b.redis("CONFIG", "GET", "client-output-buffer-limit")[1]
    try:
        equal(findings(b, "persistence", 0)[0][0], "warning")
        b.redis("CONFIG", "SET", "save", "60 1")
        equal(findings(b, "persistence", 0)[0][0], "ok")
        b.redis("CONFIG", "SET", "maxmemory", "100mb")
        equal(findings(b, "eviction")[0][0], "ok")
        for policy, what in ("volatile-lru", "evicts counters"), ("allkeys-lfu", "evicts accounts and counters"):
            b.redis("CONFIG", "SET", "maxmemory-policy", policy)
            level, text = findings(b, "eviction", 1)[0]
            expect(level == "error" and policy in text and what in text, text)
        b.redis("CONFIG", "SET", "maxmemory-policy", "noeviction", "maxmemory", "100kb")
        expect("octets are used" in findings(b, "memory", 1)[0][1], "memory")
        b.redis("CONFIG", "SET", "maxmemory", "0", "timeout", "30", "client-output-buffer-limit", "pubsub 1kb 0 0")
        expect("quiet for 30 s" in findings(b, "timeout", 0)[0][1], "timeout")
        equal([(level, "pubsub" in text) for level, text in findings(b, "buffers", 0)], [("warning", True)])
    finally:
        b.redis("CONFIG", "SET", "save", "", "maxmemory", "0", "maxmemory-policy", "noeviction", "timeout", "0",
                "client-output-buffer-limit", before)


def secrets(b):
    """doctor finds a password file that everybody can read, one that is missing, and a wrong password"""
    use_acl(b)
    try:
        equal(findings(b, "secrets", 0)[0][0], "ok")
        os.chmod(b.path("secret"), 0o644)
        expect("everybody" in findings(b, "secrets", 1)[0][1], "mode")
        b.write("secret", "nope\n")
        expect(any("WRONGPASS" in text for text in errors(b)), "password")
        os.unlink(b.path("secret"))
        expect(any("No such file" in text for text in errors(b)), "file")
    finally:
        b.redis("ACL", "DELUSER", "sendward")


def wrong_password(b):
    """doctor tells whose password the file must have, with and without a user name, and when the server has none"""
    os.chmod(b.write("secret", "nope\n"), 0o600)

    def advice(settings):
        b.configure(f'redis {{{{ {settings} password_file = "{b.path("secret")}" }}}}\n')
        found = json.loads(b.call("doctor", "redis", "--json").stdout)["findings"]
        return [one["advice"] for one in found if (one["level"], one["check"]) == ("error", "connection")]
    with one_redis(b, "--requirepass", "geheim") as server:
        address = f'address = "inet:127.0.0.1:{server.port}"'
        for settings in address, address + ' username = "sendward"':
            expect("without redis.username the password_file must have the server's requirepass" in advice(settings)[0], settings)
        b.refused(1, "WRONGPASS", "user", "list")
    expect("the server has no password" in advice(f'address = "{b.redis.address}"')[0], "needless")


def far(b):
    """doctor warns of a password that is not there, and finds a replica, a cluster and renamed commands"""
    with one_redis(b, "--rename-command", "ZSCORE", "", "--rename-command", "CONFIG", "hidden",
                   "--cluster-enabled", "yes") as redis:
        b.configure(CONFIGURATION.replace("{address}", f"inet:127.0.0.1:{redis.port}"))
        redis("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        until(lambda: "cluster_state:ok" in redis("CLUSTER", "INFO"), "the cluster is up")
        found = findings(b, None, 1)
        expect(("warning", "no password: whoever reaches the server can block and allow every login") in found, found)
        expect(any(level == "error" and "no command zscore" in text for level, text in found), found)
        expect(any(level == "error" and "a node of a cluster" in text for level, text in found), found)
        expect(any(level == "unknown" and "timeout" in text for level, text in found), found)
        expect(not any("zadd" in text for level, text in found if level == "error"), found)
    with one_redis(b, "--replicaof", "127.0.0.1", "1") as redis:
        b.configure(CONFIGURATION.replace("{address}", f"inet:127.0.0.1:{redis.port}"))
        expect(("error", "this server is a replica: it cannot count") in findings(b, "server", 1), "no replica")
        equal(findings(b, "rights", 1), [])


def keys(b):
    """doctor finds a key under our name that is of another type"""
    wrong = {"strangers": ("RPUSH", "x"), "identities": ("SET", "x"), "senders": ("RPUSH", "x"), "events": ("SET", "x")}
    for name, (command, value) in wrong.items():
        b.redis(command, f"sendward:{name}", value)
    try:
        found = [text for level, text in findings(b, "rights", 1) if level == "error"]
        equal(sorted(text.split(":")[1].split()[0] for text in found), sorted(wrong))
        expect(all("is of another type" in text for text in found), found)
    finally:
        b.redis("DEL", *[f"sendward:{name}" for name in wrong])


# --- the ACL line --------------------------------------------------------------------------------------------------------

def run_daemon(b):
    """What the daemon does: counting, marks, events, refunds, news of accounts, heartbeats."""
    b.ok("user", "add", "sandy", "--sender", "sales@dom.example")
    with policyd(b) as ask:
        equal(ask("rose", "Q1"), "action=DUNNO")
        b.redis("SCRIPT", "FLUSH")
        equal(ask("rose", "Q1"), "action=DUNNO")
        equal(ask("lily", "Q2"), "action=DUNNO")
        b.ok("sandbox", "sandy")
        equal(ask("sandy", "Q3"), "action=DISCARD Sendward sandbox: sandboxed (sandy)")
        b.ok("block", "lily")
        expect("550 5.7.1" in ask("lily", "Q4"), "lily is not blocked")
        equal(ask("a@shared.example", "Q5"), "action=DUNNO")
        expect("450 4.7.28" in ask("b@shared.example", "Q6"), "the domain's quota")
        b.ok("reindex")
        until(lambda: "sandy" in map_asked(b, "senders sales@dom.example"), "the map of senders")
        until(lambda: b.json("status")["daemons"], "a heartbeat")
        until(lambda: b.redis("PUBSUB", "CHANNELS") == ["sendward:accounts"], "news of accounts")


def run_tool(b):
    """Each command of the tool."""
    table = b.write("table", "sales@dom.example rose, lily\n")
    for words in (["user", "add", "rose", "--quota", "5 messages / 1h"], ["user", "set", "rose", "--sender", "x@y.example"],
                  ["user", "set", "rose", "--sender", "z@y.example"], ["user", "show", "rose"], ["user", "list"],
                  ["block", "rose"], ["sandbox", "rose"], ["allow", "rose"], ["usage", "rose"], ["reindex"],
                  ["reset", "rose", "--quota", "messages / 1h"], ["reset", "rose"], ["reset", "--plan", "default"],
                  ["explain", "--login", "rose", "--from", "z@y.example", "--client", "192.0.2.1"], ["events"], ["sent", "rose"],
                  ["top"], ["password", "generate", "rose"], ["password", "list"], ["credential", "rotate", "rose"],
                  ["credential", "list", "rose"], ["credential", "revoke", "rose"],
                  ["status"], ["check-config"], ["import-senders", "--login-maps", table, "--target-is-login"]):
        done = b.call(*words)
        expect("NOPERM" not in done.stderr and done.returncode in (0, 1) and "redis" not in done.stderr,
               f"{words}: {done.stderr}")
    b.ok("import", "-", stdin=b.ok("export"))
    b.ok("user", "delete", "rose")
    follow = b.start("events", "--follow")
    b.ok("block", "iris")
    until(lambda: "xread" in b.redis("CLIENT", "LIST"), "events --follow waits")
    out, err = stopped(follow)
    expect("NOPERM" not in err and "redis" not in err, out + err)


def used(b):
    """The commands that were carried out, as ACL rules name them."""
    stats = re.findall(r"^cmdstat_([^:]+):", b.redis("INFO", "commandstats"), re.M)
    mine = {"acl", "client|list", "pubsub|channels", "config|resetstat", "script|flush", "auth", "acl|log", "acl|setuser", "hello"}
    return {name for name in stats if name not in mine}


def complete(b):
    """with the rights of doctor's ACL line and no others everything works, and each of them is used"""
    use_acl(b)
    try:
        words = acl_words(b)
        equal([text for level, text in findings(b, "rights") if level != "ok"], [])
        b.redis("ACL", "LOG", "RESET")
        b.redis("CONFIG", "RESETSTAT")
        run_tool(b)
        run_daemon(b)
        equal(b.redis("ACL", "LOG"), [])
        # ROLE is asked when a server has said that it is a replica, or is to be the primary of sentinels; LPUSHX when a
        # login has sent many messages in a second, LTRIM when more than are kept.
        equal(used(b) | {"role", "lpushx", "ltrim"}, {word[1:] for word in words if word[0] == "+"})
    finally:
        b.redis("ACL", "DELUSER", "sendward")


def missing(b):
    """doctor finds each right that is missing"""
    use_acl(b)
    try:
        words = acl_words(b)
        for right in [word for word in words if word[0] == "+" and word != "+role"]:
            b.redis(*[word for word in words if word != right])
            found = errors(b)
            expect(len(found) > 0 and all(f"{right[1:]} " in text + " " or f"'{right[1:]}'" in text for text in found),
                   f"{right}: {found}")
        for change in (["~sendward:{*"], ["~sendward:*:a", "~sendward:[^{]*"], ["%R~sendward:*"]):
            b.redis(*[word for word in words if word[0] != "~"], *change)
            expect(any("NOPERM" in text for text in errors(b)), f"{change}: not found")
        b.redis(*[word for word in words if word[0] != "&"])
        equal([text.split()[0] for text in errors(b)], ["publish", "subscribe"])
    finally:
        b.redis("ACL", "DELUSER", "sendward")


def role(b):
    """doctor finds that ROLE is not allowed, without which a replica would be used"""
    use_acl(b, without=["+role"])
    try:
        expect(any(text.startswith("role is refused") for text in errors(b)), "not found")
    finally:
        b.redis("ACL", "DELUSER", "sendward")


def cluster(b):
    """doctor looks at each node of a cluster, and its ACL line is enough there"""
    secret = b.write("secret", "geheim\n")
    os.chmod(secret, 0o600)
    with one_redis(b, "--cluster-enabled", "yes") as first, one_redis(b, "--cluster-enabled", "yes") as second:
        first("CLUSTER", "ADDSLOTSRANGE", 0, 8191)
        second("CLUSTER", "ADDSLOTSRANGE", 8192, 16383)
        first("CLUSTER", "MEET", "127.0.0.1", second.port, second.bus_port)
        until(lambda: all("cluster_state:ok" in one("CLUSTER", "INFO") for one in (first, second)), "the cluster is up")
        b.configure(USER.replace("{secret}", secret).replace(
            'address = "{address}"', f'cluster = {{{{ "inet:127.0.0.1:{first.port}" }}}}'))
        words = acl_words(b)
        expect("+asking" in words and "+cluster|slots" in words, words)
        for one in first, second:
            one(*words)
        found = json.loads(b.call("doctor", "--json").stdout)["findings"]
        equal(sorted(one.get("server") for one in found if one["check"] == "rights"),
              sorted(f"inet:127.0.0.1:{one.port}" for one in (first, second)))
        equal([one for one in found if one["level"] == "error"], [])
        for one in first, second:
            one("ACL", "LOG", "RESET")
        run_tool_in_cluster(b)
        equal([one("ACL", "LOG") for one in (first, second)], ["", ""])
        second(*[word for word in words if word != "+zscore"])
        found = [one for one in json.loads(b.call("doctor", "--json").stdout)["findings"] if one["level"] == "error"]
        equal([(one["server"], one["text"].split()[0]) for one in found],
              [(f"inet:127.0.0.1:{second.port}", "zscore")])
        second("SHUTDOWN", "NOSAVE", check=False)
        equal([one["server"] for one in json.loads(b.call("doctor", "redis", "--json").stdout)["findings"]
               if (one["level"], one["check"]) == ("error", "connection")], [f"inet:127.0.0.1:{second.port}"])


def run_tool_in_cluster(b):
    for login in "rose", "lily", "iris", "sandy":
        b.ok("user", "add", login, "--generate")
        b.ok("credential", "revoke", login)
        b.ok("block", login)
        b.refused(0, "nothing was counted", "reset", login)
    b.ok("user", "list")
    b.ok("status")


def sentinel(b):
    """with sentinels doctor prints an ACL line for them too, and it is enough"""
    secret = b.write("secret", "geheim\n")
    os.chmod(secret, 0o600)
    with one_redis(b) as redis:
        config = b.write("sentinel.conf", f"sentinel monitor mymaster 127.0.0.1 {redis.port} 1\n")
        with one_redis_sentinel(b, config) as watcher:
            b.configure(USER.replace("{secret}", secret).replace(
                'address = "{address}"', f'sentinels = {{{{ "inet:127.0.0.1:{watcher.port}" }}}} '
                f'sentinel_master = "mymaster" sentinel_username = "looker" sentinel_password_file = "{secret}"'))
            watcher(*acl_words(b, name="sentinel_acl"))
            redis(*acl_words(b))
            watcher("ACL", "LOG", "RESET")
            equal(errors(b), [])
            expect("behind sentinels" in findings(b, "server")[0][1], "no sentinel")
            equal(watcher("ACL", "LOG"), "")
            watcher(*acl_words(b, name="sentinel_acl", without=["+sentinel|get-master-addr-by-name"]))
            expect(any("NOPERM" in text for text in errors(b)), "not found")


def sentinel_as_server(b):
    """doctor finds a sentinel that is configured as the server"""
    with one_redis_sentinel(b, b.write("sentinel.conf", "")) as watcher:
        b.configure(CONFIGURATION.replace("{address}", f"inet:127.0.0.1:{watcher.port}"))
        equal(findings(b, "connection", 1), [("error", "this is a sentinel, and not a server that keeps anything")])
        equal(findings(b, "persistence", 1), [])


def one_redis_sentinel(b, config):
    return one_redis(b, config, "--sentinel")


CASES = [well, host, host_full, exposed, host_file, settings, secrets, wrong_password, far, keys, complete, missing, role, cluster,
         sentinel, sentinel_as_server]
