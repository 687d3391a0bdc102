"""Cases of quotas: shared ones, ramps and calendar periods, free recipients, sessions without a login."""

from bench import DUNNO, Failure, expect, expect_prefix
from cases import case, one_message
from sendward import events, write_account

ROSE, TULIP = "rose@dom.example", "tulip@dom.example"
OWN = '{ "5 messages / 1h" }'

# What shares a quota, and the settings that make both logins share it.
SCOPES = {
    "domain dom.example": lambda quotas: {"sections": {'domain "dom.example"': {"shared_quotas": quotas}}},
    "plan default": lambda quotas: {"plan": {"shared_quotas": quotas}},
    "group flowers": lambda quotas: {"sections": {"group flowers": {"quotas": quotas}}},
}


def with_scope(scope, limit):
    settings = SCOPES[scope](f'{{ "{limit} messages / 1h" }}')
    return {**settings, "plan": {"quotas": OWN, **settings.get("plan", {})}}


def end(client, number, login=ROSE, **attributes):
    """The answer to END-OF-MESSAGE alone."""
    return client.ask("END-OF-MESSAGE", **one_message(number, sasl_username=login, sender=login, **attributes))


def used(bench, login=ROSE):
    """Of the quota nearest to its limit, at the last decision that was logged for the login."""
    return bench.decisions(login)[-1].used


@case
def shared(bench):
    """a shared quota is shared, and a message that it refuses is charged to none"""
    number = 0
    bench.start()
    for login in (ROSE, TULIP):
        write_account(bench.redis, login, group="flowers")
    for scope in SCOPES:
        bench.redis.command("DEL", f"sendward:{{{ROSE}}}:u", f"sendward:{{{TULIP}}}:u")
        bench.reconfigure(**with_scope(scope, 3))
        client = bench.client()
        for login in (ROSE, ROSE, TULIP):
            expect(end(client, number, login), DUNNO, f"the answer within the quota of {scope}")
            number += 1
        for login in (ROSE, TULIP, ROSE):
            answer = end(client, number, login)
            expect_prefix(answer, f"450 4.7.28 quota: 3 messages / 1h ({scope}) used up")
            expect_prefix(client.ask("MAIL", sasl_username=login, sender=login), "450 4.7.28 ")
            number += 1
        # What the login itself has used is seen when the shared quota is far away.
        bench.reconfigure(**with_scope(scope, 1000))
        for login, wanted in ((ROSE, 3), (TULIP, 4)):
            for _ in range(wanted):
                expect(end(client, number, login), DUNNO, f"the answer to {login} after {scope}")
                number += 1
            expect_prefix(end(client, number, login), "450 4.7.28 quota: 5 messages / 1h used up")
            number += 1


@case
def shared_and_late(bench):
    """a message refused by a shared quota may be sent again, and is charged once to each"""
    client = bench.start(**with_scope("domain dom.example", 1)).client()
    expect(end(client, 1), DUNNO)
    expect_prefix(end(client, 2, TULIP), "450 4.7.28 ")
    bench.reconfigure(**with_scope("domain dom.example", 2))
    for _ in range(3):
        expect(bench.client().ask("END-OF-MESSAGE", **one_message(2, sasl_username=TULIP, sender=TULIP)), DUNNO)
    expect_prefix(end(client, 3), "450 4.7.28 ")
    bench.reconfigure(**with_scope("domain dom.example", 1000))
    for number in range(4, 8):
        expect(end(client, number, TULIP), DUNNO)
    expect_prefix(end(client, 8, TULIP), "450 4.7.28 quota: 5 messages / 1h used up")


@case
def free_recipients(bench):
    """free recipients are not counted, at RCPT, DATA and END-OF-MESSAGE"""
    plan = {"quotas": '{ "3 recipients / 1h" }', "free_recipients": '{ "*@own.example", "%login" }'}
    client = bench.start(plan=plan).client()
    for name in ("a@own.example", "b@Own.Example.", "a@own.example", ROSE, "r1@far.example", "r2@far.example"):
        expect(client.ask("RCPT", instance="1.1", recipient=name), DUNNO, f"the answer to {name}")
    counted = {**one_message(1), "recipient_count": 5}
    expect(client.ask("DATA", **counted), DUNNO)
    expect(client.ask("END-OF-MESSAGE", **counted), DUNNO)
    expect(used(bench), "2", "used")
    expect(client.ask("RCPT", instance="1.2", recipient="r1@far.example"), DUNNO)
    expect_prefix(client.ask("RCPT", instance="1.2", recipient="r2@far.example"), "450 4.7.28 ")
    expect(client.ask("RCPT", instance="1.2", recipient="c@own.example"), DUNNO)
    expect(client.ask("END-OF-MESSAGE", **{**one_message(2), "recipient_count": 2}), DUNNO)
    expect(client.ask("RCPT", instance="1.3", recipient="d@own.example"), DUNNO)
    expect(client.ask("END-OF-MESSAGE", **one_message(3)), DUNNO)
    expect_prefix(client.ask("RCPT", instance="1.3", recipient="r@far.example"), "450 4.7.28 ")
    expect(bench.log_count("not seen at RCPT"), 0, "lines about messages not seen at RCPT")


@case
def free_recipients_refused(bench):
    """free recipients that Postfix refuses afterwards make no others free"""
    plan = {"quotas": '{ "3 recipients / 1h" }', "free_recipients": '{ "*@own.example" }'}
    client = bench.start(plan=plan).client()
    for name in ("x1@own.example", "x2@own.example", "x3@own.example", "r1@far.example", "r2@far.example"):
        expect(client.ask("RCPT", instance="1.1", recipient=name), DUNNO, f"the answer to {name}")
    expect(client.ask("END-OF-MESSAGE", **{**one_message(1), "recipient_count": 2}), DUNNO)
    expect(used(bench), "2", "used")


# Of one hash (base/hash.h).
ALIKE = ("sb6h57v7wanb6d6wxxx@own.example", "victim.of.a.spammer@far.example")


@case
def recipients_alike(bench):
    """a recipient that looks like a free or listed one, which Postfix refuses, is neither"""
    plan = {"quotas": '{ "3 recipients / 1h" }', "free_recipients": '{ "*@own.example" }',
            "sandbox_recipients": '{ "*@own.example" }'}
    client = bench.start(plan=plan).client()
    for number, state, answer in ((1, "allowed", DUNNO), (2, "sandboxed", "DISCARD Sendward sandbox")):
        write_account(bench.redis, ROSE, state=state)
        for name in ALIKE:
            expect(client.ask("RCPT", instance=f"1.{number}", recipient=name), DUNNO, f"the answer to {name}")
        expect_prefix(client.ask("END-OF-MESSAGE", **one_message(number)), answer)
        expect(used(bench), "1" if number == 1 else "-", "used")


@case
def recipients_missed(bench):
    """of a message begun on another connection no recipient is free or listed"""
    plan = {"quotas": '{ "3 recipients / 1h" }', "free_recipients": '{ "*@own.example" }',
            "sandbox_recipients": '{ "*@own.example" }'}
    bench.start(plan=plan)
    for number, state, answer in ((1, "allowed", DUNNO), (2, "sandboxed", "DISCARD Sendward sandbox")):
        write_account(bench.redis, ROSE, state=state)
        message = one_message(number)
        expect(bench.client().ask("RCPT", instance=message["instance"], recipient="victim@far.example"), DUNNO)
        client = bench.client()
        expect(client.ask("RCPT", instance=message["instance"], recipient="a@own.example",
                          queue_id=message["queue_id"]), DUNNO)
        expect_prefix(client.ask("END-OF-MESSAGE", **message), answer)
        expect(used(bench), "1" if number == 1 else "-", "used")


@case
def free_recipients_unseen(bench):
    """free recipients that were not seen at RCPT count, and that is said once"""
    plan = {"quotas": '{ "3 recipients / 1h" }', "free_recipients": '{ "*@own.example" }'}
    client = bench.start(plan=plan).client()
    for number in (1, 2, 3):
        expect(end(client, number, recipient="a@own.example"), DUNNO)
    expect_prefix(end(client, 4, recipient="a@own.example"), "450 4.7.28 ")
    expect(bench.log_count("had not been seen at RCPT"), 1, "the number of lines")


@case
def sandbox_recipients(bench):
    """a sandboxed login reaches sandbox_recipients, when all of a message's recipients are known to be"""
    plan = {"sandbox_recipients": '{ "*@own.example" }'}
    client = bench.start(plan=plan).client()
    write_account(bench.redis, ROSE, state="sandboxed")

    def message(number, names, count):
        for name in names:
            expect(client.ask("RCPT", instance=f"1.{number}", recipient=name), DUNNO, f"the answer to {name}")
        return client.ask("END-OF-MESSAGE", **{**one_message(number), "recipient_count": count})

    discarded = "DISCARD Sendward sandbox: sandboxed, not all recipients known to be in sandbox_recipients"
    expect(message(1, ["a@own.example", "b@Own.Example", "a@own.example"], 2), DUNNO)
    expect_prefix(message(2, ["a@own.example", "r@far.example"], 2), discarded)
    expect_prefix(message(3, ["a@own.example", "r@far.example"], 1), discarded)
    expect_prefix(message(4, ["a@own.example"], 2), discarded)
    expect_prefix(message(5, ["a@own.example", "b@own.example"], 1), discarded)
    expect_prefix(message(6, ["r%far.example@own.example"], 1), discarded)
    expect_prefix(message(7, [], 1), discarded)
    told = [(event["event"], event["recipients"], event["rule"]) for event in events(bench.redis)]
    expect(told[:2], [("accept", 2, "sandboxed, all recipients in sandbox_recipients"),
                      ("discard", 2, discarded[discarded.index("sandboxed"):])], "the events")
    expect(client.ask("RCPT", instance="1.8", recipient="a@own.example"), DUNNO)
    expect(used(bench), "7", "used")


@case
def too_many(bench):
    """over_quota_at_rcpt = too_many: 452 for what is too many, the quota's reply for the first recipient"""
    plan = {"quotas": '{ "2 recipients / 1h" }', "over_quota_at_rcpt": "too_many", "over_quota": "reject"}
    client = bench.start(plan=plan).client()
    for name in ("r1@far.example", "r2@far.example"):
        expect(client.ask("RCPT", instance="1.1", recipient=name), DUNNO)
    answer = client.ask("RCPT", instance="1.1", recipient="r3@far.example")
    expect_prefix(answer, "452 4.5.3 quota: 2 recipients / 1h ")
    expect(client.ask("END-OF-MESSAGE", **{**one_message(1), "recipient_count": 2}), DUNNO)
    answer = client.ask("RCPT", instance="1.2", recipient="r3@far.example")
    expect_prefix(answer, "550 5.7.28 quota: 2 recipients / 1h ")


@case
def unauthenticated(bench):
    """a session without a login counts for its network, and for nothing else"""
    sections = {"unauthenticated": {"quotas": '{ "2 messages / 1h" }', "ipv4_prefix": "24", "ipv6_prefix": "64"}}
    client = bench.start(plan={"quotas": '{ "1 messages / 1h" }'}, sections=sections).client()
    anybody = {"sasl_username": "", "sender": "anybody@far.example"}
    for network, here, there in (("192.0.2.0/24", "192.0.2.1", "192.0.2.250"),
                                 ("2001:db8:0:1::/64", "2001:db8:0:1::1", "2001:db8:0:1:ffff::2")):
        for address in (here, there):
            message = {"instance": address, "queue_id": f"0{address}", "client_address": address}
            expect(client.message(0, **message, **anybody), [DUNNO] * 3, f"the answers to {address}")
        for state in ("MAIL", "RCPT", "DATA", "END-OF-MESSAGE"):
            answer = client.ask(state, **one_message(9, client_address=there, **anybody))
            expect_prefix(answer, f"450 4.7.28 quota: 2 messages / 1h (network {network}) used up")
    expect(client.ask("END-OF-MESSAGE", **one_message(10, client_address="192.0.3.1", **anybody)), DUNNO)
    expect(end(client, 11), DUNNO, "the answer to a login from there")
    expect_prefix(end(client, 12), "450 4.7.28 quota: 1 messages / 1h used up")
    if not bench.decisions("-"):
        raise Failure("no decision on a session without a login is in the log")


@case
def warnings(bench):
    """80 and 95 percent are said once, in the log and as events"""
    settings = with_scope("domain dom.example", 20)
    settings["plan"]["quotas"] = '{ "10 messages / 1h" }'
    client = bench.start(**settings).client()
    for number in range(10):
        expect(end(client, number), DUNNO)
        expect(end(client, number), DUNNO, "the answer to a repeated request")
    for number in range(10, 13):
        expect_prefix(end(client, number), "450 4.7.28 ")
    for number in range(20, 26):
        expect(end(client, number, TULIP), DUNNO)
    wanted = [(ROSE, "10 messages / 1h", 80, 8), (ROSE, "10 messages / 1h", 95, 10),
              (TULIP, "20 messages / 1h (domain dom.example)", 80, 16)]
    told = [(e["login"], e["quota"], e["percent"], e["used"]) for e in events(bench.redis) if e["event"] == "warning"]
    expect(told, wanted, "the events")
    for percent, times in ((80, 2), (95, 1)):
        expect(bench.log_count(f"percent={percent} "), times, f"the number of lines about {percent} percent")


@case
def ramp(bench):
    """a new login begins with what the ramp begins with"""
    plan = {"ramp": "{ start = 2  factor = 2  until = 100  unit = messages }"}
    client = bench.start(plan=plan).client()
    for number in (1, 2):
        expect(end(client, number), DUNNO)
    expect_prefix(end(client, 3), "450 4.7.28 quota: 2 messages / 1d (ramp) used up")
    expect_prefix(client.ask("RCPT", instance="1.4"), "450 4.7.28 ")
    expect(end(client, 5, TULIP), DUNNO)


@case
def before_queue(bench):
    """END-OF-MESSAGE before the queue is charged once for each instance, and that it cannot hold is said once"""
    client = bench.start(plan={"quotas": '{ "2 messages / 1h" }'}).client()
    for number in (1, 1, 2):
        expect(end(client, number, queue_id=""), DUNNO)
        expect(end(bench.client(), number, queue_id=""), DUNNO, "the answer to a repeated request")
    expect_prefix(end(client, 3, queue_id=""), "450 4.7.28 ")
    expect_prefix(end(client, 3, queue_id="", instance=""), "451 4.3.0 ")
    expect(bench.log_count("(smtpd_proxy_filter)"), 1, "the number of lines")
    bench.wait_log("neither queue_id nor instance")
    bench.reconfigure(plan={"quotas": '{ "0 messages / 1h" }', "over_quota": "hold"})
    expect_prefix(end(client, 4, queue_id=""), "4")
    expect_prefix(end(client, 4), "HOLD ")


@case
def no_milter(bench):
    """messages left to a milter that is not there: said once"""
    client = bench.start(milter=True).client()
    for number in range(3):
        expect(client.send_message(number), DUNNO)
    bench.wait_log("no milter of node mx1 is asked: add it to smtpd_milters or set charge = policyd")


@case
def calendar(bench):
    """a calendar quota counts by the clock of its zone"""
    plan = {"quotas": '{ "2 recipients / month in Europe/Zurich" }'}
    client = bench.start(plan=plan).client()
    expect(end(client, 1, recipient_count=2), DUNNO)
    for answer in (client.ask("RCPT", instance="1.2"), end(client, 2)):
        expect_prefix(answer, "450 4.7.28 quota: 2 recipients / month in Europe/Zurich used up, retry after ")
