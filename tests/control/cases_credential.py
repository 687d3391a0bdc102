"""Passwords and credentials of SMTP users."""

import json
import re
import time

from bench import equal, expect

ALPHABET = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"

# Cheap hashes: what they cost is another matter.
CONFIGURATION = """
node = "mx1"
credential_separator = "+"
redis {{ address = "{address}" }}
passwords {{ yescrypt_cost = 1  scram_iterations = 4096 }}
plan default {{ quotas = {{ "200 recipients / 1h" }} }}
plan rotating {{ must_rotate_after = 30d }}
"""

LOGIN = "rose@dom.example"
CHOSEN = "seven Quiet otters!"


def begin(b):
    b.configure(CONFIGURATION)


def password_in(text):
    """The one that a command printed."""
    found = re.findall(r"^password: (\S+)$", text, re.M)
    equal(len(found), 1, text)
    expect(len(found[0]) == 24 and set(found[0]) <= set(ALPHABET), found)
    return found[0]


def record(b, username):
    text = b.redis("GET", "sendward:{%s}:p" % username)
    return json.loads(text) if text else None


def credentials(b, login=LOGIN):
    return b.json("user", "show", login).get("credentials", {})


def is_right(b, username, password):
    done = b.call("password", "verify", username, "--password-stdin", stdin=password + "\n")
    return done.returncode == 0


def added(b):
    """user add --generate prints a password once, and keeps its hashes"""
    begin(b)
    text = b.ok("user", "add", LOGIN, "--generate")
    password = password_in(text)
    expect(text.startswith(f"{LOGIN}: added\n"), text)
    kept = record(b, LOGIN)
    equal(sorted(kept), ["changed", "password", "scram"])
    expect(kept["password"].startswith("{CRYPT}$y$j75$"), kept)
    expect(re.fullmatch(r"4096:[A-Za-z0-9+/=]{24}:[A-Za-z0-9+/=]{44}:[A-Za-z0-9+/=]{44}", kept["scram"]), kept)
    expect(abs(kept["changed"] - time.time()) < 60, kept)
    expect(is_right(b, LOGIN, password), "the password is not right")
    expect(not is_right(b, LOGIN, password[:-1]), "another one is right")
    shown = b.ok("user", "show", LOGIN) + b.ok("--json", "user", "show", LOGIN)
    expect(password not in shown and kept["password"] not in shown and "$y$" not in shown, shown)
    again = b.refused(1, "the account exists", "user", "add", LOGIN, "--generate")
    equal(again, "")
    equal(record(b, LOGIN), kept)


def added_json(b):
    """the password that is made is in the JSON of user add, and in no other"""
    begin(b)
    made = b.json("user", "add", LOGIN, "--generate")
    equal(made["login"], LOGIN)
    expect(is_right(b, LOGIN, made["password"]), "the password is not right")
    expect("password" not in b.json("user", "show", LOGIN), "it is shown again")
    again = b.json("password", "generate", LOGIN)
    equal({k: again[k] for k in ("login", "credential", "username", "changed")},
          {"login": LOGIN, "credential": "", "username": LOGIN, "changed": True})
    expect(is_right(b, LOGIN, again["password"]) and not is_right(b, LOGIN, made["password"]), "not replaced")


def chosen(b):
    """a password that is chosen is read from standard input, and looked at"""
    begin(b)
    b.refused(1, "the password is not good: the login, or a part of it, is in it",
              "user", "add", LOGIN, "--password-stdin", stdin="my Rose is a rose\n")
    b.refused(1, "no account", "user", "show", LOGIN)
    equal(b.ok("user", "add", LOGIN, "--password-stdin", stdin=CHOSEN + "\n"), f"{LOGIN}: added\n")
    expect(is_right(b, LOGIN, CHOSEN), "the password is not right")
    for bad, why in (("short", "it has 5 characters; it needs at least 12"), ("", "the password: it is empty"),
                     ("abcdefgh12345678", "without repetitions and sequences"),
                     ("x" * 600, "it is longer than 511 octets")):
        b.refused(1, why, "password", "set", LOGIN, "--password-stdin", stdin=bad + "\n")
    b.configure(CONFIGURATION.replace("scram_it", f'list_file = "{b.write("list", "Rhododendron" + chr(10))}" scram_it'))
    b.refused(1, "it is in the list of known passwords", "password", "set", LOGIN, "--password-stdin",
              stdin="12rhododendron!\n")
    expect(is_right(b, LOGIN, CHOSEN), "a bad one has replaced it")
    b.refused(1, "password set.*no account|no account", "password", "set", "lily", "--password-stdin",
              stdin="another Quiet one\n")
    b.refused(2, "takes no --password", "block", LOGIN, "--password-stdin")
    b.refused(2, "not both", "user", "add", "lily", "--generate", "--password-stdin")
    for words in (["password", "set"], ["password", "verify"], ["user", "add"], ["password", "generate"], ["credential", "revoke"]):
        said = b.call(*words, LOGIN, "ohmysecret")
        equal(said.returncode, 2)
        expect("a password is never an argument" in said.stderr and "ohmysecret" not in said.stderr, said.stderr)


def methods(b):
    """hashes are made as configured, and verified whatever is configured"""
    begin(b)
    b.ok("user", "add", LOGIN)
    made = {}
    for method, begins in (("bcrypt", "{CRYPT}$2b$04$"), ("sha512", "{CRYPT}$6$rounds=5001$"), ("yescrypt", "{CRYPT}$y$")):
        b.configure(CONFIGURATION.replace("yescrypt_cost", f"method = {method} bcrypt_cost = 4 sha512_rounds = 5001 "
                                          "yescrypt_cost"))
        b.ok("password", "set", LOGIN, "--password-stdin", stdin=CHOSEN)
        made[method] = b.redis("GET", "sendward:{%s}:p" % LOGIN)
        expect(json.loads(made[method])["password"].startswith(begins), made[method])
    for text in made.values():
        b.redis("SET", "sendward:{%s}:p" % LOGIN, text)
        expect(is_right(b, LOGIN, CHOSEN), text)
    b.configure(CONFIGURATION.replace("scram_iterations = 4096", "scram_iterations = 0"))
    b.ok("password", "set", LOGIN, "--password-stdin", stdin=CHOSEN)
    expect("scram" not in record(b, LOGIN), "there is a verifier")
    b.configure(CONFIGURATION.replace("scram_iterations = 4096", "scram_iterations = 100"))
    b.refused(1, "sendward.conf:5: scram_iterations must be at least 4096", "check-config")


def foreign(b):
    """a hash that is not one of the methods, or too dear, is told"""
    begin(b)
    b.ok("user", "add", LOGIN)
    for stored, why in (('{"password":"{PLAIN}x"}', "its scheme is not"), ("junk", "is not a JSON object"),
                        ('{"password":"{CRYPT}$6$rounds=99999999$salt$x"}', "it costs more than a login may")):
        b.redis("SET", "sendward:{%s}:p" % LOGIN, stored)
        b.refused(1, why, "password", "verify", LOGIN, "--password-stdin", stdin="x")
    b.redis("DEL", "sendward:{%s}:p" % LOGIN)
    b.refused(1, "it has no password", "password", "verify", LOGIN, "--password-stdin", stdin="x")


def several(b):
    """credentials share the account and have passwords, networks and an end of their own"""
    begin(b)
    main = password_in(b.ok("user", "add", LOGIN, "--generate"))
    text = b.ok("credential", "add", LOGIN, "--name", "printer", "--network", "192.0.2.0/24", "--network",
                "2001:db8::/32", "--expires", "90d")
    expect(text.startswith(f"{LOGIN}+printer: added\n"), text)
    printer = password_in(text)
    scanner = password_in(b.ok("credential", "add", f"{LOGIN}+scanner", "--generate"))
    expect(len({main, printer, scanner}) == 3, "the same password")
    expect(is_right(b, f"{LOGIN}+printer", printer) and not is_right(b, LOGIN, printer), "not its own")
    kept = credentials(b)
    equal(sorted(kept), ["", "printer", "scanner"])
    equal(kept["printer"]["networks"], ["192.0.2.0/24", "2001:db8::/32"])
    expect(abs(kept["printer"]["expires"] - time.time() - 90 * 86400) < 60, kept)
    equal(record(b, f"{LOGIN}+printer")["allow_nets"], "192.0.2.0/24,2001:db8::/32")
    rows = b.json("credential", "list", LOGIN)
    equal([(row["username"], row["state"], row["password"], row["networks"]) for row in rows],
          [(LOGIN, "allowed", "yescrypt", []), (f"{LOGIN}+printer", "allowed", "yescrypt",
                                                ["192.0.2.0/24", "2001:db8::/32"]),
           (f"{LOGIN}+scanner", "allowed", "yescrypt", [])])
    equal(rows[1]["due"], kept["printer"]["expires"])
    expect("192.0.2.0/24 and 1 more" in b.ok("user", "show", LOGIN), "user show has no credentials")
    b.refused(1, "the credential exists", "credential", "add", LOGIN, "--name", "printer")
    expect(is_right(b, f"{LOGIN}+printer", printer), "it was changed")
    b.refused(1, "no such credential", "password", "generate", f"{LOGIN}+fax")
    b.refused(1, "no account", "credential", "add", "lily", "--name", "printer")
    b.refused(2, "--name is missing", "credential", "add", LOGIN)
    b.refused(2, "--name is missing", "credential", "add", LOGIN, "--name", "main")
    b.refused(2, "name", "credential", "add", LOGIN, "--name", "Printer")
    b.refused(1, "is the username of a credential of rose@dom.example", "user", "add", f"{LOGIN}+fax")


def without_separator(b):
    """without a separator there are no further credentials, and the login may look like one"""
    b.ok("user", "add", "rose+printer")
    b.refused(1, "no further credentials without credential_separator", "credential", "add", "rose+printer", "--name", "x")
    equal(b.json("credential", "list", "rose+printer")[0]["username"], "rose+printer")


def changed(b):
    """credential set changes networks and end, also where Dovecot looks for them"""
    begin(b)
    b.ok("user", "add", LOGIN)
    username = f"{LOGIN}+printer"
    b.ok("credential", "add", username, "--network", "192.0.2.0/24")
    before = record(b, username)
    equal(b.ok("credential", "set", username, "--network", "198.51.100.7", "--network", "!198.51.100.8", "--expires", "1d"),
          f"{username}: changed\n")
    equal(record(b, username), {**before, "allow_nets": "198.51.100.7"})
    equal(credentials(b)["printer"]["networks"], ["198.51.100.7", "!198.51.100.8"])
    b.ok("credential", "set", LOGIN, "--name", "printer", "--no-networks", "--expires", "never")
    equal(sorted(credentials(b)["printer"]), ["changed", "created"])
    equal(sorted(record(b, username)), ["changed", "password", "scram"])
    b.refused(2, "nothing to set", "credential", "set", username)
    b.refused(2, "not both", "credential", "set", username, "--no-networks", "--network", "192.0.2.1")


def states(b):
    """one credential is blocked and allowed again, also through a new password"""
    begin(b)
    b.ok("user", "add", LOGIN)
    username = f"{LOGIN}+printer"
    b.ok("credential", "add", username)
    equal(b.json("credential", "block", username)["blocked"], True)
    equal([row["state"] for row in b.json("credential", "list", LOGIN)], ["allowed", "blocked"])
    done = b.call("password", "generate", username)
    expect(done.returncode == 0 and "it is blocked" in done.stderr, done.stderr)
    b.ok("credential", "allow", username)
    equal([row["state"] for row in b.json("credential", "list")], ["allowed", "allowed"])
    b.refused(1, "no such credential", "credential", "block", f"{LOGIN}+fax")


def not_a_login(b):
    """who blocks a credential's username as a login is told what blocks it"""
    begin(b)
    for command in ("block", "sandbox", "allow"):
        b.refused(1, f"is the username of a credential of {LOGIN}: `sendward credential block` blocks it", command,
                  f"{LOGIN}+printer")
    b.refused(1, "no account", "user", "show", f"{LOGIN}+printer")
    b.call("identity", "add", "net+printer", "--network", "192.0.2.1")
    b.ok("block", "net+printer")


def rotated(b):
    """the old secret of a rotation is good until its grace is over"""
    begin(b)
    old = password_in(b.ok("user", "add", LOGIN, "--generate"))
    new = password_in(b.ok("credential", "rotate", LOGIN, "--grace", "2d"))
    expect(is_right(b, LOGIN, new) and is_right(b, LOGIN, old), "not both")
    expect("still good" in b.ok("password", "verify", LOGIN, "--password-stdin", stdin=old), "not told apart")
    kept = record(b, LOGIN)
    expect(abs(kept["previous_until"] - time.time() - 2 * 86400) < 60, kept)
    expect(kept["previous_scram"] != kept["scram"], kept)
    expect("the old one until" in b.ok("credential", "list", LOGIN), "not shown")
    b.redis("SET", "sendward:{%s}:p" % LOGIN, json.dumps({**kept, "previous_until": int(time.time()) - 1}))
    expect(is_right(b, LOGIN, new) and not is_right(b, LOGIN, old), "the old one is good for ever")
    third = password_in(b.ok("credential", "rotate", LOGIN))
    expect(is_right(b, LOGIN, new) and is_right(b, LOGIN, third) and not is_right(b, LOGIN, old), "not the last two")
    b.refused(2, "is longer than 90d", "credential", "rotate", LOGIN, "--grace", "91d")
    b.ok("password", "generate", LOGIN)
    expect(not is_right(b, LOGIN, third) and "previous" not in record(b, LOGIN), "generate leaves the old one")


def listed(b):
    """password list finds secrets by age and by when they end"""
    begin(b)
    now = int(time.time())
    for login, plan, age in (("old", "default", 200), ("new", "default", 1), ("due", "rotating", 20), ("none", "default", 0)):
        b.ok("user", "add", login, "--plan", plan)
        if age:
            b.ok("password", "generate", login)
            b.redis("SET", "sendward:{%s}:p" % login, json.dumps({**record(b, login), "changed": now - age * 86400}))
    b.ok("credential", "add", "new+fax", "--expires", "7d")

    def names(*options):
        return [row["username"] for row in b.json("password", "list", *options)]
    equal(names(), ["due", "new", "new+fax", "old"])
    equal(names("--older-than", "180d"), ["old"])
    equal(names("--due", "14d"), ["due", "new+fax"])
    equal(names("--due", "8d"), ["new+fax"])
    text = b.ok("password", "list", "--older-than", "180d")
    expect("$y$" not in text and text.splitlines()[0].split() == ["USERNAME", "STATE", "PASSWORD", "CHANGED", "DUE",
                                                                  "LAST", "USED", "NETWORKS"], text)
    equal(b.ok("password", "list", "--older-than", "900d"), "no credentials\n")


def deleted(b):
    """user delete takes the secrets of all credentials with it"""
    begin(b)
    b.ok("user", "add", LOGIN, "--generate")
    b.ok("credential", "add", f"{LOGIN}+printer")
    for username in (LOGIN, f"{LOGIN}+printer"):
        for kind in "dg":
            b.redis("SET", "sendward:{%s}:%s" % (username, kind), "{}")
    b.ok("user", "delete", LOGIN)
    equal([key for key in b.redis("KEYS", "sendward:{*") if not key.endswith(":x")], [])


def last_used(b):
    """when and from where a credential was used last is shown"""
    begin(b)
    b.ok("user", "add", LOGIN, "--generate")
    last = {"time": 1800000000, "address": "192.0.2.7", "mechanism": "PLAIN", "tls": "TLSv1.3"}
    b.redis("SET", "sendward:{%s}:d" % LOGIN, json.dumps(last))
    equal(b.json("credential", "list", LOGIN)[0]["last_used"], last)
    expect("from 192.0.2.7" in b.ok("credential", "list", LOGIN), "not shown")
    b.ok("credential", "revoke", LOGIN)
    equal(b.redis("EXISTS", "sendward:{%s}:d" % LOGIN), 0)


def events(b):
    """every change of a credential is an event with its actor"""
    begin(b)
    b.ok("user", "add", LOGIN, "--generate", "--actor", "boss")
    username = f"{LOGIN}+printer"
    for command in ("add", "rotate", "block", "allow", "revoke"):
        b.ok("credential", command, username, "--actor", "boss")
    seen = [event for event in b.lines("--json", "events", "--login", LOGIN) if event["event"] == "credential"]
    equal([(event["credential"], event["change"], event["actor"]) for event in seen],
          [("", "password", "boss")] + [("printer", change, "boss")
                                        for change in ("added", "rotated", "blocked", "allowed", "revoked")])


CASES = [added, added_json, chosen, methods, foreign, several, without_separator, changed, states, not_a_login, rotated, listed, deleted,
         last_used, events]
