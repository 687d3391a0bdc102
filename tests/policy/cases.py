"""The cases, each a function whose text is its name."""

import json
import os
import signal
import socket
import subprocess
import time

from bench import ATTRIBUTES, DUNNO, LIMIT_S, Failure, expect, expect_prefix, request
from ports import free_port
from processes import wait_until
from sendward import NODE, Daemon, built

CASES = []
STAGES = ("MAIL", "RCPT", "DATA", "END-OF-MESSAGE")


def case(function):
    CASES.append(function)
    return function


def one_message(number=1, **attributes):
    """Attributes of a message with one recipient, as at DATA and END-OF-MESSAGE."""
    return {"instance": f"1.{number}", "queue_id": f"0BFF{number:08X}", "recipient_count": 1, "size": 1000, **attributes}


@case
def every_stage(bench):
    """every stage is answered, and a decision logged where one is made"""
    client = bench.start().client()
    for state in ("CONNECT", "EHLO", "HELO", "VRFY", "ETRN", "CONNECT"):
        expect(client.ask(state), DUNNO, f"the answer at {state}")
    expect(bench.decisions(), [], "the decisions before MAIL")
    for state in ("CONNECT", "EHLO", "HELO", "VRFY", "ETRN"):
        expect(bench.log_count(f"asked at {state},"), 1, f"the number of lines about {state}")
    for state in STAGES:
        expect(client.ask(state, **one_message()), DUNNO, f"the answer at {state}")
    bench.wait_log("stage=END-OF-MESSAGE")
    expect([decision.stage for decision in bench.decisions()], list(STAGES), "the stages in the log")
    last = bench.decisions()[-1]
    expect((last.node, last.qid, last.client, last.verdict), (NODE, "0BFF00000001", "192.0.2.1", "accept"), "the line")


@case
def start_line(bench):
    """the first lines name version, node, who charges, and listeners"""
    bench.start()
    first = [line for line in bench.log().splitlines()[:3] if " started, " in line]
    expect(len(first), 1, "the number of lines among the first that say it has started")
    for part in ("sendward-policyd ", f"node={NODE}", "charge=policyd", f"listening on unix:{bench.path}"):
        if part not in first[0]:
            raise Failure(f"{part!r} is not in {first[0]!r}")


@case
def no_login(bench):
    """a session without a login is not touched"""
    client = bench.start(plan={"quotas": '{ "0 messages / 1h" }'}).client()
    for state in STAGES:
        expect(client.ask(state, sasl_username="", **one_message()), DUNNO, f"the answer at {state}")
    expect(bench.decisions(""), [], "the decisions")


@case
def foreign_sender(bench):
    """a foreign envelope sender is refused at every stage"""
    client = bench.start().client()
    for state in STAGES:
        expect_prefix(client.ask(state, sender="tulip@dom.example", **one_message()), "553 5.7.1 ")


@case
def quota(bench):
    """what is beyond the quota is refused and not charged"""
    client = bench.start(plan={"quotas": '{ "2 messages / 1h" }'}).client()
    expect(client.message(1), [DUNNO] * 3, "the answers to the first message")
    expect(client.message(2), [DUNNO] * 3, "the answers to the second message")
    for number in (3, 4):
        answers = client.message(number)
        expect(len(answers), 1, "the number of answers")
        expect_prefix(answers[0], "450 4.7.28 ")
    expect(client.send_message(5, sasl_username="tulip@dom.example", sender="tulip@dom.example"), DUNNO)


@case
def tested_is_free(bench):
    """RCPT and DATA only test"""
    client = bench.start(plan={"quotas": '{ "1 messages / 1h" }'}).client()
    for number in range(10):
        attributes = one_message(number)
        expect(client.ask("RCPT", **{**attributes, "queue_id": ""}), DUNNO)
        expect(client.ask("DATA", **attributes), DUNNO)
    expect(client.send_message(11), DUNNO)
    expect_prefix(client.send_message(12), "450 4.7.28 ")


@case
def lost_answer(bench):
    """a message is charged once, however often its end is asked about"""
    bench.start(plan={"quotas": '{ "2 messages / 1h" }'})
    for _ in range(5):
        with bench.client() as client:
            client.send(request("END-OF-MESSAGE", **one_message(1)))
            # Postfix gives up waiting, and asks again on a new connection.
        expect(bench.client().ask("END-OF-MESSAGE", **one_message(1)), DUNNO)
    expect(bench.client().ask("END-OF-MESSAGE", **one_message(2)), DUNNO)
    expect_prefix(bench.client().ask("END-OF-MESSAGE", **one_message(3)), "450 4.7.28 ")
    expect(bench.client().ask("END-OF-MESSAGE", **one_message(2)), DUNNO)


@case
def odd_queue_id(bench):
    """a message is charged whatever its queue id looks like"""
    client = bench.start(plan={"quotas": '{ "3 messages / 1h" }'}).client()
    for number, queue_id in ((1, "A" * 300), (2, "4Q#1"), (3, "4Q 1")):
        for _ in range(2):
            expect(client.ask("END-OF-MESSAGE", **{**one_message(number), "queue_id": queue_id}), DUNNO, queue_id)
    expect_prefix(client.send_message(4), "450 4.7.28 ")


@case
def milter_charges(bench):
    """END-OF-MESSAGE only tests when the milter charges"""
    client = bench.start(plan={"quotas": '{ "1 messages / 1h" }'}, milter=True).client()
    for number in range(5):
        expect(client.send_message(number), DUNNO)
    if "charge=milter" not in bench.log():
        raise Failure("the log does not say who charges")


@case
def recipients(bench):
    """recipients are counted at RCPT, each once, and forgotten with the message"""
    client = bench.start(plan={"quotas": '{ "3 recipients / 1h" }'}).client()
    for instance in ("1.0", "1.1"):
        for recipient in ("r1@far.example", "r2@far.example", "r2@far.example", "r1@far.example", "r3@far.example"):
            expect(client.ask("RCPT", instance=instance, recipient=recipient), DUNNO, f"the answer to {recipient}")
        expect_prefix(client.ask("RCPT", instance=instance, recipient="r4@far.example"), "450 4.7.28 ")
        expect(client.ask("RCPT", instance=instance, recipient="r3@far.example"), DUNNO)
    # Postfix's own count is what is charged, duplicates included.
    expect_prefix(client.ask("DATA", **{**one_message(2), "recipient_count": 4}), "450 4.7.28 ")
    expect(client.ask("END-OF-MESSAGE", **{**one_message(2), "recipient_count": 3}), DUNNO)
    expect_prefix(client.ask("RCPT", instance="1.3"), "450 4.7.28 ")


@case
def sizes(bench):
    """bytes are counted with the real size"""
    client = bench.start(plan={"quotas": '{ "5000 bytes / 1h" }'}).client()
    expect_prefix(client.ask("MAIL", size=5001), "450 4.7.28 ")
    expect(client.send_message(1, size=4000), DUNNO)
    answers = client.message(2, size=2000)
    expect(answers[:2], [DUNNO, DUNNO], "the answers before the size is known")
    expect_prefix(answers[2], "450 4.7.28 ")
    expect(client.send_message(3, size=1000), DUNNO)


@case
def hold(bench):
    """over_quota = hold is said at the last stage"""
    client = bench.start(plan={"quotas": '{ "0 messages / 1h" }', "over_quota": "hold"}).client()
    expect(client.ask("RCPT", instance="1.0"), DUNNO)
    expect(client.ask("DATA", **one_message(1)), DUNNO)
    expect_prefix(client.ask("END-OF-MESSAGE", **one_message(1)), "HOLD ")


@case
def odd_requests(bench):
    """requests split anywhere, several at once, attributes in any order or unknown"""
    client = bench.start().client()
    whole = request("RCPT", instance="1.0", recipient="a=b=c@far.example")
    for index in range(1, len(whole)):
        client.send(whole[:index])
        client.send(whole[index:])
        expect(client.answer(), DUNNO, f"the answer to a request split after {index} bytes")
    for byte in whole:
        client.send(bytes([byte]))
    expect(client.answer(), DUNNO)
    client.send(whole * 100)
    expect([client.answer() for _ in range(100)], [DUNNO] * 100, "100 answers")
    lines = [f"{name}={value}\n" for name, value in {**ATTRIBUTES, "tls_sni": "x", "": ""}.items() if name]
    client.send("".join(reversed(lines)).encode() + b"\n")
    expect(client.answer(), DUNNO)
    expect(client.ask("SOMETHING-NEW"), DUNNO)


@case
def malformed(bench):
    """what is malformed closes the connection, with one line and no reply"""
    bench.start()
    half = b"request=smtpd_access_policy\nprotocol_state=RCPT\n"
    bad = {
        "a line is longer than": half + b"sender=" + b"x" * 9000 + b"\n\n",
        "the request is longer than": half + (b"sender=" + b"x" * 8000 + b"\n") * 5 + b"\n",
        "attributes": half + b"a=b\n" * 500 + b"\n",
        "a line has no": half + b"nonsense\n\n",
        "an attribute has no name": half + b"=x\n\n",
        "there is no request attribute": b"protocol_state=RCPT\n\n",
        "the request is not smtpd_access_policy": b"request=junk\n\n",
    }
    for reason, data in bad.items():
        with bench.client() as client:
            expect(client.ask("CONNECT"), DUNNO)
            client.send(data + request("CONNECT"))
            expect(client.answer(), None)
        bench.wait_log(reason)
        expect(bench.log_count(reason), 1, f"the number of lines about {reason!r}")
    expect(bench.log_count("malformed policy request"), len(bad), "the number of lines")
    expect(bench.client().ask("RCPT", instance="1.0"), DUNNO)


@case
def endless_line(bench):
    """a line without an end is not waited for"""
    client = bench.start().client()
    client.send(b"sender=" + b"x" * 9000)
    expect(client.answer(), None)
    bench.wait_log("a line is longer than")


@case
def long_login(bench):
    """a login that cannot be is answered with 451, and its neighbour is not"""
    client = bench.start().client()
    expect_prefix(client.ask("RCPT", sasl_username="x" * 256), "451 4.3.0 ")
    expect_prefix(client.ask("RCPT", sasl_username="rose@dom.example\0"), "451 4.3.0 ")
    expect_prefix(client.ask("END-OF-MESSAGE", size=""), "451 4.3.0 ")
    bench.wait_log("the login is too long")
    login = "x" * 243 + "@dom.example"
    expect(len(login), 255, "the length of the longest login")
    expect_prefix(client.ask("RCPT", sasl_username=login), "553 5.7.1 ")


@case
def ends_inside(bench):
    """a client that goes away inside a request is noted, and the others go on"""
    bench.start()
    other = bench.client()
    with bench.client() as client:
        client.send(request("RCPT")[:300])
    bench.wait_log("ended inside a request")
    expect(other.ask("RCPT", instance="1.0"), DUNNO)


@case
def gone_meanwhile(bench):
    """a client may go away while its request is decided"""
    bench.start()
    bench.redis.signal(signal.SIGSTOP)
    for number in range(20):
        with bench.client() as client:
            client.send(request("END-OF-MESSAGE", **one_message(number)) + request("RCPT")[:100 * (number % 3)])
    bench.redis.signal(signal.SIGCONT)
    wait_until(lambda: len(bench.decisions()) == 20, "20 decisions", LIMIT_S)
    expect(bench.client().ask("RCPT", instance="1.0"), DUNNO)


@case
def half_closed(bench):
    """a client may close its sending side and read its answers"""
    client = bench.start().client()
    client.send(request("RCPT", instance="1.0") * 3)
    client.socket.shutdown(socket.SHUT_WR)
    expect([client.answer() for _ in range(4)], [DUNNO] * 3 + [None], "the answers")


@case
def many_connections(bench):
    """300 connections at once, each answered"""
    bench.start(plan={"quotas": '{ "200 messages / 1h" }'})
    clients = [bench.client() for _ in range(300)]
    for number, client in enumerate(clients):
        client.send(request("END-OF-MESSAGE", **one_message(number)))
    answers = [client.answer() for client in clients]
    expect(answers.count(DUNNO), 200, "the number of messages accepted")
    expect(sum(answer.startswith("450 4.7.28 ") for answer in answers), 100, "the number of messages refused")
    for number, client in enumerate(clients):
        expect(client.ask("END-OF-MESSAGE", **one_message(number))[:3], answers[number][:3])


@case
def too_many_connections(bench):
    """connections over the limit are closed at once, and said once"""
    bench.start(policyd={"max_connections": "5"})

    def served():
        client = bench.client()
        try:
            return client if client.ask("CONNECT") == DUNNO else None
        except OSError:
            return None
    # The connection by which it was seen to be there may not have ended yet.
    clients = [wait_until(served, "room for a connection", LIMIT_S) for _ in range(5)]
    for _ in range(10):
        with bench.client() as client:
            expect(client.answer(), None)
    expect(bench.log_count("max_connections"), 1, "the number of lines")
    clients[0].close()
    wait_until(served, "room for another connection", LIMIT_S)


@case
def out_of_descriptors(bench):
    """out of descriptors new connections wait, and the old ones are answered"""
    bench.start()
    first = bench.client()
    expect(first.ask("CONNECT"), DUNNO)
    bench.limit_descriptors(bench.n_descriptors() + 10)
    clients = [bench.client() for _ in range(30)]
    for client in clients:
        client.send(request("RCPT", instance="1.0"))
    for client in clients[:10]:
        expect(client.answer(), DUNNO)
    expect(first.ask("RCPT", instance="1.1"), DUNNO)
    for index in (0, 10, 20):
        for client in clients[index:index + 10]:
            if index:
                expect(client.answer(), DUNNO)
            client.close()


@case
def tcp(bench):
    """TCP beside a unix socket"""
    port = free_port()
    bench.start(listen=[f"inet:127.0.0.1:{port}"])
    expect(bench.client(("127.0.0.1", port)).ask("RCPT", instance="1.0"), DUNNO)
    with bench.client(("127.0.0.1", port)) as client:
        client.send(b"nonsense\n")
        expect(client.answer(), None)
    bench.wait_log("malformed policy request from [127.0.0.1]:")


@case
def bad_reload(bench):
    """a reload with a bad file is refused with file and line, and changes nothing"""
    client = bench.start(plan={"quotas": '{ "1 messages / 1h" }'}).client()
    with open(bench.config_path, "a", encoding="utf-8") as config:
        config.write("no_such_setting = 1\n")
    line = sum(1 for _ in open(bench.config_path, encoding="utf-8"))
    bench.daemon.signal(signal.SIGHUP)
    bench.wait_log(f"{bench.config_path}:{line}: ")
    expect(client.send_message(1), DUNNO)
    expect_prefix(client.send_message(2), "450 4.7.28 ")


@case
def good_reload(bench):
    """a reload changes limits and listeners, and keeps usage and connections"""
    ports = [free_port(), free_port()]
    bench.start(plan={"quotas": '{ "1 messages / 1h" }'}, listen=[f"inet:127.0.0.1:{ports[0]}"])
    clients = [bench.client(), bench.client(("127.0.0.1", ports[0]))]
    expect(clients[0].send_message(1), DUNNO)
    expect_prefix(clients[1].send_message(2), "450 4.7.28 ")
    bench.configure(plan={"quotas": '{ "2 messages / 1h" }'}, listen=[f"inet:127.0.0.1:{ports[1]}"])
    bench.daemon.signal(signal.SIGHUP)
    bench.wait_log("configuration reloaded")
    clients.append(bench.client(("127.0.0.1", ports[1])))
    expect(clients[1].send_message(2), DUNNO)
    for number, client in enumerate(clients, 3):
        expect_prefix(client.send_message(number), "450 4.7.28 ")
    try:
        bench.client(("127.0.0.1", ports[0]))
    except ConnectionRefusedError:
        return
    raise Failure("the listener that is gone still accepts")


@case
def early_reload(bench):
    """a reload at the very start waits until it can be served, by SIGHUP and by SIGUSR1"""
    for number in (signal.SIGHUP, signal.SIGUSR1):
        bench.redis.start()
        bench.configure()
        before = bench.log_count("configuration reloaded")
        bench.daemon.launch()
        wait_until(lambda: os.path.exists(bench.path), "the socket", LIMIT_S)
        bench.daemon.signal(number)
        wait_until(lambda before=before: bench.log_count("configuration reloaded") > before, "the reload", LIMIT_S)
        bench.daemon.wait_ready()
        bench.wait_connected()
        expect(bench.client().ask("RCPT", instance="1.0"), DUNNO)
        bench.daemon.stop()
        expect(bench.daemon.stopped_with, 0, "the exit status")
        bench.redis.stop()


@case
def listener_in_the_way(bench):
    """a reload with a listener that cannot be opened keeps the listeners and takes the rest"""
    client = bench.start(plan={"quotas": '{ "1 messages / 1h" }'}).client()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        bench.configure(plan={"quotas": '{ "0 messages / 1h" }'}, listen=[f"inet:127.0.0.1:{taken.getsockname()[1]}"])
        bench.daemon.signal(signal.SIGHUP)
        bench.wait_log("its list of listeners stays as it is")
    expect_prefix(client.send_message(1), "450 4.7.28 ")
    expect_prefix(bench.client().send_message(1), "450 4.7.28 ")


STORE_S = 0.8    # store_finish() would wait for a second


def stop_with_clients(bench):
    """How many seconds the daemon takes to end."""
    clients = [bench.client() for _ in range(10)]
    for client in clients:
        expect(client.ask("RCPT", instance="1.0"), DUNNO)
    began = time.monotonic()
    bench.daemon.stop()
    took_s = time.monotonic() - began
    expect(bench.daemon.stopped_with, 0, "the exit status")
    for client in clients:
        expect(client.answer(), None)
    return took_s


@case
def stop(bench):
    """SIGTERM ends it with 0 at once, and the socket is taken away"""
    bench.redis.start()
    bench.configure(redis={"deadline": "10s"})
    for _ in range(5):    # a machine that stands still is forgiven
        bench.daemon.start()
        bench.wait_connected()
        if stop_with_clients(bench) < STORE_S:
            break
    else:
        raise Failure("it waits for a store that it has asked nothing")
    if os.geteuid() != 0 and os.path.exists(bench.path):
        raise Failure("the socket is still there")


@case
def stop_answers(bench):
    """a stop answers what is under way"""
    client = bench.start(redis={"deadline": "4s"}).client()
    bench.redis.signal(signal.SIGSTOP)
    client.send(request("END-OF-MESSAGE", **one_message(1)))
    with bench.client() as other:
        expect(other.ask("CONNECT"), DUNNO)     # the request before it has been read
    bench.daemon.ask_to_stop()
    wait_until(lambda: not accepts(bench.path), "the listener to close", LIMIT_S)
    bench.redis.signal(signal.SIGCONT)
    expect(client.answer(), DUNNO)
    expect(client.answer(), None)


@case
def stop_without_store(bench):
    """a stop does not wait for a store that hangs longer than its deadline"""
    client = bench.start(redis={"deadline": "30s"}, top={"on_store_failure": "defer"}).client()
    bench.redis.signal(signal.SIGSTOP)
    client.send(request("END-OF-MESSAGE", **one_message(1)))
    with bench.client() as other:
        expect(other.ask("CONNECT"), DUNNO)
    bench.daemon.ask_to_stop()
    expect_prefix(client.answer(), "451 4.3.0 ")
    expect(client.answer(), None)


@case
def killed(bench):
    """what a client was told before kill -9 stands in the log"""
    bench.start()
    told = set()
    for start in range(5):
        clients = [bench.client() for _ in range(30)]
        for number, client in enumerate(clients):
            client.send(request("END-OF-MESSAGE", **one_message(100 * start + number)))
        clients[0].answer()
        bench.daemon.kill()
        told.add(f"0BFF{100 * start:08X}")
        told.update(f"0BFF{100 * start + number:08X}" for number, client in enumerate(clients[1:], 1) if client.answer())
        bench.daemon.start()
        bench.wait_connected()
    logged = {decision.qid for decision in bench.decisions() if decision.stage == "END-OF-MESSAGE"}
    expect(sorted(told - logged), [], "what was told and is not in the log")


@case
def interrupted(bench):
    """SIGINT ends it too"""
    bench.start()
    bench.daemon.signal(signal.SIGINT)
    bench.daemon.stop()


@case
def without_redis(bench):
    """without Redis it starts, says so, defers, and recovers"""
    client = bench.start(with_redis=False, top={"on_store_failure": "defer"}).client()
    bench.wait_log("starting anyway, on_store_failure = defer")
    expect_prefix(client.ask("RCPT", instance="1.0"), "451 4.3.0 ")
    expect(client.ask("RCPT", sasl_username=""), DUNNO)
    bench.redis.start()
    wait_until(lambda: client.ask("RCPT", instance="1.0") == DUNNO, "the daemon to reach Redis", LIMIT_S)
    bench.wait_log("answers again after ")


@case
def heartbeat(bench):
    """a heartbeat is in Redis"""
    client = bench.start().client()
    expect(client.ask("CONNECT"), DUNNO)
    key, = bench.redis.keys(f"*node:{NODE}/policyd")
    beat = json.loads(bench.redis.command("GET", key))
    expect(beat["pid"], bench.daemon.processes[0].pid, "the pid")
    for name in ("version", "since", "requests", "connections"):
        if name not in beat:
            raise Failure(f"the heartbeat has no {name}")
    if not 0 < int(bench.redis.command("TTL", key)) <= 30:
        raise Failure("the heartbeat does not end by itself")


@case
def one_node_twice(bench):
    """two daemons of one node say so, and none that was killed and started again"""
    bench.start()
    killed = bench.daemon.processes[0].pid
    bench.daemon.kill()
    bench.daemon.start()
    twin_path = bench.directory + "/twin"
    os.makedirs(twin_path + "/state")
    with open(bench.config_path, encoding="utf-8") as config, \
         open(twin_path + ".conf", "w", encoding="utf-8") as copy:
        copy.write(config.read().replace(bench.path, twin_path + "/policyd")
                   .replace(bench.directory + "/state", twin_path + "/state"))
    twin = Daemon("sendward-policyd", twin_path + ".conf", twin_path + ".log", [twin_path + "/policyd"])
    twin.start()
    try:
        pid = twin.processes[0].pid
        own = bench.daemon.processes[0].pid
        text = f"another sendward-policyd says that it is node {NODE} (host {socket.gethostname()[:64]}, pid %d)"
        bench.wait_log(text % pid)
        wait_until(lambda: text % own in twin.log(), "the other one to say so, too", LIMIT_S)
        expect(bench.log_count("another sendward"), 1, "the number of lines")
        expect(f"pid {killed})" in bench.log() + twin.log(), False, "the one that was killed is named")
        twin.stop()
        expect(twin.stopped_with, 0, "the exit status of the other one")
    finally:
        twin.kill()


@case
def never_charged(bench):
    """a wiring that never charges is said once, with the line for main.cf"""
    client = bench.start().client()
    for number in range(50):
        expect(client.ask("RCPT", instance=f"1.{number}"), DUNNO)
        expect(client.ask("DATA", **one_message(number)), DUNNO)
    bench.wait_log("smtpd_end_of_data_restrictions = check_policy_service")
    expect(bench.log_count("smtpd_end_of_data_restrictions"), 1, "the number of lines")


@case
def usage(bench):
    """options: -V, -h, -t, and those that are wrong"""
    bench.start()
    with open(bench.config_path + ".bad", "w", encoding="utf-8") as bad:
        bad.write("\n\nno_such_setting = 1\n")
    for options, status, text in (
            (["-V"], 0, "sendward-policyd"),
            (["-h"], 0, "-c"),
            (["-t", "-c", bench.config_path], 0, ""),
            (["-t", "-c", bench.config_path + ".bad"], 1, f"{bench.config_path}.bad:3: "),
            (["-f", "-c", bench.config_path + ".bad"], 1, f"{bench.config_path}.bad:3: "),
            (["-f", "-c", bench.config_path + ".none"], 1, ".none"),
            (["-x"], 2, "")):
        done = subprocess.run([built("sendward-policyd"), *options], stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=LIMIT_S, check=False, encoding="utf-8")
        expect(done.returncode, status, f"the exit status with {options}")
        if text not in done.stdout + done.stderr:
            raise Failure(f"{text!r} is not in {done.stdout + done.stderr!r}")


@case
def second_daemon(bench):
    """a second daemon on the same socket does not start"""
    bench.start()
    done = subprocess.run([built("sendward-policyd"), "-f", "-c", bench.config_path], stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=LIMIT_S, check=False, encoding="utf-8")
    expect(done.returncode, 1, "the exit status")
    if bench.path not in done.stderr:
        raise Failure(f"no word of {bench.path} in {done.stderr!r}")
    expect(bench.client().ask("RCPT", instance="1.0"), DUNNO)


def accepts(path):
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(path)
        except OSError:
            return False
        return True
