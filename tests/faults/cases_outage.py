"""What an outage means beyond the answers: what is told, and what a daemon that is restarted meanwhile still knows."""

import signal

from processes import wait_until
from server import LIMIT_S
from table import case, expect, expect_that
from world import LIMIT, World

SHARE = LIMIT // 2
BEFORE = 2
REFUSED = "redis answers, but not to what it is asked: OOM "


@case("policyd: that Redis is full is said once a minute, not with each message", "told")
def refusal_told(_):
    with World("policyd") as world:
        world.server.full()
        for _ in range(20):
            world.send(world.login("rose"))
        world.server.not_full()
        world.wait_store()
        expect(world.log().count(REFUSED), 1, "lines in the log")
        expect(world.end(), (0, []), "exit status and sanitizer reports")


def restarted(kind, number):
    """The daemon ends by that signal while Redis is away, and begins again without it."""
    with World(kind, top={"unknown_while_degraded": "defer"}) as world:
        rose, blocked = world.login("rose"), world.login("blocked")
        world.tool("block", blocked)
        for _ in range(BEFORE):
            expect(world.send(rose).answer, "accept", "an answer before")
        expect(world.send(blocked).answer, "550", "the answer to the blocked login before")
        world.server.kill()
        accepted = [world.send(rose).answer for _ in range(SHARE - 2)]
        expect(accepted, ["accept"] * (SHARE - 2), "the answers without Redis")
        world.daemon.signal(number)
        wait_until(lambda: not world.daemon.running(), "the daemon's end", LIMIT_S)
        world.daemon.start()
        expect(world.send(blocked).answer, "550", "the answer to the blocked login after the restart")
        answers = [world.send(rose).answer for _ in range(4)]
        expect(answers[:2], ["accept"] * 2, "the rest of the share")
        expect_that(set(answers[2:]) <= {"450", "451"}, f"beyond the share: {answers[2:]}")
        expect(world.send(world.login("stranger")).answer, "451", "the answer to a login never seen")
        world.server.start()
        world.wait_store()
        wait_until(lambda: world.used(rose) == BEFORE + SHARE, f"{BEFORE + SHARE} messages to be counted", LIMIT_S)
        expect(world.send(rose).answer, "accept", "the answer afterwards")
        expect(world.used(rose), BEFORE + SHARE + 1, "counted afterwards")
        expect(world.end(), (0, []), "exit status and sanitizer reports")


for _kind in ("policyd", "milter"):
    for _number in (signal.SIGTERM, signal.SIGKILL):
        @case(f"{_kind}: {_number.name} and a new start while Redis is away lose no block, no count and no charge",
              f"restart {_kind}")
        def restart(_, kind=_kind, number=_number):
            restarted(kind, number)
