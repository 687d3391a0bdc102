"""Cases of an outage of Redis: what stays in force, and what is counted in the end."""

import itertools
import os
import shutil
import signal

from bench import DUNNO, LIMIT_S, expect, expect_prefix
from cases import case, one_message
from processes import wait_until
from sendward import Tool

ROSE = "rose@dom.example"


def end(client, number, **attributes):
    return client.ask("END-OF-MESSAGE", **one_message(number, **attributes))


def used(bench):
    """What a question finds now."""
    with bench.client() as client:
        client.ask("MAIL")
    return int(bench.decisions()[-1].used)


def state(bench):
    with open(os.path.join(bench.directory, "state", "policyd.state"), "rb") as file:
        return file.read()


def kill_and_start(bench):
    bench.daemon.kill()
    bench.daemon.start()


@case
def killed_in_an_outage(bench):
    """what is accepted in an outage is charged once, though the daemon is killed twice meanwhile"""
    client = bench.start(redis={"deadline": "200ms"}, plan={"quotas": '{ "40 messages / 1h" }'}).client()
    for number in range(3):
        expect(end(client, number), DUNNO)
    bench.redis.signal(signal.SIGSTOP)
    for number in range(3, 8):
        expect(end(client, number), DUNNO)
    kill_and_start(bench)
    client = bench.client()
    for number in range(5, 12):      # 5 to 7 are repeated requests
        expect(end(client, number), DUNNO)
    kill_and_start(bench)
    client = bench.client()
    for number in range(12, 23):
        expect(end(client, number), DUNNO)
    # 20 are this node's share, and the restarts do not admit it anew.
    expect_prefix(end(client, 23), "451 4.3.0 ")
    bench.redis.signal(signal.SIGCONT)
    bench.wait_log("what was accepted without the store is settled")
    expect(used(bench), 23, "used")
    for number in (0, 4, 11, 22):
        expect(end(client, number), DUNNO, "a repeated request")
    expect(used(bench), 23, "used after repeated requests")


@case
def flapping(bench):
    """a Redis that comes and goes has each message once in the end"""
    client = bench.start(redis={"deadline": "100ms"}).client()
    number = 0
    for _ in range(5):
        for signal_number in (signal.SIGSTOP, signal.SIGCONT):
            bench.redis.signal(signal_number)
            for _ in range(4):
                expect(end(client, number), DUNNO)
                number += 1
    wait_until(lambda: used(bench) == number, f"{number} to be used", LIMIT_S)


@case
def blocked_and_away(bench):
    """a login that is blocked stays so when Redis dies, also one that was never seen, also after a restart"""
    client = bench.start(redis={"deadline": "200ms"}).client()
    expect(client.ask("MAIL"), DUNNO)
    tool = Tool(bench.config_path)
    for login in (ROSE, "tulip@dom.example"):
        tool("block", login, "--reason", "stolen")
    wait_until(lambda: state(bench).count(b"stolen") == 2, "the daemon to have heard of it", LIMIT_S)
    bench.redis.stop()
    for _ in range(2):
        client = bench.client()
        for login in (ROSE, "tulip@dom.example"):
            expect_prefix(client.ask("MAIL", sasl_username=login, sender=login), "550 5.7.1 state: ")
        expect(client.ask("MAIL", sasl_username="lily@dom.example", sender="lily@dom.example"), DUNNO)
        kill_and_start(bench)


def away_without_state(bench):
    """A client of a daemon that has no state directory, when Redis has just gone; one message is charged."""
    shutil.rmtree(os.path.join(bench.directory, "state"))
    client = bench.start(redis={"deadline": "200ms"}).client()
    expect(end(client, 1), DUNNO)
    bench.redis.signal(signal.SIGSTOP)
    return client


@case
def no_place_for_the_state(bench):
    """without a state directory it says so once, and works"""
    client = away_without_state(bench)
    expect(end(client, 2), DUNNO)
    bench.redis.signal(signal.SIGCONT)
    bench.wait_log("what was accepted without the store is settled")
    expect(used(bench), 2, "used")
    expect(bench.log_count("going on without it"), 1, "the number of lines")


@case
def stopped_in_an_outage(bench):
    """stopped in an outage without a state directory it says how many charges are lost"""
    client = away_without_state(bench)
    for number in (2, 3):
        expect(end(client, number), DUNNO)
    bench.daemon.stop()
    bench.redis.signal(signal.SIGCONT)
    expect(bench.log_count("charges of accepted messages that are lost: 2"), 1, "the number of lines")


def refused_list(bench, ending, messages):
    """Redis refuses one of the two lists of what a login has sent; so many messages at a time go into it."""
    client = bench.start(plan={"quotas": '{ "1M messages / 1h" }'}).client()
    bench.redis.command("SET", f"sendward:{{{ROSE}}}:h{ending}", "none of ours")
    numbers = itertools.count()

    def said():
        for _ in range(messages):
            expect(end(client, next(numbers)), DUNNO)
        return bench.log_count("redis answers, but not to what it is asked: WRONGTYPE")
    wait_until(said, "the daemon to say it", LIMIT_S)
    bench.wait_log("messages it is perhaps not kept that they were sent")


@case
def history_refused(bench):
    """that what a login sends cannot be kept is said, and its mail passes"""
    refused_list(bench, "", 1)


@case
def history_of_many_refused(bench):
    """so it is of a login that sends many messages together"""
    refused_list(bench, ":p", 20)
