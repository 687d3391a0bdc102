"""block, sandbox, allow."""

import socket
import threading
import time

from bench import CONFIGURATION, SHORT, equal, expect, until


def states(b):
    """block, sandbox and allow set the state, with reason and actor"""
    b.ok("user", "add", "rose", "--plan", "students")
    for command, state in (("block", "blocked"), ("sandbox", "sandboxed"), ("allow", "allowed")):
        equal(b.ok(command, "rose", "--reason", "ticket 4711", "--actor", "abuse desk"),
              f"rose: {state} (ticket 4711)\n")
        show = b.json("user", "show", "rose")
        equal((show["state"], show["reason"], show["actor"], show["until"], show["plan"]),
              (state, "ticket 4711", "abuse desk", None, "students"))
        expect(abs(show["since"] - time.time()) < 60, "since is not now")
    equal(b.json("block", "rose")["reason"], "")


def state_creates(b):
    """a login without an account is given one when its state is set, which is said, as it may be mistyped"""
    for command, state, login in (("block", "blocked", "rose"), ("sandbox", "sandboxed", "lily"),
                                  ("allow", "allowed", "iris")):
        equal(b.refused(0, f"{login} had no account and has one now; if it is mistyped, user delete ends that", command, login), f"{login}: {state}\n")
        equal(b.json("user", "show", login)["state"], state)
        expect(not b.call(command, login).stderr, "it has one already")


def state_actor(b):
    """the actor is who called sudo, at this host"""
    equal(b.json("block", "rose", env={"SUDO_USER": "lily"})["actor"].split("@")[0], "lily")
    expect(b.json("block", "rose", env={"SUDO_USER": ""})["actor"], "no actor")


def state_ends(b):
    """a state with an end is over when the end has come"""
    done = b.json("block", "rose", "--for", "1h", "--reason", "x")
    equal(done["until"], done["since"] + 3600)
    equal(b.json("user", "show", "rose")["state"], "blocked")
    expect(" until " in b.ok("block", "rose", "--for", "1s"), "the end is not told")
    until(lambda: b.json("user", "show", "rose")["state"] == "allowed", "rose is allowed again")
    show = b.json("user", "show", "rose")
    equal((show["state"], show["reason"], show["until"]), ("allowed", "", None))


def state_for(b):
    """--for needs a duration with a unit"""
    for value, why in (("24", "needs a unit"), ("x", "."), ("10ms", "shorter than 1s"), ("", "."), ("-1h", ".")):
        b.refused(2, f"--for .*{why}", "block", "rose", "--for", value)
    b.refused(1, "rose: no account", "user", "show", "rose")
    done = b.call("allow", "rose", "--for", "1h")
    equal(done.returncode, 0)
    expect("allowed is also what follows" in done.stderr, done.stderr)


def state_texts(b):
    """reasons are texts of at most 500 octets without control characters"""
    b.ok("block", "rose", "--reason", 'ü "quoted" {x} \\ %s')
    equal(b.json("user", "show", "rose")["reason"], 'ü "quoted" {x} \\ %s')
    b.refused(2, "--reason .*control character", "block", "rose", "--reason", "a\nb")
    b.refused(2, "--reason .*longer than 500", "block", "rose", "--reason", "x" * 501)
    b.refused(2, "--actor .*empty", "block", "rose", "--actor", "")


class DeafProxy:
    """In front of Redis; the first answer to what has `mark` in it is lost with its connection."""

    def __init__(self, path, upstream, mark):
        self.lost = False
        self._upstream, self._mark = upstream, mark
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(path)
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self):
        try:
            while True:
                threading.Thread(target=self._serve, args=(self._listener.accept()[0],), daemon=True).start()
        except OSError:
            pass

    def _serve(self, client):
        with client, socket.socket(socket.AF_UNIX) as server:
            server.connect(self._upstream)
            while asked := client.recv(65536):
                server.sendall(asked)
                answer = server.recv(65536)
                if self._mark in asked and not answer.startswith(b"-") and not self.lost:
                    self.lost = True
                    return
                client.sendall(answer)


def state_unheard(b):
    """who blocks a login and is not answered waits as long as a lease may last"""
    b.ok("user", "add", "rose")
    proxy = DeafProxy(b.path("deaf.sock"), b.redis.path, b"stolen")
    b.configure(CONFIGURATION.replace("{address}", "unix:" + b.path("deaf.sock")), SHORT)
    began = time.monotonic()
    b.ok("block", "rose", "--reason", "stolen")
    expect(proxy.lost and time.monotonic() - began >= 1, "not waited")
    proxy.close()
    equal(b.record("rose")["state"], "blocked")


def state_full(b):
    """block, and new passwords, get into a Redis that is full"""
    b.ok("user", "add", "rose", "--generate")
    b.redis("CONFIG", "SET", "maxmemory-policy", "noeviction", "maxmemory", "1")
    try:
        done = b.call("block", "rose")
        equal((done.returncode, done.stdout), (0, "rose: blocked\n"))
        expect("it is done, but there is no event of it" in done.stderr, done.stderr)
        equal(b.record("rose")["state"], "blocked")
        equal(b.call("password", "generate", "rose").returncode, 0)
    finally:
        b.redis("CONFIG", "SET", "maxmemory", "0")


CASES = [states, state_creates, state_actor, state_ends, state_for, state_texts, state_unheard, state_full]
