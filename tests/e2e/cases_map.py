"""Case 5 once more, with Postfix as the judge: Sendward answers smtpd_sender_login_maps."""

from clients import Message
from stack import POLICYD
from table import case, expect_delivered, expect_equal, expect_refused

ROSE, TULIP = "rose@dom.example", "tulip@dom.example"
NOT_OWNED = "Sender address rejected: not owned by user rose@dom.example"


def _wire(stack, restriction, name):
    """The policy daemon answers the map, and Postfix asks it before all else."""
    path = f"{stack.run}/map"
    stack.configure(sections={"policyd": {"listen": f'{{ "unix:{stack.policy_socket}" }}',
                                          "sender_login_listen": f'{{ "unix:{path}" }}'}})
    # A restart: to give a socket to Postfix's group takes root.
    stack.policyd.stop()
    stack.policyd.start()
    settings = {**stack.postfix_settings(), "smtpd_sender_login_maps": f"socketmap:unix:{path}:{name}",
                "smtpd_sender_restrictions": restriction}
    stack.postfix.reconfigure(settings)


@case(5, "Postfix itself refuses foreign senders, and accepts own ones, by what Sendward tells it", wirings=[POLICYD])
def _(stack):
    stack.sendward("user", "add", ROSE, "--sender", "sales@dom.example", "--sender", "*@shop.example", "--sender",
                   "!boss@shop.example", "--sender", '"odd one"@dom.example')
    stack.sendward("reindex")
    _wire(stack, "reject_sender_login_mismatch", "senders")
    with stack.session(login=ROSE) as session:
        for sender in (ROSE, "Rose+tag@DOM.example", "Sales@dom.example", "any@shop.example", '"odd one"@dom.example', ""):
            expect_delivered(stack, session.submit(Message(ROSE, sender=sender, header_from=ROSE)))
        for sender in (TULIP, "boss@shop.example", "any@east.shop.example", "boss@bank.example"):
            expect_refused(stack, session.submit(Message(ROSE, sender=sender, header_from=ROSE)), "553", "5.7.1", NOT_OWNED)
        stack.sendward("user", "set", ROSE, "--remove-sender", "sales@dom.example")
        expect_refused(stack, session.submit(Message(ROSE, sender="sales@dom.example")), "553", "5.7.1", NOT_OWNED)
    with stack.session(login=TULIP) as session:
        expect_delivered(stack, session.submit(Message(TULIP)))
    expect_equal([line.verdict for line in stack.decisions() if line.verdict != "accept"], [], "refusals of our own")


@case(5, "without a login, Postfix refuses the senders of accounts and no others", wirings=[POLICYD])
def _(stack):
    inbound = [f"a@{stack.postfix.INBOUND_DOMAIN}"]
    stack.sendward("user", "add", ROSE)
    stack.sendward("reindex")
    _wire(stack, "reject_unauthenticated_sender_login_mismatch", "accounts")
    with stack.session() as session:
        expect_delivered(stack, session.submit(Message("nobody", to=inbound, sender="stranger@far.example")))
        expect_refused(stack, session.submit(Message("nobody", to=inbound, sender=ROSE)), "553", "5.7.1",
                       "Sender address rejected: not logged in")


@case(5, "while Redis is away Postfix defers, and refuses nobody by mistake", wirings=[POLICYD])
def _(stack):
    stack.sendward("user", "add", ROSE)
    stack.sendward("reindex")
    _wire(stack, "reject_sender_login_mismatch", "senders")
    stack.redis.stop()
    outcome = stack.send(ROSE)
    expect_equal((outcome.stage, outcome.code), ("RCPT", 451), f"what the client was told: {outcome}")
