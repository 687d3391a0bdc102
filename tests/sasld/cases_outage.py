"""What cannot be told is not guessed: the connection is closed, and Postfix says 454."""

import signal
import socket
import time

from bench import LIMIT_S, Dropped, Failure, expect, plain
from cases import PASSWORD, ROSE, accepted, case
from processes import wait_until
from sendward import PREFIX

OTHERS = ("wrong", PASSWORD)


def every_way(bench, username=ROSE, password=PASSWORD):
    """Each mechanism on a connection of its own."""
    return [bench.client().plain(username, password), bench.client().login(username, password),
            bench.client().scram(username, password)]


@case
def redis_stopped(bench):
    """without Redis nothing is told, at once, and logins go on when it is back"""
    bench.start().user(ROSE)
    expect(every_way(bench), [accepted()] * 3)
    bench.redis.stop()
    for password in OTHERS:
        expect(every_way(bench, password=password), [None] * 3)
    begin = time.monotonic()
    expect(every_way(bench), [None] * 3)
    if time.monotonic() - begin > 9:
        raise Failure("a store that is known to be away was waited for")
    bench.redis.start()
    bench.user(ROSE)
    wait_until(lambda: bench.client().plain(ROSE, PASSWORD) == accepted(), "logins with Redis back", LIMIT_S)
    wait_until(lambda: bench.client().scram(ROSE, PASSWORD) == accepted(), "SCRAM with Redis back", LIMIT_S)


@case
def redis_never(bench):
    """a daemon that has never reached Redis starts and tells nothing"""
    bench.start(with_redis=False, redis={"deadline": "200ms"})
    expect(every_way(bench), [None] * 3)
    bench.wait_log("verdict=defer reason=store")


@case
def redis_hangs(bench):
    """a Redis that does not answer is waited for until the deadline"""
    bench.start(redis={"deadline": "300ms"}).user(ROSE)
    bench.redis.signal(signal.SIGSTOP)
    try:
        begin = time.monotonic()
        expect(bench.client().plain(ROSE, PASSWORD), None)
        if time.monotonic() - begin > 6:
            raise Failure(f"that took {time.monotonic() - begin:.1f} s")
    finally:
        bench.redis.signal(signal.SIGCONT)
    wait_until(lambda: bench.client().plain(ROSE, PASSWORD) == accepted(), "logins again", LIMIT_S)


@case
def redis_errors(bench):
    """a record that Redis answers with an error is not a missing user"""
    bench.start().user(ROSE)
    for kind in ("a", "p", "g"):
        key = f"{PREFIX}{{{ROSE}}}:{kind}"
        before = bench.redis.command("GET", key)
        bench.redis.command("DEL", key)
        bench.redis.command("LPUSH", key, "x")
        expect(every_way(bench), [None] * 3, f"the answers with a list at :{kind}")
        expect(bench.client().plain(ROSE, "wrong"), None)
        bench.redis.command("DEL", key)
        if before:
            bench.redis.command("SET", key, before)
    expect(every_way(bench), [accepted()] * 3)


@case
def scripts_flushed(bench):
    """a Redis that has lost its scripts gets them again"""
    bench.start().user(ROSE)
    client = bench.client()
    expect(client.plain(ROSE, PASSWORD), accepted())
    bench.redis.command("SCRIPT", "FLUSH")
    expect(client.plain(ROSE, "wrong"), ("FAIL", {}))
    expect(client.plain(ROSE, PASSWORD), accepted())


@case
def restarted(bench):
    """a restart ends idle connections, and answers logins under way before"""
    bench.start(passwords={"sha512_rounds": "5000"}).user(ROSE)
    idle, busy, waiting = bench.client(), bench.client(), bench.client()
    expect(idle.plain(ROSE, PASSWORD), accepted())
    waiting.ask("LOGIN")
    expect(waiting.answer()[0], "CONT")
    busy.ask("PLAIN", plain(ROSE, PASSWORD))
    bench.daemon.stop()
    expect(bench.daemon.stopped_with, 0, "the exit status")
    expect(busy.answer(), accepted())
    for client in (idle, waiting, busy):
        expect(client.answer(), None, "the answer of a daemon that has ended")
    bench.daemon.start()
    wait_until(lambda: bench.client().plain(ROSE, PASSWORD) == accepted(), "logins after the restart", LIMIT_S)


@case
def clients_that_leave(bench):
    """clients that leave in the middle of anything leave nothing behind"""
    bench.start(sasld={"hash_threads": "1"}).user(ROSE)
    for number in range(60):
        client = bench.client()
        if number % 3 == 0:
            # From somewhere else each time: else it is guessing, and the next one is refused.
            client.ask("PLAIN", plain(ROSE, "wrong"), client=f"203.0.113.{number}")
        elif number % 3 == 1:
            client.salt(ROSE)
        else:
            client.ask("LOGIN")
        client.close()
    client = bench.client()
    expect(client.plain(ROSE, PASSWORD, client="198.51.100.1"), accepted())


@case
def slow_peers(bench):
    """a request that comes octet by octet is answered; one that never ends keeps nobody waiting"""
    bench.start().user(ROSE)
    slow, never = bench.client(), bench.client()
    never.socket.sendall(b"AUTH\t1\tPLAIN\tsec")
    for octet in f"AUTH\t1\tPLAIN\tsecured\trip=192.0.2.1\tresp={plain(ROSE, PASSWORD)}\n".encode():
        slow.socket.send(bytes([octet]))
    expect(slow.answer(), accepted())


@case
def deaf_peers(bench):
    """a peer that does not read its answers is given up"""
    bench.start()
    deaf = bench.client()
    deaf.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    line = "AUTH\t{}\tNONE\tsecured\n"
    try:
        for number in range(40000):
            deaf.socket.sendall(line.format(number).encode())
    except (BrokenPipeError, ConnectionResetError, socket.timeout):
        pass
    else:
        raise Failure("it was listened to for ever")
    bench.wait_log("does not read its answers")
    bench.client()


@case
def too_many(bench):
    """more connections than max_connections are closed at once"""
    bench.start(sasld={"max_connections": "3"}).user(ROSE)

    def served():
        try:
            return bench.client()
        except (Dropped, OSError):
            return None
    # The connection by which it was seen to be there may not have ended yet.
    clients = [wait_until(served, "room for a connection", LIMIT_S) for _ in range(3)]
    expect(served(), None, "a fourth connection")
    bench.wait_log("sasld.max_connections = 3")
    clients[0].close()
    expect(clients[1].plain(ROSE, PASSWORD), accepted())


@case
def full_queue(bench):
    """more logins than can be compared in time are put off, not refused"""
    bench.start(sasld={"hash_threads": "1", "guess_limit": "0", "guess_network_limit": "0"},
                passwords={"sha512_rounds": "100000"}).user(ROSE)
    clients = [bench.client() for _ in range(45)]
    for number in range(8):
        for client in clients:
            client.ask("PLAIN", plain(f"nobody{number}", "wrong"))
    dropped = 0
    for client in clients:
        try:
            for _ in range(8):
                client.line()
        except Dropped:
            dropped += 1
    if not dropped:
        raise Failure("everything was answered")
    bench.wait_log("verdict=defer reason=busy")
    wait_until(lambda: bench.client().plain(ROSE, PASSWORD) == accepted(), "logins with the queue empty", LIMIT_S)
