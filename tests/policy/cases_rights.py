"""What SECURITY.md says of secrets, core dumps, and of logins that somebody has thought out."""

import json
import os
import re
import secrets
import time

from bench import DUNNO, LIMIT_S, Failure, expect
from cases import case, one_message
from processes import wait_until
from sendward import built, decisions
from services import run_tool, write

# A region of memory beyond it is a sanitizer's own, reserved and hardly used.
REGION_MAX = 256 * 1024 * 1024

LOGINS = ("$(touch {0})", "`touch {0}`", ";touch {0};", "|touch {0}", "rose' verdict=accept login=x", 'rose" check="',
          "rose verdict=accept", "%s%n%x", "..%2f..%2fetc", "{{}}:a", "a}}:u", "*", "\x01\x1b[2Jrose", "r\rose", "\\", "-",
          "ro\u202ese", "'; DROP TABLE", 'EVAL "redis.call(1)" 0', "--json", "sendward:senders")


def process_files(bench, *names):
    for name in names:
        with open(f"/proc/{bench.daemon.processes[0].pid}/{name}", "rb") as file:
            yield name, file.read()


def memory_has(pid, what):
    """Is it in a part of the process' memory that can be written?"""
    with open(f"/proc/{pid}/maps", encoding="ascii", errors="replace") as maps, open(f"/proc/{pid}/mem", "rb") as memory:
        for line in maps:
            first, last = (int(number, 16) for number in line.split()[0].split("-"))
            if line.split()[1][:2] != "rw" or last - first > REGION_MAX:
                continue
            try:
                memory.seek(first)
                if what in memory.read(last - first):
                    return line
            except OSError:
                continue
    return None


@case
def password(bench):
    """the password of Redis is not in the log, in the process list or in the memory of a daemon, also when it is wrong"""
    word = "geheim-" + secrets.token_hex(16)
    path = os.path.join(bench.directory, "secret")
    write(path, word + "\n", 0o600)
    bench.redis.start()
    bench.redis.command("ACL", "SETUSER", "mail", "on", ">" + word, "~*", "&*", "+@all")
    bench.start(redis={"username": '"mail"', "password_file": f'"{path}"'}, with_redis=False)
    bench.wait_connected()
    expect(bench.client().send_message(1), DUNNO)
    bench.redis.command("ACL", "SETUSER", "mail", "resetpass", ">other")
    bench.redis.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    wait_until(lambda: "AUTH" in bench.redis.command("ACL", "LOG"), "the wrong password to be tried", LIMIT_S)
    # Nobody but root looks into a daemon.
    for name, content in process_files(bench, "cmdline", *(["environ"] if os.geteuid() == 0 else [])):
        expect(word.encode() in content, False, f"the password in {name}")
    expect(word in bench.log(), False, "the password in the log")
    if os.geteuid() != 0:
        return
    # Between two tries to connect; each of them reads the file.
    end = time.monotonic() + LIMIT_S
    while memory_has(bench.daemon.processes[0].pid, word.encode()):
        if time.monotonic() > end:
            raise Failure("the password stays in memory")
    bench.redis.command("ACL", "SETUSER", "mail", ">" + word)
    wait_until(lambda: "user=mail" in bench.redis.command("CLIENT", "LIST"), "the connection", LIMIT_S)


@case
def core(bench):
    """a daemon that crashes leaves no core"""
    bench.start()
    limits = dict(process_files(bench, "limits"))["limits"].decode()
    expect(re.search(r"^Max core file size +(\S+) +(\S+)", limits, re.M).groups(), ("0", "0"), "the limits of a core")


@case
def thought_out(bench):
    """a login made to be taken for a command, a field, a line or a key is a login, in log, reply, Redis and events"""
    trap = os.path.join(bench.directory, "trap")
    client = bench.start(plan={"quotas": '{ "1 messages / 1h" }', "checks": "{ envelope_sender = off }"}).client()
    logins = [login.format(trap) for login in LOGINS]
    for number, login in enumerate(logins):
        first = one_message(2 * number, sasl_username=login, sender=login)
        expect(client.ask("END-OF-MESSAGE", **first), DUNNO, f"the first answer to {login!r}")
        refused = client.ask("END-OF-MESSAGE", **one_message(2 * number + 1, sasl_username=login, sender=login))
        expect((refused[:4], refused.isprintable()), ("450 ", True), f"the second answer to {login!r}")
    bench.wait_log(f"qid=0BFF{2 * len(logins) - 1:08X}")
    expect(len(decisions(bench.log())), 2 * len(logins), "the number of decisions in the log")
    expect([line for line in bench.log().splitlines() if not line.isprintable()], [], "what a terminal would act on")
    expect(len({decision.login for decision in decisions(bench.log())}), len(logins), "the number of logins in the log")
    keys = bench.redis.command("--scan").splitlines()
    for key in keys:
        expect(re.fullmatch(r"sendward:(\{[^{}]*\}:[a-z:].*|node:.*|events)", key) is not None, True, f"the key {key!r}")
    expect(len({key.partition("}")[0] for key in keys if "{" in key}), len(logins), "the number of logins in keys")
    events = [json.loads(line) for line in run_tool([built("sendward"), "-c", bench.config_path, "events", "--json"])
              .stdout.splitlines()]
    expect({event["login"] for event in events if event["event"] == "quota"} <= set(logins), True, "the logins of events")
    expect(os.path.exists(trap), False, "that something was run")
