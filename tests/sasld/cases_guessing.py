"""Failed logins: counted for all servers, told late, and refused from where they come."""

import select
import time

from bench import LIMIT_S, Client, Failure, expect, plain
from cases import PASSWORD, ROSE, accepted, case
from processes import wait_until
from sendward import PREFIX, Daemon, Tool, events

TULIP = "tulip@dom.example"
LIMITS = {"guess_limit": "3", "guess_network_limit": "5", "guess_refuse": "2m"}
REFUSED = "FAIL", {"reason": "Too many failed logins from your network, try again in 2 min"}


def guess(connection, username=ROSE, times=1, **how):
    for number in range(times):
        expect(connection.plain(username, f"guess {number}", **how), ("FAIL", {}), f"the answer to guess {number}")


@case
def by_name_and_network(bench):
    """who guesses too often is refused with the right password too, and the user logs in from elsewhere"""
    bench.start(sasld=LIMITS).user(ROSE)
    bench.user(TULIP)
    client = bench.client()
    guess(client, times=3)
    expect(client.plain(ROSE, PASSWORD), REFUSED)
    expect(client.scram(ROSE, PASSWORD), REFUSED)
    expect(client.login(ROSE, PASSWORD), REFUSED)
    expect(client.plain(ROSE, PASSWORD, client="198.51.100.1"), accepted())
    expect(client.plain(TULIP, PASSWORD), accepted(TULIP))
    told = [event for event in events(bench.redis) if event["event"] == "guessing"]
    expect([(event["login"], event["network"], event["failed"], event["actor"]) for event in told],
           [(ROSE, "192.0.2.1", 3, "sendward-sasld")], "the events")


@case
def lifted(bench):
    """what `sendward lockout lift` forgets is not refused, in the same breath, and counts anew"""
    bench.start(sasld={**LIMITS, "guess_network_limit": "6"}).user(ROSE)
    client, tool = bench.client(), Tool(bench.config_path)
    guess(client, times=3)
    expect(client.plain(ROSE, PASSWORD), REFUSED)
    expect([(one["username"], one["network"], one["failed"]) for one in tool.json("lockout", "list")],
           [(ROSE, "192.0.2.1", 3)], "the list")
    tool("lockout", "lift", ROSE)
    expect(client.plain(ROSE, PASSWORD), accepted())
    guess(client, times=3)      # which makes six from there
    expect(client.plain(TULIP, PASSWORD), REFUSED)
    tool("lockout", "lift", "--network", "192.0.2.1")
    expect(client.plain(ROSE, PASSWORD), accepted())
    expect(tool.json("lockout", "list"), [], "the list")


@case
def by_network(bench):
    """a network that tries many names is refused for all of them"""
    bench.start(sasld=LIMITS).user(ROSE)
    client = bench.client()
    for number in range(5):
        guess(client, f"user{number}@dom.example", client=f"2001:db8:0:7::{number}")
    expect(client.plain(ROSE, PASSWORD, client="2001:db8:0:7::99"), REFUSED)
    expect(client.plain(ROSE, PASSWORD, client="2001:db8:0:8::99"), accepted())
    told = [event for event in events(bench.redis) if event["event"] == "guessing"]
    expect([(event["login"], event["network"]) for event in told], [("", "2001:db8:0:7::/64")], "the events")


@case
def by_scram(bench):
    """guesses by any mechanism count, also of users who do not exist"""
    bench.start(sasld=LIMITS).user(ROSE)
    client = bench.client()
    for username in (ROSE, "nobody@dom.example"):
        address = f"192.0.2.{len(username)}"
        expect(client.scram(username, "a", client=address), ("FAIL", {}))
        expect(client.login(username, "b", client=address), ("FAIL", {}))
        expect(client.plain(username, "c", client=address), ("FAIL", {}))
        expect(client.scram(username, PASSWORD, client=address), REFUSED)


@case
def right_password_clears(bench):
    """a right password before the limit begins the count anew"""
    bench.start(sasld=LIMITS).user(ROSE)
    client = bench.client()
    for _ in range(2):
        guess(client, times=2)
        expect(client.plain(ROSE, PASSWORD), accepted())
    expect(bench.redis.keys(f"{PREFIX}*:g"), [], "what is left of the count")


@case
def it_ends(bench):
    """a refusal ends by itself, and the next failure begins another"""
    bench.start(sasld={**LIMITS, "guess_refuse": "3s", "guess_network_limit": "0"}).user(ROSE)
    client = bench.client()
    guess(client, times=3)
    expect(client.plain(ROSE, PASSWORD)[0], "FAIL")
    wait_until(lambda: client.plain(ROSE, PASSWORD) == accepted(), "the end of the refusal", LIMIT_S)
    guess(client, times=3)
    expect(client.plain(ROSE, PASSWORD)[0], "FAIL")


@case
def unlimited(bench):
    """without limits nobody is refused"""
    bench.start(sasld={"guess_limit": "0", "guess_network_limit": "0"}).user(ROSE)
    client = bench.client()
    guess(client, times=12)
    expect(client.plain(ROSE, PASSWORD), accepted())


@case
def exempt(bench):
    """networks that many users come from are not refused, but for those that are excepted"""
    bench.start(sasld={**LIMITS, "guess_exempt": '{ "192.0.2.0/24", "!192.0.2.7" }'}).user(ROSE)
    client = bench.client()
    guess(client, times=6)
    guess(client, times=3, client="192.0.2.7")
    expect(client.plain(ROSE, PASSWORD), accepted())
    expect(client.plain(ROSE, PASSWORD, client="192.0.2.7"), REFUSED)


@case
def two_servers(bench):
    """two servers count together"""
    bench.start(sasld=LIMITS).user(ROSE)
    path, config = bench.path + "2", bench.config_path + "2"
    with open(bench.config_path, encoding="utf-8") as one, open(config, "w", encoding="utf-8") as two:
        two.write(one.read().replace(bench.path, path).replace("mx1", "mx2"))
    other = Daemon("sendward-sasld", config, bench.config_path + "2.log", [path])
    other.start()
    try:
        wait_until(lambda: bench.redis.keys("*node:mx2/sasld"), "the other one to reach Redis", LIMIT_S)
        clients = [bench.client(), Client(path)]
        for number in range(3):
            guess(clients[number % 2])
        for client in clients:
            expect(client.plain(ROSE, PASSWORD), REFUSED)
            expect(client.plain(ROSE, PASSWORD, client="198.51.100.1"), accepted())
        expect(clients[0].salt("nobody@dom.example"), clients[1].salt("nobody@dom.example"), "the salts of nobody")
        clients[1].close()
    finally:
        other.stop()
    expect((other.stopped_with, other.sanitizer_reports()), (0, []), "the end of the other one")


@case
def at_the_same_time(bench):
    """guesses made at the same time are not more guesses: a right one among them is not told"""
    bench.start(sasld={**LIMITS, "guess_network_limit": "0", "hash_threads": "1"}).user(ROSE)
    # One connection: the right one is asked for last, and compared last. Who is refused is so before others.
    client = bench.client()
    for number in range(8):
        client.ask("PLAIN", plain(ROSE, PASSWORD if number == 7 else f"guess {number}"))
    answers = [client.answer() for _ in range(8)]
    expect([answer for answer in answers if answer not in (("FAIL", {}), REFUSED)], [], "answers but refusals")
    if REFUSED not in answers:
        raise Failure("nobody is told of too many failed logins")


@case
def delays(bench):
    """each failure is answered later than the one before, up to the limit; others do not wait"""
    bench.start(sasld={"guess_delay": "1s"}).user(ROSE)
    client, other = bench.client(), bench.client()
    waits = []
    for _ in range(7):
        begin = time.monotonic()
        guess(client)
        waits.append(time.monotonic() - begin)
    # No wait is too short, and not all of the last, which would be twice as long each time, are too long.
    if waits[0] < 0.45 or min(waits[1:]) < 0.95 or min(waits[2:]) > 1.9:
        raise Failure(f"the answers took {waits}")
    bench.reconfigure(sasld={"guess_delay": "4s"})
    client.ask("PLAIN", plain(ROSE, "wrong"))
    expect(other.plain(ROSE, PASSWORD), accepted())
    expect(select.select([client.socket], [], [], 0)[0], [], "what is answered before its time")
    expect(client.answer(), ("FAIL", {}))
