"""After an incident: what a login has sent."""

import time

from bench import equal, expect


def sent(b):
    """sent prints what the daemons let a login send, the newest first"""
    equal(b.ok("sent", "rose"), "0 messages, 0 recipients, 0 bytes\n")
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
        b.redis("LPUSH", "sendward:{rose}:h", f"{now_ms - age_s * 1000} accept 1 10 mx1 Q{age_s} 192.0.2.7 - rose@dom.example")
    equal([message["qid"] for message in b.lines("sent", "rose", "--since", "1h", "--json")], ["Q60", "Q1800"])
    equal(len(b.lines("sent", "rose", "--json")), 3)


def not_remembered(b):
    """with history = 0 nothing is remembered, and sent says so"""
    with open(b.config, encoding="utf-8") as file:
        b.write("sendward.conf", file.read() + "\nhistory = 0\n")
    b.charge("rose")
    equal(b.redis("KEYS", "*:h"), [])
    done = b.call("sent", "rose")
    equal((done.returncode, done.stderr), (0, "sendward: history = 0: what logins send is not remembered\n"))


CASES = [sent, sent_since, not_remembered]
