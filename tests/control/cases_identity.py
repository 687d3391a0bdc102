"""Identities: accounts of sessions without a SASL user name (engine/identity.h)."""

import json

from bench import equal, expect


def _identities(b):
    return sorted(b.redis("ZRANGE", "sendward:identities", 0, -1))


def made(b):
    """an identity is an account with criteria, and listed"""
    b.ok("identity", "add", "printer", "--network", "192.0.2.0/28", "--client-cert", "ab" * 32, "--context", "scan",
         "--sender", "*@dom.example", "--quota", "10 messages / 1h", "--max-size", "5M", "--description", "hall")
    b.ok("user", "add", "rose@dom.example")
    shown = b.json("identity", "show", "printer")
    equal(shown["identity"], {"networks": ["192.0.2.0/28"], "client_certs": [":".join(["AB"] * 32)],
                              "contexts": ["scan"]})
    equal(shown["senders"], ["*@dom.example"])
    equal(shown["quotas"], ["10 messages / 1h"])
    equal(shown["networks"], None)
    equal(_identities(b), ["printer"])
    equal([one["login"] for one in b.json("identity", "list")], ["printer"])
    for text in ("printer", "192.0.2.0/28", "certificate AB:AB", "context scan", "hall"):
        expect(text in b.ok("identity", "list"), f"{text} is not in the list")
        expect(text in b.ok("user", "show", "printer"), f"{text} is not shown")


def changed(b):
    """identity set replaces the lists that are given, user set and block work as on any account"""
    b.ok("identity", "add", "printer", "--network", "192.0.2.0/28", "--context", "scan", "--sender", "*@dom.example")
    b.ok("identity", "set", "printer", "--network", "198.51.100.0/24", "--network", "2001:db8::/32")
    equal(b.json("identity", "show", "printer")["identity"],
          {"networks": ["198.51.100.0/24", "2001:db8::/32"], "contexts": ["scan"]})
    b.refused(0, "printer is an identity: its sessions must be in these networks, too; identity set", "user", "set", "printer",
              "--network", "198.51.100.7")
    equal(b.json("user", "show", "printer")["networks"], ["198.51.100.7"])
    equal(b.json("user", "show", "printer")["identity"]["networks"], ["198.51.100.0/24", "2001:db8::/32"])
    b.ok("block", "printer")
    expect("blocked" in b.ok("identity", "list"), "the state is not in the list")
    b.refused(1, "lily: no identity", "identity", "show", "lily")
    b.refused(1, "lily: no identity", "identity", "delete", "lily")
    b.refused(1, "lily: no account", "identity", "set", "lily", "--network", "192.0.2.1")
    b.refused(1, "printer: the account exists", "identity", "add", "printer", "--network", "192.0.2.1")


def deleted(b):
    """a deleted identity is in no list"""
    b.ok("identity", "add", "printer", "--network", "192.0.2.0/28", "--sender", "*@dom.example")
    b.ok("user", "add", "rose")
    b.refused(1, "rose: no identity", "identity", "delete", "rose")
    b.ok("identity", "delete", "printer")
    equal(_identities(b), [])
    equal(b.ok("identity", "list"), "no identities\n")
    equal([one["login"] for one in b.json("user", "list")], ["rose"])


def everybody(b):
    """an identity that is as good as everybody is refused unless --yes-really says so"""
    for wide in (["--network", "0.0.0.0/0"], ["--network", "::/0"], ["--network", "10.0.0.0/7"],
                 ["--network", "::ffff:0:0/96"], ["--network", "2000::/3"], ["--network", "!192.0.2.1"],
                 ["--network", "192.0.2.1", "--network", "128.0.0.0/1"], ["--context", "scan"]):
        b.refused(1, "--yes-really says that this is meant", "identity", "add", "printer", *wide)
    equal(b.ok("user", "list"), "no accounts\n")
    b.ok("identity", "add", "printer", "--network", "0.0.0.0/0", "--yes-really", "--sender", "*@dom.example")
    expect(b.json("identity", "show", "printer")["identity"]["anyone"] is True, "it is not marked")
    b.ok("user", "set", "printer", "--max-recipients", "3")
    b.ok("identity", "set", "printer", "--network", "10.0.0.0/8")
    expect("anyone" not in b.json("identity", "show", "printer")["identity"], "the mark is left")
    b.refused(1, "--yes-really says that this is meant", "identity", "set", "printer", "--network", "0.0.0.0/0")
    wide = json.dumps({"login": "fax", "identity": {"networks": ["0.0.0.0/0"]}})
    done = b.call("import", "-", stdin=wide + "\n")
    equal(done.returncode, 1)
    expect("a network shorter than /8" in done.stderr, done.stderr)
    equal(_identities(b), ["printer"])


def overlapping(b):
    """overlaps are reported when an identity is made or changed"""
    b.ok("identity", "add", "printer", "--network", "192.0.2.0/24", "--sender", "*@dom.example")
    done = b.call("identity", "add", "fax", "--network", "192.0.2.16/28", "--sender", "*@dom.example")
    equal(done.returncode, 0)
    expect("fax: overlaps with identity printer" in done.stderr, done.stderr)
    done = b.call("identity", "add", "scan", "--network", "198.51.100.0/24", "--sender", "*@dom.example")
    equal(done.stderr, "")
    done = b.call("identity", "add", "mute", "--network", "203.0.113.0/24")
    expect("mute: owns no sender address" in done.stderr, done.stderr)


def moved(b):
    """export and import carry identities"""
    b.ok("identity", "add", "printer", "--network", "192.0.2.0/28", "--client-cert", "ab" * 16, "--sender",
         "*@dom.example")
    lines = b.ok("export")
    b.ok("identity", "delete", "printer")
    b.ok("import", "-", stdin=lines)
    equal(b.ok("export"), lines)
    equal(_identities(b), ["printer"])


def limit(b):
    """there can be a thousand identities: one more is refused with its line, and nothing of it is done"""
    lines = "".join(json.dumps({"login": f"i{n}", "identity": {"networks": [f"10.0.{n // 250}.{n % 250}"]}}) + "\n"
                    for n in range(1001)) + '{"login":"rose"}\n'
    path = b.write("accounts", lines)
    too_many = "accounts:1001: there are 1000 identities, and can be no more\n"
    for options, out in (["--dry-run"], "1001 good, 1 refused; nothing was written\n"), \
                        ([], "1001 added, 0 replaced, 0 unchanged, 1 refused\n"), \
                        (["--diff"], "0 added, 0 replaced, 1001 unchanged, 1 refused; nothing was written\n"), \
                        ([], "0 added, 0 replaced, 1001 unchanged, 1 refused\n"):
        done = b.call("import", path, *options)
        equal((done.returncode, done.stdout, done.stderr.endswith(too_many)), (1, out, True), done.stderr)
    equal((len(_identities(b)), b.call("user", "show", "i1000").returncode), (1000, 1))
    for words in (("identity", "add", "i1000"), ("identity", "set", "rose")):
        b.refused(1, "there are 1000 identities, and can be no more", *words, "--network", "192.0.2.1")
    expect("identity" not in b.record("rose"), "rose is an identity")
    done = b.call("identity", "set", "i7", "--network", "192.0.2.1")
    equal(done.returncode, 0, done.stderr)
    b.ok("identity", "delete", "i7")
    done = b.call("identity", "set", "rose", "--network", "192.0.2.1")
    equal(done.returncode, 0, done.stderr)


def explained(b):
    """explain tells whose a session without a login is"""
    b.ok("identity", "add", "printer", "--network", "192.0.2.0/24", "--sender", "*@dom.example")
    b.call("identity", "add", "fax", "--network", "192.0.2.16/28", "--client-cert", "ab" * 16, "--sender", "*@dom.example")
    words = ["explain", "--from", "scan@dom.example", "--client", "192.0.2.17"]
    told = b.json(*words)
    equal((told["login"], told["verdict"]), ("printer", "accept"))
    equal(b.json(*words, "--client-cert", "AB:" * 15 + "AB")["login"], "fax")
    expect("login: printer, an identity, allowed" in b.ok(*words), "explain does not say whose it is")
    b.ok("block", "printer")
    b.refused(1, "", *words)
    b.refused(2, "a session from 203.0.113.1 is no identity's", *words[:-1], "203.0.113.1")


def misused(b):
    """what is no criterion is wrong usage"""
    for words in ([], ["--client-cert", "ab"], ["--client-cert", "xyz"], ["--context", "relay"],
                  ["--context", "relay:scan"], ["--context", "a b"], ["--network", "192.0.2.1/24"],
                  ["--network", "192.0.2.1", "--no-networks"]):
        equal(b.call("identity", "add", "printer", *words).returncode, 2, f"{words}")


CASES = [made, changed, deleted, everybody, overlapping, moved, limit, explained, misused]
