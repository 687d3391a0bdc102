"""sendward-sasld behind a real Postfix: who gets in, and what the others are told."""

import base64
import hmac
import os
import secrets
import signal
import subprocess
import time

from clients import CLIENT, HELO, LIMIT_S, Message, Session, outcome_of
from clients import _CURL, _MSMTP, _SWAKS
from postfix import Postfix
from processes import Process, wait_until
from sendward import NODE, Daemon, write_account
from services import program, write
from smtp_users import base64_of, crypt_hash, scram_keys, write_secret
from stack import BOTH, POLICYD
from table import SASL, case, expect, expect_delivered, expect_equal, expect_match, expect_refused

ROSE, TULIP = "rose@dom.example", "tulip@dom.example"
PASSWORD = "Kq7-secret-of-rose-33"
DENIED = r"^535 5\.7\.8 Error: authentication failed: "
NO_REASON = DENIED + r"(\(reason unavailable\))?$"
LATER = r"^454 4\.7\.0 Temporary authentication failure"


# --- users and clients ---------------------------------------------------------------------------------------------------

def user(stack, login=ROSE, password=PASSWORD, **fields):
    write_account(stack.redis, login, **fields)
    write_secret(stack.redis, login, password)


def auth_plain(session, username=ROSE, password=PASSWORD):
    return session.command("AUTH PLAIN " + base64_of(f"\0{username}\0{password}"))


def auth_login(session, username=ROSE, password=PASSWORD):
    reply = session.command("AUTH LOGIN")
    for text in (username, password):
        if reply.code != 334:
            break
        reply = session.command(base64_of(text))
    return reply


def auth_scram(session, username=ROSE, password=PASSWORD):
    bare = f"n={username},r={secrets.token_hex(8)}"
    reply = session.command("AUTH SCRAM-SHA-256 " + base64_of("n,," + bare))
    if reply.code != 334:
        return reply
    first = base64.b64decode(reply.text).decode()
    values = dict(part.split("=", 1) for part in first.split(","))
    client_key, stored, server_key = scram_keys(password, base64.b64decode(values["s"]), int(values["i"]))
    final = f"c={base64_of('n,,')},r={values['r']}"
    message = f"{bare},{first},{final}".encode()
    proof = bytes(a ^ b for a, b in zip(client_key, hmac.digest(stored, message, "sha256")))
    reply = session.command(base64_of(f"{final},p={base64_of(proof)}"))
    if reply.code != 334:
        return reply
    expect_equal(base64.b64decode(reply.text).decode(),
                 "v=" + base64_of(hmac.digest(server_key, message, "sha256")), "the server's proof")
    return session.command("")


MECHANISMS = {"PLAIN": auth_plain, "LOGIN": auth_login, "SCRAM-SHA-256": auth_scram}


def login(stack, mechanism="PLAIN", username=ROSE, password=PASSWORD, **session):
    """The reply to a login on a session of its own."""
    with stack.session(**session) as one:
        return MECHANISMS[mechanism](one, username, password)


def every_way(stack, pattern, **how):
    for mechanism in MECHANISMS:
        expect_match(pattern, str(login(stack, mechanism, **how)), f"the reply to {mechanism}")


def with_client(stack, client, mechanism, password=PASSWORD):
    """One message from a real client; the password stands in a file, as careful people have it."""
    message, port = Message(ROSE), str(stack.postfix.port)
    path = os.path.join(stack.directory, "client.conf")
    if client == "swaks":
        write(path, f"--auth {mechanism}\n--auth-user {ROSE}\n--auth-password {password}\n", 0o600)
        argv = [program("swaks", "swaks"), "--config", path, "--server", "127.0.0.1", "--port", port, "--ehlo", HELO,
                "--local-interface", CLIENT, "--tls", "--from", ROSE, "--to", ",".join(message.to), "--data", "-",
                "--timeout", str(LIMIT_S)]
        patterns = _SWAKS
    elif client == "msmtp":
        write(path, f"account default\nhost 127.0.0.1\nport {port}\ndomain {HELO}\nsource_ip {CLIENT}\ntls on\n"
                    f"tls_starttls on\ntls_certcheck off\nauth {mechanism.lower()}\nuser {ROSE}\npassword {password}\n"
                    f"from {ROSE}\n", 0o600)
        argv = [program("msmtp", "msmtp"), "--file=" + path, "--debug", "--", *message.to]
        patterns = _MSMTP
    else:
        write(path, f'user = "{ROSE}:{password}"\n', 0o600)
        argv = [program("curl", "curl"), "-q", "-K", path, "--silent", "--show-error", "--verbose", "--insecure",
                "--ssl-reqd", "--interface", CLIENT, "--login-options", "AUTH=" + mechanism, "--mail-from", ROSE,
                "--mail-rcpt", message.to[0], "--upload-file", "-", f"smtp://127.0.0.1:{port}/{HELO}"]
        patterns = _CURL
    done = subprocess.run(argv, input=message.content.encode(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=LIMIT_S, check=False)
    return outcome_of(done.stdout.decode("utf-8", "backslashreplace"), patterns, message)


CLIENTS = (("swaks", "PLAIN"), ("swaks", "LOGIN"), ("msmtp", "PLAIN"), ("msmtp", "LOGIN"), ("msmtp", "SCRAM-SHA-256"),
           ("curl", "PLAIN"), ("curl", "LOGIN"))


# --- the cases -----------------------------------------------------------------------------------------------------------

@case(SASL, "real clients log in by PLAIN, LOGIN and SCRAM-SHA-256 and send", wirings=(BOTH,), sasld={})
def _(stack):
    user(stack)
    for client, mechanism in CLIENTS:
        expect_delivered(stack, with_client(stack, client, mechanism))
        outcome = with_client(stack, client, mechanism, "wrong")
        expect(outcome.stage == "AUTH" or "535" in outcome.transcript,
               f"{client} {mechanism} with a wrong password: {outcome}\n{outcome.transcript}")
    for mechanism, authenticate in MECHANISMS.items():
        with stack.session() as session:
            expect_equal(authenticate(session).code, 235, f"the reply to {mechanism}")
            expect_delivered(stack, session.submit(Message(ROSE)))
    expect_equal(stack.used(ROSE), len(CLIENTS) + len(MECHANISMS), "messages used")


@case(SASL, "a wrong password and an unknown user are told the same", wirings=(POLICYD,), sasld={})
def _(stack):
    user(stack)
    for mechanism in MECHANISMS:
        wrong = str(login(stack, mechanism, password="wrong"))
        unknown = str(login(stack, mechanism, username="nobody@dom.example"))
        expect_match(NO_REASON, wrong, f"the reply to {mechanism}")
        expect_equal(unknown, wrong, f"the reply to {mechanism} of an unknown user")


@case(SASL, "what is refused at the door is told with its reason, and only to who knows the password", wirings=(POLICYD,),
      sasld={"blocked_text": '"Account suspended, contact abuse@dom.example"'})
def _(stack):
    now = int(time.time())
    user(stack, credentials={"old": {"expires": now - 5}, "near": {"networks": ["203.0.113.0/24"]}})
    user(stack, TULIP, state="blocked")
    rows = ((TULIP, "Account suspended, contact abuse@dom.example"), (ROSE + "+old", "expired"),
            (ROSE + "+gone", "revoked"), (ROSE + "+near", "network"))
    for username, reason in rows:
        write_secret(stack.redis, username, PASSWORD)
        every_way(stack, DENIED + ".*" + reason, username=username)
        every_way(stack, NO_REASON, username=username, password="wrong")
    with stack.session(xclient={"ADDR": "203.0.113.7"}) as session:
        expect_equal(auth_plain(session, ROSE + "+near").code, 235, "the reply in the credential's network")


@case(SASL, "a blocked account is let in and its mail refused, when so configured", wirings=(POLICYD,),
      sasld={"blocked": "accept"})
def _(stack):
    user(stack, state="blocked")
    with stack.session() as session:
        expect_equal(auth_scram(session).code, 235, "the reply to a blocked login")
        expect_refused(stack, session.submit(Message(ROSE)), "550", "5.7.1", "")


@case(SASL, "a block stops a session that is logged in", wirings=(POLICYD,), sasld={})
def _(stack):
    user(stack)
    with stack.session() as session:
        expect_equal(auth_plain(session).code, 235, "the reply")
        stack.sendward("block", ROSE)
        expect_refused(stack, session.submit(Message(ROSE)), "550", "5.7.1", "")
    every_way(stack, DENIED + "Account suspended")


@case(SASL, "both passwords are good in the time of grace of a rotation", wirings=(POLICYD,), sasld={})
def _(stack):
    now = int(time.time())
    write_account(stack.redis, ROSE)
    for left, code in ((1000, 235), (-1, 535)):
        write_secret(stack.redis, ROSE, PASSWORD, previous=crypt_hash("Before-88"), previous_until=now + left)
        expect_equal(login(stack, password="Before-88").code, code, "the reply to the previous password")
        expect_equal(login(stack).code, 235, "the reply to the present password")


@case(SASL, "without TLS no password is taken, and noplaintext leaves SCRAM", wirings=(POLICYD,), sasld={})
def _(stack):
    user(stack)
    settings = stack.postfix_settings()
    with stack.session(tls=False) as session:
        expect("AUTH" not in session.command("EHLO x").text, "AUTH is offered without TLS")
    stack.postfix.reconfigure({**settings, "smtpd_tls_auth_only": "no"})
    for mechanism, wanted in (("PLAIN", DENIED + "Encryption is required"), ("LOGIN", DENIED + "Encryption is required"),
                              ("SCRAM-SHA-256", "^235 ")):
        expect_match(wanted, str(login(stack, mechanism, tls=False)), f"the reply to {mechanism} without TLS")
    stack.postfix.reconfigure({**settings, "smtpd_tls_auth_only": "no",
                               "smtpd_sasl_security_options": "noanonymous, noplaintext",
                               "smtpd_sasl_tls_security_options": "noanonymous"})
    with stack.session(tls=False) as session:
        expect_match(r"AUTH SCRAM-SHA-256\b(?! \w*PLAIN)", session.command("EHLO x").text, "what is offered without TLS")
    expect_equal(login(stack).code, 235, "the reply to PLAIN with TLS")


@case(SASL, "without Redis a login is put off, never refused", wirings=(POLICYD,), sasld={}, redis={"deadline": "2s"})
def _(stack):
    user(stack)
    every_way(stack, "^235 ")
    stack.redis.signal(signal.SIGSTOP)
    try:
        every_way(stack, LATER)
    finally:
        stack.redis.signal(signal.SIGCONT)
    wait_until(lambda: login(stack).code == 235, "logins again")
    stack.redis.stop()
    for password in (PASSWORD, "wrong"):
        every_way(stack, LATER, password=password)
    expect("535" not in "".join(line for line in stack.postfix.log().splitlines() if "Temporary" in line), "a 535")
    stack.redis.start()
    user(stack)
    wait_until(lambda: login(stack, "SCRAM-SHA-256").code == 235, "logins with Redis back")


@case(SASL, "a restart in mid-session is not noticed; without the daemon a login is put off", wirings=(POLICYD,),
      sasld={}, clean_stop=False)
def _(stack):
    user(stack)
    with stack.session() as logged_in, stack.session() as not_yet, stack.session() as third:
        expect_equal(auth_plain(logged_in).code, 235, "the reply before")
        stack.sasld.stop()
        expect_match(LATER, str(auth_plain(third)), "the reply without the daemon")
        expect_delivered(stack, logged_in.submit(Message(ROSE)))
        stack.sasld.start()
        expect_equal(auth_scram(not_yet).code, 235, "the reply after the restart")
        expect_delivered(stack, not_yet.submit(Message(ROSE)))
        expect_equal(auth_plain(third).code, 235, "the second try of who was put off")
    with stack.session() as session:
        reply = session.command("AUTH LOGIN")
        expect_equal(reply.code, 334, "the reply to AUTH LOGIN")
        stack.sasld.stop()
        stack.sasld.start()
        expect_match(LATER, str(session.command(base64_of(ROSE))), "the reply to a login cut in two")
        expect_equal(auth_plain(session).code, 235, "the next try")
    stack.stop_daemons()


@case(SASL, "who guesses is refused, and the user logs in from elsewhere", wirings=(POLICYD,), sasld={"guess_limit": "4"})
def _(stack):
    user(stack)
    with stack.session() as session:
        for _number in range(4):
            expect_match(NO_REASON, str(auth_plain(session, password="guess")), "the reply to a guess")
    every_way(stack, DENIED + "Too many failed logins")
    every_way(stack, "^235 ", client_ip="127.0.0.9")
    told = stack.sendward("events", "--login", ROSE).stdout
    expect_match("guessing", told, "the events")


@case(SASL, "two servers with one Redis count guesses together, and know the same users", wirings=(POLICYD,),
      sasld={"guess_limit": "4"})
def _(stack):
    user(stack)
    socket, config = stack.sasl_socket + "2", stack.config_path + "2"
    with open(stack.config_path, encoding="utf-8") as one:
        write(config, one.read().replace(stack.sasl_socket, socket).replace(f'"{NODE}"', '"mx2"'))
    sasld = Daemon("sendward-sasld", config, os.path.join(stack.logs, "sasld2.log"), [socket])
    directory = os.path.join(stack.directory, "second")
    os.mkdir(directory, 0o755)
    postfix = Postfix(directory, os.path.join(stack.logs, "mail2.log"), socket, stack.sink.port, stack.postfix_settings())
    try:
        sasld.start()
        postfix.start()
        with Session(stack.postfix.port) as one, Session(postfix.port) as two:
            for _number in range(2):
                for session in (one, two):
                    expect_match(NO_REASON, str(auth_plain(session, password="guess")), "the reply to a guess")
            for session in (one, two):
                expect_match(DENIED + "Too many failed logins", str(auth_plain(session)), "the reply after them")
        for port in (stack.postfix.port, postfix.port):
            with Session(port, client_ip="127.0.0.9") as session:
                expect_equal(auth_scram(session).code, 235, "the reply to a login from elsewhere")
        sasld.stop()
        expect_equal((sasld.stopped_with, sasld.sanitizer_reports()), (0, []), "the end of the second daemon")
    finally:
        postfix.stop()
        sasld.kill()


@case(SASL, "the secrets of a whole run are in no log, no process list and no command that Redis got", wirings=(BOTH,),
      sasld={})
def _(stack):
    guesses = ["Wrong-guess-4711", "Wrong-guess-4712"]
    user(stack)
    monitor = Process("redis-cli", [program("redis-cli", "redis-tools"), "-s", stack.redis.socket, "MONITOR"],
                      os.path.join(stack.logs, "monitor.log"))
    try:
        wait_until(lambda: b"OK" in read(monitor.log_path), "MONITOR")
        lists = ""
        for password in (PASSWORD, *guesses):
            for mechanism in MECHANISMS:
                login(stack, mechanism, password=password)
            lists += process_list()
        with_client(stack, "msmtp", "SCRAM-SHA-256")
        lists += process_list()
        wait_until(lambda: b"EVALSHA" in read(monitor.log_path), "what MONITOR says")
    finally:
        monitor.kill()
    stack.stop_daemons()
    for secret in (PASSWORD, *guesses):
        for form in (secret, base64_of(secret), base64_of(f"\0{ROSE}\0{secret}")):
            for name in os.listdir(stack.logs):
                expect(form.encode() not in read(os.path.join(stack.logs, name)), f"{form} is in {name}")
            expect(form not in lists, f"{form} is in the process list")
    for daemon in stack.daemons():
        daemon.start()


def read(path):
    with open(path, "rb") as file:
        return file.read()


def process_list():
    """Words and environment of every process."""
    found = ""
    for pid in os.listdir("/proc"):
        for name in ("cmdline", "environ"):
            try:
                if pid.isdigit():
                    found += read(f"/proc/{pid}/{name}").decode("utf-8", "replace") + "\n"
            except OSError:
                pass
    return found
