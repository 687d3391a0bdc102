"""An outage of Redis: what stays in force, and what is counted in the end."""

import os
import signal

from processes import wait_until
from sendward import Tool
from table import case
from world import SHORT_MS, World, expect, expect_match

ALICE, BOB = "alice@example.org", "bob@example.org"


def send(world, login):
    return world.send(login, sender=f"<{login}>", headers=(("From", f" {login}"),)).answer


@case("what is accepted in an outage is charged once, though the daemon is killed meanwhile")
def killed_in_an_outage():
    with World(plan={"quotas": '{ "20 messages / 1h" }'}, deadline_ms=SHORT_MS) as world:
        expect([send(world, ALICE) for _ in range(2)], ["continue"] * 2, "before")
        world.redis.signal(signal.SIGSTOP)
        expect([send(world, ALICE) for _ in range(4)], ["continue"] * 4, "in the outage")
        world.daemon.kill()
        world.daemon.start()
        expect([send(world, ALICE) for _ in range(6)], ["continue"] * 6, "after the restart")
        # 10 are this node's share.
        expect_match(r"^451 4\.3\.0 ", send(world, ALICE), "beyond the share")
        world.redis.signal(signal.SIGCONT)
        world.daemon.wait_log("what was accepted without the store is settled")
        expect(world.used(ALICE), 12, "used")


@case("a message accepted in an outage and not taken by Postfix is not charged afterwards")
def not_taken():
    with World(deadline_ms=SHORT_MS) as world:
        expect(send(world, ALICE), "continue", "before")
        session = world.session()
        expect(session.mail(f"<{ALICE}>", ALICE), "continue", "MAIL")
        expect(session.rcpt("<r@example.net>", "4QGONE"), "continue", "RCPT")
        session.content((("From", f" {ALICE}"),), b"x\r\n", "4QGONE")
        world.redis.signal(signal.SIGSTOP)
        session.send_end_of_message("4QGONE")
        session.wait_read()
        session.close()
        world.daemon.wait_log("qid=4QGONE .*its charge is taken back")
        world.redis.signal(signal.SIGCONT)
        wait_until(lambda: world.used(ALICE) == 1, "the count to be right")


@case("a login that is blocked stays so when Redis dies, also after a restart of the daemon")
def blocked_and_away():
    with World(deadline_ms=SHORT_MS) as world:
        state = os.path.join(world.directory, "state", "milter.state")

        def heard():
            with open(state, "rb") as file:
                return file.read().count(b"stolen") == 2
        expect(send(world, ALICE), "continue", "before")
        for login in (ALICE, BOB):
            Tool(world.config_path)("block", login, "--reason", "stolen")
        wait_until(heard, "the daemon to have heard of it")
        world.redis.stop()
        for _ in range(2):
            for login in (ALICE, BOB):
                expect_match(r"^550 5\.7\.1 state: ", send(world, login), login)
            world.daemon.kill()
            world.daemon.start()
