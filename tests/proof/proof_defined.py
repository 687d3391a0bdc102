"""Refunds, repeats and races: each case of that list in HACKING.md, with its outcome."""

import counters
from processes import wait_until
from proof_race import quota
from smtpd import DUNNO, Smtpd, plain
from system import System
from table import case, expect, expect_that
import bench

HOUR_S = 3600
LIMIT_S = 60
ROSE, TULIP = "rose@dom.example", "tulip@dom.example"
QID = "4Q00000001"
REFUSED = "450 4.7.28 quota: "


def used(system, login=ROSE, unit="m", scope=""):
    return counters.used(system.redis, login, unit, HOUR_S, scope)


def wait_used(system, n, login=ROSE, unit="m", scope=""):
    """A refund is on its way when the client has its answer."""
    wait_until(lambda: used(system, login, unit, scope) == n, f"{n} to be counted for {login}", LIMIT_S)


def send(node, message, qid=None, hooks=None):
    with Smtpd(node, hooks=hooks) as smtpd:
        return smtpd.send(message, qid)


def expect_sent(outcome):
    expect(outcome.reply, "250 queued", "reply")


def expect_refused(outcome, prefix=REFUSED):
    expect(outcome.reply[:len(prefix)], prefix, f"what {outcome.reply!r} begins with")


def expect_held(outcome):
    """By the milter, or by the policy daemon."""
    expect_that(outcome.reply == "held" or outcome.reply.startswith("HOLD "), f"{outcome} is not held")


def end_of_message(node, qid, instance, login=ROSE, recipients=1):
    """What the policy daemon says at the end of a message, on a connection of its own."""
    with bench.Client(node.policy_path) as client:
        return client.ask("END-OF-MESSAGE", queue_id=qid, instance=instance, sasl_username=login, sender=login,
                          recipient_count=recipients, size=1000)


# --- refunds ---------------------------------------------------------------------


@case("defined: RSET, a client that leaves, and Postfix' own refusal before the end charge nothing")
def aborted(_):
    with System({"mx1": True, "mx2": False}, quota("5 messages / 1h")) as system:
        for node, stages in (("mx1", ("MAIL", "RCPT", "DATA", "END-OF-MESSAGE", "body")), ("mx2", ("RCPT", "DATA"))):
            for stage in stages:
                for mischief in ("reset", "client gone", "smtpd gone"):
                    expect(send(system.nodes[node], plain(ROSE, mischief=mischief, at=stage)).reply, mischief, "end")
        expect(system.redis.keys(counters.tagged(ROSE) + ":*"), [], "keys of the login")


@case("defined: a message that our own header check refuses is not charged")
def own_refusal(_):
    with System({"mx1": True}, quota("5 messages / 1h")) as system:
        expect_refused(send(system.nodes["mx1"], plain(ROSE, header_from="x@far.example")), "550 5.7.1 header_from: ")
        expect(system.redis.keys(counters.tagged(ROSE) + ":*"), [], "keys of the login")


@case("defined: Postfix gone between the charge and its answer: refunded in every scope, and remembered so")
def answer_not_taken(_):
    with System({"mx1": True}, quota("5 messages / 1h", of_domain="5 messages / 1h")) as system:
        node = system.nodes["mx1"]
        expect_sent(send(node, plain(ROSE)))
        expect(send(node, plain(ROSE, mischief="smtpd gone", at="end"), QID).reply, "smtpd gone", "end")
        node.milter.wait_log("did not take the answer")
        wait_used(system, 1)
        wait_used(system, 1, "dom.example", scope="domain")
        for name, scope in ((ROSE, ""), ("dom.example", "domain")):
            expect(counters.charged(system.redis, name, "mx1", QID, scope), {}, "what is remembered of the message")


@case("defined: what one scope refuses is charged to none, refused or held")
def scopes(_):
    sections = quota("9 messages / 1h", of_domain="1 messages / 1h")
    sections["plan holding"] = {"quotas": '{ "9 messages / 1h" }', "over_quota": "hold"}
    with System({"mx1": True, "mx2": False}, sections) as system:
        system.nodes["mx1"].tool("user", "add", TULIP, "--plan", "holding")
        expect_sent(send(system.nodes["mx1"], plain(ROSE)))
        for node in system.nodes.values():
            expect_refused(send(node, plain(ROSE)))
            expect_held(send(node, plain(TULIP)))
        wait_used(system, 1)
        wait_used(system, 0, TULIP)
        expect(used(system, "dom.example", scope="domain"), 1, "counter of the domain")


# --- repeats ---------------------------------------------------------------------


@case("defined: a policy request that is repeated is charged once, on whatever connection and however often")
def repeated(_):
    with System({"mx1": False}, quota("20 recipients / 1h", of_domain="20 recipients / 1h")) as system:
        node = system.nodes["mx1"]
        for _ in range(4):
            expect(end_of_message(node, QID, "1.1", recipients=5), DUNNO, "answer")
        expect(used(system, unit="r"), 5, "counter")
        expect(used(system, "dom.example", unit="r", scope="domain"), 5, "counter of the domain")
        # Nothing is left; a message that was let through is let through again all the same.
        expect(end_of_message(node, "4QOTHER", "1.2", recipients=15), DUNNO, "answer to another message")
        expect_that(end_of_message(node, "4QTHIRD", "1.3").startswith(REFUSED), "a third message is refused")
        expect(end_of_message(node, QID, "1.1", recipients=5), DUNNO, "answer when the quota is used up")


@case("defined: the same queue id on another node, or of another login, is another message")
def other_node(_):
    with System({"mx1": True, "mx2": False}, quota("5 messages / 1h")) as system:
        for node in system.nodes.values():
            expect_sent(send(node, plain(ROSE), QID))
        expect(used(system), 2, "counter")
        expect_sent(send(system.nodes["mx1"], plain(TULIP), QID))
        expect((used(system), used(system, TULIP)), (2, 1), "counters")


@case("defined: a queue id that comes again soon is a new message; a refund of it takes nothing from the one before")
def used_again(_):
    with System({"mx1": True, "mx2": False}, quota("9 messages / 1h")) as system:
        for n, node in enumerate(system.nodes.values()):
            for _ in range(2):
                expect_sent(send(node, plain(ROSE), QID))
            expect(used(system), 2 * n + 2, f"counter ({node.name})")
        node = system.nodes["mx1"]
        expect(send(node, plain(ROSE, mischief="smtpd gone", at="end"), QID).reply, "smtpd gone", "end")
        node.milter.wait_log("did not take the answer")
        wait_used(system, 4)


@case("defined: a message is remembered for ten minutes, and a repeat does not prolong that")
def remembered(_):
    with System({"mx1": False}, quota("5 messages / 1h")) as system:
        node, key = system.nodes["mx1"], counters.message_key(ROSE, "mx1", QID)
        expect(end_of_message(node, QID, "1.1"), DUNNO, "answer")
        expect_that(590 <= system.redis("TTL", key) <= 600, "a message is remembered for ten minutes")
        system.redis("EXPIRE", key, 100)
        expect(end_of_message(node, QID, "1.1"), DUNNO, "answer to a repeat")
        expect_that(system.redis("TTL", key) <= 100, "a repeat prolongs what is remembered")
        expect(used(system), 1, "counter")
        system.redis("DEL", key)    # ten minutes have passed
        expect(end_of_message(node, QID, "1.1"), DUNNO, "answer")
        expect(used(system), 2, "counter")


# --- races with people --------------------------------------------------------------


@case("defined: a reset in the middle of a message: it is charged to what is counted anew")
def reset_before(_):
    with System({"mx1": True, "mx2": False}, quota("2 messages / 1h")) as system:
        for n, node in enumerate(system.nodes.values()):
            tool = node.tool
            expect_sent(send(node, plain(ROSE)))
            for stage in ("RCPT", "DATA", "end"):
                expect_sent(send(node, plain(ROSE), hooks={stage: lambda tool=tool: tool("reset", ROSE)}))
                expect(used(system), 1, f"counter after a reset at {stage} (node {n})")
            tool("reset", ROSE)


@case("defined: a reset after the charge: a repeat is not charged again, a refund takes nothing from what came later")
def reset_after(_):
    with System({"mx1": False, "mx2": True}, quota("5 messages / 1h")) as system:
        node, tool = system.nodes["mx1"], system.nodes["mx1"].tool
        expect(end_of_message(node, QID, "1.1"), DUNNO, "answer")
        tool("reset", ROSE)
        expect(end_of_message(node, QID, "1.1"), DUNNO, "answer to the repeat")
        expect(used(system), 0, "counter after the repeat")
        expect(end_of_message(node, "4QB", "1.2"), DUNNO, "answer")
        expect(used(system), 1, "counter after another message")
        other = system.nodes["mx2"]
        expect(send(other, plain(ROSE, mischief="smtpd gone", at="end")).reply, "smtpd gone", "end")
        other.milter.wait_log("did not take the answer")
        wait_used(system, 1)


@case("defined: a limit edited in the middle of a message is in force from the next question on; usage stays")
def edited(_):
    with System({"mx1": True, "mx2": False}, quota("9 recipients / 1h")) as system:
        for node in system.nodes.values():
            def limit(n, tool=node.tool):
                return lambda: tool("user", "set", ROSE, "--quota", f"{n} recipients / 1h")
            node.tool("reset", ROSE, check=False)
            node.tool("user", "add", ROSE, check=False)
            limit(9)()
            expect_sent(send(node, plain(ROSE, recipients=4)))
            # Lowered between the questions: each later one may be the one that refuses.
            for stage in ("RCPT", "DATA", "end"):
                expect_refused(send(node, plain(ROSE, recipients=2), hooks={stage: limit(5)}))
                expect(used(system, unit="r"), 4, f"counter after a limit was lowered at {stage}")
                limit(9)()
            # Lowered and raised again between two questions: as if nothing had been.
            for stage in ("MAIL", "end"):
                expect_sent(send(node, plain(ROSE), hooks={stage: lambda: (limit(1)(), limit(6)())}))
            expect(used(system, unit="r"), 6, "counter")
            limit(2)()
            expect_refused(send(node, plain(ROSE)))
            expect(system.usage(ROSE).get("2 recipients / 1h"), 6, "what `sendward usage` says")
            limit(8)()
            expect_sent(send(node, plain(ROSE, recipients=2)))
            expect_refused(send(node, plain(ROSE)))
            expect(used(system, unit="r"), 8, "counter")
            node.tool("reset", ROSE)


@case("defined: a plan is renamed: its logins are served by plan default until they are moved, and usage stays")
def renamed(_):
    def plans(name):
        return {"plan default": {"quotas": '{ "4 messages / 1h" }'},
                f"plan {name}": {"quotas": '{ "9 messages / 1h" }', "shared_quotas": '{ "3 messages / 1h" }'}}

    with System({"mx1": True, "mx2": False}, plans("gold")) as system:
        node, tool = system.nodes["mx1"], system.nodes["mx1"].tool
        tool("user", "add", ROSE, "--plan", "gold")
        for node in system.nodes.values():
            expect_sent(send(node, plain(ROSE)))
        system.configure(plans("silver"))

        def reload():
            for each in system.nodes.values():
                each.reload()

        # In the middle of a message: it goes on.
        expect_sent(send(system.nodes["mx2"], plain(ROSE), hooks={"DATA": reload}))
        expect(used(system), 3, "counter of the login")
        expect_sent(send(system.nodes["mx1"], plain(ROSE)))
        expect_refused(send(system.nodes["mx1"], plain(ROSE)))    # plan default's
        expect((used(system), used(system, "gold", scope="plan")), (4, 2), "counters")
        tool("user", "set", ROSE, "--plan", "silver")
        for node in (*system.nodes.values(), system.nodes["mx2"]):
            expect_sent(send(node, plain(ROSE)))
        expect_refused(send(system.nodes["mx1"], plain(ROSE)))    # what silver shares, from 0
        wait_used(system, 7)
        expect(used(system, "silver", scope="plan"), 3, "counter under the new name")


@case("defined: a login blocked in the middle of a message is refused at its end and not charged")
def blocked(_):
    with System({"mx1": True, "mx2": False}, quota("5 messages / 1h")) as system:
        for node in system.nodes.values():
            block = lambda tool=node.tool: tool("block", ROSE)    # noqa: E731
            expect_refused(send(node, plain(ROSE), hooks={"end": block}), "550 5.7.1 state: ")
            node.tool("allow", ROSE)
        expect(used(system), 0, "counter")
        # Charged, the answer lost, blocked: the repeat is refused, and the charge goes back.
        policy = system.nodes["mx2"]
        expect(end_of_message(policy, QID, "1.1"), DUNNO, "answer")
        policy.tool("block", ROSE)
        expect_that(end_of_message(policy, QID, "1.1").startswith("550 5.7.1 state: "), "the repeat is refused")
        wait_used(system, 0)
