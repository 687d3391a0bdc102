"""Cases 1, 2, 3, 12 and 15: allowed, blocked, sandboxed, monitored logins, and sessions without one."""

import json
import re

from clients import CLIENT, Message
from processes import wait_until
from stack import BOTH, EVERY_WIRING, MILTER, POLICYD
from table import (case, expect, expect_delivered, expect_equal, expect_match, expect_not_delivered, expect_refused,
                   expect_same_story, explain)

ROSE, TULIP = "rose@dom.example", "tulip@dom.example"


# -- 1

def _delivers(client):
    def deliver(stack):
        stack.sendward("user", "add", ROSE)
        outcome = stack.send(ROSE, client=client, to=["a@far.example", "b@far.example"],
                             body="first line\n.a dot at its beginning\n")
        delivery = expect_delivered(stack, outcome)
        expect_equal(delivery.sender, ROSE, "envelope sender of the delivery")
        expect(b"first line\r\n.a dot at its beginning\r\n" in delivery.content, f"content: {delivery.content}")
        expect_equal(stack.used(ROSE), 1, "messages used")
        expect_same_story(stack, ROSE, outcome, "accept")
    return deliver


for _client in ("swaks", "msmtp", "curl"):
    case(1, f"mail of an allowed login is delivered, sent by {_client}", wirings=EVERY_WIRING)(_delivers(_client))


@case(1, "a login without an account is served by plan default", wirings=EVERY_WIRING)
def _(stack):
    outcome = stack.send(ROSE)
    expect_delivered(stack, outcome)
    expect_equal(stack.used(ROSE), 1, "messages used")
    expect_same_story(stack, ROSE, outcome, "accept")


@case(1, "a login without an account is refused with unknown_login = refuse", wirings=EVERY_WIRING,
      top={"unknown_login": "refuse"})
def _(stack):
    expect_refused(stack, stack.send(ROSE), "550", "5.7.1", "")
    stack.sendward("user", "add", ROSE)
    expect_delivered(stack, stack.send(ROSE))


@case(1, "the log line of a decision names node, stage, queue id, login, client, verdict and time",
      wirings=EVERY_WIRING)
def _(stack):
    outcome = stack.send(ROSE)
    expect_delivered(stack, outcome)
    line = stack.wait_decision(login=ROSE, stage="END-OF-MESSAGE", qid=outcome.queue_id)
    expect_equal((line.node, line.client, line.verdict, line.check), ("mx1", CLIENT, "accept", "-"), "log line")
    expect_match(r"^\d+$", line.us, "microseconds")


# -- 2

def _blocks(client):
    def block(stack):
        stack.sendward("user", "add", ROSE)
        stack.sendward("block", ROSE, "--reason", "stolen password")
        outcome = stack.send(ROSE, client=client)
        expect(outcome.stage in ("MAIL", "RCPT"), f"refused at {outcome.stage}, not at MAIL or RCPT")
        expect_refused(stack, outcome, "550", "5.7.1", "")
        expect_same_story(stack, ROSE, outcome, "refuse", "state")
        expect_equal(stack.used(ROSE), 0, "messages used by the refused")
        expect_delivered(stack, stack.send(TULIP, client=client))

        stack.sendward("allow", ROSE)
        again = stack.send(ROSE, client=client)
        expect_delivered(stack, again)
        expect_same_story(stack, ROSE, again, "accept")
    return block


for _client, _wiring in (("swaks", POLICYD), ("msmtp", MILTER), ("curl", BOTH)):
    case(2, f"a blocked login is refused at MAIL or RCPT, and after allow delivered again ({_wiring.name}, {_client})",
         wirings=[_wiring])(_blocks(_client))


@case(2, "a block holds whatever the case of the login, with login_case = insensitive", wirings=EVERY_WIRING,
      top={"login_case": "insensitive"})
def _(stack):
    stack.sendward("block", ROSE.upper(), "--reason", "phished")
    for login in (ROSE, ROSE.upper(), "rOSE@Dom.EXAMPLE"):
        with stack.session(xclient={"ADDR": "192.0.2.7", "LOGIN": login}) as session:
            outcome = session.submit(Message(ROSE))
        expect_refused(stack, outcome, "550", "5.7.1", f"login {ROSE} is blocked: phished")
    stack.sendward("allow", ROSE)
    with stack.session(xclient={"ADDR": "192.0.2.7", "LOGIN": ROSE.upper()}) as session:
        expect_delivered(stack, session.submit(Message(ROSE)))
    expect_equal(stack.used(ROSE), 1, "messages used")


@case(2, "a blocked login reads the reply the operator has configured", wirings=EVERY_WIRING,
      sections={"replies": {"state": '"554 5.7.0 mail of %{login} is stopped, call the help desk"'}})
def _(stack):
    stack.sendward("block", ROSE)
    expect_refused(stack, stack.send(ROSE), "554", "5.7.0", f"mail of {re.escape(ROSE)} is stopped, call the help desk")


@case(2, "a block is in force for the next message of a session that is already open", wirings=EVERY_WIRING)
def _(stack):
    with stack.session(login=ROSE) as session:
        expect_delivered(stack, session.submit(Message(ROSE)))
        stack.sendward("block", ROSE)
        outcome = session.submit(Message(ROSE))
        expect_refused(stack, outcome, "550", "5.7.1", "")
        stack.sendward("allow", ROSE)
        expect_delivered(stack, session.submit(Message(ROSE)))
    expect_equal(stack.used(ROSE), 2, "messages used")


@case(2, "a login blocked while its message is on the way is refused at the end of the message", wirings=EVERY_WIRING)
def _(stack):
    message = Message(ROSE)
    with stack.session(login=ROSE) as session:
        session.mail(ROSE)
        expect_equal(session.rcpt("friend@far.example").code, 250, "reply to RCPT")
        expect_equal(session.command("DATA").code, 354, "reply to DATA")
        session.write(message.content.encode("ascii"))
        stack.sendward("block", ROSE)
        session.write(b".\r\n")
        reply = session.read_reply()
    expect_match(r"^550 5\.7\.1 ", str(reply), "reply to the final dot")
    expect_equal(stack.delivered(message.message_id), [], "deliveries")
    expect_equal(stack.used(ROSE), 0, "messages used")


@case(2, "a block with --for ends by itself")
def _(stack):
    stack.sendward("block", ROSE, "--for", "12s", "--reason", "a short rest")
    expect_refused(stack, stack.send(ROSE, client="python"), "550", "5.7.1", "")
    wait_until(lambda: stack.send(ROSE, client="python").accepted, "the block to end", step_s=0.2)


# -- 3

def _sandboxes(kind):
    def sandbox(stack):
        stack.sendward("user", "add", ROSE)
        stack.sendward("sandbox", ROSE, "--reason", "on probation")
        outcome = stack.send(ROSE, to=["a@far.example", "b@far.example"])
        if kind == "redirect":
            expect_delivered(stack, outcome, to=["sandbox@abuse.example"])
        else:
            expect(outcome.accepted, f"the client is to see 250, not {outcome}")
            expect_not_delivered(stack, outcome)
        expect_equal(stack.used(ROSE), 1, "messages used")
        expect_same_story(stack, ROSE, outcome, kind, "sandbox")
        events = wait_until(lambda: _events(stack, kind), f"an event {kind}")
        expect_equal([(event["qid"], event["login"]) for event in events], [(outcome.queue_id, ROSE)], "events")
        held = [entry["queue_id"] for entry in stack.postfix.mailq() if entry["queue_name"] == "hold"]
        if kind == "hold":
            expect_equal(held, [outcome.queue_id], "queue ids on hold")
            stack.postfix.release(outcome.queue_id)
            wait_until(lambda: stack.delivered(outcome.message_id), "delivery after postsuper -H")
            expect_delivered(stack, outcome)
            expect_equal(stack.used(ROSE), 1, "messages used after the release")
        else:
            expect_equal(held, [], "queue ids on hold")

        stack.sendward("allow", ROSE)
        expect_delivered(stack, stack.send(ROSE))
    return sandbox


def _events(stack, kind):
    """The events of that kind about ROSE, as dictionaries."""
    lines = stack.sendward("events", "--login", ROSE, "--json").stdout.splitlines()
    return [event for event in map(json.loads, lines) if event["event"] == kind]


for _kind, _what in (("discard", "accepted and thrown away"),
                     ("hold", "held, and delivered when postsuper releases it"),
                     ("redirect", "redirected to the sandbox address only")):
    case(3, f"mail of a sandboxed login is {_what}", wirings=EVERY_WIRING,
         plan={"sandbox": _kind, "sandbox_redirect": '"sandbox@abuse.example"'})(_sandboxes(_kind))


@case(3, "a sandboxed login reaches sandbox_recipients, by the milter also beside others", wirings=EVERY_WIRING,
      plan={"sandbox_recipients": '{ "abuse@far.example", "*@*.help.example" }'})
def _(stack):
    listed, others = ["abuse@far.example", "A.b@x.help.example"], ["Friend@far.example", "boss@help.example"]
    stack.sendward("sandbox", ROSE)
    reached = stack.send(ROSE, to=listed)
    expect_delivered(stack, reached)
    lost = stack.send(ROSE, to=others)
    expect(lost.accepted, f"the client is to see 250, not {lost}")
    expect_not_delivered(stack, lost)
    both = stack.send(ROSE, to=[others[0], listed[0], others[1], listed[1]])
    if stack.wiring is POLICYD:
        expect(both.accepted, f"the client is to see 250, not {both}")
        expect_not_delivered(stack, both)
    else:
        expect_delivered(stack, both, to=listed)
    expect_equal(stack.used(ROSE), 3, "messages used")
    events = wait_until(lambda: len(_events(stack, "discard")) == 2 and _events(stack, "discard"), "two events")
    expect_equal([(event["qid"], event["recipients"], event.get("dropped")) for event in events],
                 [(lost.queue_id, 2, None), (both.queue_id, 4, None if stack.wiring is POLICYD else 2)], "events")
    expect_equal([(event["qid"], event["check"]) for event in _events(stack, "accept")],
                 [(reached.queue_id, "sandbox")], "events of what was reached")


@case(3, "a recipient that Postfix would not take off is not redirected: the message is held", wirings=(MILTER, BOTH),
      plan={"sandbox": "redirect", "sandbox_redirect": '"sandbox@abuse.example"'})
def _(stack):
    stack.sendward("sandbox", ROSE)
    for number, recipient in enumerate(("@r1.example,@r2.example:a@far.example", "group:a@far.example;", ",a@far.example",
                                        "A <a@far.example>", "a@far.example>", "a@far.example(", "a@[192.0.2.1"), 1):
        message = Message(ROSE)
        with stack.session(login=ROSE) as session:
            session.mail(ROSE)
            expect_equal([session.rcpt(one).code for one in ("b@far.example", recipient)], [250, 250], recipient)
            expect_equal(session.data(message.content.encode("ascii")).code, 250, f"reply about {recipient}")
        held = [entry["queue_name"] for entry in stack.postfix.mailq()]
        expect_equal(held, ["hold"] * number, f"the queue after {recipient}")
    wait_until(lambda: len(_events(stack, "hold")) == number, "the events")
    expect_match("sandboxed; held, as a recipient cannot be redirected", _events(stack, "hold")[0]["rule"], "rule")
    expect_equal(stack.used(ROSE), number, "messages used")


@case(3, "a sandboxed login is still refused for a foreign sender and over its quota", wirings=EVERY_WIRING,
      plan={"quotas": '{ "1 messages / 1h" }'})
def _(stack):
    stack.sendward("sandbox", ROSE)
    expect_refused(stack, stack.send(ROSE, sender="boss@bank.example"), "553", "5.7.1", "")
    outcome = stack.send(ROSE)
    expect(outcome.accepted, f"the client is to see 250, not {outcome}")
    expect_refused(stack, stack.send(ROSE), "450", "4.7.28", "1 messages / 1h")
    expect_equal(stack.used(ROSE), 1, "messages used")


# -- 12

MONITORED = "{ networks = monitor  envelope_sender = monitor  header_from = monitor  quotas = monitor }"


def _monitors(check, would, prepare, **message):
    def monitor(stack):
        prepare(stack)
        outcome = stack.send(ROSE, **message)
        expect_delivered(stack, outcome)
        line = stack.wait_decision(login=ROSE, verdict="accept", qid=outcome.queue_id, monitor=would)
        expect_equal(line.check, check, "check in the log")
        told = explain(stack, ROSE, outcome)
        expect_equal(told["verdict"], "accept", f"verdict of explain {told}")
        results = {row["check"]: row["result"] for row in told["checks"]}
        expect_equal(results[check], "monitor", f"result of {check} in explain {told}")
    return monitor


def _uses_up_the_quota(stack):
    expect_delivered(stack, stack.send(ROSE))


def _adds_rose(stack):
    stack.sendward("user", "add", ROSE)


def _binds_rose_to_a_network(stack):
    stack.sendward("user", "add", ROSE, "--network", "192.0.2.0/24")


for _check, _would, _wirings, _prepare, _message in (
        ("networks", "refuse", EVERY_WIRING, _binds_rose_to_a_network, {}),
        ("envelope_sender", "refuse", EVERY_WIRING, _adds_rose, {"sender": "boss@bank.example"}),
        ("header_from", "refuse", (MILTER, BOTH), _adds_rose, {"header_from": "boss@bank.example"}),
        ("quotas", "defer", EVERY_WIRING, _uses_up_the_quota, {})):
    case(12, f"{_check} in monitor mode refuses nothing, and the log says what would have happened", wirings=_wirings,
         plan={"checks": MONITORED, "quotas": '{ "1 messages / 1h" }'})(
             _monitors(_check, _would, _prepare, **_message))


@case(12, "a quota in monitor mode goes on counting beyond its limit", wirings=EVERY_WIRING,
      plan={"checks": MONITORED, "quotas": '{ "1 messages / 1h" }'})
def _(stack):
    for _number in range(3):
        expect_delivered(stack, stack.send(ROSE))
    expect_equal(stack.used(ROSE), 3, "messages used")


@case(12, "a check that is off says nothing", wirings=EVERY_WIRING,
      plan={"checks": "{ envelope_sender = off  header_from = off  quotas = off  networks = off }",
            "quotas": '{ "0 messages / 1h" }', "networks": '{ "192.0.2.0/24" }'})
def _(stack):
    outcome = stack.send(ROSE, sender="boss@bank.example", header_from="boss@bank.example")
    expect_delivered(stack, outcome)
    expect_equal([line for line in stack.decisions(login=ROSE) if line.monitor != "-"], [], "monitor in the log")


# -- 15

@case(15, "a session without a login is left alone", wirings=EVERY_WIRING,
      plan={"quotas": '{ "0 messages / 1h" }', "networks": '{ "192.0.2.0/24" }', "max_recipients": "1"},
      top={"unknown_login": "refuse", "null_sender": "reject"})
def _(stack):
    inbound = [f"a@{stack.postfix.INBOUND_DOMAIN}", f"b@{stack.postfix.INBOUND_DOMAIN}"]
    with stack.session() as session:
        for sender in ("stranger@far.example", ""):
            message = Message("nobody", to=inbound, sender=sender, header_from="whoever@far.example")
            expect_delivered(stack, session.submit(message))
        for header_from in (None, "a@x.example, b@y.example"):
            message = Message("nobody", to=inbound, sender="stranger@far.example", header_from=header_from)
            expect_delivered(stack, session.submit(message))
    expect_equal([line for line in stack.decisions() if line.verdict not in ("accept", "-")], [], "refusals in the log")
    expect_equal([key for key in stack.redis.keys() if "{" in key], [], "keys of logins in Redis")


@case(15, "a login is bound from its AUTH on, in the session that began without one", wirings=EVERY_WIRING)
def _(stack):
    stack.sendward("block", ROSE)
    inbound = [f"a@{stack.postfix.INBOUND_DOMAIN}"]
    with stack.session() as session:
        expect_delivered(stack, session.submit(Message("nobody", to=inbound, sender="stranger@far.example")))
        expect_equal(session.auth(ROSE).code, 235, "reply to AUTH")
        expect_refused(stack, session.submit(Message(ROSE, to=inbound)), "550", "5.7.1", "")
