"""After an incident: what a login has sent."""

import time

from bench import equal, expect


def sent(b):
    """sent prints what the daemons let a login send, the newest first"""
    nothing = "0 messages, 0 recipients, 0 bytes\n"
    equal(b.refused(0, "rose: no account, and nothing of it is remembered", "sent", "rose"), nothing)
    b.ok("user", "add", "rose")
    equal(b.ok("sent", "rose"), nothing)
    b.charge("rose", recipients=2, size=1000)
    b.charge("rose", recipients=3, size=2000, client="2001:db8::7")
    b.charge("lily")
    newest, oldest = b.lines("sent", "rose", "--json")
    newest_qid = newest.pop("qid")
    expect(abs(newest.pop("time") - time.time()) < 60, "the time is of now")
    equal(newest, {"action": "accept", "recipients": 3, "bytes": 2000, "node": "mx1", "client": "2001:db8::7",
                   "credential": "", "sender": ""})
    equal((oldest["client"], oldest["recipients"]), ("192.0.2.7", 2))
    text = b.ok("sent", "rose")
    expect(newest_qid in text and "<>" in text and text.endswith("\n2 messages, 5 recipients, 3000 bytes\n"), text)


def sent_since(b):
    """sent --since leaves out what is older"""
    now_ms = int(time.time() * 1000)
    for age_s in (7200, 1800, 60):
        b.redis("LPUSH", "sendward:{rose}:h", f"{now_ms - age_s * 1000} 1 10 Q{age_s} accept mx1 192.0.2.7 - rose@dom.example")
    equal([message["qid"] for message in b.lines("sent", "rose", "--since", "1h", "--json")], ["Q60", "Q1800"])
    equal(len(b.lines("sent", "rose", "--json")), 3)


def sent_odd(b):
    """whatever stands in the lists of what a login has sent, sent prints the rest"""
    now_ms = int(time.time() * 1000)
    most = 2 ** 63 - 1
    for key in ("sendward:{rose}:h", "sendward:{rose}:h:p"):
        b.redis("LPUSH", key, f"{now_ms} 1 10 Q1 accept mx1 192.0.2.7 - rose@dom.example", "\udcff", " ", "\n\n", f"{now_ms} 1 1 Q2",
                f"{now_ms} 1 1 Q3 \udcff mx1 192.0.2.7 - a@b\n{most}9 1 1 Q4", f"{most} 1 1 Q5 accept mx1 - - ",
                f"{now_ms} {most} {most} Q6 accept mx1 192.0.2.7 - a@b")
    equal(sorted({message["qid"] for message in b.lines("sent", "rose", "--json")}), ["Q1", "Q3", "Q5", "Q6"])
    expect(b.ok("sent", "rose").endswith(" bytes\n"), "sent says how many they are")


def not_remembered(b):
    """with history = 0 nothing is remembered, and sent says so"""
    with open(b.config, encoding="utf-8") as file:
        b.write("sendward.conf", file.read() + "\nhistory = 0\n")
    b.charge("rose")
    equal(b.redis("KEYS", "*:h"), [])
    done = b.call("sent", "rose")
    equal((done.returncode, done.stderr), (0, "sendward: history = 0: what logins send is not remembered\n"))


def separated(b):
    """From now on rose+printer is a username of rose."""
    with open(b.config, encoding="utf-8") as file:
        b.write("sendward.conf", file.read() + '\ncredential_separator = "+"\n')


def compromised(b):
    """compromised blocks, revokes every password and prints what was sent; release allows again with a new one"""
    separated(b)
    password = b.json("user", "add", "rose", "--generate")["password"]
    printer = b.json("credential", "add", "rose", "--name", "printer")["password"]
    b.charge("rose", recipients=2)
    found = b.json("compromised", "rose", "--reason", "stolen")
    equal((found["state"], found["reason"], found["revoked"]), ("blocked", "stolen", 2))
    equal([message["recipients"] for message in found["messages"]], [2])
    for username, secret in (("rose", password), ("rose+printer", printer)):
        b.refused(1, "has no password|not the password", "password", "verify", username, "--password-stdin", stdin=secret)
    released = b.json("release", "rose")
    equal(released["state"], "allowed")
    b.ok("password", "verify", "rose", "--password-stdin", stdin=released["password"])
    b.refused(1, "no password", "password", "verify", "rose+printer", "--password-stdin", stdin=printer)
    kinds = [(event["event"], event.get("actor", "")) for event in b.lines("events", "--json", "--login", "rose")]
    for kind in ("compromised", "released"):
        expect(any(event == kind and actor for event, actor in kinds), f"no event {kind} with an actor: {kinds}")


def compromised_text(b):
    """for people compromised says what it did, and release prints the password once"""
    separated(b)
    b.ok("user", "add", "rose", "--generate")
    text = b.ok("compromised", "rose+printer")
    expect(text.startswith("rose: blocked\n1 password revoked\n\n0 messages"), text)
    text = b.ok("release", "rose")
    expect(text.startswith("rose: allowed\npassword: "), text)


def compromised_elsewhere(b):
    """a login whose password another SASL server keeps sends again when it is allowed after compromised"""
    b.ok("user", "add", "lily@dom.example")
    b.refused(0, "no password of it was kept here; if another SASL server knows one, .* before `sendward allow`", "compromised",
              "lily@dom.example")
    b.ok("allow", "lily@dom.example")
    b.ok("explain", "--login", "lily@dom.example", "--from", "lily@dom.example", "--client", "192.0.2.7")
    expect("credentials" not in b.record("lily@dom.example"), "compromised leaves no mark of a password that is not here")
    b.ok("user", "add", "rose", "--generate")
    b.ok("compromised", "rose")
    b.refused(0, "^sendward: rose: its password is still revoked, .* password generate", "allow", "rose")
    b.refused(0, "rose: no password of it was kept here", "compromised", "rose")
    b.refused(0, "^sendward: rose: its password is still revoked, ", "allow", "rose")


def release_mistyped(b):
    """release leaves a login that is neither blocked nor sandboxed its password"""
    password = b.json("user", "add", "rose", "--generate")["password"]
    b.refused(1, "^sendward: rose: it is neither blocked nor sandboxed; password generate gives", "release", "rose")
    b.refused(1, "^sendward: lily: no account", "release", "lily")
    b.ok("password", "verify", "rose", "--password-stdin", stdin=password)
    b.ok("sandbox", "rose")
    b.ok("password", "verify", "rose", "--password-stdin", stdin=b.json("release", "rose")["password"])
    equal(b.record("rose")["state"], "allowed")


def compromised_unknown(b):
    """compromised does not claim to have revoked the password of a login that has none here, and says what is to do"""
    separated(b)
    for note in ("lily had no account and has one now; if it is mistyped, user delete", "lily: no password of it was kept here"):
        text = b.refused(0, note, "compromised", "lily")
        expect(text.startswith("lily: blocked\n0 passwords revoked\n"), text)
        b.ok("user", "delete", "lily")


CASES = [sent, sent_since, sent_odd, not_remembered, compromised, compromised_text, compromised_unknown, compromised_elsewhere,
         release_mistyped]
