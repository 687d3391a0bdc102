"""Clients that mean no good, or are many: limits hold, and the others are served meanwhile."""

import contextlib
import resource
import select
import socket
import struct
import time

import mta
from bench import DUNNO, Client, request
from processes import wait_until
from server import LIMIT_S
from table import case, expect, expect_in_time, expect_that
from world import DEADLINE_MS, MARGIN_MS, measured

IDLE = 5000
SLOW = 100
OUT_OF = 10          # descriptors that are left
WATCHED_S = 2        # how long the processor is watched
RECOVERY_S = 3
IDLE_CPU = 0.15      # of one processor, at most, in that time


def expect_served(world, what):
    """Somebody else is answered, in time."""
    reply = world.send(world.login("rose"))
    expect(reply.answer, "accept", f"the answer to somebody else, {what}")
    expect_in_time(reply.slowest_ms, DEADLINE_MS + MARGIN_MS, f"the answer to somebody else, {what}")


def expect_good_end(world):
    expect(world.end(), (0, []), "exit status and sanitizer reports")


def connect(world):
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(LIMIT_S)
    client.connect(world.path)
    return client


def closed_by_peer(client):
    try:
        return client.recv(1) == b""
    except ConnectionResetError:
        return True


def send_until_closed(client, data, times):
    """Returns how many bytes the peer took, or a little more, before it closed."""
    sent = 0
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        for _ in range(times):
            sent += client.send(data)
    return sent


@contextlib.contextmanager
def many_descriptors():
    """Room for IDLE connections in this process, and in those it starts."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    expect_that(hard == resource.RLIM_INFINITY or hard > IDLE + 200, f"this user may open only {hard} files")
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@contextlib.contextmanager
def connections(world, make, n):
    clients = []
    try:
        for _ in range(n):
            clients.append(make(world))
        yield clients
    finally:
        for client in clients:
            client.close()


# --- both ---

def idle(kind, make):
    with many_descriptors(), measured(kind, front={"max_connections": str(2 * IDLE)}) as world:
        expect_served(world, "before")
        memory, descriptors, threads = world.rss_kb(), world.descriptors(), world.threads()
        with connections(world, make, IDLE):
            # One that was there before may have gone.
            wait_until(lambda: world.descriptors() >= descriptors + IDLE - 3, f"{IDLE} to be taken", LIMIT_S)
            for _ in range(10):
                expect_served(world, f"with {IDLE} idle connections")
            each = (world.rss_kb() - memory) / IDLE
            busy = world.threads()
        wait_until(lambda: world.descriptors() <= descriptors, f"{descriptors} descriptors again", LIMIT_S)
        expect_served(world, "afterwards")
        expect_good_end(world)
        return each, threads, busy


def out_of_descriptors(kind):
    """None are left: new connections wait, the processor rests, and with the first that is free it goes on."""
    with measured(kind, "defer") as world, contextlib.ExitStack() as stack:
        expect_served(world, "before")
        resource.prlimit(world.pid, resource.RLIMIT_NOFILE, (world.descriptors() + OUT_OF, 20000))
        clients = stack.enter_context(connections(world, connect, 5 * OUT_OF))
        world.daemon.wait_log("too many open files")
        log_before, cpu_before, began = len(world.log()), world.cpu_s(), time.monotonic()
        time.sleep(WATCHED_S)    # the time that is watched
        cpu = (world.cpu_s() - cpu_before) / (time.monotonic() - began)
        lines = world.log()[log_before:].count("\n")
        expect_that(cpu <= IDLE_CPU, f"{cpu:.0%} of a processor without a free descriptor")
        expect_that(lines <= 1, f"{lines} lines of log in {WATCHED_S} s")
        # Redis goes away meanwhile, and there is no descriptor for a new connection to it.
        world.proxy.cut()
        began = time.monotonic()
        for client in clients:
            client.close()
        world.wait_store()
        took = time.monotonic() - began
        expect_in_time(took * 1000, RECOVERY_S * 1000, "until all was well again")
        expect_served(world, "afterwards")
        expect_good_end(world)
        return f"{cpu:.1%} of a processor meanwhile, and {took * 1000:.0f} ms until all was well again"


# --- the policy daemon ---

@case("policyd: 100,000 attributes are not read to the end, and take no memory", "hostile policyd")
def many_attributes(_):
    with measured("policyd") as world:
        expect_served(world, "before")
        memory, most = world.rss_kb(), 0
        for line in (b"a=b\n", b"sender=x@y\n", b"%b=\n" % (b"n" * 60)):
            with contextlib.closing(connect(world)) as client:
                client.send(b"request=smtpd_access_policy\n")
                most = max(most, send_until_closed(client, line * 1000, 100))
                expect_that(closed_by_peer(client), "the connection is still there")
            expect_served(world, "meanwhile")
        growth = world.rss_kb() - memory
        expect_that(growth <= 1024, f"{growth} KB more")
        expect_good_end(world)
        return f"closed after {most} bytes at most, {growth} KB more memory"


@case("policyd: a line of 100 MB is not read to the end, and takes no memory", "hostile policyd")
def huge_line(_):
    with measured("policyd") as world:
        expect_served(world, "before")
        memory = world.rss_kb()
        with contextlib.closing(connect(world)) as client:
            sent = send_until_closed(client, b"x" * 65536, 1600)
            expect_that(closed_by_peer(client), "the connection is still there")
        growth = world.rss_kb() - memory
        expect_that(sent < 1000000 and growth <= 1024, f"{sent} bytes taken, {growth} KB more")
        expect_good_end(world)
        return f"closed after {sent} bytes, {growth} KB more memory"


@case(f"policyd: {SLOW} clients that send a byte at a time are answered in the end, and the others at once",
      "hostile policyd")
def slow_policy_clients(_):
    with measured("policyd") as world, contextlib.ExitStack() as stack:
        clients = [stack.enter_context(Client(world.path)) for _ in range(SLOW)]
        asked = request("RCPT", instance="1.0")
        for at, byte in enumerate(asked):
            for client in clients:
                client.send(bytes([byte]))
            if at % 50 == 0:
                expect_served(world, "meanwhile")
        expect([client.answer() for client in clients], [DUNNO] * SLOW, "the answers to the slow")
        expect_good_end(world)


@case("policyd: a client that asks and never reads is not read from any more", "hostile policyd")
def never_reads(_):
    with measured("policyd") as world, contextlib.closing(connect(world)) as client:
        expect_served(world, "before")
        memory, asked, sent = world.rss_kb(), request("CONNECT") * 100, 0
        client.setblocking(False)
        end = time.monotonic() + LIMIT_S
        blocked_since = time.monotonic()
        while time.monotonic() < end and time.monotonic() - blocked_since < 0.5:
            try:
                sent += client.send(asked)
                blocked_since = time.monotonic()
            except BlockingIOError:
                select.select([], [client], [], 0.1)
        expect_served(world, "meanwhile")
        growth = world.rss_kb() - memory
        expect_that(time.monotonic() < end, f"still reading after {sent} bytes")
        expect_that(growth <= 2048, f"{growth} KB more")
        expect_good_end(world)
        return f"{sent} bytes taken, {growth} KB more memory"


@case(f"policyd: {IDLE} idle connections cost little, and the others are served", "hostile policyd")
def idle_policy(_):
    each, threads, busy = idle("policyd", connect)
    expect_that(each <= 48, f"{each:.1f} KB for each connection")
    expect(busy, threads, "threads")
    return f"{each:.1f} KB for each connection"


@case("policyd: without a free descriptor it waits without spinning, and goes on", "hostile policyd")
def policy_descriptors(_):
    return out_of_descriptors("policyd")


# --- the milter ---

def idle_session(world):
    return mta.Session(world.path)


@case(f"milter: {IDLE} idle sessions cost little, and the others are served", "hostile milter")
def idle_milter(_):
    each, threads, busy = idle("milter", idle_session)
    expect_that(each <= 4, f"{each:.1f} KB for each session")
    expect((threads, busy), (1, 1), "threads")
    return f"{each:.1f} KB for each session"


@case("milter: without a free descriptor it waits without spinning, and goes on", "hostile milter")
def milter_descriptors(_):
    return out_of_descriptors("milter")


@case(f"milter: {SLOW} servers that send a byte at a time are answered in the end, and the others at once",
      "hostile milter")
def slow_milter_clients(_):
    with measured("milter") as world, contextlib.ExitStack() as stack:
        clients = [stack.enter_context(contextlib.closing(connect(world))) for _ in range(SLOW)]
        offer = struct.pack("!I", 13) + b"O" + struct.pack("!III", mta.VERSION, mta.ACTIONS, mta.STEPS)
        for byte in offer:
            for client in clients:
                client.send(bytes([byte]))
            expect_served(world, "meanwhile")
        for client in clients:
            expect(client.recv(5)[4:], b"O", "the answer to a slow server")
        expect_served(world, "afterwards")
        expect_good_end(world)


@case("milter: packets that say they are huge take no memory", "hostile milter")
def huge_packets(_):
    with measured("milter") as world:
        expect_served(world, "before")
        memory = world.rss_kb()
        for size in (0x7FFFFFFF, 0xFFFFFFFF, 100 * 1024 * 1024):
            with idle_session(world) as session:
                session.socket.send(struct.pack("!I", size) + b"L")
                sent = send_until_closed(session.socket, b"x" * 65536, 32)
                expect_that(sent < 2000000, f"{sent} bytes of a packet of {size} were read")
            expect_served(world, "meanwhile")
        growth = world.rss_kb() - memory
        expect_that(growth <= 2048, f"{growth} KB more")
        expect_good_end(world)
        return f"{growth} KB more memory"


def send_content(world, headers):
    """A message with these headers; the answer, and how long that to its end took."""
    with idle_session(world) as session:
        login, queue_id = world.login("rose"), world.queue_id()
        expect(session.mail(f"<{login}>", login), "continue", "MAIL")
        expect(session.rcpt("<r@far.example>"), "continue", "RCPT")
        session.content([("From", " " + login), *headers], b"Hello.\r\n", queue_id)
        began = time.monotonic()
        return session.end_of_message(queue_id).answer, (time.monotonic() - began) * 1000


def all_headers(world):
    many = [("X-Field", " value")] * 100000
    answer, took = send_content(world, many)
    expect(answer, "continue", "100,000 fields")
    expect_in_time(took, DEADLINE_MS + MARGIN_MS, "the end of 100,000 fields")
    long_from = [("From", " " + ", ".join(f"a{n}@else.example" for n in range(3000)))]
    answer, took = send_content(world, long_from)
    expect(answer[:3], "550", "3000 foreign addresses")
    expect_in_time(took, DEADLINE_MS + MARGIN_MS, "the end of 3000 addresses")
    answer, _ = send_content(world, [("Subject", " " + "x" * 60000)] * 100)
    expect(answer, "continue", "100 fields of 60 KB")
    answer, _ = send_content(world, [("From", " \"" + "(" * 60000)])
    expect(answer[:3], "550", "60,000 parentheses")


@case("milter: 100,000 header fields, and fields of 60 KB, are looked at in time and take no memory", "hostile milter")
def many_headers(_):
    with measured("milter") as world:
        expect_served(world, "before")
        sizes = []
        for _ in range(3):
            all_headers(world)
            sizes.append(world.rss_kb())
        growth = sizes[-1] - sizes[0]
        expect_that(growth <= 6144, f"{growth} KB more")
        expect_served(world, "afterwards")
        expect_good_end(world)
        return f"{growth} KB more memory in two more rounds"
