"""Connections, signals, a store that is away: what must hold while things go wrong."""

import os
import signal
import socket
import struct
import subprocess
import threading
import time

import mta
from ports import free_port
from processes import LIMIT_S, accepts_connections, wait_until
from sendward import built
from table import case
from world import BODY, FROM_ALICE, LATEST_MS, SHORT_MS, World, expect, expect_between, expect_match

ALICE = "alice@example.org"
DEFER = {"on_store_failure": "defer"}
STOP_S = 10.0


@case("negotiation asks for what is needed and nothing else")
def negotiation():
    with World() as world, world.session() as session:
        expect(session.version, 6, "version")
        expect(session.actions, 0x1 | 0x4 | 0x8 | 0x10 | 0x20 | 0x100,
               "addheader, addrcpt, delrcpt, chgheader, quarantine, setsymlist")
        expect(session.steps, 0x80 | 0x100 | 0x1000 | 0x2000 | 0x4000 | 0x10000 | 0x40000 | 0x80000 | 0x100000, "steps")
        expect(session.symbols, {2: "{auth_authen} {tls_version}", 3: "i", 5: "i"}, "macros")


@case("an old milter protocol is refused with a line that says what to set")
def old_protocol():
    with World() as world:
        try:
            world.session(offer=(2, 0x3F, 0x7F)).close()
        except mta.Gone:
            world.daemon.wait_log("milter_protocol = 6")
        else:
            raise AssertionError("version 2 was accepted")


@case("an aborted message is forgotten, and the session goes on")
def abort():
    with World() as world, world.session() as session:
        expect(session.mail("<alice@example.org>", ALICE), "continue", "MAIL")
        expect(session.rcpt("<r1@example.net>"), "continue", "RCPT")
        session.abort()
        expect(session.mail("<alice@example.org>", ALICE), "continue", "MAIL after RSET")
        expect(session.rcpt("<r2@example.net>"), "continue", "RCPT after RSET")
        session.content((("From", " boss@example.com"),), BODY, "4QA")
        session.abort()
        expect(world.message(session, ALICE).answer, "continue", "a whole message")
        expect(world.decided(stage="END-OF-MESSAGE").used, "1", "used")


@case("a connection dropped at any stage leaves nothing behind")
def dropped():
    with World() as world:
        for stage in range(5):
            with world.session() as session:
                if stage > 0:
                    session.mail("<alice@example.org>", ALICE)
                if stage > 1:
                    session.rcpt("<r@example.net>")
                if stage > 2:
                    session.content(FROM_ALICE, BODY, "4QA")
                if stage > 3:
                    session.socket.sendall(struct.pack("!I", 500) + b"Lhalf a packet")
        expect(world.used(ALICE), 0, "used afterwards")
        expect(world.send(ALICE).answer, "continue", "the next message")


@case("a message whose server has gone before the answer gets its charge back")
def gone_before_the_answer():
    for tcp in (None, ("127.0.0.1", free_port())):
        gone_at_the_end(tcp)


def gone_at_the_end(tcp):
    with World(tcp=tcp) as world:
        expect(world.send(ALICE).answer, "continue", "a message before")
        session = world.session()
        session.mail("<alice@example.org>", ALICE)
        session.rcpt("<r@example.net>")
        session.content(FROM_ALICE, BODY, "4QGONE")
        world.redis.signal(signal.SIGSTOP)
        session.send_end_of_message("4QGONE")
        session.wait_read()
        session.close()
        world.redis.signal(signal.SIGCONT)
        world.decided(stage="END-OF-MESSAGE", qid="4QGONE")
        world.daemon.wait_log("qid=4QGONE .*its charge is taken back")
        # The line is written before the refund has gone to Redis.
        wait_until(lambda: world.used(ALICE) == 1, "the charge to be gone")


@case("packets that are none close the connection and nothing else")
def garbage():
    with World() as world:
        for data in (b"GET / HTTP/1.0\r\n\r\n", b"\0\0\0\1?", b"\xff\xff\xff\xff", b"\0\0\0\x0dO" + b"\0" * 12, b""):
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
                client.connect(world.path)
                client.sendall(data)
        expect(world.send(ALICE).answer, "continue", "the next message")


@case("commands in a wrong order get no message accepted")
def wrong_order():
    with World() as world, world.session() as session:
        session.socket.settimeout(1)
        try:
            session.end_of_message("4QA")
        except (socket.timeout, mta.Gone):
            pass
        expect(world.decisions(stage="END-OF-MESSAGE"), [], "decisions at the end")


@case("a header field as long as Postfix lets one be is read whole")
def long_field():
    with World() as world, world.session() as session:
        headers = (*FROM_ALICE, ("X-Long", " " + "x" * 102400))
        expect(world.message(session, ALICE, headers=headers).answer, "continue", "answer")
        expect(world.message(session, ALICE).answer, "continue", "the next message")


@case("connections beyond max_connections are closed at once, and said once")
def too_many_connections():
    with World() as world:
        world.configure(milter={"max_connections": "2"})
        world.daemon.signal(signal.SIGHUP)
        world.daemon.wait_log("configuration reloaded")
        with world.session(), world.session():
            for _ in range(2):
                expect(is_served(world), False, "a third connection is served")
        expect(world.daemon.log().count("milter.max_connections = 2"), 1, "lines about it")
        wait_until(lambda: is_served(world), "room again")


@case("fifty sessions at once are each answered rightly and charged exactly")
def concurrent():
    sessions, messages = 50, 4
    wrong = []

    def one(world, number):
        login = f"user{number % 5}@example.org"
        try:
            with world.session() as session:
                for _ in range(messages):
                    answer = world.message(session, login, recipients=("<a@example.net>", "<b@example.net>"))
                    if answer != ("continue", []):
                        wrong.append((login, answer))
        except Exception as error:    # shown by the main thread
            wrong.append((login, repr(error)))

    with World(plan={"quotas": '{ "1000 recipients / 1h" }'}) as world:
        threads = [threading.Thread(target=one, args=(world, i)) for i in range(sessions)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        expect(wrong, [], "wrong answers")
        for i in range(5):
            expect(world.used(f"user{i}@example.org"), 2 * messages * sessions // 5, f"used by user{i}")


@case("concurrent messages of one login never exceed its quota")
def concurrent_quota():
    answers = []
    with World(plan={"quotas": '{ "10 messages / 1h" }'}) as world:
        threads = [threading.Thread(target=lambda: answers.append(world.send(ALICE).answer)) for _ in range(30)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        expect(answers.count("continue"), 10, f"accepted of {len(answers)}")


@case("a hung Redis: 451 within the deadline, nothing charged, and all is well afterwards")
def hung_redis():
    with World(top=DEFER, deadline_ms=SHORT_MS) as world:
        expect(world.send(ALICE).answer, "continue", "before")
        world.redis.signal(signal.SIGSTOP)
        began = time.monotonic()
        answer = world.send(ALICE).answer
        took = time.monotonic() - began
        world.redis.signal(signal.SIGCONT)
        expect_match(r"^451 4\.3\.0 ", answer, "reply")
        expect_between(0, took, LATEST_MS / 1000, "seconds for the reply")
        world.decided(verdict="defer")
        wait_for_store(world)
        wait_until(lambda: world.used(ALICE) == 1, "the charge to be gone")


@case("Redis hangs at the end of a message: 451, and a charge that arrived is taken back")
def hung_at_the_end():
    with World(top=DEFER, deadline_ms=SHORT_MS) as world, world.session() as session:
        expect(world.message(session, ALICE).answer, "continue", "before")
        session.mail("<alice@example.org>", ALICE)
        session.rcpt("<r@example.net>")
        session.content(FROM_ALICE, BODY, "4QHUNG")
        world.redis.signal(signal.SIGSTOP)
        answer = session.end_of_message("4QHUNG").answer
        world.redis.signal(signal.SIGCONT)
        expect_match(r"^451 4\.3\.0 ", answer, "reply")
        wait_for_store(world)
        expect(world.message(session, ALICE).answer, "continue", "after")
        wait_until(lambda: world.used(ALICE) == 2, "the charge of the one that was put off to be gone")


@case("without a store on_store_failure = pass accepts")
def pass_without_store():
    with World(top={"on_store_failure": "pass"}, deadline_ms=SHORT_MS) as world:
        world.redis.signal(signal.SIGSTOP)
        answer = world.send(ALICE).answer
        world.redis.signal(signal.SIGCONT)
        expect(answer, "continue", "answer")


@case("the daemon starts without Redis, says so, and recovers by itself")
def start_without_redis():
    with World(top=DEFER, with_redis=False, deadline_ms=SHORT_MS) as world:
        world.daemon.wait_log("started without the store")
        expect_match(r"^451 4\.3\.0 ", world.send(ALICE).answer, "without Redis")
        world.redis.start()
        wait_for_store(world)
        expect(world.send(ALICE).answer, "continue", "with Redis")


@case("SIGUSR1 and SIGHUP take a good configuration for new sessions; a session keeps its own")
def reload():
    for number in (signal.SIGUSR1, signal.SIGHUP):
        with World() as world, world.session() as old:
            expect(old.envelope("<alice@example.org>", ALICE), "continue", "the session before")
            old.abort()
            world.configure(plan={"senders": '{ "*@example.com" }'})
            world.daemon.signal(number)
            world.daemon.wait_log("configuration reloaded")
            expect(old.envelope("<alice@example.org>", ALICE), "continue", "the old session")
            with world.session() as new:
                expect_match("^553 ", new.envelope("<alice@example.org>", ALICE), "a new session")


@case("SIGUSR1 at the very start waits until it can be served")
def early_reload():
    with World() as world:
        world.daemon.stop()
        before = world.daemon.log().count("configuration reloaded")
        world.daemon.launch()
        wait_until(lambda: os.path.exists(world.path), "the socket")
        world.daemon.signal(signal.SIGUSR1)
        wait_until(lambda: world.daemon.log().count("configuration reloaded") > before, "the reload")
        world.daemon.wait_ready()
        expect(world.send(ALICE).answer, "continue", "afterwards")


@case("SIGUSR1 with a bad configuration keeps the one there is and says why")
def bad_reload():
    with World() as world:
        world.configure(plan={"quotas": '{ "3 apples / 1h" }'})
        world.daemon.signal(signal.SIGUSR1)
        world.daemon.wait_log(r"sendward\.conf:\d+: ")
        expect(world.send(ALICE).answer, "continue", "afterwards")


@case("many reloads under load leave every session whole")
def reloads_under_load():
    stop = threading.Event()

    def reload_often(world):
        while not stop.is_set():
            world.daemon.signal(signal.SIGUSR1)
            time.sleep(0.01)

    with World() as world:
        thread = threading.Thread(target=reload_often, args=(world,))
        thread.start()
        try:
            for _ in range(30):
                expect(world.send(ALICE).answer, "continue", "answer")
        finally:
            stop.set()
            thread.join()


@case("SIGTERM and SIGINT stop it quickly with status 0, and the socket is gone")
def stops():
    for number in (signal.SIGTERM, signal.SIGINT):
        with World() as world:
            expect(world.send(ALICE).answer, "continue", "a message before")
            with world.session() as session:
                session.mail("<alice@example.org>", ALICE)
                began = time.monotonic()
                world.daemon.signal(number)
                status = world.daemon.processes[0].wait(LIMIT_S)
                expect(status, 0, f"status after {number.name}")
                expect_between(0, time.monotonic() - began, STOP_S, f"seconds to stop after {number.name}")
            expect(os.path.exists(world.path), False, "the socket is there")


@case("a question under way is answered before the daemon ends")
def stop_while_asking():
    with World(top=DEFER) as world, world.session() as session:
        session.mail("<alice@example.org>", ALICE)
        session.rcpt("<r@example.net>")
        session.content(FROM_ALICE, BODY, "4QLAST")
        world.redis.signal(signal.SIGSTOP)
        session.send_end_of_message("4QLAST")
        session.wait_read()
        world.daemon.signal(signal.SIGTERM)
        wait_until(lambda: not accepts_connections(world.path), "the listener to close")
        world.redis.signal(signal.SIGCONT)
        expect(session.answer().answer, "continue", "answer")
        expect(world.daemon.processes[0].wait(LIMIT_S), 0, "status")


@case("what a server has been told stands in the log, also when the daemon is killed at that moment")
def told_is_logged():
    with World() as world:
        for number in range(1, 6):
            with world.session() as session:
                expect(world.message(session, ALICE).answer, "continue", "answer")
                world.daemon.kill()
            expect(len(world.decisions(stage="END-OF-MESSAGE", verdict="accept")), number, "messages in the log")
            world.daemon.start()


@case("the daemon beats in the store")
def beats():
    with World() as world:
        world.send(ALICE)
        beat = wait_until(lambda: world.redis.command("GET", "sendward:node:mx1/milter"), "a beat")
        expect_match(r'"pid":\d+.*"since":\d+.*"messages":\d+', beat, "beat")
        expect_between(1, int(world.redis.command("TTL", "sendward:node:mx1/milter")), 30, "seconds it lasts")


@case("the socket has the mode that is configured, from the start")
def socket_mode():
    with World(top={"socket_mode": "0640"}) as world:
        expect(oct(os.stat(world.path).st_mode & 0o7777), "0o640", "mode")


@case("a file at the socket's path is refused, a dead socket replaced, a live one left alone")
def socket_path():
    with World() as world:
        status, error = start_once(world)
        expect(status, 1, "status beside a live daemon")
        expect(world.send(ALICE).answer, "continue", "the first daemon")
        world.daemon.stop()
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
            dead.bind(world.path)
        world.daemon.start()
        expect(world.send(ALICE).answer, "continue", "after a dead socket")
        world.daemon.stop()
        with open(world.path, "w", encoding="utf-8") as file:
            file.write("precious")
        status, error = start_once(world)
        expect(status, 1, "status with a file in the way")
        expect_match("milter", error, "error")
        with open(world.path, encoding="utf-8") as file:
            expect(file.read(), "precious", "the file")


@case("a TCP socket serves as well, and stops as quickly")
def tcp():
    with World(tcp=("127.0.0.1", free_port())) as world, world.session() as session:
        expect(world.message(session, ALICE).answer, "continue", "answer")
        began = time.monotonic()
        world.daemon.signal(signal.SIGTERM)
        expect(world.daemon.processes[0].wait(LIMIT_S), 0, "status")
        expect_between(0, time.monotonic() - began, STOP_S, "seconds to stop")


@case("a configuration without a milter is refused with a reason")
def no_milter():
    with World() as world:
        path = os.path.join(world.directory, "other.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write('redis { address = "unix:/nowhere" }\n')
        status, error = start_once(world, path)
        expect(status, 1, "status")
        expect_match("milter", error, "error")


def is_served(world):
    try:
        return world.send(ALICE).answer == "continue"
    except (mta.Gone, OSError):
        return False


def start_once(world, config=None):
    """A second daemon: its exit status and what it wrote."""
    done = subprocess.run([built("sendward-milter"), "-f", "-c", config or world.config_path], capture_output=True,
                          text=True, timeout=LIMIT_S, check=False)
    return done.returncode, done.stderr


def wait_for_store(world):
    """Waits until a question gets through."""
    def passes():
        with world.session() as session:
            return session.envelope("<alice@example.org>", ALICE) == "continue"
    wait_until(passes, "the store to be back")
