"""Case 13: logins with odd characters have their own counters, and no one else's."""

from stack import EVERY_WIRING
from table import case, expect, expect_delivered, expect_equal, expect_refused, expect_same_story

# All by real SMTP AUTH; SENDER is what each of them may use.
SENDER = "odd@dom.example"
ODD = (
    "user+tag@dom.example",
    "DOM\\user",
    "two words",
    " leading and trailing ",
    'quo"ted',
    "it's",
    "grün@dom.example",
    "用户@例子.example",
    "x" * 255,
    "a}b{c",
    "{",
    "}",
    "{user@dom.example}",
    "%u%d%%s",
    "=equal=",
    "*",
    "user?[a-z]*@dom.example",
    "line'; DROP TABLE--",
)
# Names that a careless key, pattern or hash tag would mix up with an odd one. They never send.
NEIGHBOURS = ("user@dom.example", "user", "two", "words", "leading and trailing", "a", "c", "b", "x" * 254,
              "x" * 254 + "y", "quoted", "user@dom", "gr?n@dom.example")


def _messages(login):
    """How many each login sends: neighbours in the table differ."""
    return 1 + ODD.index(login) % 3


@case(13, "a login with odd characters has its own counters, and no one else's", wirings=EVERY_WIRING, users=ODD)
def _(stack):
    for login in ODD:
        stack.sendward("user", "add", login, "--sender", SENDER)
    for login in ODD:
        for _number in range(_messages(login)):
            outcome = stack.send(login, client="python", sender=SENDER, header_from=SENDER)
            expect_delivered(stack, outcome)
        expect_same_story(stack, login, outcome, "accept")
    for login in ODD:
        expect_equal(stack.used(login), _messages(login), f"messages used by {login!r}")
        shown = stack.sendward.json("usage", login)
        expect_equal(shown["login"], login, "login in the usage")
    for login in NEIGHBOURS:
        expect_equal(stack.used(login), 0, f"messages used by {login!r}, who sent nothing")
    listed = stack.sendward.json("user", "list")
    names = [one["login"] if isinstance(one, dict) else one for one in listed]
    expect_equal(sorted(names), sorted(ODD), "user list")


@case(13, "blocking a login with odd characters blocks that one only", wirings=EVERY_WIRING, users=ODD)
def _(stack):
    for login in ODD:
        stack.sendward("user", "add", login, "--sender", SENDER)
    for blocked in ODD[::3]:
        stack.sendward("block", blocked, "--reason", f'because of "{blocked}"'[:200])
    for login in ODD:
        outcome = stack.send(login, client="python", sender=SENDER, header_from=SENDER)
        if login in ODD[::3]:
            expect_refused(stack, outcome, "550", "5.7.1", "")
            expect_same_story(stack, login, outcome, "refuse", "state")
        else:
            expect_delivered(stack, outcome)
    for login in ODD[::3]:
        stack.sendward("user", "delete", login)
        done = stack.sendward("user", "show", login, check=False)
        expect_equal(done.returncode, 1, f"exit status of user show for deleted {login!r}")


@case(13, "swaks, msmtp and curl log in with odd characters too", wirings=EVERY_WIRING, users=ODD)
def _(stack):
    sent = 0
    for login in ('quo"ted', "two words", "a}b{c"):
        stack.sendward("user", "add", login, "--sender", SENDER)
        for client in ("swaks", "msmtp", "curl"):
            expect_delivered(stack, stack.send(login, client=client, sender=SENDER, header_from=SENDER))
            sent += 1
        expect_equal(stack.used(login), 3, f"messages used by {login!r}")
    expect_equal(sent, 9, "messages sent")


@case(13, "a login too long to have an account is neither served nor taken for another one", wirings=EVERY_WIRING,
      users=["x" * 256, "x" * 400])
def _(stack):
    stack.sendward("user", "add", "x" * 255, "--sender", SENDER)
    for length in (256, 400):
        outcome = stack.send("x" * length, client="python", sender=SENDER, header_from=SENDER)
        expect(not outcome.accepted, f"a login of {length} bytes was served: {outcome}")
    expect_equal(stack.used("x" * 255), 0, "messages used by the login of 255 bytes")


@case(13, "letter case of a login is not folded by Sendward", wirings=EVERY_WIRING, users=["Rose@dom.example"])
def _(stack):
    stack.sendward("user", "add", "rose@dom.example")
    expect_delivered(stack, stack.send("rose@dom.example"))
    stack.sendward("block", "rose@dom.example")
    expect_delivered(stack, stack.send("Rose@dom.example", client="python", sender="rose@dom.example",
                                       header_from="rose@dom.example"))
    expect_equal((stack.used("rose@dom.example"), stack.used("Rose@dom.example")), (1, 1), "messages used")
