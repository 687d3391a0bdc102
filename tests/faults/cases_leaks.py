"""Outages that come again and again leave nothing behind: memory, descriptors, threads."""

from proxy import NEVER, NONE, SCRIPTS, Fault, replying
from table import case, expect, expect_that
from processes import wait_until
from server import LIMIT_S
from world import measured

HALF = 60          # rounds; the first half warms up, the growth in the second half counts
MORE = 2           # halves more when it has grown: what comes and goes does not grow in each of them
LOGINS = 10
GROWTH_KB = 512    # of the resident memory in a half; it comes and goes by some hundreds of KB

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


def half(world, logins, sizes):
    for number in range(HALF):
        one_round(world, logins, OUTAGES[number % len(OUTAGES)])
        sizes.append(world.rss_kb())


def leaks(kind):
    with measured(kind, plan={"quotas": '{ "1000000 messages / 1h" }'}) as world:
        logins = [world.login("rose") for _ in range(LOGINS)]
        sizes, descriptors, threads = [], world.descriptors(), world.threads()
        half(world, logins, sizes)
        for _ in range(1 + MORE):
            half(world, logins, sizes)
            growth = max(sizes[-8:]) - max(sizes[-HALF - 8:-HALF])
            if growth <= GROWTH_KB:
                break
        wait_until(lambda: world.descriptors() <= descriptors and world.threads() <= threads,
                   f"{descriptors} descriptors and {threads} threads again", LIMIT_S)
        expect_that(growth <= GROWTH_KB, f"{growth} KB more after {len(sizes)} outages than {HALF} before: {sizes}")
        expect(world.end(), (0, []), "exit status and sanitizer reports")
        return (f"{len(sizes)} outages: {sizes[0]} KB after the first, {sizes[HALF - 1]} after {HALF}, {sizes[-1]} in "
                f"the end; {descriptors} descriptors, {threads} threads")


@case("policyd: a hundred outages leave no memory, descriptor or thread behind", "leaks policyd")
def policyd_leaks(_):
    return leaks("policyd")


@case("milter: a hundred outages leave no memory, descriptor or thread behind", "leaks milter")
def milter_leaks(_):
    return leaks("milter")
