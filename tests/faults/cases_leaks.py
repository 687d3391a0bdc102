"""Outages that come again and again leave nothing behind: memory, descriptors, threads."""

from proxy import NEVER, NONE, SCRIPTS, Fault, replying
from table import case, expect, expect_that
from processes import wait_until
from server import LIMIT_S
from world import measured

ROUNDS = 120       # the first half warms up, the growth in the second half counts
LOGINS = 10
GROWTH_KB = 512    # of the resident memory in the second half; it comes and goes by some hundreds of KB

# An outage each; the daemon is to be well again after it.
OUTAGES = (
    Fault(cuts=True),
    Fault(accepts=False, cuts=True),
    Fault(commands=SCRIPTS, mangle=lambda data: (data[:len(data) // 2], "reset")),
    replying("garbage"),
    replying("-LOADING Redis is loading the dataset in memory", commands=None),
    replying("-NOSCRIPT No matching script."),
    replying("*0"),
    Fault(cuts=True, answer=lambda words: NEVER),
)


def one_round(world, logins, fault):
    world.proxy.set(fault)
    for login in logins:
        world.send(login)
    world.proxy.set(NONE)
    wait_until(lambda: world.store_decides(logins[0]), "a decision of the store's", LIMIT_S)
    for login in logins:
        world.send(login)


def leaks(kind):
    with measured(kind, plan={"quotas": '{ "1000000 messages / 1h" }'}) as world:
        logins = [world.login("rose") for _ in range(LOGINS)]
        sizes, descriptors, threads = [], world.descriptors(), world.threads()
        for number in range(ROUNDS):
            one_round(world, logins, OUTAGES[number % len(OUTAGES)])
            sizes.append(world.rss_kb())
        wait_until(lambda: world.descriptors() <= descriptors and world.threads() <= threads,
                   f"{descriptors} descriptors and {threads} threads again", LIMIT_S)
        half = ROUNDS // 2
        growth = max(sizes[-8:]) - max(sizes[half - 8:half])
        expect_that(growth <= GROWTH_KB, f"{growth} KB more after {ROUNDS} outages than after {half}: {sizes}")
        expect(world.end(), (0, []), "exit status and sanitizer reports")
        return (f"{ROUNDS} outages: {sizes[0]} KB after the first, {sizes[half - 1]} in the middle, {sizes[-1]} in the "
                f"end; {descriptors} descriptors, {threads} threads")


@case("policyd: a hundred outages leave no memory, descriptor or thread behind", "leaks policyd")
def policyd_leaks(_):
    return leaks("policyd")


@case("milter: a hundred outages leave no memory, descriptor or thread behind", "leaks milter")
def milter_leaks(_):
    return leaks("milter")
