"""top."""

import fcntl
import os
import pty
import re
import signal
import struct
import termios
import time

from bench import SHORT, equal, expect, key_of, stopped, until

CONFIGURATION = """
node = "mx1"
redis {{ address = "{address}" }}
plan default {{ quotas = {{ "200 recipients / 1h", "10 messages / 1h", "100 messages / 1d" }} }}
plan bulk {{ quotas = {{ "1000 messages / 1h", "unlimited recipients / 1h" }} }}
plan free {{ quotas = {{ "unlimited messages / 1h" }} }}
domain "dom.example" {{ plan = "bulk" }}
"""


def begin(b, *messages):
    """messages: LOGIN, how many, recipients of each."""
    b.configure(CONFIGURATION)
    b.charge_all([(login, recipients, 1000) for login, n, recipients in messages for _ in range(n)])


def listed(b, *words):
    return [(row["login"], row["used"], row["share"]) for row in b.json("top", *words)]


def table(b, *words):
    return [re.split("  +", line) for line in b.ok("top", *words).splitlines()]


def nothing(b):
    """top where nothing was sent says so"""
    equal(b.ok("top"), "no login has sent anything\n")
    equal(b.json("top"), [])
    b.ok("user", "add", "rose")
    equal(b.ok("top"), "no login has sent anything\n")
    equal(b.ok("top", "--domain", "dom.example"), "no such login has sent anything\n")


def nearest(b):
    """top lists who is nearest to a limit, with or without an account"""
    begin(b, ("rose", 5, 3), ("lily", 1, 150), ("jim@dom.example", 20, 1))
    b.ok("block", "rose")
    equal([row[:6] for row in table(b)], [
        ["LOGIN", "STATE", "QUOTA", "USED", "LIMIT", "SHARE"],
        ["lily", "allowed", "200 recipients / 1h", "150", "200", "75%"],
        ["rose", "blocked", "10 messages / 1h", "5", "10", "50%"],
        ["jim@dom.example", "allowed", "1000 messages / 1h", "20", "1000", "2%"]])
    expect(all(re.fullmatch(r"\d+ (s|min) ago", row[6]) for row in table(b)[1:]), table(b))
    equal(listed(b), [("lily", 150, 0.75), ("rose", 5, 0.5), ("jim@dom.example", 20, 0.02)])


def as_usage(b):
    """top shows the numbers of usage"""
    begin(b, ("rose", 5, 3), ("jim@dom.example", 20, 1), ("lily", 2, 90))
    for row in b.json("top"):
        usage = b.json("usage", row["login"])
        equal((row.pop("state"), row.pop("mode")), (usage["state"], usage["mode"]))
        expect(abs(row.pop("last_sent") - time.time()) < 120, "last_sent is not now")
        share = row.pop("share")
        expect(abs(share - row["used"] / row["limit"]) <= 0.0001, share)
        expect(share == max(quota["used"] / quota["limit"] for quota in usage["quotas"] if quota["limit"]), share)
        same = [quota for quota in usage["quotas"] if quota["quota"] == row["quota"]][0]
        del same["fits_in_s"]
        equal(row.pop("login"), same["name"])
        expect(abs(row.pop("next_free_s") - same.pop("next_free_s")) < 60, "next_free_s")
        equal(row, same)


def hundredths(b):
    """usage and top say 29 % of 29 of 100, and less than 100 % below a limit"""
    b.configure(CONFIGURATION)
    b.ok("user", "add", "rose", "--quota", "100 recipients / 1h")
    b.ok("user", "add", "lily", "--quota", "1000000000 bytes / 1h")
    b.charge_all([("rose", 29, 1000), ("lily", 1, 999999999)])
    expect(b.ok("usage", "rose").count(" 29%") == 1 and " 99%" in b.ok("usage", "lily"), b.ok("usage", "rose"))
    equal([row[-2] for row in table(b)[1:]], ["99%", "29%"])
    equal(listed(b), [("lily", 999999999, 0.9999), ("rose", 29, 0.29)])


def ties(b):
    """top lists in the order of their logins those that are equally near"""
    begin(b, ("c", 5, 1), ("a", 5, 1), ("d", 6, 1), ("b", 5, 1))
    equal([row[0] for row in listed(b)], ["d", "a", "b", "c"])
    equal([row[0] for row in listed(b, "--number", "2")], ["d", "a"])
    equal([row[0] for row in listed(b, "--number=3", "--by", "messages")], ["d", "a", "b"])


def by_unit(b):
    """top --by messages, recipients or bytes sorts by what was sent in one window"""
    begin(b, ("rose", 5, 3), ("lily", 1, 150), ("jim@dom.example", 20, 1))
    equal([row[:2] for row in listed(b, "--by", "messages")], [("jim@dom.example", 20), ("rose", 5), ("lily", 1)])
    equal([row["quota"] for row in b.json("top", "--by", "messages")],
          ["1000 messages / 1h", "10 messages / 1h", "10 messages / 1h"])
    equal(listed(b, "--by", "recipients"), [("lily", 150, 0.75), ("jim@dom.example", 20, None), ("rose", 15, 0.075)])
    done = b.call("--json", "top", "--by", "messages", "--window", "24h")
    equal((done.returncode, done.stderr), (0, "sendward: logins without a quota of messages / 1d are not in the list\n"))
    equal(b.call("top", "--by", "messages", "--window", "3h").stdout, "no login has sent anything that such a quota counts\n")
    expect("jim@dom.example" not in done.stdout and '"100 messages / 1d"' in done.stdout, done.stdout)
    b.refused(2, "no plan has a quota of bytes: ask --by messages or recipients, or for the --window of one that accounts have", "top", "--by", "bytes")
    b.ok("user", "add", "jack", "--quota", "unlimited bytes / day in Europe/Zurich")
    b.charge("jack", size=12345)
    done = b.call("top", "--by", "bytes", "--window", "day in Europe/Zurich")
    equal([re.split("  +", line)[:6] for line in done.stdout.splitlines()[1:]],
          [["jack", "allowed", "unlimited bytes / day in Europe/Zurich", "12.3k", "-", "-"]])


def unlimited(b):
    """top lists last who has no limit"""
    begin(b, ("rose", 1, 1))
    b.ok("user", "add", "lily", "--plan", "free")
    b.charge_all([("lily", 1, 1)] * 20)
    equal(listed(b), [("rose", 1, 0.1), ("lily", 20, None)])
    equal([row[3:6] for row in table(b)[1:]], [["1", "10", "10%"], ["20", "-", "-"]])


def lowered(b):
    """top shows what is above a lowered limit, and a limit of 0"""
    begin(b, ("rose", 5, 1), ("lily", 4, 1))
    b.ok("user", "add", "rose", "--quota", "1 messages / 1h")
    b.ok("user", "add", "lily", "--quota", "0 messages / 1h")
    equal(listed(b), [("rose", 5, 5), ("lily", 4, 1)])


def filters(b):
    """top --domain and --plan leave the others out"""
    begin(b, ("rose", 5, 1), ("jim@dom.example", 1, 1), ("jack@other.example", 1, 1), ("lily", 3, 1))
    b.ok("user", "add", "lily", "--plan", "bulk")
    equal([row[0] for row in listed(b, "--domain", "DOM.example")], ["jim@dom.example"])
    equal([row[0] for row in listed(b, "--plan", "bulk")], ["lily", "jim@dom.example"])
    equal([row[0] for row in listed(b, "--plan", "default")], ["rose", "jack@other.example"])
    equal([row[0] for row in listed(b, "--plan", "bulk", "--domain", "dom.example")], ["jim@dom.example"])
    equal(listed(b, "--plan", "free"), [])
    b.refused(1, 'plan "nope" is not in', "top", "--plan", "nope")


def odd_logins(b):
    """top lists logins with braces, blanks and quotes"""
    logins = ["{rose}", "a b", "}", "%7D", '"q"@dom.example', "x:u", "*?[x]", "\u00e9", "DOM\\user"]
    begin(b, *((login, 1, 1) for login in logins))
    equal(sorted(row[0] for row in listed(b)), sorted(logins))


def reset(b):
    """top forgets who was reset or deleted"""
    begin(b, ("rose", 5, 1), ("lily", 4, 1), ("jim", 3, 1))
    b.ok("reset", "rose")
    b.ok("user", "add", "lily")
    b.ok("user", "delete", "lily")
    equal([row[0] for row in listed(b)], ["jim"])


def shared_apart(b):
    """top lists logins, not what a domain shares"""
    b.configure('node = "mx1"\nredis {{ address = "{address}" }}\nplan default {{ quotas = {{ "9 messages / 1h" }} }}\n'
                'domain "dom.example" {{ shared_quotas = {{ "2 messages / 1h" }} }}\n')
    b.charge("rose@dom.example")
    equal(listed(b), [("rose@dom.example", 1, 0.1111)])


def damaged(b):
    """top leaves out a login whose counters or account are damaged, and names it"""
    begin(b, ("rose", 5, 1), ("lily", 4, 1), ("jim", 3, 1))
    b.redis("SET", key_of("lily") + ":u", "nonsense")
    b.redis("SET", key_of("jim") + ":a", "nonsense")
    done = b.call("--json", "top")
    equal(done.returncode, 0)
    expect('"rose"' in done.stdout and "lily" not in done.stdout and "jim" not in done.stdout, done.stdout)
    said = sorted(done.stderr.splitlines())
    equal(len(said), 2, done.stderr)
    expect(said[0].startswith("sendward: jim: ") and said[0].endswith("; it is left out"), said)
    expect('sendward: lily: ' in said[1] and '"sendward reset" forgets them' in said[1], said)
    b.redis("SET", key_of("rose") + ":u", "nonsense")
    b.refused(1, "no login that has sent can be read", "top")
    for i in range(100):
        b.redis("SET", key_of(f"u{i}") + ":u", "nonsense")
    done = b.call("top")
    equal((done.returncode, len(done.stderr.splitlines())), (1, 101), done.stderr)
    equal(done.stderr.splitlines()[100], "sendward: more than 100 logins cannot be read")


def hanging(b):
    """top gives up when Redis hangs"""
    begin(b, ("rose", 1, 1))
    b.configure(deadline=SHORT)
    b.redis.signal(signal.SIGSTOP)
    try:
        b.refused(1, "^sendward: redis at unix:", "top")
    finally:
        b.redis.signal(signal.SIGCONT)


def many(b):
    """top finds the first of 5,000 logins"""
    begin(b)
    heavy = {f"u{i:04}": 2 + i % 7 for i in range(0, 5000, 250)}
    b.charge_all([(f"u{i:04}", 1, 1) for i in range(5000)])
    b.charge_all([(login, 1, 1) for login, n in heavy.items() for _ in range(n)])
    order = sorted(heavy, key=lambda login: (-heavy[login], login))
    equal([row[0] for row in listed(b)], order)
    equal([row[0] for row in listed(b, "--number", "1")], order[:1])
    rows = listed(b, "--number", "1000")
    equal(len({row[0] for row in rows}), 1000)
    equal([row[0] for row in rows[:20]], order)
    equal([row[1] for row in rows[20:]], [1] * 980)


def wrong(b):
    """top refuses what it cannot do"""
    for words, why in ((("--by", "size"), "not share, messages, recipients, bytes or attempts"), (("--number", "0"), "1 or more"),
                       (("--number", "1001"), "more than 1000"), (("--window", "1y"), "window"),
                       (("--window", "40d"), "31 days"), (("--interval", "2s"), "--follow"), (("rose",), "rose"),
                       (("--follow", "--interval", "1ms"), "1s")):
        b.refused(2, why, "top", *words)
    b.redis.stop()
    b.refused(1, "redis at unix:", "top")
    b.redis.start()


def follow(b):
    """top --follow prints again and again, also after an outage, and redraws on a terminal"""
    begin(b, ("rose", 5, 1))
    process = b.start("top", "--follow", "--interval", "1s")
    equal(process.stdout.readline()[:2], "20")
    equal(process.stdout.readline()[:5], "LOGIN")
    equal(process.stdout.readline()[:4], "rose")
    equal(process.stdout.readline(), "\n")
    b.redis.stop()
    expect("waiting for it" in process.stderr.readline(), "it is not said that Redis is away")
    b.redis.start()
    until(lambda: "no login has sent anything" in process.stdout.readline(), "a round after the outage")
    out, errors = stopped(process)
    expect("\033" not in out and errors == "", errors)
    process = b.start("--json", "top", "--follow")
    equal(process.stdout.readline(), "[]\n")
    stopped(process)


def drawn(b, lines=0):
    """What `top --follow` has written when it begins a terminal of so many lines for the second time; 0: not known."""
    main, other = pty.openpty()
    fcntl.ioctl(main, termios.TIOCSWINSZ, struct.pack("HHHH", lines, 80, 0, 0))
    pid = os.fork()
    if pid == 0:
        os.dup2(other, 1)
        os.execv(b.words()[0], b.words("top", "-f", "--interval", "1s"))
    os.close(other)
    seen = b""
    try:
        while seen.count(b"\033[H") < 2:
            seen += os.read(main, 4096)
    finally:
        os.kill(pid, 15)
        os.waitpid(pid, 0)
        os.close(main)
    return seen.decode()


def terminal(b):
    """top --follow on a terminal begins each time at its top"""
    begin(b, ("rose", 5, 1))
    seen = drawn(b)
    expect(seen.startswith("\033[H\033[2J\033[?7l20") and "rose" in seen, seen)
    expect(seen.index("rose") < seen.index("\033[?7h"), "long lines are not cut, or the next program's are")


def small_terminal(b):
    """top --follow shows the first logins where not all fit on the terminal"""
    begin(b, *((f"u{i}", 9 - i, 1) for i in range(8)))

    def first_round(lines):
        return re.findall("(?m)^u[0-9]", drawn(b, lines).split("\033[?7h")[0])

    equal(first_round(8), ["u0", "u1", "u2", "u3", "u4"])
    equal(len(first_round(11)), 8)
    equal(first_round(2), ["u0"])


CASES = [nothing, nearest, as_usage, hundredths, ties, by_unit, unlimited, lowered, filters, odd_logins, reset, shared_apart, damaged,
         hanging, many, wrong, follow, terminal, small_terminal]
