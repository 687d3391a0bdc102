"""Cases of the map that tells Postfix who owns an address: socketmap, policyd.sender_login_listen."""

import os
import signal
import socket

from bench import LIMIT_S, expect, expect_prefix
from cases import case
from processes import wait_until
from sendward import Tool
from services import run_tool, write_old

ROSE, LILY = "rose@dom.example", "lily@dom.example"


class Map:
    """One connection, as one smtpd process has."""

    def __init__(self, bench):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(LIMIT_S)
        self.socket.connect(path_of(bench))
        self._received = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, *questions):
        self.socket.sendall(b"".join(b"%d:%s," % (len(q), q) for q in (question.encode() for question in questions)))

    def _more(self):
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            data = b""
        self._received += data
        return bool(data)

    def answer(self):
        """The next answer, or None when the connection is closed instead."""
        while b":" not in self._received:
            if not self._more():
                return None
        digits, rest = self._received.split(b":", 1)
        while len(rest) < int(digits) + 1:
            self._more()
            rest = self._received.split(b":", 1)[1]
        expect(rest[int(digits):int(digits) + 1], b",", "the end of the netstring")
        self._received = rest[int(digits) + 1:]
        return rest[:int(digits)].decode()

    def ask(self, key, name="senders"):
        self.send(f"{name} {key}")
        return self.answer()

    def owners(self, key, name="senders"):
        """The logins, sorted."""
        answer = self.ask(key, name)
        if answer == "NOTFOUND ":
            return []
        expect_prefix(answer, "OK ")
        return sorted(answer[3:].split(","))


def path_of(bench):
    return os.path.join(bench.directory, "senders")


def start(bench, *logins, index=True, **settings):
    """Starts with accounts: (login, word of `user add`...)."""
    listen = {"sender_login_listen": f'{{ "unix:{path_of(bench)}" }}'}
    bench.start(**{**settings, "policyd": {**listen, **settings.get("policyd", {})}})
    tool = Tool(bench.config_path)
    for login, *words in logins:
        tool("user", "add", login, *words)
    if index:
        tool("reindex")
    return tool


def senders(*patterns):
    return [word for pattern in patterns for word in ("--sender", pattern)]


@case
def map_owners(bench):
    """the map tells who owns an address, whatever pattern says so"""
    start(bench, (ROSE, *senders("sales@dom.example", "*@shop.example", "!boss@shop.example", "user+*@dom.example")),
          (LILY, *senders("Sales@dom.example", "*@*.shop.example", '"odd one"@dom.example', "grün@dom.example")),
          ("plainlogin", *senders("sales@dom.example", "%group:team")),
          sections={"sender_group team": {"senders": '{ "*@team.example", "!x@team.example" }'}})
    with Map(bench) as client:
        for key, owners in (
                (ROSE, [ROSE]), ("ROSE+tag@DOM.example.", [ROSE]), ("sales@dom.example", [LILY, "plainlogin", ROSE]),
                ("any@shop.example", [ROSE]), ("boss@shop.example", []), ("a@b.c.shop.example", [LILY]),
                ("user+x@dom.example", [ROSE]), ("user@dom.example", []), ('"odd one"@dom.example', [LILY]),
                ("odd one@dom.example", [LILY]), ("GRÜN+a@dom.example", [LILY]), ("x@team.example", []),
                ("y@team.example", ["plainlogin"]), ("any@b.dom.example", [])):
            expect(client.owners(key, "accounts"), owners, f"the owners of {key}")
        for key in ("@shop.example", "rose", "", "@", "no address@", "a@b@", "x" * 3000 + "@dom.example", "<>"):
            expect(client.ask(key), "NOTFOUND ", f"the answer to {key!r}")
        expect_prefix(client.ask(ROSE, "virtual"), "PERM the maps here are senders and accounts")


@case
def map_accounts(bench):
    """the map of accounts leaves out logins without one, the other one has them"""
    start(bench, (ROSE,), ("Tulip@dom.example",))
    with Map(bench) as client:
        expect(client.owners(ROSE), [ROSE])
        expect(client.owners("nobody@dom.example"), ["nobody@dom.example"])
        expect(client.owners("nobody+x@dom.example"), ["nobody+x@dom.example", "nobody@dom.example"])
        expect(client.owners("tulip@dom.example"), ["Tulip@dom.example"])
        expect(client.owners(ROSE, "accounts"), [ROSE])
        expect(client.ask("nobody@dom.example", "accounts"), "NOTFOUND ")


@case
def map_unknown(bench):
    """where logins without an account are refused, they own nothing"""
    start(bench, (ROSE,), top={"unknown_login": "refuse"})
    with Map(bench) as client:
        expect(client.owners(ROSE), [ROSE])
        expect(client.ask("nobody@dom.example"), "NOTFOUND ")


@case
def map_plans(bench):
    """what a plan or a domain gives to accounts is in the map"""
    start(bench, ("one", "--plan", "staff"), ("two@gilt.example",), ("three", *senders("x@y.example")), (ROSE,),
          plan={"senders": '{ "%login", "all@dom.example" }'},
          sections={"plan staff": {"senders": '{ "*@staff.example" }'}, "plan gold": {"senders": '{ "*@gold.example" }'},
                    'domain "gilt.example"': {"plan": '"gold"'},
                    'domain "dom.example"': {"senders": '{ "%login", "*@own.example" }'}})
    with Map(bench) as client:
        for key, owners in (("x@staff.example", ["one"]), ("x@gold.example", ["two@gilt.example"]),
                            ("x@own.example", [ROSE]), (ROSE, [ROSE]), ("x@y.example", ["three"]),
                            ("all@dom.example", [])):
            expect(client.owners(key, "accounts"), owners, f"the owners of {key}")
    expect(bench.log_count("a login without an account owns its own address only"), 1, "lines about logins without one")


@case
def map_follows(bench):
    """a change of an account is in the map at once"""
    tool = start(bench, (ROSE,))
    with Map(bench) as client:
        for command, owned in (("--add-sender", True), ("--remove-sender", False), ("--add-sender", True)):
            tool("user", "set", ROSE, command, "new@dom.example")
            expect(ROSE in client.owners("new@dom.example"), owned, f"rose's ownership after {command}")
        tool("user", "delete", ROSE)
        expect(client.owners("new@dom.example"), ["new@dom.example"])


@case
def map_incomplete(bench):
    """before the index is complete nothing is told"""
    tool = start(bench, (ROSE,), index=False)
    with Map(bench) as client:
        expect_prefix(client.ask(ROSE), "TEMP not all accounts are in the index of senders: run `sendward reindex'")
        tool("reindex")
        expect(client.owners(ROSE), [ROSE])


@case
def map_away(bench):
    """without Redis the answer is that it cannot be told, and then it is told again"""
    start(bench, (ROSE,), redis={"deadline": "250ms"})
    with Map(bench) as client:
        expect(client.owners(ROSE), [ROSE])
        bench.redis.stop()
        expect_prefix(client.ask(ROSE), "TEMP redis: ")
        bench.wait_log("Postfix was told that we cannot tell who owns an address")
        bench.redis.start()
        Tool(bench.config_path)("reindex")
        wait_until(lambda: client.ask(ROSE) == "OK " + ROSE, "an answer", LIMIT_S)


@case
def map_odd(bench):
    """an account that cannot be read is no answer, and one whose login would be two is left out"""
    start(bench, ("a,b", *senders("x@dom.example")), ("c d", *senders("x@dom.example")), (LILY, *senders("x@dom.example")),
          ("bad", *senders("y@dom.example")))
    bench.redis.command("SET", "sendward:{bad}:a", "nonsense")
    with Map(bench) as client:
        expect(client.owners("x@dom.example", "accounts"), [LILY])
        expect_prefix(client.ask("y@dom.example"), "TEMP an account that cannot be read: ")
        bench.redis.command("ZADD", "sendward:{@dom.example}:s:z", *(word for i in range(1001) for word in (str(i), f"u{i}")))
        expect_prefix(client.ask("z@dom.example"), "TEMP too many accounts may own the address")


@case
def map_stream(bench):
    """questions are answered one after the other, in pieces or at once"""
    start(bench, (ROSE,))
    with Map(bench) as client:
        client.send(*[f"accounts {key}" for _ in range(300) for key in (ROSE, "nobody@dom.example", "rose")])
        for _ in range(300):
            for answer in ("OK " + ROSE, "NOTFOUND ", "NOTFOUND "):
                expect(client.answer(), answer)
        for octet in b"24:senders rose@dom.example,":
            client.socket.sendall(bytes([octet]))
        expect_prefix(client.answer(), "OK ")


@case
def map_malformed(bench):
    """what is no question closes the connection, and no other"""
    start(bench, (ROSE,))
    with Map(bench) as other:
        for data in (b"hello", b"99999:", b":senders x,", b"4097:", b"3:a b;", b"3:abc,", b"3:a \0,", b"01234567"):
            with Map(bench) as client:
                client.socket.sendall(data)
                expect(client.answer(), None, f"what follows {data!r}")
        expect(other.owners(ROSE), [ROSE])
    bench.wait_log("malformed socketmap question from pid")


@case
def map_limits(bench):
    """no more connections than max_connections, and they end with the daemon"""
    start(bench, (ROSE,), policyd={"max_connections": "2"})
    clients = [Map(bench) for _ in range(3)]
    for client in clients[:2]:
        expect(client.owners(ROSE), [ROSE])
    expect(clients[2].answer(), None, "the answer beyond max_connections")
    bench.wait_log("connection to the senders' map closed at once")
    bench.daemon.stop()
    for client in clients[:2]:
        expect(client.answer(), None, "what follows the stop")


@case
def map_reload(bench):
    """the map's listener comes and goes with a reload, and the settings of the map with it"""
    start(bench, (ROSE,))
    with Map(bench) as client:
        bench.reconfigure()
        expect(os.path.exists(path_of(bench)), False, "the socket's being there")
        expect(client.owners(ROSE), [ROSE])
        bench.reconfigure(top={"unknown_login": "refuse"},
                          policyd={"sender_login_listen": f'{{ "unix:{path_of(bench)}" }}'})
        expect(client.ask("nobody@dom.example"), "NOTFOUND ")
    with Map(bench) as client:
        expect(client.owners(ROSE), [ROSE])
    bench.daemon.signal(signal.SIGTERM)


TABLE = """
rose@dom.example	rose@dom.example
sales@dom.example	rose@dom.example, lily@dom.example
"odd one"@dom.example	lily@dom.example
@shop.example	tulip, rose@dom.example
tulip@garden.example	tulip
"""


@case
def map_import(bench):
    """after import-senders the map tells of every key what the table tells of it"""
    tool = start(bench)
    table = os.path.join(bench.directory, "table")
    with open(table, "w", encoding="utf-8") as file:
        file.write(TABLE)
    tool("import-senders", "--login-maps", table)
    with Map(bench) as client:
        for line in TABLE.strip().splitlines():
            key, owners = line.split("\t")
            asked = "any" + key if key[0] == "@" else key
            expect(client.owners(asked, "accounts"), sorted(owners.split(", ")), f"the owners of {asked}")


@case
def map_postmap(bench):
    """postmap -q asks it"""
    if not os.path.exists("/usr/sbin/postmap"):
        bench.start()
        return
    start(bench, (ROSE, *senders("sales@dom.example")))
    config = os.path.join(bench.directory, "postfix")
    os.mkdir(config)
    write_old(os.path.join(config, "main.cf"), "compatibility_level = 3.6\n")
    for key, answer in (("Sales@DOM.example", ROSE + "\n"), ("far@dom.example", "")):
        done = run_tool(["/usr/sbin/postmap", "-c", config, "-q", key, f"socketmap:unix:{path_of(bench)}:accounts"],
                        check=False)
        expect((done.returncode, done.stdout, done.stderr), (0 if answer else 1, answer, ""), f"postmap of {key}")
