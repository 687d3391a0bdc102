"""The cases, each a function whose text is its name."""

import json
import subprocess
import time

from bench import LIMIT_S, Dropped, Failure, expect
from bench import plain as plain_of
from processes import wait_until
from sendward import NODE, PREFIX, built
from smtp_users import base64_of, crypt_hash, scram_text

CASES = []
ROSE = "rose@dom.example"
PASSWORD = "Correct-Horse-7"


def case(function):
    CASES.append(function)
    return function


def accepted(username=ROSE):
    return "OK", {"user": username}


@case
def plain(bench):
    """PLAIN lets in who knows the password, and nobody else"""
    bench.start().user(ROSE)
    client = bench.client()
    expect(client.plain(ROSE, PASSWORD), accepted())
    expect(client.plain(ROSE, "wrong"), ("FAIL", {}))
    expect(client.plain("nobody@dom.example", PASSWORD), ("FAIL", {}))
    expect(client.plain(ROSE, PASSWORD), accepted())


@case
def login(bench):
    """LOGIN lets in who knows the password, and nobody else"""
    bench.start().user(ROSE)
    client = bench.client()
    expect(client.login(ROSE, PASSWORD), accepted())
    expect(client.login(ROSE, "wrong"), ("FAIL", {}))


@case
def scram(bench):
    """SCRAM-SHA-256 lets in who knows the password, and proves that the server does"""
    bench.start().user(ROSE)
    client = bench.client()
    expect(client.scram(ROSE, PASSWORD), accepted())
    expect(client.scram(ROSE, "wrong"), ("FAIL", {}))
    expect(client.scram("nobody@dom.example", PASSWORD), ("FAIL", {}))


@case
def handshake(bench):
    """the handshake names the mechanisms with what Postfix' noplaintext goes by"""
    bench.start()
    expect(bench.client().mechanisms, {"PLAIN": {"plaintext"}, "LOGIN": {"plaintext"},
                                       "SCRAM-SHA-256": {"dictionary", "mutual-auth"}}, "the mechanisms")
    bench.reconfigure(sasld={"mechanisms": '{ "SCRAM-SHA-256" }'})
    client = bench.client()
    expect(list(client.mechanisms), ["SCRAM-SHA-256"], "the mechanisms after a reload")
    expect(client.plain(ROSE, PASSWORD), ("FAIL", {"reason": "This mechanism is not offered"}))


@case
def heartbeat(bench):
    """its heartbeat says how it is, and nothing of accounts, which it does not keep"""
    bench.start().user(ROSE)
    expect(bench.client().plain(ROSE, PASSWORD), accepted())
    beat = json.loads(bench.redis.command("GET", f"{PREFIX}node:{NODE}/sasld"))
    expect([name for name in ("version", "pid", "accepted", "refused", "unknown", "comparing") if name not in beat], [],
           "what is missing")
    expect(beat["redis"]["state"], "up", "the state of Redis")
    expect([name for name in ("subscribed", "state_file") if name in beat["redis"]], [], "what is too much")


@case
def letter_case(bench):
    """with login_case = insensitive a user is known by any letter case, and to Postfix by one"""
    bench.start(top={"login_case": "insensitive"}).user(ROSE)
    bench.account("tulip@dom.example", credentials={"key": {}})
    bench.secret("tulip@dom.example+key", PASSWORD)
    client = bench.client()
    expect(client.plain("ROSE@Dom.Example", PASSWORD), accepted())
    expect(client.scram("Rose@dom.example", PASSWORD), accepted())
    expect(client.login("TULIP@dom.example+key", PASSWORD), accepted("tulip@dom.example+key"))
    bench.reconfigure()
    expect(client.plain("ROSE@Dom.Example", PASSWORD), ("FAIL", {}))


@case
def usage(bench):
    """options: -V, -h, -t, and those that are wrong"""
    bench.start()
    with open(bench.config_path + ".bad", "w", encoding="utf-8") as bad:
        bad.write('sasld {\n  mechanisms = { "CRAM-MD5" }\n}\n')
    with open(bench.config_path + ".empty", "w", encoding="utf-8") as empty:
        empty.write('node = "mx1"\n')
    for options, status, text in (
            (["-V"], 0, "sendward-sasld"),
            (["-h"], 0, "-c"),
            (["-t", "-c", bench.config_path], 0, ""),
            (["-t", "-c", bench.config_path + ".bad"], 1, ".bad:2: mechanisms"),
            (["-f", "-c", bench.config_path + ".bad"], 1, ".bad:2: mechanisms"),
            (["-f", "-c", bench.config_path + ".empty"], 1, 'no "listen" in section sasld'),
            (["-f", "-c", bench.config_path + ".none"], 1, ".none"),
            (["-x"], 2, "")):
        done = subprocess.run([built("sendward-sasld"), *options], stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=LIMIT_S, check=False, encoding="utf-8")
        expect(done.returncode, status, f"the exit status with {options}")
        if text not in done.stdout + done.stderr:
            raise Failure(f"{text!r} is not in {done.stdout + done.stderr!r}")


@case
def without_tls(bench):
    """without TLS the password itself is not taken, unless it is configured; SCRAM may be used"""
    bench.start().user(ROSE)
    client = bench.client()
    needs = "FAIL", {"reason": "Encryption is required: start TLS before you log in"}
    expect(client.plain(ROSE, PASSWORD, secured=False), needs)
    expect(client.login(ROSE, PASSWORD, secured=False), needs)
    expect(client.scram(ROSE, PASSWORD, secured=False), accepted())
    bench.reconfigure(sasld={"plaintext_without_tls": "yes"})
    expect(client.plain(ROSE, PASSWORD, secured=False), accepted())


@case
def initial_responses(bench):
    """a client may send its first word with AUTH or after an empty challenge"""
    bench.start().user(ROSE)
    client = bench.client()
    number = client.ask("PLAIN")
    expect(client.answer(), ("CONT", b""), "the challenge")
    client.go_on(number, plain_of(ROSE, PASSWORD))
    expect(client.answer(), accepted())
    number = client.ask("LOGIN", base64_of(ROSE))
    expect(client.answer(), ("CONT", b"Password:"), "the challenge")
    client.go_on(number, base64_of(PASSWORD))
    expect(client.answer(), accepted())
    number = client.ask("LOGIN")
    expect(client.answer(), ("CONT", b"Username:"), "the challenge")


@case
def acting_for(bench):
    """nobody can act for another user"""
    bench.start().user(ROSE)
    bench.user("tulip@dom.example")
    client = bench.client()
    client.ask("PLAIN", plain_of(ROSE, PASSWORD, "tulip@dom.example"))
    expect(client.answer(), ("FAIL", {}))
    client.ask("PLAIN", plain_of(ROSE, PASSWORD, ROSE))
    expect(client.answer(), accepted())
    client.ask("SCRAM-SHA-256", base64_of(f"n,a=tulip@dom.example,n={ROSE},r=abcdefgh"))
    expect(client.answer(), ("FAIL", {}))


@case
def not_logins(bench):
    """what is no user name or no exchange of the mechanism is refused, and the connection goes on"""
    bench.start().user(ROSE)
    client = bench.client()
    for response in ("", "====", base64_of("no nuls"), base64_of("\0\0"), base64_of("\0a\0"), base64_of("\0\0b"),
                     plain_of("a\nb", "x"), plain_of("x" * 256, "x"), plain_of("a", "x" * 600), base64_of("\0a\0b\0c"),
                     base64_of(b"\0\xff\xfe\0b")):
        number = client.ask("PLAIN", response)
        answer = client.answer()
        steps = 0
        while answer == ("CONT", b"") and (steps := steps + 1) < 10:
            client.go_on(number, response)
            answer = client.answer()
        expect(answer, ("FAIL", {}), f"the answer to {response!r}")
    for response in ("n,,n=a", "p=tls-exporter,,n=a,r=b", "x", "n,,m=x,n=a,r=b", "n,,n=,r=b"):
        client.ask("SCRAM-SHA-256", base64_of(response))
        expect(client.answer(), ("FAIL", {}), f"the answer to {response!r}")
    expect(client.plain(ROSE, PASSWORD), accepted())
    expect(bench.redis.keys("*:g*"), [], "counted as failed logins")


@case
def malformed(bench):
    """what is no request of the protocol closes the connection, with a line in the log"""
    bench.start().user(ROSE)
    for lines in (["AUTH\t1\tPLAIN\tservice=smtp"], ["VERSION\t2\t0"], ["VERSION\t1\t0", "AUTH\tx\tPLAIN"],
                  ["VERSION\t1\t0", "AUTH\t1"], ["VERSION\t1\t0", "CONT\t7\tabc"], ["VERSION\t1\t0", "x" * 20000],
                  ["VERSION\t1\t0", "AUTH\t1\tLOGIN\tsecured", "AUTH\t1\tLOGIN\tsecured"],
                  ["VERSION\t1\t0", "\t".join(["AUTH", "1", "PLAIN"] + ["a"] * 100)], ["VERSION\t1\t0", "AUTH\t1\0"]):
        client = bench.client(shake=False)
        client.send(*lines)
        try:
            while True:
                client.line()
        except Dropped:
            pass
    expect(bench.log_count("malformed SASL request"), 9, "the number of lines about it")
    expect(bench.client().plain(ROSE, PASSWORD), accepted())


@case
def several_at_a_time(bench):
    """a connection may have several logins under way; the oldest that waits makes room"""
    bench.start().user(ROSE)
    client = bench.client()
    numbers = [client.ask("LOGIN") for _ in range(12)]
    for _ in numbers:
        expect(client.answer()[0], "CONT")
    client.go_on(numbers[-1], base64_of(ROSE))
    expect(client.answer()[0], "CONT")
    client.go_on(numbers[-1], base64_of(PASSWORD))
    expect(client.answer(), accepted())
    client.go_on(numbers[0], base64_of(ROSE))
    expect(client.answer(), None, "the answer to a login that has made room")


@case
def strangers_salt(bench):
    """a user who does not exist has a salt as one who does: always the same, of their own"""
    bench.start().user(ROSE)
    client = bench.client()
    first, second = client.salt("nobody@dom.example"), client.salt("noone@dom.example")
    if first == second:
        raise Failure("two users who do not exist have the same salt")
    expect(len(first[0]), len(client.salt(ROSE)[0]), "the length of the salt")
    expect(first[1], client.salt(ROSE)[1], "the iterations")
    expect(bench.client().salt("nobody@dom.example"), first, "the salt on another connection")
    bench.daemon.stop()
    bench.daemon.start()
    bench.wait_connected()
    expect(bench.client().salt("nobody@dom.example"), first, "the salt after a restart")


@case
def strangers_key_taken(bench):
    """a key of somebody else in place of the secret for unknown users keeps nobody out, and is said once"""
    bench.start().user(ROSE)
    bench.redis.command("DEL", f"{PREFIX}strangers")
    bench.redis.command("RPUSH", f"{PREFIX}strangers", "not ours")
    bench.daemon.stop()
    bench.daemon.start()
    bench.wait_connected()
    bench.wait_log(f"{PREFIX}strangers cannot be used: WRONGTYPE")
    client = bench.client()
    expect(client.scram(ROSE, PASSWORD), accepted())
    first = client.salt("nobody@dom.example")
    bench.reconfigure()
    expect(bench.client().salt("nobody@dom.example"), first, "the salt after a reload")
    expect(bench.log_count("cannot be used"), 1, "the number of lines about it")
    bench.redis.command("SET", f"{PREFIX}strangers", "x" * 64)
    bench.reconfigure()
    wait_until(lambda: bench.client().salt("nobody@dom.example") != first, "the secret of all servers", LIMIT_S)


@case
def credentials(bench):
    """further credentials of an account are users of their own, with their own networks, end and state"""
    now = int(time.time())
    bench.start()
    bench.account(ROSE, credentials={
        "printer": {"networks": ["198.51.100.0/24"]}, "old": {"expires": now - 10}, "off": {"state": "blocked"},
        "fresh": {"expires": now + 1000}})
    for name in ("printer", "old", "off", "fresh", "revoked"):
        bench.secret(f"{ROSE}+{name}", PASSWORD)
    bench.secret(ROSE, "Main-Password-9")
    client = bench.client()
    expect(client.plain(f"{ROSE}+fresh", PASSWORD), accepted(f"{ROSE}+fresh"))
    expect(client.scram(f"{ROSE}+fresh", PASSWORD), accepted(f"{ROSE}+fresh"))
    expect(client.plain(ROSE, PASSWORD), ("FAIL", {}), "the answer to another credential's password")
    expect(client.plain(ROSE, "Main-Password-9"), accepted())
    expect(client.plain(f"{ROSE}+printer", PASSWORD), ("FAIL", {"reason": "Not from this network"}))
    expect(client.plain(f"{ROSE}+printer", PASSWORD, client="198.51.100.9"), accepted(f"{ROSE}+printer"))
    for name, why in (("old", "The password has expired"), ("off", "This credential is blocked"),
                      ("revoked", "This credential has been revoked")):
        expect(client.plain(f"{ROSE}+{name}", PASSWORD), ("FAIL", {"reason": why}))
        expect(client.scram(f"{ROSE}+{name}", PASSWORD), ("FAIL", {"reason": why}))
        expect(client.plain(f"{ROSE}+{name}", "wrong"), ("FAIL", {}), f"the answer to a wrong password of {name}")
    bench.wait_log(f"login={ROSE} credential=fresh")


@case
def blocked(bench):
    """a blocked account is refused with the configured reason, or let in, as configured"""
    bench.start(sasld={"blocked_text": '"Account suspended, contact abuse@dom.example"'})
    bench.user(ROSE, state="blocked")
    client = bench.client()
    told = "FAIL", {"reason": "Account suspended, contact abuse@dom.example"}
    expect(client.plain(ROSE, PASSWORD), told)
    expect(client.login(ROSE, PASSWORD), told)
    expect(client.scram(ROSE, PASSWORD), told)
    expect(client.plain(ROSE, "wrong"), ("FAIL", {}), "what a stranger is told")
    bench.reconfigure(sasld={"blocked": "accept"})
    expect(client.plain(ROSE, PASSWORD), accepted())


@case
def networks_and_tls(bench):
    """the account's networks and the TLS it needs are asked for at login"""
    bench.start(sasld={"plaintext_without_tls": "yes"})
    bench.user(ROSE, networks=["192.0.2.0/24", "2001:db8::/32"])
    bench.user("tulip@dom.example", require_tls="yes")
    client = bench.client()
    expect(client.plain(ROSE, PASSWORD), accepted())
    expect(client.plain(ROSE, PASSWORD, client="2001:db8::7"), accepted())
    for address in ("198.51.100.1", "", "nonsense"):
        expect(client.plain(ROSE, PASSWORD, client=address), ("FAIL", {"reason": "Not from this network"}))
    expect(client.plain("tulip@dom.example", PASSWORD), accepted("tulip@dom.example"))
    expect(client.plain("tulip@dom.example", PASSWORD, secured=False)[0], "FAIL")
    expect(client.scram("tulip@dom.example", PASSWORD, secured=False)[0], "FAIL")


@case
def grace(bench):
    """the password before a rotation is good until its time of grace has passed"""
    now = int(time.time())
    bench.start().account(ROSE)
    bench.secret(ROSE, PASSWORD, previous=crypt_hash("Before-1234"), previous_until=now + 1000)
    client = bench.client()
    expect(client.plain(ROSE, "Before-1234"), accepted())
    expect(client.plain(ROSE, PASSWORD), accepted())
    expect(client.plain(ROSE, "neither"), ("FAIL", {}))
    bench.secret(ROSE, PASSWORD, previous=crypt_hash("Before-1234"), previous_until=now - 1)
    expect(client.plain(ROSE, "Before-1234"), ("FAIL", {}))


@case
def scram_grace(bench):
    """so it is by SCRAM, when both are salted alike"""
    now = int(time.time())
    salt = b"0123456789abcdef"
    bench.start().account(ROSE)
    for previous, wanted in ((scram_text("Before-1234", salt), accepted()), (scram_text("Before-1234"), ("FAIL", {}))):
        bench.secret(ROSE, PASSWORD, scram=scram_text(PASSWORD, salt), previous=crypt_hash("Before-1234"),
                     previous_scram=previous, previous_until=now + 1000)
        client = bench.client()
        expect(client.scram(ROSE, PASSWORD), accepted())
        expect(client.scram(ROSE, "Before-1234"), wanted)
        expect(client.scram(ROSE, "neither"), ("FAIL", {}))
    bench.wait_log('detail="previous secret"')


@case
def hashes(bench):
    """a hash without a verifier is good for PLAIN and not for SCRAM; a record that is none cannot be told"""
    bench.start().account(ROSE)
    bench.secret(ROSE, PASSWORD, with_scram=False)
    client = bench.client()
    expect(client.plain(ROSE, PASSWORD), accepted())
    expect(client.scram(ROSE, PASSWORD), ("FAIL", {}))
    bench.redis.command("SET", f"{PREFIX}{{{ROSE}}}:p", "nonsense")
    expect(client.plain(ROSE, PASSWORD), None)
    bench.redis.command("DEL", f"{PREFIX}{{{ROSE}}}:p")
    expect(bench.client().plain(ROSE, PASSWORD), ("FAIL", {}))
    bench.secret(ROSE, PASSWORD)
    bench.redis.command("DEL", f"{PREFIX}{{{ROSE}}}:a")
    expect(bench.client().plain(ROSE, PASSWORD), ("FAIL", {}), "the answer without an account")


@case
def trace(bench):
    """time, address and mechanism of the last login are kept"""
    bench.start().user(ROSE)
    client = bench.client()
    expect(client.plain(ROSE, "wrong"), ("FAIL", {}))
    expect(bench.redis.keys("*:d"), [], "the traces after a failed login")
    expect(client.scram(ROSE, PASSWORD), accepted())
    use = bench.last_use(ROSE)
    expect((use["address"], use["mechanism"], use["tls"]), ("192.0.2.1", "SCRAM-SHA-256", "yes"), "the trace")
    if abs(use["time"] - time.time()) > LIMIT_S:
        raise Failure(f"the time is {use['time']}")
