"""usage, reset, explain."""

import json
import re
import time

from bench import equal, expect


def usage(b):
    """usage shows every quota in force, its limit and where it comes from"""
    b.ok("user", "add", "rose", "--quota", "10 messages / 1h", "--quota", "unlimited recipients / 1d")
    b.charge("rose", recipients=4)
    b.charge("rose", recipients=3)
    usage_of = b.json("usage", "rose")
    equal(usage_of.pop("attempts")["day"], 0)
    expect(abs(usage_of.pop("time") - time.time()) < 60, "time is not now")
    freed = [quota.pop("next_free_s") for quota in usage_of["quotas"]]
    expect(3600 - 30 < freed[0] <= 3660 and 86400 - 30 < freed[1] <= 86400 + 1440, freed)
    equal(usage_of, {
        "login": "rose", "state": "allowed", "mode": "enforce", "fit": 1, "quotas": [
            {"quota": "10 messages / 1h", "unit": "messages", "window_s": 3600, "limit": 10, "used": 2,
             "origin": "account", "scope": "login", "name": "rose", "fits_in_s": 0},
            {"quota": "unlimited recipients / 1d", "unit": "recipients", "window_s": 86400, "limit": None, "used": 7,
             "origin": "account", "scope": "login", "name": "rose", "fits_in_s": 0}]})
    lines = [re.sub(r" in [0-9][^)]*\)", " in X", line) for line in b.ok("usage", "rose").splitlines()]
    equal([re.split("  +", line) for line in lines],
          [["rose: allowed"], [""],
           ["SCOPE", "QUOTA", "USED", "USED UP", "NEXT FREED", "1 MORE FITS", "ORIGIN"],
           ["login", "10 messages / 1h", "2 of 10", "[####................]", "20%", "in X", "now", "account"],
           ["login", "unlimited recipients / 1d", "7", "unlimited", "in X", "now", "account"]])


def usage_full(b):
    """usage tells when the next one fits"""
    b.ok("user", "add", "rose", "--quota", "2 messages / 1h")
    b.charge("rose")
    b.charge("rose")
    b.ok("user", "set", "rose", "--add-quota", "0 bytes / 1d")
    lines = b.ok("usage", "rose").splitlines()
    expect(len(re.findall(r"in 1 h( 1 min)? \([0-9: -]+\)", lines[3])) == 2, lines[3])
    expect(re.search("100%  -  +never", lines[4]), lines[4])
    b.ok("user", "set", "rose", "--add-quota", "1 messages / 1h")
    expect(" 200% " in b.ok("usage", "rose"), "a lower limit does not keep the usage")


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
    usage_of = b.json("usage", "rose")
    equal((usage_of["login"], usage_of["state"], usage_of["quotas"]), ("rose", "blocked", []))
    equal(b.ok("usage", "rose"), "rose: blocked\n\nno quota\n")


def overdrawn(b):
    """usage of much more than a lowered limit is told as more than 999 percent"""
    b.ok("user", "add", "rose", "--quota", "100M bytes / 1d")
    b.charge("rose", size=50000000)
    b.ok("user", "set", "rose", "--quota", "1 bytes / 1d")
    expect("[####################] >999%" in b.ok("usage", "rose"), b.ok("usage", "rose"))
    equal(b.json("usage", "rose")["quotas"][0]["used"], 50000000)


def reset(b):
    """reset forgets what was used and keeps the account"""
    b.ok("user", "add", "rose", "--quota", "10 messages / 1h")
    b.charge("rose")
    equal(b.json("usage", "rose")["quotas"][0]["used"], 1)
    equal(b.ok("reset", "rose"), "rose: reset\n")
    equal(b.json("usage", "rose")["quotas"][0]["used"], 0)
    done = b.call("--json", "reset", "rose")
    equal((done.returncode, json.loads(done.stdout), done.stderr),
          (0, {"login": "rose", "reset": True}, "sendward: rose: nothing was counted\n"))


def null_sender(b):
    """the null sender's quota is in usage and in explain, and is reset alone or with the others"""
    b.configure('node = "mx1"\nnull_sender = "3 messages / 1h"\nredis {{ address = "{address}" }}\n'
                'plan default {{ quotas = {{ "9 messages / 1h" }} }}\n')
    b.ok("user", "add", "rose")
    b.charge("rose")
    b.charge("rose")
    own, null = b.json("usage", "rose")["quotas"]
    equal((own["quota"], own["used"], own["origin"]), ("9 messages / 1h", 2, "plan default"))
    equal((null["quota"], null["used"], null["limit"], null["origin"]),
          ("null sender: 3 messages / 1h", 2, 3, "configuration"))
    ask = ("explain", "--login", "rose", "--client", "192.0.2.1", "--from", "<>")
    rule = [check for check in b.json(*ask)["checks"] if check["check"] == "quotas"][0]
    equal((rule["rule"], rule["used"], rule["limit"]), ("null sender: 3 messages / 1h", 2, 3))
    expect("null_sender = 3 messages / 1h" in b.ok(*ask), "the setting is not named")
    b.charge("rose")
    done = b.call(*ask)
    equal(done.returncode, 1)
    expect("quota: null sender: 3 messages / 1h used up" in done.stdout, done.stdout)
    b.ok("reset", "rose", "--quota", "null sender: messages / 1h")
    equal([quota["used"] for quota in b.json("usage", "rose")["quotas"]], [3, 0])
    b.charge("rose")
    b.ok("reset", "rose", "--quota", "messages / 1h")
    equal([quota["used"] for quota in b.json("usage", "rose")["quotas"]], [0, 1])
    b.ok("reset", "rose")
    equal([quota["used"] for quota in b.json("usage", "rose")["quotas"]], [0, 0])
    b.refused(2, "an amount is a number", "user", "add", "lily", "--quota", "null sender: 3 messages / 1h")


SHARED = """
node = "mx1"
redis {{ address = "{address}" }}
plan default {{
  quotas = {{ "100 messages / day in Pacific/Auckland" }}
  shared_quotas = {{ "1000 recipients / 1d" }}
  ramp {{ start = 5  factor = 2  every = 1h  until = 50 }}
}}
domain "dom.example" {{ shared_quotas = {{ "7 messages / 1h" }} }}
group "reseller" {{ quotas = {{ "20 messages / month", "100k bytes / 1h" }} }}
unauthenticated {{ quotas = {{ "3 messages / 1h" }}  ipv4_prefix = 24  ipv6_prefix = 56 }}
"""


def used(b, *words):
    return [(q["quota"], q["scope"], q["used"], q["origin"]) for q in b.json("usage", *words)["quotas"]]


def usage_shared(b):
    """usage shows the ramp and what is shared with others, and each scope by itself"""
    b.configure(SHARED)
    b.ok("user", "add", "rose@dom.example", "--group", "reseller")
    b.ok("user", "add", "lily", "--group", "reseller")
    b.charge("rose@dom.example", recipients=3, size=10000)
    b.charge("lily", recipients=2, size=20000)
    shared_by = {
        "domain": [("7 messages / 1h", "domain", 1, "domain dom.example")],
        "plan": [("1000 recipients / 1d", "plan", 5, "plan default")],
        "group": [("20 messages / month in UTC", "group", 2, "group reseller"),
                  ("100k bytes / 1h", "group", 30000, "group reseller")]}
    equal(used(b, "rose@dom.example"), [
        ("100 messages / day in Pacific/Auckland", "login", 1, "plan default"),
        ("5 recipients / 1h (ramp)", "login", 3, "plan default"),
        *shared_by["domain"], *shared_by["plan"], *shared_by["group"]])
    equal([quota[:3] for quota in used(b, "lily")][:3],
          [("100 messages / day in Pacific/Auckland", "login", 1), ("5 recipients / 1h (ramp)", "login", 2),
           ("1000 recipients / 1d", "plan", 5)])
    for scope, name in (("domain", "Dom.Example"), ("plan", "default"), ("group", "reseller")):
        equal(used(b, "--" + scope, name), shared_by[scope])
        equal([b.json("usage", "--" + scope, name)[key] for key in ("scope", "name")], [scope, name.lower()])
        expect(b.ok("usage", "--" + scope, name).startswith(f"{scope} {name.lower()}: shared\n"), "no head")
    day = b.json("usage", "lily")["quotas"][0]
    expect(day["window_s"] == day["period"]["end"] - day["period"]["start"], day)
    expect(day["period"]["start"] <= time.time() < day["period"]["end"], day)
    expect(abs(day["period"]["end"] - time.time() - day["next_free_s"]) < 30, day)


def usage_network(b):
    """usage and reset of a network are those of the sessions without a login"""
    b.configure(SHARED)
    b.charge("", client="192.0.2.7")
    b.charge("", client="192.0.2.99")
    for network in ("192.0.2.0/24", "192.0.2.55", "192.0.2.128/25"):
        equal(b.json("usage", "--network", network)["name"], "192.0.2.0/24")
        equal(used(b, "--network", network), [("3 messages / 1h", "network", 2, "unauthenticated")])
    equal(used(b, "--network", "192.0.3.1")[0][2], 0)
    b.refused(1, "192.0.0.0/16 is wider than 192.0.0.0/24", "usage", "--network", "192.0.0.0/16")
    equal(b.ok("reset", "--network", "192.0.2.1"), "network 192.0.2.0/24: reset\n")
    equal(used(b, "--network", "192.0.2.1")[0][2], 0)


def usage_fit(b):
    """usage --fit tells when so many more fit, by the unit of each quota"""
    b.ok("user", "add", "rose", "--quota", "10 messages / 1h", "--quota", "50 recipients / 1d", "--quota",
         "1k bytes / hour", "--quota", "unlimited messages / 1d")
    b.charge("rose", recipients=2, size=100)
    usage_of = b.json("usage", "rose", "--fit", "10")
    equal(usage_of["fit"], 10)
    fits = [quota["fits_in_s"] for quota in usage_of["quotas"]]
    expect(3500 < fits[0] <= 3660, fits)
    equal(fits[1:], [0, 0, 0])
    equal([quota["fits_in_s"] for quota in b.json("usage", "rose", "--fit", "51")["quotas"]], [None, None, 0, 0])
    fits = [quota["fits_in_s"] for quota in b.json("usage", "rose", "--fit", "1000")["quotas"]]
    expect(fits[2] is None or 0 <= fits[2] <= 3600, fits)
    expect("51 MORE FIT " in b.ok("usage", "rose", "--fit", "51"), "no head")
    b.refused(2, "--fit .*1 or more", "usage", "rose", "--fit", "0")


def usage_off(b):
    """usage shows what was counted when quotas are off or only monitored"""
    b.charge("rose")
    for mode, words in (("off", "rose: allowed, quotas are off"), ("monitor", "rose: allowed, quotas are only monitored")):
        b.configure('redis {{ address = "{address}" }}\nplan default {{ quotas = {{ "5 recipients / 1h" }} '
                    f'checks {{{{ quotas = {mode} }}}} }}}}\n')
        usage_of = b.json("usage", "rose")
        equal((usage_of["mode"], [quota["used"] for quota in usage_of["quotas"]]), (mode, [1]))
        expect(b.ok("usage", "rose").startswith(words + "\n"), "the mode is not told")


def whose(b):
    """usage and reset want one login or one scope that is configured"""
    b.configure(SHARED)
    for command in "usage", "reset":
        b.refused(2, "one is missing of LOGIN, --domain", command)
        b.refused(2, "only one of LOGIN, --domain", command, "rose", "--group", "reseller")
        b.refused(2, "only one of LOGIN, --domain", command, "--plan", "default", "--group", "reseller")
        b.refused(1, 'group "nope" is not in', command, "--group", "nope")
        b.refused(1, 'plan "nope" is not in', command, "--plan", "nope")
        b.refused(1, 'domain "other.example" is not in', command, "--domain", "other.example")
        b.refused(2, "--domain .*is not a domain", command, "--domain", "not a domain")


def reset_one(b):
    """reset --quota forgets the counters named and no other"""
    b.ok("user", "add", "rose", "--quota", "10 messages / 1h", "--quota", "20 messages / month", "--quota",
         "30 recipients / 1h", "--quota", "40 recipients / 1d")

    def after(*quotas):
        b.redis("DEL", "sendward:{rose}:u")
        b.charge("rose")
        b.ok("reset", "rose", *[word for quota in quotas for word in ("--quota", quota)])
        return [quota["used"] for quota in b.json("usage", "rose")["quotas"]]

    equal(after("messages / 1h"), [0, 1, 1, 1])
    equal(after("99 messages/month in UTC"), [1, 0, 1, 1])
    equal(after("recipients / 60m", "unlimited recipients / 1d"), [1, 1, 0, 0])
    equal(after("messages / 1h", "messages / month", "recipients / 1h", "recipients / 1d"), [0, 0, 0, 0])
    done = b.call("reset", "rose", "--quota", "messages / 7m")
    equal((done.returncode, done.stderr), (0, "sendward: nothing was counted in messages / 7m\n"))
    b.refused(2, "--quota", "reset", "rose", "--quota", "apples / 1h")


def reset_shared(b):
    """reset of a login leaves what is shared, and reset of a scope what is the login's"""
    b.configure(SHARED)
    b.ok("user", "add", "rose@dom.example", "--group", "reseller")
    b.charge("rose@dom.example", size=1000)
    equal(b.json("reset", "--group", "reseller", "--quota", "bytes / 1h"),
          {"scope": "group", "name": "reseller", "reset": True})
    equal([quota[2] for quota in used(b, "rose@dom.example")], [1, 1, 1, 1, 1, 0])
    b.ok("reset", "rose@dom.example")
    equal([quota[2] for quota in used(b, "rose@dom.example")], [0, 0, 1, 1, 1, 0])
    for scope, name in (("domain", "dom.example"), ("plan", "default"), ("group", "reseller")):
        equal(b.ok("reset", "--" + scope, name), f"{scope} {name}: reset\n")
    equal([quota[2] for quota in used(b, "rose@dom.example")], [0] * 6)


def warnings(b):
    """a mark that is passed is an event, once"""
    b.ok("user", "add", "rose", "--quota", "10 messages / 1h")
    for _ in range(10):
        b.charge("rose")
    marks = [event for event in b.lines("events", "--json", "--login", "rose") if event["event"] == "warning"]
    equal([(event["quota"], event["percent"], event["limit"]) for event in marks],
          [("10 messages / 1h", 80, 10), ("10 messages / 1h", 95, 10)])
    expect("warning  rose  " in b.ok("events"), "no line of it")


def explain_quotas(b):
    """explain shows every quota, shared ones too, and when the message fits"""
    b.configure(SHARED)
    b.ok("user", "add", "rose@dom.example", "--group", "reseller")
    b.charge("rose@dom.example", recipients=3)
    result = explained(b, 1, *ROSE, "--recipients", "3")
    equal((result["check"], result["verdict"]), ("quotas", "defer"))
    equal([(quota["scope"], quota["fits_in_s"] == 0) for quota in result["quotas"]],
          [("login", True), ("login", False), ("domain", True), ("plan", True), ("group", True), ("group", True)])
    explained(b, 0, *ROSE, "--recipients", "3", "--free-recipients", "1")
    explained(b, 0, *ROSE, "--recipients", "3", "--free-recipients", "3")
    b.refused(2, "--free-recipients are some of --recipients, not more", "explain", *ROSE, "--recipients", "3", "--free-recipients", "4")
    expect("THIS FITS" in b.ok("explain", *ROSE), "no table of quotas")


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


def explain_sandbox_recipients(b):
    """explain tells what reaches sandbox_recipients, and where the list stands"""
    text = 'redis {{ address = "{address}" }}\nplan default {{\n  sandbox_recipients = {{ "*@help.example" }} }}\n'
    b.configure("charge = policyd\n" + text)
    b.ok("sandbox", "rose@dom.example")
    for listed, verdict in (("1", "discard"), ("3", "accept")):
        result = explained(b, 0, *ROSE, "--recipients", "3", "--sandbox-recipients", listed)
        equal((result["verdict"], result["dropped"]), (verdict, None))
    b.configure(text + f'milter {{{{ listen = "unix:{b.directory}/milter" }}}}\n')
    for listed, verdict, dropped in (("0", "discard", None), ("1", "discard", 2), ("3", "accept", None)):
        result = explained(b, 0, *ROSE, "--recipients", "3", "--sandbox-recipients", listed)
        equal((result["verdict"], result["dropped"]), (verdict, dropped))
        row = next(row for row in result["checks"] if row["check"] == "sandbox")
        expect(row["place"].endswith(":3") and row["origin"] == "plan default" and "sandbox_recipients" in row["rule"], row)
    table = b.ok("explain", *ROSE, "--recipients", "3", "--sandbox-recipients", "1")
    expect(table.startswith("discard by sandbox, for 2 of the recipients only\nreply: accepted; the others get "), table)
    b.refused(2, "--sandbox-recipients are some of --recipients, not more", "explain", *ROSE, "--sandbox-recipients", "2")
    expect("sandbox_recipients  *@help.example" in b.ok("user", "show", "rose@dom.example"), "user show")


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


CASES = [usage, overdrawn, usage_full, usage_unknown, usage_state, usage_shared, usage_network, usage_fit, usage_off, whose, reset, null_sender,
         reset_one, reset_shared, warnings, explain_quotas, explain_accepts, explain_refuses, explain_blocked,
         explain_sandbox, explain_sandbox_recipients, explain_header, explain_null, explain_monitor, explain_usage]
