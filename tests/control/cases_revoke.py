"""Credentials that are revoked, and what is half done."""

import json
import os
import re

from bench import equal, expect
from cases_credential import CONFIGURATION, LOGIN, begin, credentials, is_right, password_in, record


def revoked(b):
    """a credential that is revoked is gone, and the others are not"""
    begin(b)
    main = password_in(b.ok("user", "add", LOGIN, "--generate"))
    username = f"{LOGIN}+printer"
    b.ok("credential", "add", username)
    version = b.redis("GETRANGE", "sendward:{%s}:a" % LOGIN, 0, 15)
    equal(b.ok("credential", "revoke", username), f"{username}: revoked\n")
    expect(b.redis("GETRANGE", "sendward:{%s}:a" % LOGIN, 0, 15) > version, "the daemons do not notice")
    equal((record(b, username), sorted(credentials(b))), (None, [""]))
    expect(is_right(b, LOGIN, main), "the main one is gone too")
    b.refused(1, "no such credential", "credential", "revoke", username)
    b.ok("credential", "revoke", LOGIN)
    equal(record(b, LOGIN), None)
    equal((credentials(b)[""]["state"], b.json("credential", "list", LOGIN)[0]["state"]), ("blocked", "revoked"))
    b.refused(1, "its password was revoked", "credential", "allow", LOGIN)
    b.ok("password", "generate", LOGIN)
    expect("state" not in credentials(b)[""] and "revoked" not in credentials(b)[""], credentials(b))


def interrupted(b):
    """what was interrupted between account and secret is done by the same command again"""
    begin(b)
    b.ok("user", "add", LOGIN)
    username = f"{LOGIN}+printer"
    b.ok("credential", "add", username)
    # Revoked in the account alone: the secret goes with the next try.
    account = b.redis("GET", "sendward:{%s}:a" % LOGIN)
    secret = b.redis("GET", "sendward:{%s}:p" % username)
    b.ok("credential", "revoke", username)
    b.redis("SET", "sendward:{%s}:p" % username, secret)
    equal(b.ok("credential", "revoke", username), f"{username}: revoked\n")
    equal(record(b, username), None)
    # Added in the account alone: adding it again is no mistake.
    b.redis("SET", "sendward:{%s}:a" % LOGIN, account)
    equal(b.json("credential", "list", LOGIN)[1]["password"], None)
    password = password_in(b.ok("credential", "add", username))
    expect(is_right(b, username, password), "it is not there")


def limited(b, *keys):
    """From now on the tool is a user that may read all of Redis and write only these keys."""
    b.redis("ACL", "SETUSER", "half", "on", "nopass", "resetkeys", *("~" + key for key in keys), "%R~sendward:*", "&*", "+@all")
    b.configure(CONFIGURATION.replace('address = "{address}"', 'address = "{address}" username = "half" '
                                      f'password_file = "{b.write("half.password", "x" + chr(10))}"'))
    os.chmod(b.path("half.password"), 0o600)


def half_written(b):
    """when the account was written and the secret cannot be, this is said, and the old one is good"""
    begin(b)
    b.ok("user", "add", LOGIN)
    username = f"{LOGIN}+printer"
    b.ok("credential", "add", username)
    before = record(b, username)
    limited(b, "sendward:{%s}:*" % LOGIN)
    done = b.call("credential", "rotate", username)
    equal((done.returncode, done.stdout), (1, ""))
    expect("the secret from before is still in force; do it again" in done.stderr, done.stderr)
    equal(record(b, username), before)
    done = b.call("credential", "add", f"{LOGIN}+scanner")
    expect("it has no secret, nobody can log in with it; do it again" in done.stderr, done.stderr)
    done = b.call("credential", "revoke", username)
    equal(done.returncode, 1)
    expect("the account refuses it, but its secret is still there; do it again" in done.stderr, done.stderr)
    equal(credentials(b)["printer"]["state"], "blocked")
    begin(b)
    b.ok("credential", "revoke", username)
    b.ok("credential", "add", f"{LOGIN}+scanner")
    b.redis("ACL", "DELUSER", "half")


def all_revoked(b):
    """compromised blocks, revokes what it can, lists and writes its event when a password cannot be revoked; again does the rest"""
    begin(b)
    b.ok("user", "add", LOGIN, "--generate")
    for name in ("fax", "printer", "scanner"):
        b.ok("credential", "add", f"{LOGIN}+{name}")
    b.charge(LOGIN, recipients=3)
    limited(b, *("sendward:{%s%s}:*" % (LOGIN, name) for name in ("", "+fax", "+scanner")), "sendward:events")
    done = b.call("compromised", LOGIN)
    equal(done.returncode, 1, done.stderr)
    expect(f"{LOGIN}+printer: the account refuses it" in done.stderr, done.stderr)
    expect(f"{LOGIN}: it is blocked, but not all is done; do it again" in done.stderr, done.stderr)
    expect("3 passwords revoked, 1 could not be\n" in done.stdout and "1 messages, 3 recipients" in done.stdout, done.stdout)
    event = b.lines("--json", "events", "--login", LOGIN)[-1]
    equal([event[name] for name in ("event", "revoked", "not_revoked", "messages")],
          ["compromised", 3, [f"{LOGIN}+printer"], 1])
    equal((b.redis("KEYS", "*:p"), sorted(credentials(b))), (["sendward:{%s+printer}:p" % LOGIN], ["", "printer"]))
    equal([row["state"] for row in b.json("credential", "list", LOGIN)], ["revoked", "revoked"])
    done = b.call("--json", "compromised", LOGIN)
    again = json.loads(done.stdout)
    equal((done.returncode, again["state"], again["revoked"], again["not_revoked"], len(again["messages"])),
          (1, "blocked", 0, [f"{LOGIN}+printer"], 1))
    begin(b)
    done = b.json("compromised", LOGIN)
    equal((done["revoked"], done["not_revoked"]), (1, []))
    equal((b.redis("KEYS", "*:p"), sorted(credentials(b))), ([], [""]))
    b.redis("ACL", "DELUSER", "half")
    b.ok("credential", "add", f"{LOGIN}+printer")
    b.configure(CONFIGURATION.replace("credential_separator", "# credential_separator"))
    equal(b.json("compromised", LOGIN)["revoked"], 1)
    equal(sorted(credentials(b)), [""])


def not_listed(b):
    """compromised revokes and writes its event also when what was sent cannot be read"""
    begin(b)
    b.ok("user", "add", LOGIN, "--generate")
    b.redis("SET", "sendward:{%s}:h" % LOGIN, "no list")
    done = b.call("--json", "compromised", LOGIN)
    equal((done.returncode, json.loads(done.stdout)["messages"]), (1, None), done.stderr)
    equal(b.redis("KEYS", "*:p"), [])
    event = b.lines("--json", "events", "--login", LOGIN)[-1]
    equal((event["event"], event["revoked"], "messages" in event), ("compromised", 1, False))


def half_shown(b):
    """a secret that cannot be read is a failure of user show and of the lists, which show the rest"""
    begin(b)
    b.ok("user", "add", LOGIN, "--generate")
    b.ok("credential", "add", f"{LOGIN}+fax")
    b.ok("credential", "add", f"{LOGIN}+printer")
    limited(b)
    b.redis("ACL", "SETUSER", "half", "resetkeys", "~sendward:{%s}:*" % LOGIN, "~sendward:{%s+fax}:*" % LOGIN)
    for words in (("user", "show", LOGIN), ("credential", "list", LOGIN), ("credential", "list", "--json", LOGIN)):
        shown = b.refused(1, re.escape(f"{LOGIN}+printer: redis at "), *words)
        expect(f"{LOGIN}+fax" in shown and f"{LOGIN}+printer" not in shown, shown)
    b.redis("ACL", "DELUSER", "half")


def half_revoked(b):
    """a credential whose secret could not be deleted is revoked all the same, and a new password forgets the old one"""
    begin(b)
    b.ok("user", "add", LOGIN)
    username = f"{LOGIN}+printer"
    old = password_in(b.ok("credential", "add", username, "--expires", "90d"))
    kept = credentials(b)["printer"]
    limited(b, "sendward:{%s}:*" % LOGIN, "sendward:events")
    b.refused(1, "the account refuses it, but its secret is still there; do it again", "credential", "revoke", username)
    begin(b)
    b.redis("ACL", "DELUSER", "half")
    equal(credentials(b)["printer"]["state"], "blocked")
    b.refused(1, f"{re.escape(username)}: its password was revoked", "credential", "allow", username)
    new = password_in(b.ok("credential", "rotate", username))
    expect(is_right(b, username, new) and not is_right(b, username, old), "the revoked one is good again")
    expect("previous" not in record(b, username), "the revoked one is kept")
    equal({**credentials(b)["printer"], "changed": 0}, {**kept, "changed": 0})


def half_deleted(b):
    """an account whose secrets cannot all be deleted stays, which is said, and goes with the next try"""
    begin(b)
    b.ok("user", "add", LOGIN, "--generate")
    b.ok("credential", "add", f"{LOGIN}+fax")
    limited(b, "sendward:{%s}:*" % LOGIN, "sendward:events")
    said = b.call("user", "delete", LOGIN)
    equal((said.returncode, "the account refuses it" in said.stderr), (1, False))
    expect(f"{LOGIN}: it is still there, and so is the secret of {LOGIN}+fax; do it again" in said.stderr, said.stderr)
    begin(b)
    b.redis("ACL", "DELUSER", "half")
    b.ok("user", "show", LOGIN)
    b.ok("user", "delete", LOGIN)
    equal([key for key in b.redis("KEYS", "sendward:{*") if not key.endswith(":x")], [])


CASES = [revoked, interrupted, half_written, all_revoked, not_listed, half_shown, half_revoked, half_deleted]
