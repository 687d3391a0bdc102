"""Who is refused for failed logins, and how that is lifted. tests/sasld has the same with the daemon."""

import time

from bench import equal, expect, key_of

REFUSED_S = 600


def fail(b, username, *places):
    """Failures as sendward-sasld counts them, store/guess.lua: (network, how many, whether it is refused)."""
    now = int(time.time())
    lines = "".join(f"{network} {count} {now - 60} {now + REFUSED_S if refused else 0}\n" for network, count, refused in places)
    b.redis("SET", key_of(username) + ":g", lines, "EX", 3600)


def fail_network(b, network, count, refused):
    fail(b, "-", ("-", count, refused))
    b.redis("RENAME", key_of("-") + ":g", key_of(network) + ":g-network")


def some(b):
    fail(b, "rose@dom.example", ("192.0.2.1", 12, True), ("2001:db8:0:7::/64", 3, False), ("198.51.100.1", 10, True))
    fail(b, "tulip@dom.example", ("2001:db8:0:7::/64", 11, True))
    fail(b, "lily@dom.example", ("192.0.2.1", 2, False))
    fail_network(b, "192.0.2.1", 100, True)
    fail_network(b, "2001:db8:0:8::/64", 99, False)


def places(b, *words):
    return [(found["username"], found["network"]) for found in b.json("lockout", "list", *words)]


def listed(b):
    """lockout list prints who is refused, by name and network, and nobody who only failed"""
    equal(b.ok("lockout", "list"), "no lockouts\n")
    equal(b.json("lockout", "list"), [])
    some(b)
    equal(places(b), [("rose@dom.example", "192.0.2.1"), ("rose@dom.example", "198.51.100.1"),
                      ("tulip@dom.example", "2001:db8:0:7::/64"), (None, "192.0.2.1")])
    first = b.json("lockout", "list")[0]
    expect(abs(first["until"] - time.time() - REFUSED_S) < 60 and abs(first["last"] - time.time() + 60) < 60, first)
    equal(first["failed"], 12)
    lines = [line.split() for line in b.ok("lockout", "list").splitlines()]
    equal(lines[0], ["USERNAME", "NETWORK", "FAILED", "LAST", "REFUSED", "FOR"])
    equal([line[:3] for line in lines[1:]],
          [["rose@dom.example", "192.0.2.1", "12"], ["rose@dom.example", "198.51.100.1", "10"],
           ["tulip@dom.example", "2001:db8:0:7::/64", "11"], ["(all)", "192.0.2.1", "100"]])


def listed_of(b):
    """lockout list of a login, a network or both prints only what is theirs"""
    some(b)
    equal(places(b, "rose@dom.example"), [("rose@dom.example", "192.0.2.1"), ("rose@dom.example", "198.51.100.1")])
    equal(places(b, "--network", "192.0.2.1"), [("rose@dom.example", "192.0.2.1"), (None, "192.0.2.1")])
    equal(places(b, "--network", "2001:db8:0:7::99"), [("tulip@dom.example", "2001:db8:0:7::/64")])
    equal(places(b, "--network", "192.0.0.0/16"), [("rose@dom.example", "192.0.2.1"), (None, "192.0.2.1")])
    equal(places(b, "rose@dom.example", "--network", "198.51.100.1"), [("rose@dom.example", "198.51.100.1")])
    equal(places(b, "lily@dom.example"), [])


def lifted_login(b):
    """lockout lift of a login forgets its failures from everywhere, and says where all are still refused"""
    some(b)
    note = "^sendward: 192.0.2.1 is still refused, whatever the username; `sendward lockout lift --network 192.0.2.1` ends that\n$"
    text = b.refused(0, note, "lockout", "lift", "rose@dom.example", "--actor", "desk")
    lines = text.splitlines()
    expect(lines[0].startswith("rose@dom.example from 192.0.2.1: 12 failed logins forgotten, was refused for another "), lines[0])
    equal(lines[1], "rose@dom.example from 2001:db8:0:7::/64: 3 failed logins forgotten, was not refused")
    equal(b.redis("EXISTS", key_of("rose@dom.example") + ":g"), 0)
    equal(places(b), [("tulip@dom.example", "2001:db8:0:7::/64"), (None, "192.0.2.1")])
    event = b.lines("events", "--json")[-1]
    expect(abs(event.pop("time") - time.time()) < 60, "the time is not now")
    equal(event, {"event": "lift", "login": "rose@dom.example", "lifted": 3, "actor": "desk"})


def lifted_network(b):
    """lockout lift of a network forgets it, and each name's failures from there and not from elsewhere"""
    some(b)
    done = b.json("lockout", "lift", "--network", "192.0.2.1")
    equal([(one["username"], one["network"], one["failed"]) for one in done],
          [("lily@dom.example", "192.0.2.1", 2), ("rose@dom.example", "192.0.2.1", 12), (None, "192.0.2.1", 100)])
    equal(places(b), [("rose@dom.example", "198.51.100.1"), ("tulip@dom.example", "2001:db8:0:7::/64")])
    equal(b.redis("EXISTS", key_of("lily@dom.example") + ":g"), 0)
    event = b.lines("events", "--json")[-1]
    equal((event["event"], event["login"], event["network"], event["lifted"]), ("lift", "", "192.0.2.1", 3))


def lifted_both(b):
    """lockout lift of a login from one network leaves it refused from another, and the network too"""
    some(b)
    b.refused(0, "^sendward: 192.0.2.1 is still refused", "lockout", "lift", "rose@dom.example", "--network", "192.0.2.1")
    equal(places(b), [("rose@dom.example", "198.51.100.1"), ("tulip@dom.example", "2001:db8:0:7::/64"), (None, "192.0.2.1")])


def lifted_credential(b):
    """lockout takes the username of a credential, which is another name than its login's"""
    with open(b.config, encoding="utf-8") as file:
        b.write("sendward.conf", file.read() + '\ncredential_separator = "+"\n')
    for username in ("rose", "rose+printer"):
        fail(b, username, ("192.0.2.1", 10, True))
    b.ok("lockout", "lift", "rose", "--name", "printer")
    equal(places(b), [("rose", "192.0.2.1")])
    event = b.lines("events", "--json")[-1]
    equal((event["login"], event["credential"]), ("rose", "printer"))


def nothing_to_lift(b):
    """lockout lift of what is not refused says so, changes nothing and is no event"""
    some(b)
    text = b.refused(0, "^sendward: daisy: no failed logins are counted; `sendward lockout list` says who is refused$",
                     "lockout", "lift", "daisy")
    equal(text, "")
    b.refused(0, "^sendward: 203.0.113.0/24: no failed logins", "lockout", "lift", "--network", "203.0.113.0/24")
    equal(b.lines("events", "--json"), [])
    equal(len(places(b)), 4)


def misused(b):
    """lockout says what is missing or no network"""
    b.refused(2, "LOGIN or --network is missing", "lockout", "lift")
    b.refused(2, "--name without LOGIN", "lockout", "lift", "--name", "printer", "--network", "192.0.2.1")
    b.refused(2, "--network", "lockout", "lift", "--network", "192.0.2.1/33")
    b.refused(2, "none that is excluded", "lockout", "list", "--network", "!192.0.2.1")
    equal(b.json("lockout", "list", "--network", "unknown"), [])


def many_lockouts(b):
    """lockout reads more names than are asked for at once, each once"""
    for i in range(250):
        fail(b, f"user{i:03}", ("192.0.2.1", 10, True))
    equal(places(b), [(f"user{i:03}", "192.0.2.1") for i in range(250)])
    equal(len(b.json("lockout", "lift", "--network", "192.0.2.0/24")), 250)
    equal(b.redis("KEYS", "*:g"), [])


def odd_lockouts(b):
    """whatever stands in the record of failed logins, lockout shows the rest"""
    now = int(time.time())
    most = 2 ** 63 - 1
    b.redis("SET", key_of("rose") + ":g", f"\n \n1 2\n192.0.2.9 {most} {most} {most}\n192.0.2.8 1 1 x\n192.0.2.1 10 {now} {now + 99}\n"
            f"192.0.2.7 1 {now} {now + 99}")
    b.redis("SET", key_of("r\x1bed") + ":g", f"a\udcff\x1bb 1 {now} {now + 99}\n")
    equal(places(b, "rose"), [("rose", "192.0.2.1")])
    text = b.ok("lockout", "list")
    expect("r\\x1Bed" in text and "a\\xFF\\x1Bb" in text and "\x1b" not in text, text)
    equal(places(b), [("r\x1bed", "a\ufffd\x1bb"), ("rose", "192.0.2.1")])
    b.redis("LPUSH", key_of("tulip") + ":g", "x")
    b.refused(1, "WRONGTYPE", "lockout", "list")


CASES = [listed, listed_of, lifted_login, lifted_network, lifted_both, lifted_credential, nothing_to_lift, misused,
         many_lockouts, odd_lockouts]
