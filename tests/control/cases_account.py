"""user add, set, show, list, delete."""

import json
import time

from bench import ended, equal, expect, until


def added_account(b):
    """an account that is added is shown with what it was given"""
    equal(b.ok("user", "add", "rose@dom.example", "--plan", "students", "--description", "Rose, 4711", "--sender",
               "rose@dom.example", "--sender", "*@Shop.Example", "--network", "10.0.0.0/8", "--network", "!10.1.0.0/16",
               "--quota", "5messages/1h", "--quota", "1M bytes / 1d", "--max-recipients", "7", "--max-size", "1Mi"),
          "rose@dom.example: added\n")
    show = b.json("user", "show", "rose@dom.example")
    effective = show.pop("effective")
    expect(abs(show.pop("created") - time.time()) < 60, "created is not now")
    equal(show, {
        "login": "rose@dom.example", "state": "allowed", "reason": "", "actor": "", "since": None, "until": None,
        "plan": "students", "group": None, "description": "Rose, 4711", "senders": ["rose@dom.example", "*@shop.example"],
        "networks": ["10.0.0.0/8", "!10.1.0.0/16"], "quotas": ["5 messages / 1h", "1M bytes / 1d"],
        "max_recipients": 7, "max_size": 1048576, "require_tls": None})
    equal(effective["quotas"], {"value": ["5 messages / 1h", "1M bytes / 1d"], "origin": "account"})
    equal(effective["plan"], {"value": "students", "origin": "account"})


def inherited(b):
    """what an account leaves open is shown with where it comes from"""
    b.ok("user", "add", "rose", "--plan", "students")
    show = b.json("user", "show", "rose")
    equal([show[key] for key in ("senders", "networks", "quotas", "max_recipients", "max_size")], [None] * 5)
    equal(show["effective"], {
        "plan": {"value": "students", "origin": "account"},
        "quotas": {"value": ["10 messages / 1h"], "origin": "plan students"},
        "senders": {"value": ["%login"], "origin": "plan default"},
        "networks": {"value": ["192.0.2.0/24"], "origin": "plan students"},
        "max_recipients": {"value": 100, "origin": "plan default"},
        "max_size": {"value": 0, "origin": "built-in"},
        "over_quota": {"value": "defer", "origin": "built-in"},
        "sandbox": {"value": "discard", "origin": "built-in"},
        "sandbox_redirect": {"value": None, "origin": "built-in"},
        "sandbox_recipients": {"value": [], "origin": "built-in"},
        "free_recipients": {"value": [], "origin": "built-in"},
        "over_quota_at_rcpt": {"value": "quota", "origin": "built-in"},
        "ramp": {"value": None, "origin": "built-in"},
        "require_tls": {"value": "no", "origin": "built-in"},
        "must_rotate_after": {"value": None, "origin": "built-in"},
        "at_expiry": {"value": "refuse", "origin": "built-in"},
        "shared": []})
    table = b.ok("user", "show", "rose").splitlines()
    expect("networks            192.0.2.0/24            plan students" in table, table)
    expect("max_size            no cap                  built-in" in table, table)


def added_json(b):
    """user add and user set print the account with --json"""
    equal(b.json("user", "add", "rose", "--plan", "students")["plan"], "students")
    equal(b.json("user", "set", "rose", "--plan", "default")["plan"], "default")


def added_twice(b):
    """an account that exists is not added again"""
    b.ok("user", "add", "rose")
    b.refused(1, "^sendward: rose: the account exists; user set or identity set changes it, password set or password generate its password$", "user", "add", "rose", "--plan", "students")
    equal(b.json("user", "show", "rose")["plan"], "default")


def unknown_plan(b):
    """a plan that is not configured is refused, and those that are are named"""
    b.refused(1, 'plan "nope" is not in .*sendward.conf; there are: default, students', "user", "add", "rose",
              "--plan", "nope")
    b.refused(1, "rose: no account", "user", "show", "rose")


def plan_gone(b):
    """an account whose plan is gone shows that plan default is in force"""
    b.ok("user", "add", "rose", "--plan", "students")
    b.configure('redis {{ address = "{address}" }}\n')
    equal(b.json("user", "show", "rose")["effective"]["plan"], {"value": "default", "origin": "built-in"})
    expect("students, which is not configured: plan default is in force" in b.ok("user", "show", "rose"), "not said")


SHARED = """
redis {{ address = "{address}" }}
plan gold {{
  quotas = {{ "1000 messages / day in Europe/Zurich" }}
  shared_quotas = {{ "10k messages / 1d" }}
  free_recipients = {{ "%login", "*@gold.example" }}
  over_quota_at_rcpt = too_many
  ramp {{ start = 50  factor = 1.5  every = 1d  until = 2000 }}
}}
domain "Dom.example" {{ plan = "gold"  over_quota = reject  shared_quotas = {{ "5 messages / 1h" }} }}
group "reseller" {{ quotas = {{ "20 messages / month", "1M bytes / 1h" }} }}
"""


def shared(b):
    """what a domain and a group add is shown with its scope"""
    b.configure(SHARED)
    b.ok("user", "add", "rose@dom.example", "--group", "reseller")
    show = b.json("user", "show", "rose@dom.example")
    equal((show["plan"], show["group"]), (None, "reseller"))
    effective = show["effective"]
    equal(effective["plan"], {"value": "gold", "origin": "domain dom.example"})
    equal(effective["over_quota"], {"value": "reject", "origin": "domain dom.example"})
    equal(effective["over_quota_at_rcpt"], {"value": "too_many", "origin": "plan gold"})
    equal(effective["free_recipients"], {"value": ["%login", "*@gold.example"], "origin": "plan gold"})
    equal(effective["ramp"], {"origin": "plan gold", "value": {
        "unit": "recipients", "start": 50, "factor": 1.5, "every_s": 86400, "until": 2000}})
    equal(effective["shared"], [
        {"scope": "domain", "name": "dom.example", "quotas": ["5 messages / 1h"]},
        {"scope": "plan", "name": "gold", "quotas": ["10000 messages / 1d"]},
        {"scope": "group", "name": "reseller", "quotas": ["20 messages / month in UTC", "1M bytes / 1h"]}])
    text = b.ok("user", "show", "rose@dom.example")
    for line in ("plan     gold", "group    reseller", "1000 messages / day in Europe/Zurich", "domain dom.example",
                 "50 recipients / 1d, times 1.5 every 1d, until 2k", "group reseller"):
        expect(line in text, f"{line} is not in\n{text}")
    equal([line.split()[:4] for line in b.ok("user", "list").splitlines()[1:]],
          [["rose@dom.example", "allowed", "gold", "reseller"]])


def groups(b):
    """an account is put into a group that is configured, and taken out again"""
    b.configure(SHARED)
    b.refused(1, 'group "nope" is not in .*sendward.conf', "user", "add", "rose", "--group", "nope")
    b.ok("user", "add", "rose")
    equal(b.json("user", "set", "rose", "--group", "reseller")["group"], "reseller")
    equal([account["group"] for account in b.json("user", "list")], ["reseller"])
    b.refused(2, "group: set it or leave it open", "user", "set", "rose", "--group", "reseller", "--inherit", "group")
    b.ok("user", "set", "rose", "--inherit", "group")
    equal(b.json("user", "show", "rose")["group"], None)
    expect("group" not in b.record("rose"), "the record names a group")
    b.ok("user", "set", "rose", "--group", "reseller")
    b.configure('redis {{ address = "{address}" }}\n')
    expect("reseller, which is not configured" in b.ok("user", "show", "rose"), "not said")
    equal(b.json("user", "show", "rose")["effective"]["shared"], [])


def login_case(b):
    """with login_case = insensitive the tool means the login that the daemons mean"""
    shared = 'node = "mx1"\nredis {{ address = "{address}" }}\nplan default {{ quotas = {{ "9 messages / 1h" }} }}\n'
    b.configure(shared)
    b.ok("user", "add", "Rose")
    b.refused(1, "rose: no account", "user", "show", "rose")
    line = b.ok("export")
    b.ok("user", "delete", "Rose")
    b.configure(shared + "login_case = insensitive\n")
    b.ok("import", "-", stdin=line)
    equal([account["login"] for account in b.json("user", "list")], ["rose"])
    equal(b.json("user", "show", "ROSE")["login"], "rose")
    b.refused(1, "rose: the account exists", "user", "add", "ROse")
    b.charge("RoSe")
    equal(b.json("usage", "rosE")["quotas"][0]["used"], 1)
    equal(b.ok("block", "ROSE"), "rose: blocked\n")
    done = b.call("explain", "--login", "Rose", "--from", "<>", "--client", "192.0.2.1")
    expect(done.returncode == 1 and "login rose is blocked" in done.stdout, done.stdout + done.stderr)
    expect(any('"login":"rose"' in event and "blocked" in event
               for event in b.ok("events", "--login", "ROSE", "--json").splitlines()), "the event is not found")
    b.ok("reset", "ROSE")
    equal(b.json("usage", "rose")["quotas"][0]["used"], 0)
    b.ok("import-senders", "--login-maps", b.write("logins", "iris@dom.example\tIRIS\n"))
    equal(b.record("iris")["senders"], ["%login", "iris@dom.example"])


def lost_address(b):
    """whoever gives a login a list of senders without its own address is told so"""
    b.configure('redis {{ address = "{address}" }}\ndomain "dom.example" {{ senders = {{ "*@dom.example" }} }}\n')
    lost = "rose@dom.example is not in it; --add-sender %login adds it"

    def said(*words):
        done = b.call("user", *words)
        equal(done.returncode, 0, done.stderr)
        return done.stderr
    expect(lost in said("add", "rose@dom.example", "--sender", "sales@other.example"), "not told")
    equal(said("set", "rose@dom.example", "--description", "Rose"), "")
    equal(said("set", "rose@dom.example", "--add-sender", "%login"), "")
    equal(said("set", "rose@dom.example", "--sender", "x@other.example", "--sender", "!%login"), "")
    equal(said("add", "iris@other.example", "--sender", "x@other.example"), "")
    equal(said("add", "violet", "--sender", "x@other.example"), "")


def sender_groups(b):
    """an account shares a group of senders that is configured; one that is gone is told"""
    shared = 'redis {{ address = "{address}" }}\nsender_group "sales" {{ senders = {{ "*@shop.example" }} }}\n'
    b.configure(shared)
    b.refused(1, '%group:nope: sender_group "nope" is not in .*sendward.conf', "user", "add", "rose",
              "--sender", "%group:nope")
    b.refused(2, "the name of a group", "user", "add", "rose", "--sender", "%group:a b")
    b.refused(1, "there is a sender_group of that name", "user", "add", "rose", "--group", "sales")
    b.ok("user", "add", "rose", "--sender", "%group:sales")
    equal(b.json("user", "show", "rose")["effective"]["senders"]["value"], ["%group:sales"])
    b.refused(1, '!%group:nope: sender_group "nope"', "user", "set", "rose", "--add-sender", "!%group:nope")
    b.ok("explain", "--login", "rose", "--from", "anyone@shop.example", "--client", "192.0.2.1")
    line = b.ok("export")
    b.configure('redis {{ address = "{address}" }}\n')
    expect("%group:sales (not configured)" in b.ok("user", "show", "rose"), "not said")
    equal(b.json("user", "show", "rose")["effective"]["senders"]["not_configured"], ["%group:sales"])
    done = b.call("explain", "--login", "rose", "--from", "anyone@shop.example", "--client", "192.0.2.1")
    equal(done.returncode, 1)
    done = b.call("import", "-", stdin=line)
    expect('sender_group "sales" is not in' in done.stderr, done.stderr)
    b.ok("user", "set", "rose", "--remove-sender", "%group:sales")
    equal(b.json("user", "show", "rose")["senders"], [])


def domain_plan(b):
    """plan default is named when the domain has another plan, and left to the domain again"""
    b.configure(SHARED)
    equal(b.json("user", "add", "rose@dom.example", "--plan", "default")["plan"], "default")
    equal(b.json("user", "show", "rose@dom.example")["effective"]["plan"], {"value": "default", "origin": "account"})
    text = b.ok("export")
    equal(b.json("user", "set", "rose@dom.example", "--inherit", "plan")["effective"]["plan"]["value"], "gold")
    equal(b.json("import", "-", stdin=text)["replaced"], 1)
    equal(b.json("user", "show", "rose@dom.example")["effective"]["plan"]["value"], "default")
    b.ok("user", "set", "rose@dom.example", "--inherit", "plan")
    equal(b.json("import", "-", stdin=b.ok("export"))["unchanged"], 1)


def calendar_quotas(b):
    """a calendar quota and a rolling one of the same length are two"""
    b.ok("user", "add", "rose", "--quota", "5 messages / 1h", "--quota", "6 messages / hour", "--quota",
         "7 messages / hour in Europe/Zurich")
    b.ok("user", "set", "rose", "--add-quota", "9messages/hour in UTC")
    equal(b.json("user", "show", "rose")["quotas"],
          ["5 messages / 1h", "9 messages / hour in UTC", "7 messages / hour in Europe/Zurich"])
    b.refused(2, "--quota", "user", "set", "rose", "--quota", "5 messages / day in Nowhere/Else")


def lists(b):
    """a list is replaced, changed, emptied and left to the plan"""
    def senders(*options):
        b.ok("user", "set", "rose", *options)
        return b.json("user", "show", "rose")["senders"]

    b.ok("user", "add", "rose", "--sender", "a@d.example")
    equal(senders("--sender", "b@d.example", "--sender", "b@d.example", "--sender", "c@d.example"),
          ["b@d.example", "c@d.example"])
    equal(senders("--add-sender", "d@d.example", "--remove-sender", "b@D.Example", "--add-sender", "c@d.example"),
          ["c@d.example", "d@d.example"])
    equal(senders("--no-senders"), [])
    equal(b.json("user", "show", "rose")["effective"]["senders"],
          {"value": [], "origin": "account", "beside": {"value": "%login", "origin": "plan default"}})
    equal(senders("--inherit", "senders"), None)
    equal(senders("--add-sender", "z@d.example"), ["%login", "z@d.example"])


def list_from_plan(b):
    """changing a list that the account does not have starts from the one in force"""
    b.ok("user", "add", "rose", "--plan", "students")
    b.ok("user", "set", "rose", "--add-network", "198.51.100.7")
    equal(b.json("user", "show", "rose")["networks"], ["192.0.2.0/24", "198.51.100.7"])


def not_in_list(b):
    """an entry that is not there cannot be removed"""
    b.ok("user", "add", "rose")
    b.refused(1, r"rose: x@y\.example is not in senders", "user", "set", "rose", "--remove-sender", "x@y.example")
    equal(b.json("user", "show", "rose")["senders"], None)


def last_entry(b):
    """the last network or quota is not removed by accident"""
    b.ok("user", "add", "rose", "--network", "192.0.2.1", "--network", "!192.0.2.2", "--quota", "5 messages / 1h")
    b.refused(1, "networks would limit nothing; --no-networks says so", "user", "set", "rose", "--remove-network",
              "192.0.2.1")
    b.refused(1, "quotas would limit nothing", "user", "set", "rose", "--remove-quota", "5 messages / 1h")
    b.ok("user", "set", "rose", "--no-networks", "--no-quotas")
    show = b.json("user", "show", "rose")
    equal((show["networks"], show["quotas"]), ([], []))
    expect("anywhere" in b.ok("user", "show", "rose"), "an empty list of networks is not explained")


def quotas(b):
    """a quota of a unit and window that is there already is changed, not added"""
    b.ok("user", "add", "rose", "--quota", "5 messages / 1h", "--quota", "9 recipients / 1h")
    b.ok("user", "set", "rose", "--add-quota", "7 messages / 60m", "--add-quota", "1 messages / 1d")
    equal(b.json("user", "show", "rose")["quotas"], ["7 messages / 1h", "9 recipients / 1h", "1 messages / 1d"])
    b.refused(1, "two quotas of one unit and window", "user", "set", "rose", "--quota", "5 messages / 1h", "--quota",
              "6 messages / 1h")


def removed_quotas(b):
    """a quota is removed by its unit and window, or as a whole, and then with its amount"""
    b.ok("user", "add", "rose", "--quota", "5 messages / 1h", "--quota", "9 recipients / 1h", "--quota", "1M bytes / 1d")
    b.refused(1, "6 messages / 1h is not in quotas", "user", "set", "rose", "--remove-quota", "6 messages / 1h")
    b.refused(1, "messages / 2h is not in quotas", "user", "set", "rose", "--remove-quota", "messages / 2h")
    b.refused(2, "--remove-quota", "user", "set", "rose", "--remove-quota", "apples / 1h")
    b.ok("user", "set", "rose", "--remove-quota", "messages / 60m", "--remove-quota", "9 recipients / 1h")
    equal(b.json("user", "show", "rose")["quotas"], ["1M bytes / 1d"])


def short_domain(b):
    """@DOMAIN is *@DOMAIN, and is removed as either"""
    b.ok("user", "add", "rose", "--sender", "@dom.example", "--sender", "rose@x.example")
    equal(b.json("user", "show", "rose")["senders"], ["*@dom.example", "rose@x.example"])
    b.ok("user", "set", "rose", "--remove-sender", "@dom.example")
    equal(b.json("user", "show", "rose")["senders"], ["rose@x.example"])


def numbers(b):
    """max_recipients and max_size are set, uncapped and left to the plan"""
    b.ok("user", "add", "rose", "--max-recipients", "5")
    b.ok("user", "set", "rose", "--max-recipients", "0", "--max-size", "25M")
    show = b.json("user", "show", "rose")
    equal((show["max_recipients"], show["max_size"]), (0, 25000000))
    equal(show["effective"]["max_recipients"], {"value": 0, "origin": "account"})
    b.ok("user", "set", "rose", "--inherit", "max-recipients", "--inherit", "max_size")
    show = b.json("user", "show", "rose")
    equal((show["max_recipients"], show["max_size"]), (None, None))


def set_same(b):
    """a change that changes nothing writes nothing"""
    b.ok("user", "add", "rose", "--plan", "students")
    before = b.redis("GET", "sendward:{rose}:a")
    equal(b.ok("user", "set", "rose", "--plan", "students"), "rose: was already so\n")
    equal(b.redis("GET", "sendward:{rose}:a"), before)


def set_errors(b):
    """user set refuses what it cannot do"""
    b.refused(1, "rose: no account", "user", "set", "rose", "--plan", "default")
    b.ok("user", "add", "rose")
    b.refused(2, "nothing to set", "user", "set", "rose")
    b.refused(2, "senders: .*only one of these", "user", "set", "rose", "--sender", "a@b.example", "--add-sender",
              "c@d.example")
    b.refused(2, "senders: .*only one of these", "user", "set", "rose", "--no-senders", "--inherit", "senders")
    b.refused(2, "max_size: set it or leave it", "user", "set", "rose", "--max-size", "1", "--inherit", "max-size")
    b.refused(1, "1001 senders are more than 1000", "user", "set", "rose",
              *[word for i in range(1001) for word in ("--sender", f"a{i}@b.example")])


def unknown_fields(b):
    """a change keeps fields of the account that this version does not know"""
    b.redis("SET", "sendward:{rose}:a", "0000000000000001" + json.dumps({"format": 1, "services": {"audit": "x@y"}}))
    b.ok("user", "set", "rose", "--plan", "students")
    b.ok("block", "rose")
    equal(b.record("rose")["services"], {"audit": "x@y"})
    equal(b.json("user", "show", "rose")["services"], {"audit": "x@y"})


def newer_format(b):
    """an account that a newer Sendward wrote is not touched"""
    record = "0000000000000001" + json.dumps({"format": 2, "state": "allowed"})
    b.redis("SET", "sendward:{rose}:a", record)
    for words in (["user", "set", "rose", "--plan", "default"], ["block", "rose"], ["user", "show", "rose"]):
        b.refused(1, "rose: .*newer Sendward", *words)
    equal(b.redis("GET", "sendward:{rose}:a"), record)
    b.ok("user", "add", "lily")
    out = b.refused(1, "rose: .*newer Sendward", "user", "list", "--json")
    equal([account["login"] for account in json.loads(out)], ["lily"])


def at_once(b):
    """ten who change one account at the same time all succeed"""
    b.ok("user", "add", "rose", "--sender", "rose@dom.example")
    running = [b.start("user", "set", "rose", "--add-sender", f"a{i}@dom.example") for i in range(10)]
    for process in running:
        equal(ended(process), (0, "rose: changed\n", ""))
    equal(sorted(b.json("user", "show", "rose")["senders"]),
          sorted(["rose@dom.example"] + [f"a{i}@dom.example" for i in range(10)]))


def added_at_once(b):
    """of ten who add one account one succeeds"""
    running = [b.start("user", "add", "rose", "--description", str(i)) for i in range(10)]
    results = sorted(ended(process) for process in running)
    equal([status for status, _, _ in results], [0] + [1] * 9)


ODD = ["user+tag@dom.example", "DOM\\user", "with space", 'quo"te', "{", "}", "}{", "{a}:a", "%7B", "%", "it's",
       "grün@straße.example", "x" * 255, "-c", "--json", "a:b", "*", "[x]"]


def odd_logins(b):
    """every login has its own account, whatever its characters"""
    for i, login in enumerate(ODD):
        equal(b.ok("user", "add", "--description", str(i), "--", login), f"{login}: added\n")
    for i, login in enumerate(ODD):
        show = b.json("user", "show", "--", login)
        equal((show["login"], show["description"]), (login, str(i)))
    equal([account["login"] for account in b.json("user", "list")], sorted(ODD, key=str.encode))
    b.ok("block", "--", "-c")
    equal({account["login"] for account in b.json("user", "list") if account["state"] == "blocked"}, {"-c"})
    for login in ODD:
        b.ok("user", "delete", "--", login)
    equal(b.json("user", "list"), [])


def bad_logins(b):
    """a login that is too long, empty, not UTF-8 or has control characters is refused"""
    for login, why in ((256 * "x", "longer than 255 octets"), ("ü" * 128, "longer than 255 octets"),
                       ("", "is empty"), ("a\nb", "control character"), ("a\udcff", "not UTF-8")):
        for words in (["user", "add", login], ["block", login], ["usage", login], ["user", "show", login]):
            b.refused(2, f"LOGIN .*{why}", *words)
    equal(b.json("user", "list"), [])


def printed_login(b):
    """octets that are no text are escaped for people and U+FFFD in JSON"""
    b.redis("SET", "sendward:{a%1B[2J}:a", '0000000000000001{"format":1}')
    expect("a\\x1B[2J" in b.ok("user", "list"), "a control character reaches the terminal")
    equal(b.json("user", "list")[0]["login"], "a\x1b[2J")


def listed(b):
    """user list is a table for people and an array of objects in JSON"""
    equal(b.ok("user", "list"), "no accounts\n")
    equal(b.json("user", "list"), [])
    b.ok("user", "add", "rose", "--plan", "students", "--description", "Rose")
    b.ok("block", "lily", "--reason", "spam")
    equal(b.ok("user", "list").splitlines(),
          ["LOGIN  STATE    PLAN      GROUP  REASON  DESCRIPTION",
           "lily   blocked  default          spam",
           "rose   allowed  students                 Rose"])
    equal([(a["login"], a["state"], a["plan"], a["reason"]) for a in b.json("user", "list")],
          [("lily", "blocked", "default", "spam"), ("rose", "allowed", "students", "")])


def long_listed(b):
    """a login as long as logins may be does not stretch the columns of the others"""
    long = "x" * 255
    b.ok("user", "add", "rose", "--description", "Rose")
    b.ok("user", "add", long, "--description", "Long")
    equal(b.ok("user", "list").splitlines(),
          ["LOGIN  STATE    PLAN     GROUP  REASON  DESCRIPTION",
           "rose   allowed  default                 Rose",
           long + "  allowed  default                 Long"])


def many_listed(b):
    """a thousand accounts are listed, each once and in order"""
    b.ok("import", "-", stdin="".join(f'{{"login":"u{i:04}"}}\n' for i in range(1000)))
    equal([account["login"] for account in b.json("user", "list")], [f"u{i:04}" for i in range(1000)])


def deleted(b):
    """a deleted account is gone with its counters"""
    b.ok("user", "add", "rose")
    b.charge("rose")
    equal(b.ok("user", "delete", "rose"), "rose: deleted\n")
    b.refused(1, "rose: no account", "user", "show", "rose")
    b.refused(1, "rose: no account, and it has not sent anything", "usage", "rose")
    b.refused(1, "rose: no account", "user", "delete", "rose")
    b.ok("user", "add", "rose")
    equal(b.json("user", "delete", "rose"), {"login": "rose", "deleted": True})


CASES = [added_account, inherited, added_json, added_twice, unknown_plan, plan_gone, shared, groups, login_case,
         lost_address, sender_groups, domain_plan, calendar_quotas, lists, list_from_plan, not_in_list, last_entry, quotas,
         removed_quotas, short_domain,
         numbers, set_same, set_errors, unknown_fields, newer_format, at_once, added_at_once, odd_logins, bad_logins,
         printed_login, listed, long_listed, many_listed, deleted]
