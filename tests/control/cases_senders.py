"""import-senders: what Postfix tables say becomes the accounts' lists of senders."""

import os
import shutil
import subprocess

from bench import LIMIT_S, equal, expect
from services import write_old

LOGIN_MAP = """
# Who may send as whom.
rose@dom.example	rose@dom.example
sales@dom.example	rose@dom.example,
 # the line goes on behind this comment

	lily@dom.example IRIS@dom.example
"odd one"@dom.example	lily@dom.example
@sub.example		lily@dom.example
boss@sub.example	rose@dom.example
"""


def senders(b, login):
    return b.record(login).get("senders")


def may(b, login, sender):
    """Would explain accept that envelope sender?"""
    done = b.call("explain", "--json", "--login", login, "--from", sender, "--client", "192.0.2.1")
    expect(done.returncode in (0, 1) and not done.stderr, done.stderr)
    return done.returncode == 0


def login_maps(b):
    """import-senders gives each login the addresses that smtpd_sender_login_maps gives it"""
    path = b.write("senders", LOGIN_MAP)
    equal(b.ok("import-senders", "--login-maps", path).splitlines()[:2],
          ["logins: 3 added, 0 changed, 0 unchanged, 0 refused", "lines: 0 that cannot be used, 0 that give nothing"])
    equal(senders(b, "rose@dom.example"), ["%login", "boss@sub.example", "sales@dom.example"])
    equal(senders(b, "lily@dom.example"), ["%login", '"odd one"@dom.example', "*@sub.example", "sales@dom.example"])
    for login, sender, owned in (("rose@dom.example", "sales@dom.example", True),
                                 ("rose@dom.example", "rose@dom.example", True),
                                 ("rose@dom.example", "other@sub.example", False),
                                 ("lily@dom.example", "other@sub.example", True),
                                 ("lily@dom.example", '"odd one"@dom.example', True),
                                 ("lily@dom.example", "rose@dom.example", False)):
        equal(may(b, login, sender), owned, f"{login} as {sender}")
    equal(b.ok("import-senders", "--login-maps", path).splitlines()[0],
          "logins: 0 added, 0 changed, 3 unchanged, 0 refused")


def dry_run(b):
    """import-senders --dry-run shows the difference and writes nothing"""
    b.ok("user", "add", "rose@dom.example", "--sender", "old@dom.example", "--sender", "sales@dom.example")
    path = b.write("senders", LOGIN_MAP)
    equal(b.ok("import-senders", "--login-maps", path, "--dry-run"), """\
IRIS@dom.example (new account)
  + sales@dom.example
lily@dom.example (new account)
  + "odd one"@dom.example
  + *@sub.example
  + sales@dom.example
rose@dom.example
  + boss@sub.example
  = 2 unchanged

Postfix, by these tables, and Sendward would not agree who owns:
IRIS@dom.example
  Postfix: nobody
  Sendward: IRIS@dom.example
boss@sub.example
  Postfix: rose@dom.example
  Sendward: lily@dom.example, rose@dom.example
lily@dom.example
  Postfix: nobody
  Sendward: lily@dom.example
old@dom.example
  Postfix: nobody
  Sendward: rose@dom.example

logins: 2 added, 1 changed, 0 unchanged, 0 refused
lines: 0 that cannot be used, 0 that give nothing
addresses that Postfix and Sendward give to different logins: 4
nothing was written
""")
    equal(senders(b, "rose@dom.example"), ["old@dom.example", "sales@dom.example"])
    equal([a["login"] for a in b.json("user", "list")], ["rose@dom.example"])


def identities(b):
    """import-senders says of an owner that it is an identity, for Postfix' tables do not know of any"""
    b.ok("identity", "add", "printer@dom.example", "--network", "192.0.2.0/24", "--sender", "scan@dom.example")
    path = b.write("senders", "scan@dom.example rose@dom.example\nsales@dom.example printer@dom.example rose@dom.example\n")
    equal(b.ok("import-senders", "--login-maps", path, "--dry-run").split("\nlogins:")[0], """\
printer@dom.example (identity)
  + sales@dom.example
rose@dom.example (new account)
  + sales@dom.example
  + scan@dom.example

Postfix, by these tables, and Sendward would not agree who owns:
printer@dom.example
  Postfix: nobody
  Sendward: printer@dom.example (identity)
rose@dom.example
  Postfix: nobody
  Sendward: rose@dom.example
scan@dom.example
  Postfix: rose@dom.example
  Sendward: printer@dom.example (identity), rose@dom.example
""")
    found = b.json("import-senders", "--login-maps", path, "--dry-run")
    equal([(one["login"], one["identity"]) for one in found["logins"]], [("printer@dom.example", True), ("rose@dom.example", False)])
    equal([one["identities"] for one in found["differences"]], [["printer@dom.example"], [], ["printer@dom.example"]])


def replace(b):
    """import-senders --replace makes the tables the whole list, and says what that takes away"""
    b.ok("user", "add", "rose@dom.example", "--sender", "old@dom.example", "--sender", "sales@dom.example", "--max-size", "7M")
    b.ok("user", "add", "iris@dom.example", "--sender", "iris2@dom.example")
    path = b.write("senders", LOGIN_MAP)
    found = b.json("import-senders", "--login-maps", path, "--replace", "--dry-run")
    equal(found["counts"], {"added": 1, "changed": 2, "unchanged": 0, "refused": 0, "unusable": 0, "empty": 0})
    equal(found["logins"][0], {"login": "iris@dom.example", "new": False, "add": ["sales@dom.example"],
                               "identity": False, "remove": ["iris2@dom.example"], "unchanged": 0})
    equal(found["logins"][2], {"login": "rose@dom.example", "new": False, "identity": False, "add": ["boss@sub.example"],
                               "remove": ["old@dom.example"], "unchanged": 2})
    equal(found["written"], False)
    b.json("import-senders", "--login-maps", path, "--replace")
    equal(senders(b, "rose@dom.example"), ["boss@sub.example", "sales@dom.example"])
    equal(b.record("rose@dom.example")["max_size"], 7000000)
    equal([may(b, "rose@dom.example", s) for s in ("rose@dom.example", "old@dom.example")], [True, False])


def own_address(b):
    """where the plan does not give a login its own address, import-senders does"""
    b.configure('node = "mx1"\nredis {{ address = "{address}" }}\nplan default {{ senders = {{ "info@dom.example" }} }}\n')
    path = b.write("senders", "rose@dom.example rose@dom.example\ninfo@dom.example rose@dom.example\n")
    b.ok("import-senders", "--login-maps", path)
    equal(senders(b, "rose@dom.example"), ["info@dom.example", "rose@dom.example"])
    b.ok("import-senders", "--replace", "--login-maps", path)
    equal(senders(b, "rose@dom.example"), ["info@dom.example", "rose@dom.example"])


BAD = [
    ("rose  rose", "is a user without a domain; --domain says of which domain"),
    ("lonely", "is not a key, a blank and a value"),
    ("postmaster: rose", 'is "key: value", as in an alias file'),
    ('"open@dom.example rose', "has a quote that does not end"),
    ("a@b@dom.example rose", "@"),
    ("@-bad-.example rose", "is not a domain"),
    ("*@dom.example rose", 'has a "*"'),
    ("<> rose", "user without a domain"),
    ("good@dom.example lily", "Postfix uses"),
    ("x@dom.example ,", "has no value"),
    ("long@dom.example " + "x" * 256, "is longer than 255 octets"),
]


def bad_lines(b):
    """lines that import-senders cannot use are told with their numbers, the others are imported"""
    path = b.write("senders", "good@dom.example rose\n" + "".join(line + "\n" for line, _ in BAD) + "also@dom.example rose\n")
    done = b.call("import-senders", "--login-maps", path)
    equal(done.returncode, 1)
    errors = sorted((line.removeprefix(path + ":") for line in done.stderr.splitlines()), key=lambda x: int(x.split(":")[0]))
    equal(len(errors), len(BAD), done.stderr)
    for number, (error, (line, why)) in enumerate(zip(errors, BAD), 2):
        expect(error.startswith(f"{number}: ") and why in error, f"{line}: {error}")
    expect(f"lines: {len(BAD)} that cannot be used" in done.stdout, done.stdout)
    equal(senders(b, "rose"), ["%login", "also@dom.example", "good@dom.example"])
    done = b.call("import-senders", "--login-maps", path, "--json", "--dry-run")
    equal((done.returncode, done.stdout.count('"fault": true')), (1, len(BAD)))


def odd_keys(b):
    """import-senders takes addresses that look like a pattern of ours for what they are"""
    path = b.write("senders", "".join(f"{key}@dom.example rose\n" for key in ("%login", "!boss", '"a b"')))
    b.ok("import-senders", "--login-maps", path)
    equal(senders(b, "rose"), ["%login", '"!boss"@dom.example', '"%login"@dom.example', '"a b"@dom.example'])
    b.ok("explain", "--login", "rose", "--from", "%login@dom.example", "--client", "192.0.2.1")
    b.refused(1, "", "explain", "--login", "rose", "--from", "boss@dom.example", "--client", "192.0.2.1")


def bare_users(b):
    """import-senders --domain is the domain of users that have none"""
    path = b.write("senders", "rose rose\nlily@dom.example iris\nlily rose\n")
    b.refused(1, "lily: is there twice; Postfix uses .*:2", "import-senders", "--login-maps", path, "--domain", "DOM.example")
    equal(senders(b, "rose"), ["%login", "rose@dom.example"])
    equal(senders(b, "iris"), ["%login", "lily@dom.example"])


ALIASES = """
dom.example		this domain is a virtual one
info@dom.example	rose@dom.example
sales@dom.example	info@dom.example, lily+sales@dom.example, someone@else.example
far@dom.example		someone@else.example
me@dom.example		me@dom.example, rose@dom.example
loop1@dom.example	loop2@dom.example
loop2@dom.example	loop1@dom.example
@catch.example		rose@dom.example
@twin.example		@dom.example
local@dom.example	iris
"""


def alias_maps(b):
    """import-senders --alias-maps gives a login what leads to it, from alias to alias"""
    for login in ("rose@dom.example", "lily@dom.example"):
        b.ok("user", "add", login)
    path = b.write("virtual", ALIASES)
    done = b.call("import-senders", "--alias-maps", path)
    equal(done.returncode, 1)
    equal(senders(b, "rose@dom.example"),
          ["%login", "*@catch.example", "info@dom.example", "info@twin.example", "me@dom.example", "me@twin.example",
           "rose@twin.example", "sales@dom.example", "sales@twin.example"])
    equal(senders(b, "lily@dom.example"), ["%login", "lily@twin.example", "sales@dom.example", "sales@twin.example"])
    for what in (":2: dom.example: says that a domain is a virtual one", ":5: far@dom.example: leads to no known login",
                 ":7: loop1@dom.example: loop1@dom.example leads to itself: a loop",
                 ":8: loop2@dom.example: loop2@dom.example leads to itself: a loop",
                 ":11: local@dom.example: iris is neither an address nor a login"):
        expect(path + what in done.stderr, f"{what}: {done.stderr}")
    expect("Postfix" not in done.stdout, "aliases say nothing of what Postfix lets pass")
    equal([a["login"] for a in b.json("user", "list")], ["lily@dom.example", "rose@dom.example"])


def known_logins(b):
    """an alias leads to a login that has an account, that --logins or --login-maps name, or to any with --target-is-login"""
    aliases = b.write("virtual", "a@dom.example u1@dom.example, u2@dom.example, u3@dom.example, u4@dom.example, u5\n")
    b.ok("user", "add", "U1@dom.example")
    logins = b.write("logins", "# who logs in\n\nu2@dom.example\nu5\n")
    maps = b.write("senders", "x@dom.example u3@dom.example\n")
    found = b.json("import-senders", "--alias-maps", aliases, "--logins", logins, "--login-maps", maps, "--domain",
                   "home.example", "--dry-run")
    equal({login["login"]: login["add"] for login in found["logins"]},
          {"U1@dom.example": ["a@dom.example"], "u2@dom.example": ["a@dom.example"],
           "u3@dom.example": ["a@dom.example", "x@dom.example"], "u5": ["a@dom.example"]})
    found = b.json("import-senders", "--alias-maps", aliases, "--target-is-login", "--domain", "home.example", "--dry-run")
    equal([login["login"] for login in found["logins"]],
          ["U1@dom.example"] + [f"u{n}@dom.example" for n in (2, 3, 4)] + ["u5@home.example"])


def many_readers(b):
    """an alias that leads to many logins is a list, and its readers do not own it unless --max-logins says so"""
    names = [f"u{n}@dom.example" for n in range(1, 12)]
    path = b.write("virtual", f"all@dom.example {' '.join(names)}\n")
    words = ("import-senders", "--alias-maps", path, "--target-is-login", "--dry-run", "--json")
    b.refused(1, "all@dom.example: leads to 11 logins, more than 10; --max-logins", *words)
    expect('"added": 11' in b.ok(*words, "--max-logins", "11"), "11 logins do not get it")
    expect('"added": 11' in b.ok(*words, "--max-logins", "0"), "any number of logins do not get it")
    path = b.write("virtual", "all@dom.example " + " ".join(f"u{n}@dom.example" for n in range(1001)) + "\n")
    b.refused(1, "all@dom.example: leads to more than 1000 addresses", *words, "--max-logins", "0")


def too_many(b):
    """a login that would own more than an account can hold is named, the others are imported"""
    path = b.write("senders", "".join(f"a{n}@dom.example rose\n" for n in range(1001)) + "b@dom.example lily\n")
    b.refused(1, r"rose: would own 1002 addresses, more than 1000 of one account", "import-senders", "--login-maps", path)
    equal([a["login"] for a in b.json("user", "list")], ["lily"])


def postmap(b, *words):
    return subprocess.run(["/usr/sbin/postmap", "-c", b.path("postfix"), *words], check=False, capture_output=True, text=True)


def real_table(b):
    """import-senders lists a table that postmap has made, and says what postmap says"""
    os.makedirs(b.path("postfix"), exist_ok=True)
    write_old(b.path("postfix/main.cf"), f"compatibility_level = 3.6\nqueue_directory = {b.directory}\n")
    env = {"MAIL_CONFIG": b.path("postfix")}
    kinds = 0
    for kind in ("hash", "btree", "lmdb", "cdb"):
        path = b.write("real", LOGIN_MAP)
        made = postmap(b, f"{kind}:{path}")
        if "unsupported dictionary type" in made.stderr:
            continue
        kinds += 1
        equal((made.returncode, made.stderr), (0, ""), kind)
        os.unlink(path)
        b.redis("FLUSHALL")
        equal(b.ok("import-senders", "--login-maps", f"proxy:{kind}:{path}", env=env).splitlines()[0],
              "logins: 3 added, 0 changed, 0 unchanged, 0 refused")
        equal(senders(b, "lily@dom.example"), ["%login", '"odd one"@dom.example', "*@sub.example", "sales@dom.example"])
        expect(may(b, "lily@dom.example", "other@sub.example"), "lily does not own the domain")
    expect(kinds > 0, "postmap makes no table of any kind")
    # Postfix reads a text file that has just been changed again and again, and warns each time.
    hot = b.write("hot", "sales@dom.example rose\nnonsense\n")
    said = b.call("import-senders", "--login-maps", f"texthash:{hot}", env=env).stderr
    equal(said.count("expected format: key whitespace value"), 1, said)
    b.refused(1, r"nowhere.*No such file(.|\n)*hash:/nowhere/table: `postmap -s' did not succeed", "import-senders",
              "--login-maps", "hash:/nowhere/table", env=env)
    b.refused(1, "unsupported dictionary type", "import-senders", "--login-maps", "nosuchtype:/nowhere/table", env=env)
    shutil.rmtree(b.path("postfix"))


def patterns(b):
    """tables of patterns and questions are refused with the reason"""
    for kind in ("regexp", "pcre", "proxy:pcre"):
        b.refused(1, "Postfix cannot list a table of this type: its patterns cannot be listed", "import-senders", "--login-maps",
                  f"{kind}:/etc/postfix/senders")
    b.refused(1, "export its rows to a text file", "import-senders", "--alias-maps", "mysql:/etc/postfix/virtual.cf")
    b.refused(1, "No such file", "import-senders", "--alias-maps", "/nowhere/virtual")
    b.refused(2, "--login-maps or --alias-maps is missing", "import-senders")


def case_of_logins(b):
    """a login of a table is the account's, whatever the case of its letters, and wins over what the domain says"""
    b.ok("user", "add", "Rose")
    b.json("import-senders", "--login-maps", b.write("senders", "a@dom.example rose\nb@dom.example ROSE\n"))
    equal([a["login"] for a in b.json("user", "list")], ["Rose"])
    equal(senders(b, "Rose"), ["%login", "a@dom.example", "b@dom.example"])


def event(b):
    """who imported senders is an event"""
    b.json("import-senders", "--actor", "desk", "--login-maps", b.write("senders", "a@dom.example rose\n"))
    event, = b.lines("events", "--json")
    expect(event.pop("time") > 0, "no time")
    equal(event, {"event": "import-senders", "added": 1, "changed": 0, "actor": "desk"})


def many_lines(b):
    """100,000 lines are compared in reasonable time"""
    path = b.write("senders", "".join(f"a{n}@d{n % 1000}.example u{n % 5000}@d{n % 1000}.example\n" for n in range(100000)))
    found = b.json("import-senders", "--login-maps", path, "--dry-run", limit_s=10 * LIMIT_S)
    equal(found["counts"]["added"], 5000)


CASES = [login_maps, dry_run, identities, replace, own_address, bad_lines, odd_keys, bare_users, alias_maps, known_logins, many_readers, too_many,
         real_table, patterns, case_of_logins, event, many_lines]
