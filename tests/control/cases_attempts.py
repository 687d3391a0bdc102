"""What is shown of refused mail: usage, top."""

import re
import time

from bench import equal, expect, key_of

CONFIGURATION = """
node = "mx1"
redis {{ address = "{address}" }}
plan default {{ quotas = {{ "2 messages / 1h" }}
  max_recipients = 10 }}
plan watched {{ quotas = {{ "0 messages / 1h" }}
  checks {{ quotas = monitor }} }}
plan tried {{ networks = {{ "198.51.100.0/24" }}
  max_recipients = 1
  checks {{ networks = monitor  caps = monitor }} }}
"""


def messages(login, *stages, client="192.0.2.7", recipients=1):
    """A request for each stage; those of one message stand together."""
    return [{"request": "smtpd_access_policy", "protocol_state": stage, "sender": "", "client_address": client,
             "sasl_username": login, "recipient": "to@other.example" if stage == "RCPT" else "",
             "recipient_count": recipients, "size": 100, "queue_id": f"{login}{i}{client[-1]}", "instance": f"i{login}{i}"}
            for i, stage in enumerate(stages)]


def refuse(b, *requests):
    """They are asked; returns what was answered, without the texts."""
    answers, _ = b.ask([request for part in requests for request in part])
    return [answer.split(" ")[0] for answer in answers]


def late(hour, day):
    return {"hour": hour, "day": day}


def apart(b):
    """refused mail leaves what is used as it was, and is counted apart"""
    b.configure(CONFIGURATION)
    end = ["END-OF-MESSAGE"]
    equal(refuse(b, messages("rose", *end * 5), messages("rose", "RCPT", *end, client="192.0.2.9", recipients=11)),
          ["action=DUNNO"] * 2 + ["action=450"] * 4 + ["action=452"])
    usage = b.json("usage", "rose")
    equal([quota["used"] for quota in usage["quotas"]], [2])
    attempts = usage["attempts"]
    expect(abs(attempts["last"].pop("time") - time.time()) < 60, "the last one is not now")
    equal(attempts, {"hour": 5, "day": 5, "checks": {"quotas": late(4, 4), "caps": late(1, 1)}, "monitored": {},
                     "last": {"verdict": "defer", "check": "caps", "client": "192.0.2.9"}})
    expect(b.redis("TTL", key_of("rose") + ":r") > 29 * 86400, "it does not expire")
    lines = b.ok("usage", "rose").splitlines()[4:]
    equal([re.split("  +", line) for line in lines[:-1]],
          [[""], ["REFUSED BY", "LAST HOUR", "LAST DAY"], ["caps", "1", "1"], ["quotas", "4", "4"], [""]])
    expect(re.fullmatch(r"last refused \d+ (s|min) ago, 20[-0-9]+ [:0-9]+ [-+]\d+, by caps \(defer\), client 192.0.2.9", lines[-1]),
           lines[-1])


def kept(b):
    """a reset forgets what was used, not what was refused; user delete forgets both"""
    b.configure(CONFIGURATION)
    refuse(b, messages("rose", *["END-OF-MESSAGE"] * 3))
    b.ok("reset", "rose")
    usage = b.json("usage", "rose")
    equal(([quota["used"] for quota in usage["quotas"]], usage["attempts"]["day"]), ([0], 1))
    b.ok("user", "add", "rose")
    b.ok("user", "delete", "rose")
    b.refused(1, "rose: no account", "usage", "rose")


def only_refused(b):
    """usage of a login without an account that was only ever refused shows that"""
    b.configure("unknown_login = refuse\n" + CONFIGURATION)
    b.refused(1, "lily: no account, and it has not sent anything", "usage", "lily")
    equal(refuse(b, messages("lily", "RCPT", "RCPT")), ["action=550"] * 2)
    usage = b.json("usage", "lily")
    equal([quota["used"] for quota in usage["quotas"]], [0])
    equal((usage["attempts"]["checks"], usage["attempts"]["last"]["verdict"]), ({"state": late(2, 2)}, "refuse"))
    expect("\nstate " in b.ok("usage", "lily"), "no line of it")


def monitored(b):
    """what a check in mode monitor would have refused is counted once a message, and apart"""
    b.configure(CONFIGURATION)
    b.ok("user", "add", "rose", "--plan", "watched")
    equal(set(refuse(b, messages("rose", "RCPT", "DATA", "END-OF-MESSAGE"))), {"action=DUNNO"})
    usage = b.json("usage", "rose")
    equal([quota["used"] for quota in usage["quotas"]], [1])
    equal(usage["attempts"], {"hour": 0, "day": 0, "checks": {}, "monitored": {"quotas": late(1, 1)}, "last": None})
    equal(re.split("  +", b.ok("usage", "rose").splitlines()[-1]), ["quotas (monitored)", "1", "1"])


def masked(b):
    """each check in mode monitor that would have refused a message counts it"""
    b.configure(CONFIGURATION)
    b.ok("user", "add", "rose", "--plan", "tried")
    equal(refuse(b, messages("rose", "END-OF-MESSAGE", recipients=2)), ["action=DUNNO"])
    equal(b.json("usage", "rose")["attempts"]["monitored"], {"networks": late(1, 1), "caps": late(1, 1)})


def nothing(b):
    """usage of a login that was never refused says so in JSON, and nothing to people"""
    b.ok("user", "add", "rose", "--no-quotas")
    equal(b.json("usage", "rose")["attempts"], {"hour": 0, "day": 0, "checks": {}, "monitored": {}, "last": None})
    equal(b.ok("usage", "rose"), "rose: allowed\n\nno quota\n")
    equal(b.ok("top", "--by", "attempts"), "no login was refused in the last day\n")
    equal(b.ok("top", "--by", "attempts", "--plan", "students"), "no such login was refused in the last day\n")


def record(login, *slots, last="1700000000 refuse state 192.0.2.1"):
    """What stands in Redis: for each slot its age in seconds, and its counts."""
    now = time.time()
    return key_of(login) + ":r", last + "\n" + "".join(f"{int(now - age) // 900} {counts}\n" for age, counts in slots)


def top(b):
    """top --by attempts lists who is refused now, then who was today, then who would have been"""
    b.configure(CONFIGURATION)
    b.ok("user", "add", "jim@dom.example", "--plan", "watched")
    b.ok("block", "rose")
    for key, text in (record("rose", (5, "state=3 quotas=2"), last=f"{int(time.time()) - 61} refuse state 2001:db8::1"),
                      record("lily", (30000, "caps=400"), (5, "caps=1")), record("jack", (30000, "caps=7")),
                      record("old", (100000, "quotas=9")), record("jim@dom.example", (5, "monitored:quotas=8"), last=""),
                      record("odd", (5, "nonsense=9"), last="nonsense")):
        b.redis("SET", key, text)
    equal([row["login"] for row in b.json("top", "--by", "attempts")], ["rose", "lily", "jack", "jim@dom.example"])
    equal([row["login"] for row in b.json("top", "--by", "attempts", "--number", "2")], ["rose", "lily"])
    equal([row["login"] for row in b.json("top", "--by", "attempts", "--domain", "dom.example")], ["jim@dom.example"])
    equal([row["login"] for row in b.json("top", "--by", "attempts", "--plan", "watched")], ["jim@dom.example"])
    first = b.json("top", "--by", "attempts")[0]
    equal((first["state"], first["attempts"]), ("blocked", b.json("usage", "rose")["attempts"]))
    table = [re.split("  +", line) for line in b.ok("top", "--by", "attempts").splitlines()]
    equal(table[:2] + table[3:], [
        ["LOGIN", "STATE", "LAST HOUR", "LAST DAY", "MONITORED", "MOSTLY BY", "LAST REFUSED", "CLIENT"],
        ["rose", "blocked", "5", "5", "0", "state", "2 min ago", "2001:db8::1"],
        ["jack", "allowed", "0", "7", "0", "caps", table[3][6], "192.0.2.1"],
        ["jim@dom.example", "allowed", "0", "0", "8", "quotas", "-", "-"]])
    equal(b.ok("top"), "no login has sent anything\n")
    b.refused(2, "not of attempts", "top", "--by", "attempts", "--window", "1h")


def damaged(b):
    """what is no record of refusals is said and left out"""
    b.ok("user", "add", "rose")
    b.redis("RPUSH", key_of("rose") + ":r", "x")
    done = b.call("--json", "usage", "rose")
    expect(done.returncode == 0 and '"attempts": null' in done.stdout and '"quotas"' in done.stdout, done.stdout)
    expect("rose: refusals cannot be read: " in done.stderr and "WRONGTYPE" in done.stderr, done.stderr)
    b.redis("SET", key_of("lily") + ":r", record("lily", (5, "caps=1"))[1])
    done = b.call("top", "--by", "attempts")
    expect(done.returncode == 0 and "lily" in done.stdout and "rose: " in done.stderr, done)


CASES = [apart, kept, only_refused, monitored, masked, nothing, top, damaged]
