"""Case 9: what becomes of the charge when somebody else ends the message.

What is possible and what is not, in Postfix's order of things:

 * A client that goes away before the final dot, or gives up with RSET: there is no END-OF-MESSAGE in either protocol,
   so nothing has been charged and nothing has to be taken back. True in every wiring.
 * A milter before ours that refuses at the end of the message: ours is told to abort and never charges. With the policy
   daemon alone the charge has been made before the milters see the content; Postfix tells the policy daemon nothing
   afterwards, so the message stays charged.
 * A milter behind ours that refuses at the end of the message: Postfix has told ours that the message ended and says
   nothing more; there is no event to refund on. The message stays charged. Hence the advice that Sendward's milter
   stands last in smtpd_milters.
 * A client that goes away after the final dot: the message is accepted, delivered and charged.
"""

from clients import Message, dotted
from foreign_milter import ForeignMilter, reply
from processes import wait_until
from stack import BOTH, EVERY_WIRING, MILTER, POLICYD
from table import case, expect, expect_delivered, expect_equal, expect_not_delivered, expect_refused

ROSE = "rose@dom.example"
REFUSES_AT_END = {"END-OF-MESSAGE": reply("550 5.7.1 the other milter says no")}

_before = [wiring.but(foreign_before="foreign") for wiring in (MILTER, BOTH)]
_behind = [wiring.but(foreign_behind="foreign") for wiring in EVERY_WIRING]


def _refused_by_the_other(stack):
    outcome = stack.send(ROSE)
    expect_equal(outcome.stage, "END-OF-MESSAGE", "stage of the refusal")
    expect_refused(stack, outcome, "550", "5.7.1", "the other milter says no")


@case(9, "a message that a milter before ours refuses at its end is not charged", wirings=_before)
def _(stack):
    with ForeignMilter(stack.foreign_socket("foreign"), REFUSES_AT_END) as foreign:
        for _number in range(2):
            _refused_by_the_other(stack)
        expect_equal(stack.used(ROSE), 0, "messages used")
        foreign.answers.clear()
        expect_delivered(stack, stack.send(ROSE))
        expect_equal(stack.used(ROSE), 1, "messages used")


@case(9, "a message that a milter behind ours refuses at its end stays charged, once: nobody tells us",
      wirings=_behind)
def _(stack):
    with ForeignMilter(stack.foreign_socket("foreign"), REFUSES_AT_END) as foreign:
        _refused_by_the_other(stack)
        expect_equal(stack.used(ROSE), 1, "messages used")
        foreign.answers.clear()
        expect_delivered(stack, stack.send(ROSE))
        expect_equal(stack.used(ROSE), 2, "messages used")


@case(9, "two messages in one session, the first refused at its end by a milter behind ours, are two charges",
      wirings=_behind)
def _(stack):
    with ForeignMilter(stack.foreign_socket("foreign"), REFUSES_AT_END) as foreign:
        with stack.session(login=ROSE) as session:
            expect_equal(session.submit(Message(ROSE)).code, 550, "reply to the first")
            foreign.answers.clear()
            expect_delivered(stack, session.submit(Message(ROSE)))
    expect_equal(stack.used(ROSE), 2, "messages used")


@case(9, "a recipient that a milter behind ours refuses is not charged", plan={"quotas": '{ "9 recipients / 1h" }'},
      wirings=[BOTH.but(foreign_before="foreign"), POLICYD.but(foreign_behind="foreign")])
def _(stack):
    with ForeignMilter(stack.foreign_socket("foreign"), {"RCPT": reply("550 5.1.1 no such recipient")}) as foreign:
        with stack.session(login=ROSE) as session:
            session.mail(ROSE)
            expect_equal(session.rcpt("nobody@far.example").code, 550, "reply to the refused recipient")
            foreign.answers.clear()
            expect_equal(session.rcpt("friend@far.example").code, 250, "reply to the other recipient")
            expect_equal(session.data(Message(ROSE).content.encode("ascii")).code, 250, "reply to the final dot")
    expect_equal(stack.used(ROSE, "recipients"), 1, "recipients used")


@case(9, "a client that drops the connection before the final dot is not charged", wirings=EVERY_WIRING)
def _(stack):
    message = Message(ROSE)
    session = stack.session(login=ROSE)
    session.mail(ROSE)
    expect_equal(session.rcpt("friend@far.example").code, 250, "reply to RCPT")
    expect_equal(session.command("DATA").code, 354, "reply to DATA")
    session.write(message.content.encode("ascii"))
    session.drop()
    wait_until(lambda: "lost connection after DATA" in stack.postfix.log(), "Postfix to notice")
    expect_equal(stack.delivered(message.message_id), [], "deliveries")
    expect_equal(stack.used(ROSE), 0, "messages used")
    expect_delivered(stack, stack.send(ROSE))
    expect_equal(stack.used(ROSE), 1, "messages used")


@case(9, "a client that goes away right after the final dot is delivered and charged", wirings=EVERY_WIRING)
def _(stack):
    message = Message(ROSE)
    session = stack.session(login=ROSE)
    session.mail(ROSE)
    session.rcpt("friend@far.example")
    expect_equal(session.command("DATA").code, 354, "reply to DATA")
    session.write(dotted(message.content.encode("ascii")) + b".\r\n")
    session.drop()
    wait_until(lambda: stack.delivered(message.message_id), "the delivery")
    expect_equal(stack.used(ROSE), 1, "messages used")


@case(9, "a message too big for Postfix is not charged", wirings=EVERY_WIRING)
def _(stack):
    stack.postfix.reconfigure({**stack.postfix_settings(), "message_size_limit": "5000"})
    outcome = stack.send(ROSE, client="python", body=("x" * 70 + "\r\n") * 100)
    expect(not outcome.accepted, "Postfix accepted it")
    expect_not_delivered(stack, outcome)
    expect_equal(stack.used(ROSE), 0, "messages used")


@case(9, "ours accepts and charges while the milter behind it is only shown the message", wirings=_behind)
def _(stack):
    with ForeignMilter(stack.foreign_socket("foreign")) as foreign:
        expect_delivered(stack, stack.send(ROSE))
        expect("END-OF-MESSAGE" in foreign.seen, f"the other milter saw {foreign.seen}")
    expect_equal(stack.used(ROSE), 1, "messages used")
