"""usage, reset, explain."""

import json

from bench import equal, expect


def usage(b):
    """usage shows every quota in force, its limit and where it comes from"""
    b.ok("user", "add", "rose", "--quota", "10 messages / 1h", "--quota", "unlimited recipients / 1d")
    b.charge("rose", recipients=4)
    b.charge("rose", recipients=3)
    equal(b.json("usage", "rose"), {
        "login": "rose", "state": "allowed", "quotas": [
            {"quota": "10 messages / 1h", "unit": "messages", "window_s": 3600, "limit": 10, "used": 2,
             "origin": "account"},
            {"quota": "unlimited recipients / 1d", "unit": "recipients", "window_s": 86400, "limit": None, "used": 7,
             "origin": "account"}]})
    equal(b.ok("usage", "rose").splitlines(),
          ["rose: allowed", "",
           "QUOTA                      USED  USED UP                      NEXT FITS  ORIGIN",
           "10 messages / 1h           2     [####................]  20%  now        account",
           "unlimited recipients / 1d  7     unlimited                    now        account"])


def usage_full(b):
    """usage tells when the next one fits"""
    b.ok("user", "add", "rose", "--quota", "2 messages / 1h")
    b.charge("rose")
    b.charge("rose")
    b.ok("user", "set", "rose", "--add-quota", "0 bytes / 1d")
    lines = b.ok("usage", "rose").splitlines()
    expect("100%  in 1 h 1 min" in lines[3], lines[3])
    expect("100%  never" in lines[4], lines[4])
    b.ok("user", "set", "rose", "--add-quota", "1 messages / 1h")
    expect(" 200%  in " in b.ok("usage", "rose"), "a lower limit does not keep the usage")


def usage_unknown(b):
    """usage of a login without an account is what it sent, if it did"""
    b.refused(1, "lily: no account, and it has not sent anything", "usage", "lily")
    b.refused(1, "lily: no account", "usage", "lily", "--json")
    b.charge("lily", recipients=3, size=12345678)
    equal([(q["used"], q["origin"]) for q in b.json("usage", "lily")["quotas"]],
          [(3, "plan default"), (12345678, "plan default")])
    expect("12.3M" in b.ok("usage", "lily"), "bytes are not shortened for people")
    b.refused(1, "lily: no account", "user", "show", "lily")


def usage_state(b):
    """usage shows the state, and that there is no quota"""
    b.ok("user", "add", "rose", "--no-quotas")
    b.ok("block", "rose")
    equal(b.json("usage", "rose"), {"login": "rose", "state": "blocked", "quotas": []})
    equal(b.ok("usage", "rose"), "rose: blocked\n\nno quota\n")


def reset(b):
    """reset forgets what was used and keeps the account"""
    b.ok("user", "add", "rose", "--quota", "10 messages / 1h")
    b.charge("rose")
    equal(b.json("usage", "rose")["quotas"][0]["used"], 1)
    equal(b.ok("reset", "rose"), "rose: reset\n")
    equal(b.json("usage", "rose")["quotas"][0]["used"], 0)
    equal(b.json("reset", "rose"), {"login": "rose", "reset": True})


def explained(b, status, *words):
    done = b.call("explain", "--json", *words)
    equal(done.returncode, status, done.stderr)
    result = json.loads(done.stdout)
    result["results"] = {check["check"]: check["result"] for check in result["checks"]}
    return result


ROSE = ("--login", "rose@dom.example", "--client", "192.0.2.7", "--from", "rose@dom.example")


def explain_accepts(b):
    """explain tells of a message that would be accepted, and charges nothing"""
    b.ok("user", "add", "rose@dom.example", "--quota", "1 messages / 1h")
    for _ in range(3):
        result = explained(b, 0, *ROSE)
        equal((result["verdict"], result["check"], result["reply"]), ("accept", None, None))
        equal(result["results"], {"state": "pass", "networks": "pass", "envelope_sender": "pass", "caps": "pass",
                                  "quotas": "pass", "sandbox": "pass"})
    rules = {check["check"]: (check["rule"], check["origin"]) for check in result["checks"]}
    equal(rules["envelope_sender"], ("%login", "plan default"))
    equal(rules["quotas"], ("1 messages / 1h", "account"))
    equal(b.json("usage", "rose@dom.example")["quotas"][0]["used"], 0)


def explain_refuses(b):
    """explain tells which check refuses, with the reply that the client would see"""
    rows = [
        (["--network", "198.51.100.0/24"], [], "networks", "^550 5.7.1 "),
        (["--sender", "other@dom.example", "--sender", "!%login"], [], "envelope_sender", "^553 5.7.1 "),
        ([], ["--header-from", "Boss <boss@dom.example>"], "header_from", "^550 5.7.1 "),
        (["--max-recipients", "2"], ["--recipients", "3"], "caps", "^452 4.5.3 "),
        (["--max-size", "1k"], ["--size", "1001"], "caps", "^552 5.3.4 "),
        (["--quota", "2 recipients / 1h"], ["--recipients", "3"], "quotas", "^450 4.7.28 "),
    ]
    for account, message, check, reply in rows:
        b.redis("FLUSHALL")
        b.ok("user", "add", "rose@dom.example", *account)
        result = explained(b, 1, *ROSE, *message)
        equal((result["check"], result["results"][check]), (check, "refuse"))
        equal(result["verdict"], "defer" if reply[1] == "4" else "refuse")
        expect(result["reply"].startswith(reply[1:]), result["reply"])
        out = b.refused(1, "^$", "explain", *ROSE, *message)
        expect("reply: " + result["reply"] in out, out)


def explain_blocked(b):
    """explain tells of a blocked login why it is"""
    b.ok("block", "rose@dom.example", "--reason", "ticket 4711")
    result = explained(b, 1, *ROSE)
    equal((result["verdict"], result["check"]), ("refuse", "state"))
    expect("ticket 4711" in result["reply"], result["reply"])
    b.ok("allow", "rose@dom.example")
    explained(b, 0, *ROSE)


def explain_sandbox(b):
    """explain tells of a sandboxed login that its mail is accepted and not delivered"""
    b.ok("sandbox", "rose@dom.example")
    result = explained(b, 0, *ROSE)
    equal((result["verdict"], result["check"], result["reply"]), ("discard", "sandbox", None))
    equal(explained(b, 0, *ROSE, "--stage", "RCPT")["verdict"], "accept")


def explain_header(b):
    """explain looks at the header From fields it is given"""
    b.ok("user", "add", "rose@dom.example")
    equal(explained(b, 0, *ROSE, "--header-from", "Rose <rose@dom.example>")["results"]["header_from"], "pass")
    for fields in (["a <boss@dom.example>, rose@dom.example"], ["rose@dom.example", "rose@dom.example"], ["<>"], [""]):
        words = [word for field in fields for word in ("--header-from", field)]
        equal(explained(b, 1, *ROSE, *words)["check"], "header_from")


def explain_null(b):
    """explain takes the null sender and an envelope sender in angle brackets"""
    for sender in ("<>", ""):
        result = explained(b, 0, "--login", "rose", "--client", "192.0.2.7", "--from", sender)
        equal(result["results"]["envelope_sender"], "pass")
    result = explained(b, 1, "--login", "rose", "--client", "192.0.2.7", "--from", "<x@y.example>")
    expect("x@y.example" in result["reply"] and "<x@y.example>" not in result["reply"], result["reply"])


def explain_monitor(b):
    """explain tells what a check in monitor mode would have done"""
    b.configure('redis {{ address = "{address}" }}\nplan default {{ checks {{ envelope_sender = monitor }} }}\n')
    result = explained(b, 0, "--login", "rose", "--client", "192.0.2.7", "--from", "x@y.example")
    equal((result["verdict"], result["results"]["envelope_sender"]), ("accept", "monitor"))


def explain_usage(b):
    """explain says which option is missing or wrong"""
    b.refused(2, "--login is missing", "explain", "--from", "x", "--client", "::1")
    b.refused(2, "--client is missing", "explain", "--from", "x", "--login", "x")
    b.refused(2, '--client "mx1": is not an IP address', "explain", "--from", "x", "--login", "x", "--client", "mx1")
    b.refused(2, "--stage", "explain", "--from", "x", "--login", "x", "--client", "::1", "--stage", "EHLO")
    b.refused(2, "--size", "explain", "--from", "x", "--login", "x", "--client", "::1", "--size", "-1")


CASES = [usage, usage_full, usage_unknown, usage_state, reset, explain_accepts, explain_refuses, explain_blocked,
         explain_sandbox, explain_header, explain_null, explain_monitor, explain_usage]
