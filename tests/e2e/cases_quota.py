"""Cases 7, 8, 10 and 11: quotas in every unit, each message charged once, many recipients, several messages."""

import re

from clients import Message, dotted
from policy_client import PolicyClient
from processes import wait_until
from stack import BOTH, EVERY_WIRING, MILTER, POLICYD
from table import (case, expect, expect_delivered, expect_equal, expect_match, expect_not_delivered,
                   expect_over_quota, expect_refused, expect_same_story)

ROSE, TULIP = "rose@dom.example", "tulip@dom.example"
HOUR, DAY = 3600, 86400


# -- 7

def _limits_messages(client):
    def limit(stack):
        stack.sendward("user", "add", ROSE)
        for _number in range(2):
            expect_delivered(stack, stack.send(ROSE, client=client))
        beyond = stack.send(ROSE, client=client)
        expect_over_quota(stack, beyond, "2 messages / 1h", used=2, limit=2)
        expect_same_story(stack, ROSE, beyond, "defer", "quotas")
        line = stack.wait_decision(login=ROSE, check="quotas", verdict="defer")
        expect_equal((line.used, line.limit), ("2", "2"), "used and limit in the log")
        expect_match(r"2 messages ?/ ?1h", line.rule, "rule in the log")
        expect_equal(stack.used(ROSE), 2, "messages used after the refusal")
        expect_delivered(stack, stack.send(TULIP, client=client))
    return limit


for _client, _wiring in (("swaks", POLICYD), ("msmtp", MILTER), ("curl", BOTH)):
    case(7, "the first message beyond the limit is refused with used/limit and a retry time "
         f"({_wiring.name}, {_client})", wirings=[_wiring],
         plan={"quotas": '{ "2 messages / 1h" }'})(_limits_messages(_client))


@case(7, "the first recipient beyond the limit is refused, and only accepted ones are charged", wirings=EVERY_WIRING,
      plan={"quotas": '{ "5 recipients / 1h" }'})
def _(stack):
    expect_delivered(stack, stack.send(ROSE, to=["a@far.example", "b@far.example", "c@far.example"]))
    expect_equal(stack.used(ROSE, "recipients"), 3, "recipients used")
    beyond = stack.send(ROSE, to=[f"r{number}@far.example" for number in range(4)])
    expect_match(r"^450 4\.7\.28 .*quota.*5 recipients ?/ ?1h", beyond.reply, "reply to the first recipient beyond")
    delivered = sum(len(delivery.recipients) for delivery in stack.delivered("@client.example"))
    expect_equal(stack.used(ROSE, "recipients"), delivered, "recipients used and delivered")
    expect(delivered in (3, 5), f"{delivered} recipients delivered")
    for _number in range(5 - delivered):
        expect_delivered(stack, stack.send(ROSE))
    last = stack.send(ROSE)
    expect_over_quota(stack, last, "5 recipients / 1h", used=5, limit=5)
    expect_same_story(stack, ROSE, last, "defer", "quotas")


@case(7, "the first message beyond the limit in bytes is refused", wirings=EVERY_WIRING,
      plan={"quotas": '{ "10k bytes / 1h" }'})
def _(stack):
    first = stack.send(ROSE, client="python", body="x" * 60 + "\n" + ("y" * 62 + "\r\n") * 90)
    expect_delivered(stack, first)
    size = len(first.sent.content)
    expect_equal(stack.used(ROSE, "bytes"), size, "bytes used by a message of that size")
    beyond = stack.send(ROSE, client="python", body=("z" * 62 + "\r\n") * 90)
    expect_over_quota(stack, beyond, "10k bytes / 1h", used=size, limit=10000)
    expect_same_story(stack, ROSE, beyond, "defer", "quotas")
    expect_equal(stack.used(ROSE, "bytes"), size, "bytes used after the refusal")
    small = stack.send(ROSE, client="python")
    expect_delivered(stack, small)
    expect_equal(stack.used(ROSE, "bytes"), size + len(small.sent.content), "bytes used")


@case(7, "each refusal is one attempt, by whichever daemon, and none is charged", wirings=EVERY_WIRING,
      plan={"quotas": '{ "1 messages / 1h" }'})
def _(stack):
    expect_delivered(stack, stack.send(ROSE))
    for _number in range(3):
        expect_over_quota(stack, stack.send(ROSE), "1 messages / 1h", used=1, limit=1)
    stack.sendward("user", "add", TULIP)
    stack.sendward("block", TULIP)
    expect_refused(stack, stack.send(TULIP, client="python"), "550", "5.7.1", "")
    attempts = stack.wait_attempts(ROSE, 3)
    expect_equal(attempts["checks"], {"quotas": {"hour": 3, "day": 3}}, "attempts by check")
    last, line = attempts["last"], stack.wait_decision(login=ROSE, verdict="defer")
    expect_equal((last["verdict"], last["check"], last["client"]), ("defer", "quotas", line.client), "the last attempt")
    expect_equal(stack.used(ROSE), 1, "messages used after three attempts")
    expect_equal(stack.wait_attempts(TULIP, 1)["checks"], {"state": {"hour": 1, "day": 1}}, "attempts of a blocked login")
    expect_equal([row["login"] for row in stack.sendward.json("top", "--by", "attempts")], [ROSE, TULIP], "top")


@case(7, "a message announced by SIZE= as too big for the quota is refused before its content", wirings=EVERY_WIRING,
      plan={"quotas": '{ "10k bytes / 1h" }'})
def _(stack):
    with stack.session(login=ROSE) as session:
        outcome = session.submit(Message(ROSE), parameters="SIZE=20000")
        expect(outcome.stage in ("MAIL", "RCPT", "DATA"), f"refused only {outcome}")
        expect_refused(stack, outcome, "450", "4.7.28", "10k bytes ?/ ?1h")


@case(7, "a message that fits no more in the longest of several windows leaves all of them as they were",
      wirings=EVERY_WIRING, plan={"quotas": '{ "10 messages / 1h", "2 messages / 1d", "1M bytes / 1d" }'})
def _(stack):
    sizes = 0
    for _number in range(2):
        outcome = stack.send(ROSE, client="python")
        expect_delivered(stack, outcome)
        sizes += len(outcome.sent.content)
    beyond = stack.send(ROSE)
    expect_over_quota(stack, beyond, "2 messages / 1d", used=2, limit=2)
    expect_same_story(stack, ROSE, beyond, "defer", "quotas")
    expect_equal((stack.used(ROSE, "messages", HOUR), stack.used(ROSE, "messages", DAY), stack.used(ROSE, "bytes")),
                 (2, 2, sizes), "messages of the hour, of the day, bytes of the day used")


@case(7, "when a message fits in no window any more, the reply names one and all stay as they were", wirings=[BOTH],
      plan={"quotas": '{ "1 messages / 1h", "1 recipients / 1d", "400 bytes / 2h" }'})
def _(stack):
    expect_delivered(stack, stack.send(ROSE, client="python", body=""))
    before = [stack.used(ROSE, unit) for unit in ("messages", "recipients", "bytes")]
    expect_refused(stack, stack.send(ROSE, client="python", body="more\n" * 20), "450", "4.7.28", "retry after")
    expect_equal([stack.used(ROSE, unit) for unit in ("messages", "recipients", "bytes")], before, "used")


@case(7, "a window gives back what was used when it has passed", wirings=EVERY_WIRING,
      plan={"quotas": '{ "1 messages / 12s" }'})
def _(stack):
    within, beyond = (stack.send(ROSE, client="python") for _ in range(2))
    expect_refused(stack, beyond, "450", "4.7.28", r"retry after \d+ ?s")
    expect_delivered(stack, within)
    wait_until(lambda: stack.send(ROSE, client="python").accepted, "the window to pass", step_s=0.2)


@case(7, "with over_quota = reject the client is told not to try again", wirings=EVERY_WIRING,
      plan={"quotas": '{ "1 messages / 1h" }', "over_quota": "reject"})
def _(stack):
    expect_delivered(stack, stack.send(ROSE))
    beyond = stack.send(ROSE)
    expect_over_quota(stack, beyond, "1 messages / 1h", used=1, limit=1, code="550", xcode="5.7.28")
    expect_same_story(stack, ROSE, beyond, "refuse", "quotas")


@case(7, "with over_quota = hold the message waits in the hold queue and is not charged", wirings=EVERY_WIRING,
      plan={"quotas": '{ "1 messages / 1h" }', "over_quota": "hold"})
def _(stack):
    expect_delivered(stack, stack.send(ROSE))
    beyond = stack.send(ROSE)
    expect(beyond.accepted, f"the client is to see 250, not {beyond}")
    expect_not_delivered(stack, beyond)
    expect_same_story(stack, ROSE, beyond, "hold", "quotas")
    held = [entry["queue_id"] for entry in stack.postfix.mailq() if entry["queue_name"] == "hold"]
    expect_equal(held, [beyond.queue_id], "queue ids on hold")
    expect_equal(stack.used(ROSE), 1, "messages used")
    expect_equal(stack.wait_attempts(ROSE, 1)["last"]["verdict"], "hold", "the last attempt")
    stack.postfix.release(beyond.queue_id)
    wait_until(lambda: stack.delivered(beyond.message_id), "delivery after postsuper -H")


@case(7, "with over_quota = sandbox the message goes where sandboxed mail goes", wirings=EVERY_WIRING,
      plan={"quotas": '{ "1 messages / 1h" }', "over_quota": "sandbox", "sandbox": "redirect",
            "sandbox_redirect": '"sandbox@abuse.example"'})
def _(stack):
    expect_delivered(stack, stack.send(ROSE))
    expect_delivered(stack, stack.send(ROSE), to=["sandbox@abuse.example"])


@case(7, "a quota of 0 lets nothing through, unlimited still counts", wirings=EVERY_WIRING)
def _(stack):
    stack.sendward("user", "add", ROSE, "--quota", "0 messages / 1h")
    expect_refused(stack, stack.send(ROSE), "450", "4.7.28", "0 messages ?/ ?1h")
    stack.sendward("user", "set", ROSE, "--quota", "unlimited messages / 1h")
    for _number in range(2):
        expect_delivered(stack, stack.send(ROSE))
    expect_equal(stack.used(ROSE), 2, "messages used")


@case(7, "a changed limit keeps the usage and holds at once, a reset forgets the usage", wirings=EVERY_WIRING)
def _(stack):
    stack.sendward("user", "add", ROSE, "--quota", "3 messages / 1h")
    with stack.session(login=ROSE) as session:
        for _number in range(2):
            expect_delivered(stack, session.submit(Message(ROSE)))
        stack.sendward("user", "set", ROSE, "--quota", "2 messages / 1h")
        expect_over_quota(stack, session.submit(Message(ROSE)), "2 messages / 1h", used=2, limit=2)
        stack.sendward("user", "set", ROSE, "--quota", "4 messages / 1h")
        expect_delivered(stack, session.submit(Message(ROSE)))
        expect_equal(stack.used(ROSE), 3, "messages used")
        stack.sendward("reset", ROSE)
        expect_equal(stack.used(ROSE), 0, "messages used after the reset")
        expect_delivered(stack, session.submit(Message(ROSE)))
        expect_equal(stack.used(ROSE), 1, "messages used")


@case(7, "a refusal for another reason is not charged", wirings=EVERY_WIRING)
def _(stack):
    stack.sendward("user", "add", ROSE, "--network", "127.0.0.0/29")
    for message in ({"sender": "boss@bank.example"}, {"client_ip": "127.0.0.99"}):
        expect(not stack.send(ROSE, **message).accepted, f"accepted {message}")
    if stack.wiring.milter:
        expect(not stack.send(ROSE, header_from="boss@bank.example").accepted, "accepted a foreign header From")
    expect_equal(stack.used(ROSE), 0, "messages used")


# -- 8

def _charged_once(stack):
    for number in (1, 2, 3):
        expect_delivered(stack, stack.send(ROSE, to=["a@far.example", "b@far.example"]))
        expect_equal((stack.used(ROSE, "messages"), stack.used(ROSE, "recipients")), (number, 2 * number),
                     "messages and recipients used")


ONCE = {"quotas": '{ "50 messages / 1h", "100 recipients / 1h" }'}

case(8, "each message is charged once", wirings=EVERY_WIRING, plan=ONCE)(_charged_once)
case(8, "with charge = policyd and both daemons wired each message is charged once", wirings=[BOTH], plan=ONCE,
     top={"charge": "policyd"})(_charged_once)
@case(8, "with charge = policyd the last message that fits passes the milter, too, and what the milter refuses is not "
         "charged", plan={"quotas": '{ "2 messages / 1h", "2 recipients / 1h" }'}, top={"charge": "policyd"},
      sections={"domain dom.example": {"shared_quotas": '{ "2 messages / 1h" }'}})
def _(stack):
    for number in range(1, 3):
        refused = stack.send(ROSE, header_from="boss@bank.example")
        expect_refused(stack, refused, "550", "5.7.1", "may not use From: boss@bank.example")
        wait_until(lambda: stack.used(ROSE, "recipients") == number - 1, "the charge of the refused one to go back")
        expect_delivered(stack, stack.send(ROSE))
        expect_equal(stack.used(ROSE, "recipients"), number, "recipients used")
    expect_refused(stack, stack.send(ROSE), "450", "4.7.28", "2/2 used")


case(8, "with charge = milter and both daemons wired each message is charged once", wirings=[BOTH], plan=ONCE,
     top={"charge": "milter"})(_charged_once)
case(8, "asked at END-OF-MESSAGE only, the policy daemon charges each message once", plan=ONCE,
     wirings=[POLICYD.but(stages=("END-OF-MESSAGE",))])(_charged_once)
case(8, "asked at MAIL and END-OF-MESSAGE, the policy daemon charges each message once", plan=ONCE,
     wirings=[POLICYD.but(stages=("MAIL", "END-OF-MESSAGE"))])(_charged_once)
case(8, "asked at every stage beside the milter, nothing is charged twice", plan=ONCE,
     wirings=[BOTH.but(stages=("MAIL", "RCPT", "DATA", "END-OF-MESSAGE"))])(_charged_once)


@case(8, "every check refuses too when the policy daemon is asked at END-OF-MESSAGE only",
      wirings=[POLICYD.but(stages=("END-OF-MESSAGE",))], plan={"quotas": '{ "1 messages / 1h" }'})
def _(stack):
    stack.sendward("user", "add", ROSE, "--network", "127.0.0.0/29")
    expect_refused(stack, stack.send(ROSE, sender="boss@bank.example"), "553", "5.7.1", "")
    expect_refused(stack, stack.send(ROSE, client_ip="127.0.0.99"), "550", "5.7.1", "")
    expect_delivered(stack, stack.send(ROSE))
    expect_over_quota(stack, stack.send(ROSE), "1 messages / 1h", used=1, limit=1)
    stack.sendward("block", ROSE)
    expect_refused(stack, stack.send(ROSE), "550", "5.7.1", "")


@case(8, "asked at MAIL, the policy daemon refuses a blocked login there",
      wirings=[POLICYD.but(stages=("MAIL", "END-OF-MESSAGE"))])
def _(stack):
    stack.sendward("block", ROSE)
    outcome = stack.send(ROSE)
    expect_equal(outcome.stage, "MAIL", "stage of the refusal")
    expect_refused(stack, outcome, "550", "5.7.1", "")


@case(8, "a request that Postfix repeats is answered as before and charged once", wirings=[POLICYD],
      plan={"quotas": '{ "1 messages / 1h" }'})
def _(stack):
    for _number in range(3):
        with PolicyClient(stack.policy_socket) as client:    # Postfix repeats on a new connection
            answer = client.ask(protocol_state="END-OF-MESSAGE", sasl_username=ROSE, sender=ROSE, queue_id="4ZabcD1x2y",
                                instance="1.2.3.0", recipient_count="1", size="500", recipient="friend@far.example")
        expect_equal(answer, "DUNNO", "answer to the repeated request")
    expect_equal(stack.used(ROSE), 1, "messages used")
    with PolicyClient(stack.policy_socket) as client:
        answer = client.ask(protocol_state="END-OF-MESSAGE", sasl_username=ROSE, sender=ROSE, queue_id="4ZabcD1x3z",
                            instance="1.2.3.1", recipient_count="1", size="500", recipient="friend@far.example")
    expect_match(r"^450 4\.7\.28 ", answer, "answer to another message")


# -- 10

def _pipelined(session, message):
    """MAIL, all RCPTs and DATA in one write, then the content if it is wanted. Returns RCPT replies and the last."""
    commands = [f"MAIL FROM:<{message.sender}>", *[f"RCPT TO:<{to}>" for to in message.to], "DATA"]
    session.write("".join(command + "\r\n" for command in commands).encode("ascii"))
    replies = [session.read_reply() for _command in commands]
    last = replies[-1]
    if last.code == 354:
        session.write(dotted(message.content.encode("ascii")) + b".\r\n")
        last = session.read_reply()
    return replies[1:-1], last


def _twenty():
    return Message(ROSE, to=[f"r{number}@far.example" for number in range(20)])


@case(10, "20 recipients in one pipelined message are delivered and charged as 20", wirings=EVERY_WIRING,
      plan={"quotas": '{ "20 recipients / 1h", "100 messages / 1h" }'})
def _(stack):
    message = _twenty()
    with stack.session(login=ROSE) as session:
        answers, last = _pipelined(session, message)
        expect_equal({answer.code for answer in answers}, {250}, "replies to RCPT")
        expect_equal(last.code, 250, f"reply to the final dot: {last}")
        delivery, = stack.delivered(message.message_id)
        expect_equal(sorted(delivery.recipients), sorted(message.to), "recipients of the delivery")
        expect_equal((stack.used(ROSE, "recipients"), stack.used(ROSE, "messages")), (20, 1), "recipients and messages")
        outcome = session.submit(Message(ROSE))
        expect_over_quota(stack, outcome, "20 recipients / 1h", used=20, limit=20)


@case(10, "of 20 pipelined recipients no more than the quota has left are accepted", wirings=EVERY_WIRING,
      plan={"quotas": '{ "15 recipients / 1h" }'})
def _(stack):
    message = _twenty()
    with stack.session(login=ROSE) as session:
        answers, last = _pipelined(session, message)
    delivered = sum(len(delivery.recipients) for delivery in stack.delivered(message.message_id))
    refusals = [answer for answer in [*answers, last] if answer.code != 250]
    expect(refusals, "nothing was refused")
    for refusal in refusals:
        expect_match(r"^450 4\.7\.28 .*15 recipients ?/ ?1h", str(refusal), "reply beyond the quota")
    expect(delivered <= 15, f"{delivered} recipients delivered")
    expect_equal(stack.used(ROSE, "recipients"), delivered, "recipients used and delivered")


@case(10, "recipients beyond max_recipients are refused with 452 4.5.3", wirings=EVERY_WIRING,
      plan={"max_recipients": "5", "quotas": '{ "100 recipients / 1h" }'})
def _(stack):
    message = _twenty()
    with stack.session(login=ROSE) as session:
        answers, last = _pipelined(session, message)
    refusals = [answer for answer in [*answers, last] if answer.code != 250]
    expect(refusals, "nothing was refused")
    for refusal in refusals:
        expect_match(r"^452 4\.5\.3 ", str(refusal), "reply beyond the cap")
    delivered = sum(len(delivery.recipients) for delivery in stack.delivered(message.message_id))
    expect(delivered <= 5, f"{delivered} recipients delivered")
    expect_equal(stack.used(ROSE, "recipients"), delivered, "recipients used and delivered")
    stack.wait_decision(login=ROSE, check="caps")


@case(10, "a message beyond max_size is refused with 552 5.3.4 and not charged", wirings=EVERY_WIRING,
      plan={"max_size": "2k"})
def _(stack):
    outcome = stack.send(ROSE, client="python", body=("x" * 70 + "\r\n") * 50)
    expect_refused(stack, outcome, "552", "5.3.4", "")
    expect_same_story(stack, ROSE, outcome, "refuse", "caps")
    expect_equal(stack.used(ROSE), 0, "messages used")
    expect_delivered(stack, stack.send(ROSE))


# -- 11

@case(11, "two messages in one session are two decisions and two charges", wirings=EVERY_WIRING)
def _(stack):
    with stack.session(login=ROSE) as session:
        outcomes = [session.submit(Message(ROSE)) for _number in range(2)]
    for outcome in outcomes:
        expect_delivered(stack, outcome)
        stack.wait_decision(login=ROSE, qid=outcome.queue_id, stage="END-OF-MESSAGE", verdict="accept")
    expect_equal(stack.used(ROSE), 2, "messages used")


@case(11, "the second message of a session is judged by itself after the first was refused", wirings=EVERY_WIRING,
      plan={"quotas": '{ "100 messages / 1h", "100 recipients / 1h" }'})
def _(stack):
    foreign = "boss@bank.example"
    refused = [Message(ROSE, sender=foreign), Message(ROSE, to=["a@far.example"] * 3, sender=foreign)]
    if stack.wiring.milter:
        refused += [Message(ROSE, header_from=foreign), Message(ROSE, headers=["Sender: " + foreign])]
    with stack.session(login=ROSE) as session:
        for number, message in enumerate(refused, 1):
            expect(not session.submit(message).accepted, f"accepted {message.content}")
            expect_delivered(stack, session.submit(Message(ROSE, to=["a@far.example", "b@far.example"])))
            expect_equal((stack.used(ROSE), stack.used(ROSE, "recipients")), (number, 2 * number),
                         "messages and recipients used")


@case(11, "a transaction given up with RSET leaves nothing behind for the next one", wirings=EVERY_WIRING,
      plan={"quotas": '{ "3 recipients / 1h", "100 messages / 1h" }'})
def _(stack):
    with stack.session(login=ROSE) as session:
        session.mail(ROSE)
        for recipient in ("a@far.example", "b@far.example"):
            expect_equal(session.rcpt(recipient).code, 250, "reply to RCPT")
        session.command("RSET")
        expect_delivered(stack, session.submit(Message(ROSE, to=["c@far.example", "d@far.example", "e@far.example"])))
    expect_equal((stack.used(ROSE), stack.used(ROSE, "recipients")), (1, 3), "messages and recipients used")


@case(11, "parallel sessions of one login never get more through than the quota", wirings=EVERY_WIRING,
      plan={"quotas": '{ "5 messages / 1h" }'})
def _(stack):
    message = [Message(ROSE) for _number in range(8)]
    sessions = [stack.session(login=ROSE) for _number in range(8)]
    try:
        for session in sessions:    # all are past RCPT and DATA, which only look, before the first one ends
            session.mail(ROSE)
            expect_equal(session.rcpt("friend@far.example").code, 250, "reply to RCPT")
            expect_equal(session.command("DATA").code, 354, "reply to DATA")
        for session, one in zip(sessions, message):
            session.write(dotted(one.content.encode("ascii")) + b".\r\n")
        answers = [session.read_reply() for session in sessions]
    finally:
        for session in sessions:
            session.drop()
    accepted = [answer for answer in answers if answer.code == 250]
    expect_equal(len(accepted), 5, f"messages accepted of {[str(answer) for answer in answers]}")
    for answer in answers:
        expect(answer.code == 250 or re.match(r"^450 4\.7\.28 ", str(answer)), f"reply {answer}")
    expect_equal(sum(len(stack.delivered(one.message_id)) for one in message), 5, "messages delivered")
    expect_equal(stack.used(ROSE), 5, "messages used")
