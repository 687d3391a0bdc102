"""export, import, events."""

import json
import time

from bench import equal, expect, stopped


def fill(b):
    b.ok("user", "add", "rose", "--plan", "students", "--sender", "rose@dom.example", "--no-networks", "--quota",
         "5 messages / 1h", "--max-size", "25M", "--description", "Rose")
    b.ok("block", "lily", "--reason", "spam", "--for", "24h")
    b.ok("user", "add", "grün {x}")


def export(b):
    """export prints one object a line, with the keys of user show"""
    fill(b)
    lines = b.lines("export")
    equal([line["login"] for line in lines], ["grün {x}", "lily", "rose"])
    for line in lines:
        equal(line, b.json("user", "show", line["login"]))


def round_trip(b):
    """what was exported is imported as it was"""
    fill(b)
    text = b.ok("export")
    records = [b.record(login) for login in ("rose", "lily", "grün {x}")]
    b.redis("FLUSHALL")
    equal(b.ok("import", b.write("accounts", text)), "3 added, 0 replaced, 0 unchanged, 0 refused\n")
    equal(b.ok("export"), text)
    equal([b.record(login) for login in ("rose", "lily", "grün {x}")], records)
    equal(b.json("import", "-", stdin=text), {"added": 0, "replaced": 0, "unchanged": 3, "refused": 0})


def replaced(b):
    """an account that exists is replaced by the line"""
    fill(b)
    created = b.record("rose")["created"]
    equal(b.ok("import", "-", stdin='{"login":"rose","quotas":["1 messages / 1d"]}\n'),
          "0 added, 1 replaced, 0 unchanged, 0 refused\n")
    equal(b.record("rose"), {"format": 1, "state": "allowed", "quotas": ["1 messages / 1d"], "created": created})
    b.ok("block", "rose", "--reason", "stolen")
    blocked = b.record("rose")
    b.ok("import", "-", stdin='{"login":"rose","max_size":1000}\n')
    del blocked["quotas"]
    equal(b.record("rose"), {**blocked, "max_size": 1000}, "a line without a state")
    b.ok("import", "-", stdin='{"login":"rose","state":"allowed"}\n')
    equal(b.record("rose"), {"format": 1, "state": "allowed", "created": created}, "a line with a state")


BAD = [
    ("nonsense", "expected"),
    ("[]", "is not a JSON object"),
    ('{"login":"ro\\u0000se"}', "\\u0000 stands in a text"),
    ("{}", "login is missing"),
    ('{"login":""}', "login: is empty"),
    ('{"login":5}', "login: is not a text"),
    ('{"login":"%s"}' % ("x" * 256), "login: is longer than 255 octets"),
    ('{"login":"a\\u0007"}', "login: has a control character"),
    ('{"login":"a","sender":["x@y.example"]}', 'unknown key "sender"'),
    ('{"login":"a","senders":"x@y.example"}', "senders: is not a list"),
    ('{"login":"a","senders":["nobody"]}', ': senders: "nobody": '),
    ('{"login":"a","senders":["b@y.example","x@y@z.example"]}', ': senders: "x@y@z.example": more than one "@"'),
    ('{"login":"a","networks":["192.0.2.1/24"]}', ': networks: "192.0.2.1/24": '),
    ('{"login":"a","quotas":["5 apples / 1h"]}', ': quotas: "5 apples / 1h": '),
    ('{"login":"a","quotas":[5]}', ": quotas: is not a string"),
    ('{"login":"a","quotas":["5 messages / 1h","6 messages / 1h"]}', "two quotas of one unit and window"),
    ('{"login":"a","plan":"nope"}', 'plan "nope" is not in'),
    ('{"login":"a","group":"nope"}', 'group "nope" is not in'),
    ('{"login":"a","group":5}', "group: is not a text"),
    ('{"login":"a","state":"happy"}', ": state: "),
    ('{"login":"a","max_size":"25M"}', ": max_size: "),
    ('{"login":"a","since":-1}', ": since: "),
    ('{"login":"a","format":2}', "newer Sendward"),
    ('{"login":"a","reason":"x\\ny"}', "reason: has a control character"),
    ('{"login":"a","reason":"%s"}' % ("x" * 501), "reason is longer than 500 octets"),
    ('{"login":"a","login":"b"}', "duplicate"),
]


def bad_lines(b):
    """lines that are wrong are refused with their numbers, the others are read"""
    text = '{"login":"good1"}\n\n' + "".join(line + "\n" for line, _ in BAD) + '{"login":"good2"}'
    path = b.write("accounts", text)
    for options, out in (["--dry-run"], f"2 good, {len(BAD)} refused; nothing was written\n"), \
                        ([], f"2 added, 0 replaced, 0 unchanged, {len(BAD)} refused\n"):
        done = b.call("import", path, *options)
        equal((done.returncode, done.stdout), (1, out))
        errors = done.stderr.splitlines()
        equal(len(errors), len(BAD))
        for number, (error, (line, why)) in enumerate(zip(errors, BAD), 3):
            expect(error.startswith(f"{path}:{number}: ") and why in error, f"{line}: {error}")
        equal([a["login"] for a in b.json("user", "list")], [] if options else ["good1", "good2"])


def dry_run(b):
    """import --dry-run writes nothing and does not need Redis"""
    b.configure('redis {{ address = "unix:/nowhere/redis.sock" }}\n')
    equal(b.json("import", "--dry-run", "-", stdin='{"login":"rose"}\n'), {"good": 1, "refused": 0})


def no_file(b):
    """a file that cannot be read is said"""
    b.refused(1, "/nowhere/accounts: No such file or directory", "import", "/nowhere/accounts")
    b.refused(1, "directory", "import", b.directory)
    b.refused(2, "FILE is missing", "import")


def events(b):
    """a change of state is an event"""
    equal(b.ok("events"), "")
    b.ok("block", "rose", "--reason", "spam \x22x\x22", "--for", "1h", "--actor", "desk")
    b.ok("allow", "rose", "--actor", "desk")
    b.ok("sandbox", "lily", "--actor", "desk")
    first, second, third = b.lines("events", "--json")
    expect(abs(first["time"] - time.time()) < 60, "the time is not now")
    equal((first["event"], first["login"], first["state"], first["reason"], first["actor"], first["until"]),
          ("state", "rose", "blocked", 'spam "x"', "desk", first["time"] + 3600))
    equal((second["state"], second["until"]), ("allowed", None))
    equal(third["login"], "lily")
    equal([event["login"] for event in b.lines("events", "--json", "--login", "lily")], ["lily"])
    lines = b.ok("events").splitlines()
    equal(len(lines), 3)
    expect('state  rose  state=blocked reason="spam \\"x\\"" actor=desk until="2' in lines[0], lines[0])


def change_events(b):
    """who changed an account, deleted it, imported or reset it is an event"""
    b.ok("user", "add", "rose", "--actor", "desk")
    b.ok("user", "set", "rose", "--description", "x", "--actor", "desk")
    b.ok("user", "set", "rose", "--description", "x", "--actor", "desk")
    b.charge("rose")
    b.ok("reset", "rose", "--actor", "desk")
    b.charge("rose")
    b.ok("reset", "rose", "--actor", "desk", "--quota", "recipients / 1h")
    b.refused(0, "plan students: nothing was counted", "reset", "--plan", "students", "--actor", "desk")
    b.ok("user", "delete", "rose", "--actor", "desk")
    b.ok("import", "-", "--actor", "desk", stdin='{"login":"a"}\n{"login":"b"}\n')
    b.refused(2, "nothing to set", "user", "set", "rose", "--actor", "desk")
    events = b.lines("events", "--json")
    for event in events:
        expect(abs(event.pop("time") - time.time()) < 60, "the time is not now")
        equal(event.pop("actor"), "desk")
    equal(events, [
        {"event": "account", "login": "rose", "change": "added"},
        {"event": "account", "login": "rose", "change": "changed"},
        {"event": "reset", "login": "rose", "quotas": None},
        {"event": "reset", "login": "rose", "quotas": ["recipients / 1h"]},
        {"event": "reset", "scope": "plan", "name": "students", "quotas": None},
        {"event": "account", "login": "rose", "change": "deleted"},
        {"event": "import", "added": 2, "replaced": 0}])


def foreign_events(b):
    """entries of the stream that are no events do no harm"""
    b.redis("XADD", "sendward:events", "*", "event", "nonsense")
    b.redis("XADD", "sendward:events", "*", "event", "[1]")
    b.redis("XADD", "sendward:events", "*", "event", '{"event":"discard\\u001b","qid":"A1","recipients":3,"x":{"y":[]}}')
    equal(b.lines("events", "--json"), [{"event": "discard\x1b", "qid": "A1", "recipients": 3, "x": {"y": []}}])
    expect("\x1b" not in b.ok("events"), "a control character reaches the terminal")
    b.redis("XADD", "sendward:events", "*", "event", '{"time":0,"event":"expiry","login":"","due":86400}')
    equal(b.ok("events", env={"TZ": "UTC"}).splitlines()[-1], '1970-01-01 00:00:00 +0000  expiry  -  due="1970-01-02 00:00:00 +0000"')
    equal(b.ok("events", "--login", "rose"), "")
    b.redis("XADD", "sendward:events", "*", "event", json.dumps({"time": 0, "x\x1b": 1, "a b": 2, "n" * 65: 3, "": 4, "n" * 64: 5}))
    equal(b.ok("events", env={"TZ": "UTC"}).splitlines()[-1], f"1970-01-01 00:00:00 +0000  -  -  {'n' * 64}=5")


def many_events(b):
    """events are read to the last one"""
    for i in range(3):
        b.redis("EVAL", "for i = 1, 400 do redis.call('XADD', KEYS[1], '*', 'event', '{\"n\":' .. i .. '}') end", 1,
                "sendward:events")
    equal([event["n"] for event in b.lines("events", "--json")], list(range(1, 401)) * 3)


def follow(b):
    """events --follow prints what is there and what comes"""
    b.ok("block", "rose")
    process = b.start("events", "--follow", "--json")
    equal(json.loads(process.stdout.readline())["login"], "rose")
    b.ok("block", "lily")
    equal(json.loads(process.stdout.readline())["login"], "lily")
    b.redis("XADD", "sendward:events", "*", "event", '{"login":"iris"}')
    equal(json.loads(process.stdout.readline()), {"login": "iris"})
    equal(stopped(process), ("", ""))


def follow_away(b):
    """events --follow waits for a Redis that goes and comes back"""
    process = b.start("events", "--follow", "--json")
    b.ok("block", "rose")
    equal(json.loads(process.stdout.readline())["login"], "rose")
    b.redis.stop()
    expect("waiting for it" in process.stderr.readline(), "it is not said that Redis went away")
    b.redis.start()
    # Without persistence Redis has forgotten everything; positions go on with the clock.
    b.ok("block", "lily")
    equal(json.loads(process.stdout.readline())["login"], "lily")
    stopped(process)


def csv(b):
    """import reads CSV: the columns are named in the first line, an account keeps what its line does not name"""
    b.ok("user", "add", "rose", "--description", "Rose", "--max-size", "25M")
    path = b.write("users.csv", 'login,plan,senders,quotas,max_recipients\n'
                                'rose,students,,"5 messages / 1h; 1M bytes / 1d",7\n'
                                '"lily, the ""second""",,lily@dom.example;*@lily.example,,\n')
    equal(b.ok("import", path), "1 added, 1 replaced, 0 unchanged, 0 refused\n")
    rose = b.json("user", "show", "rose")
    equal([rose[name] for name in ("plan", "quotas", "max_recipients", "description", "max_size", "senders")],
          ["students", ["5 messages / 1h", "1M bytes / 1d"], 7, "Rose", 25000000, None])
    equal(b.json("user", "show", 'lily, the "second"')["senders"], ["lily@dom.example", "*@lily.example"])
    equal(b.json("import", path), {"added": 0, "replaced": 0, "unchanged": 2, "refused": 0})


def csv_state(b):
    """a blocked login stays so when a CSV or a passwd-file does not name its state; one that is named begins anew"""
    b.ok("block", "rose", "--reason", "stolen", "--for", "7d", "--actor", "amy")
    blocked = b.record("rose")
    b.ok("import", "-", stdin="login,plan,state\nrose,students,\n")
    b.ok("import", "-", "--format", "passwd", stdin="rose:::::::allow_nets=192.0.2.0/24\n")
    equal({name: b.record("rose")[name] for name in blocked}, blocked)
    equal(b.json("import", "-", stdin="login,plan\nrose,default\n")["replaced"], 1)
    expect("plan" not in b.record("rose"), "plan default is named, and another one kept")
    table = "login,state,reason\nrose,blocked,for good\n"
    b.ok("import", "-", "--actor", "ben", stdin=table)
    rose = b.record("rose")
    equal([rose.get(name) for name in ("state", "reason", "actor", "until")], ["blocked", "for good", "ben", None])
    equal(b.json("import", "-", "--actor", "eve", stdin=table)["unchanged"], 1)
    b.ok("import", "-", stdin="login,state\nrose,allowed\n")
    equal([b.record("rose").get(name) for name in ("state", "reason")], ["allowed", None])


def csv_mark(b):
    """a byte order mark, as spreadsheets write it, is no part of a column's name"""
    b.ok("import", b.write("users.csv", "\ufefflogin,plan\r\nrose,students\r\n"))
    equal(b.record("rose")["plan"], "students")
    b.ok("import", "--format", "csv", b.write("users.csv", "\ufefflogin,plan\nlily,students\n"))
    equal(b.record("lily")["plan"], "students")


def csv_hash(b):
    """a hash in CSV may stand without a scheme, as crypt(3) writes it; a password in plain text may not"""
    made = b.json("user", "add", "iris", "--generate")
    stored = json.loads(b.ok("export", "--with-secrets"))["secrets"][""]["password"]
    bare = stored.removeprefix("{CRYPT}")
    b.ok("import", b.write("hash.csv", f"login,password\nrose,{bare}\n"))
    b.ok("password", "verify", "rose", "--password-stdin", stdin=made["password"])
    b.refused(1, "hash.csv:2: password: it is not as long as its hashes are", "import",
              b.write("hash.csv", f"login,password\nfern,{bare[:-1]}\n"))
    b.refused(1, "hash.csv:2: password: its method is not yescrypt", "import",
              b.write("hash.csv", "login,password\nlily,open sesame\n"))


def bad_csv(b):
    """what is wrong with a CSV is said with its line; with its columns nothing is read at all"""
    for text, why in (("login;plan\nrose;students\n", '1: "login;plan" is no column; the file seems to have ";" between its cells'),
                      ("login\tplan\nrose\tstudents\n", "1: .* seems to have a tab between its cells: it must be"),
                      ("login|plan\n", "1: .* seems to have \"\\|\" between its cells"),
                      ("login,shoe_size\nrose,7\n", '1: "shoe_size" is no column; there are login, password, .*, require_tls$'), ("plan\nstudents\n", '1: there is no column "login"'),
                      ("login,plan,login\na,b,c\n", '1: there are two columns "login"')):
        b.refused(1, why, "import", "--format", "csv", b.write("bad.csv", text))
    b.refused(1, r'2: senders: "x@y@z\.example": more than one "@"', "import",
              b.write("bad.csv", "login,senders\nrose,b@y.example;x@y@z.example\n"))
    errors = b.call("import", b.write("bad.csv", 'login,plan\nrose\nlily,students,x\n"iris,students\nfern,none\nmoss,students\n'
                                       'reed","students"\n"""oak"",students\n"sage","students""\n')).stderr
    for number, why in ((2, "fewer cells"), (3, "more cells"), (4, "quotes"), (5, 'plan "none" is not in'), (7, "quotes"),
                        (8, "quotes"), (9, "quotes")):
        expect(f"bad.csv:{number}: " in errors and why in errors, errors)
    equal([account["login"] for account in b.json("user", "list")], ["moss"])


def ages(b):
    """a secret that is imported is as old as the line says, else as the same one that is there, else as the import"""
    made = b.json("user", "add", "iris", "--generate")
    stored = json.loads(b.ok("export", "--with-secrets"))["secrets"][""]["password"]

    def age(login):
        changed = b.record(login)["credentials"][""]["changed"]
        equal(json.loads(b.redis("GET", "sendward:{%s}:p" % login))["changed"], changed)
        return changed
    lines = {"csv": f"login,password\nrose,{stored}\n", "users": f"rose:{stored}\n",
             "json": json.dumps({"login": "rose", "secrets": {"": {"password": stored}}}) + "\n"}
    for name, text in lines.items():
        b.ok("import", b.write(name, text))
        expect(abs(age("rose") - time.time()) < 60, f"{name}: it is not of now")
        b.redis("SET", "sendward:{rose}:p", json.dumps({"password": stored, "changed": 1500000000}))
        b.ok("import", b.write(name, text))
        equal(age("rose"), 1500000000, name)
        expect(b.ok("import", "--diff", b.write(name, text)).startswith("0 added, 0 replaced, 1 unchanged"), name)
        b.ok("user", "delete", "rose")
    b.ok("password", "generate", "iris")
    b.ok("import", b.write("dated.csv", f"password_changed,login,password\n2020-01-31,lily,{stored}\n1580428801,iris,{stored}\n"))
    equal((age("lily"), age("iris")), (1580428800, 1580428801))
    equal([row["username"] for row in b.json("password", "list", "--older-than", "180d")], ["iris", "lily"])
    b.ok("password", "verify", "lily", "--password-stdin", stdin=made["password"])
    for date, why in (("2026-02-31", "is no date"), ("yesterday", "is no date"), ("2026-01-31x", "is no date"), ("9999-01-01", "in the future")):
        b.refused(1, f"bad.csv:2: password_changed: .*{why}", "import",
                  b.write("bad.csv", f"login,password,password_changed\nfern,{stored},{date}\n"))


def nobodys_secret(b):
    """a secret of a credential that can have no username is refused with its account"""
    b.ok("user", "add", "iris", "--generate")
    secret = json.loads(b.ok("export", "--with-secrets"))["secrets"][""]
    stored = json.dumps({"login": "rose", "secrets": {"fax": secret}})
    b.refused(1, 'accounts:1: secrets: without credential_separator in .* there is no credential "fax"', "import",
              b.write("accounts", stored + "\n"))
    b.refused(1, "no account", "user", "show", "rose")


def passwd(b):
    """import reads Dovecot's passwd-files, with hashes and networks"""
    made = b.json("user", "add", "iris", "--generate")
    secret = b.lines("export", "--with-secrets")[0]["secrets"][""]["password"]
    path = b.write("users", f"# comment\nrose@dom.example:{secret}:5000:5000::/home/rose::userdb_mail=x "
                            f"allow_nets=192.0.2.0/24,2001:db8::/32\nlily@dom.example:{{PLAIN}}secret\n"
                            "fern@dom.example:::::::allow_nets=\n")
    done = b.call("import", path)
    equal((done.returncode, done.stdout), (1, "1 added, 0 replaced, 0 unchanged, 1 passwords, 2 refused\n"))
    expect("users:3: password: " in done.stderr and "users:4: allow_nets is empty" in done.stderr, done.stderr)
    expect("secret" not in done.stderr.replace("users", ""), done.stderr)
    b.ok("password", "verify", "rose@dom.example", "--password-stdin", stdin=made["password"])
    equal(b.json("user", "show", "rose@dom.example")["networks"], ["192.0.2.0/24", "2001:db8::/32"])


def secrets_round_trip(b):
    """export --with-secrets and import carry credentials and hashes; without it no hash is printed"""
    with open(b.config, encoding="utf-8") as file:
        b.write("sendward.conf", file.read() + '\ncredential_separator = "+"\n')
    passwords = {"rose": b.json("user", "add", "rose", "--generate")["password"]}
    passwords["rose+printer"] = b.json("credential", "add", "rose", "--name", "printer", "--network", "192.0.2.0/24")["password"]
    expect("$y$" not in b.ok("export"), "a hash in a plain export")
    text = b.ok("export", "--with-secrets")
    b.redis("FLUSHALL")
    equal(b.ok("import", b.write("accounts", text)), "1 added, 0 replaced, 0 unchanged, 2 passwords, 0 refused\n")
    equal(b.ok("export", "--with-secrets"), text)
    for username, password in passwords.items():
        b.ok("password", "verify", username, "--password-stdin", stdin=password)
    bad = text.replace('"scram":"', '"scram":"x')
    expect(bad != text, "no verifier in the export")
    b.refused(1, "its verifier for SCRAM is none", "import", b.write("bad", bad))


def diff(b):
    """import --diff writes nothing and shows what would change, and in what"""
    fill(b)
    text = b.ok("export").replace("students", "default") + '{"login":"fern"}\n'
    before = b.ok("export")
    equal(b.ok("import", "--diff", "-", stdin=text),
          "~ rose -plan\n+ fern\n1 added, 1 replaced, 2 unchanged, 0 refused; nothing was written\n")
    equal(b.ok("export"), before)
    b.refused(2, "^sendward import: --dry-run or --diff, not both\n", "import", "--diff", "--dry-run", "-", stdin=text)


CASES = [export, round_trip, replaced, bad_lines, dry_run, no_file, events, change_events, foreign_events, many_events, follow,
         follow_away, csv, csv_state, csv_mark, csv_hash, bad_csv, ages, nobodys_secret, passwd, secrets_round_trip, diff]
