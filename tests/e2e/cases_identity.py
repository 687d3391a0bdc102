"""Sessions without a login that are an account's, and what a login's session must bring along.

No case may end with mail relayed for somebody who is not meant to: relayed() counts what the sink has got.
"""

import hashlib
import os
import ssl
import subprocess

from clients import CLIENT, Message, Session
from processes import wait_until
from sendward import write_account
from services import program
from stack import BOTH, EVERY_WIRING, MILTER, POLICYD
from table import (IDENTITY, case, expect, expect_delivered, expect_equal, expect_match, expect_not_delivered,
                   expect_refused)

ROSE = "rose@dom.example"
STRANGER = "127.0.0.66"
INBOUND = "friend@inbound.example"
FAR = "friend@far.example"
SCAN = "scan@dom.example"
NO_RELAY = r"Relay access denied"


# --- around the cases ----------------------------------------------------------------------------------------------------

def relay(stack, context="relay", **settings):
    """Postfix asks the policy daemon who may relay, and has no other way to let anybody but logins."""
    service = (f"check_policy_service {{ unix:{stack.policy_socket}, policy_context={context}, timeout=10s, "
               "{ default_action = 451 4.3.0 policy service is away } }")
    changed = stack.postfix_settings()
    changed["smtpd_recipient_restrictions"] = changed["smtpd_recipient_restrictions"].replace(
        ", permit_sasl_authenticated, reject_unauth_destination", "")
    changed["smtpd_relay_restrictions"] = f"{service}, permit_sasl_authenticated, reject_unauth_destination"
    changed.update(settings)
    stack.postfix.reconfigure(changed)


def send(stack, client_ip=CLIENT, to=FAR, sender=SCAN, session=None, **arguments):
    message = Message("", to=[to], sender=sender, header_from=sender, client_ip=client_ip)
    if session:
        return session.submit(message)
    with Session(stack.postfix.port, client_ip=client_ip, **arguments) as own:
        return own.submit(message)


def printer(stack, *words, network=CLIENT):
    stack.sendward("identity", "add", "printer", "--network", network, "--sender", "*@dom.example", *words)


def known(stack, client_ip=CLIENT, **arguments):
    """Daemons hear of a new identity by news: waits until it may relay."""
    def may_relay():
        with Session(stack.postfix.port, client_ip=client_ip, **arguments) as session:
            session.mail(SCAN)
            return session.rcpt(FAR).code == 250
    wait_until(may_relay, "the daemons to know the identity")


def heard(stack, **fields):
    """Until a decision is the identity's: sends mail to our own domain."""
    def decided():
        with Session(stack.postfix.port) as session:
            session.mail(SCAN)
            session.rcpt(INBOUND)
        return stack.decisions(**fields)
    wait_until(decided, "a decision about the identity")


# --- both front ends -----------------------------------------------------------------------------------------------------

@case(IDENTITY, "a session without a login is an identity's by its network, with its quota and senders",
      wirings=EVERY_WIRING)
def _(stack):
    printer(stack, "--quota", "1 messages / 1h")
    heard(stack, login="printer")
    expect_refused(stack, send(stack, to=INBOUND, sender="boss@bank.example"), "553", "5.7.1", "printer may not use")
    expect_delivered(stack, send(stack, to=INBOUND))
    expect_equal(stack.used("printer"), 1, "messages used")
    expect_refused(stack, send(stack, to=INBOUND), "450", "4.7.28", "quota")
    expect_delivered(stack, send(stack, STRANGER, to=INBOUND, sender="boss@bank.example"))
    stack.sendward("block", "printer", "--reason", "paper jam")
    expect_refused(stack, send(stack, to=INBOUND), "550", "5.7.1", "paper jam")
    expect_equal(stack.used("printer"), 1, "messages used")


@case(IDENTITY, "the header of an identity's message is looked at", wirings=(MILTER, BOTH))
def _(stack):
    printer(stack)
    heard(stack, login="printer")
    message = Message("", to=[INBOUND], sender=SCAN, header_from="boss@bank.example")
    with Session(stack.postfix.port) as session:
        expect_refused(stack, session.submit(message), "550", "5.7.1", "header_from: printer may not use")
    expect_equal(stack.used("printer"), 0, "messages used")


@case(IDENTITY, "a login is a login, also in a session from an identity's network", wirings=EVERY_WIRING)
def _(stack):
    printer(stack)
    heard(stack, login="printer")
    stack.sendward("user", "add", ROSE)
    expect_delivered(stack, stack.send(ROSE))
    expect_equal((stack.used(ROSE), stack.used("printer")), (1, 0), "messages used by login and identity")


# --- relaying ------------------------------------------------------------------------------------------------------------

@case(IDENTITY, "Postfix relays for an identity in a relay context, and charges each message once",
      wirings=(POLICYD, BOTH))
def _(stack):
    relay(stack)
    expect_refused(stack, send(stack), "554", "5.7.1", NO_RELAY)
    printer(stack, "--quota", "2 messages / 1h")
    known(stack)
    expect_delivered(stack, send(stack))
    expect_delivered(stack, send(stack))
    expect_equal(stack.used("printer"), 2, "messages used")
    expect_refused(stack, send(stack), "450", "4.7.28", "quota")
    expect_refused(stack, send(stack, sender="boss@bank.example"), "553", "5.7.1", "printer may not use")


@case(IDENTITY, "nobody relays who is not the identity, whatever he says he is", wirings=(POLICYD, BOTH))
def _(stack):
    relay(stack)
    stack.sendward("user", "add", ROSE)
    printer(stack)
    known(stack)
    for arguments in ({}, {"xclient": {"HELO": "printer"}}, {"xclient": {"NAME": "localhost"}},
                      {"xclient": {"PORT": "25"}}):
        for sender in (SCAN, "printer", "", ROSE, "root@" + "mx1.test.example"):
            expect_refused(stack, send(stack, STRANGER, sender=sender, **arguments), "554", "5.7.1", NO_RELAY)
    # Whoever may use XCLIENT has the address it says, and no other.
    for address in ("203.0.113.7", "127.0.0.1", "IPV6:2001:db8::7", "IPV6:::ffff:203.0.113.5"):
        expect_refused(stack, send(stack, CLIENT, xclient={"ADDR": address}), "554", "5.7.1", NO_RELAY)
    expect_delivered(stack, send(stack, STRANGER, xclient={"ADDR": CLIENT}))
    # A login's mail is relayed because it is a login's.
    outcome = send(stack, CLIENT, sender=ROSE, xclient={"LOGIN": ROSE})
    expect_delivered(stack, outcome)
    expect_equal((stack.used(ROSE), stack.used("printer")), (1, 1), "messages used")


@case(IDENTITY, "what is no relay context never relays", wirings=(POLICYD,))
def _(stack):
    printer(stack)
    relay(stack)
    known(stack)
    for context in ("Relay", "RELAY", "relays", "rely", "scan", "submission:relay", '""'):
        relay(stack, context)
        expect_refused(stack, send(stack), "554", "5.7.1", NO_RELAY)


@case(IDENTITY, "an identity that is deleted or changed relays no more, in sessions that go on too",
      wirings=(POLICYD, BOTH))
def _(stack):
    relay(stack)
    printer(stack)
    known(stack)
    with Session(stack.postfix.port) as session:
        expect_delivered(stack, send(stack, session=session))
        stack.sendward("identity", "set", "printer", "--network", "192.0.2.0/28")
        expect_refused(stack, send(stack, session=session), "554", "5.7.1", NO_RELAY)
        stack.sendward("identity", "set", "printer", "--network", "127.0.0.0/24")
        known(stack)
        expect_delivered(stack, send(stack, session=session))
        stack.sendward("identity", "delete", "printer")
        expect_refused(stack, send(stack, session=session), "554", "5.7.1", NO_RELAY)
    expect_equal(stack.sendward.json("identity", "list"), [], "identities")


@case(IDENTITY, "a message that an identity has begun is not accepted when the identity is gone", wirings=(POLICYD, BOTH))
def _(stack):
    relay(stack)
    printer(stack)
    known(stack)
    with Session(stack.postfix.port) as session:
        session.mail(SCAN)
        expect_equal(session.rcpt(FAR).code, 250, "answer to RCPT")
        stack.sendward("identity", "delete", "printer")
        reply = session.data(b"From: scan@dom.example\r\n\r\nlate\r\n")
    expect_match(r"^451 4\.3\.0 ", str(reply), "reply")
    expect_equal(stack.sink.deliveries(), [], "deliveries")


@case(IDENTITY, "an identity deleted behind the daemons' back does not relay another message", wirings=(POLICYD,))
def _(stack):
    relay(stack)
    write_account(stack.redis, "printer", senders=["*@dom.example"], identity={"networks": [CLIENT]})
    stack.redis.command("ZADD", "sendward:identities", "1", "printer")
    stack.policyd.stop()
    stack.policyd.launch()
    stack.policyd.wait_ready()
    known(stack)
    stack.redis.command("DEL", "sendward:{printer}:a")
    # It may pass RCPT for a second yet, the end of the message it does not.
    outcome = send(stack)
    expect(not outcome.accepted, f"accepted: {outcome}")
    expect_refused(stack, send(stack), "554", "5.7.1", NO_RELAY)


@case(IDENTITY, "networks that are everybody's relay only when that is meant", wirings=(POLICYD,))
def _(stack):
    relay(stack)
    for wide in ("0.0.0.0/0", "::/0", "126.0.0.0/7", "!192.0.2.1"):
        done = stack.sendward("identity", "add", "printer", "--network", wide, check=False)
        expect_equal(done.returncode, 1, f"exit status of identity add --network {wide}")
    write_account(stack.redis, "printer", senders=["*@dom.example"], identity={"networks": ["0.0.0.0/0"]})
    stack.redis.command("ZADD", "sendward:identities", "1", "printer")
    stack.policyd.stop()
    stack.policyd.launch()
    stack.policyd.wait_ready()
    expect_refused(stack, send(stack), "554", "5.7.1", NO_RELAY)
    stack.redis.command("DEL", "sendward:{printer}:a")
    printer(stack, "--yes-really", network="0.0.0.0/0")
    known(stack)
    expect_delivered(stack, send(stack))


# --- Redis is away -------------------------------------------------------------------------------------------------------

@case(IDENTITY, "without Redis the identities that are known go on, and nobody else", wirings=(POLICYD,))
def _(stack):
    relay(stack)
    printer(stack)
    known(stack)
    stack.redis.stop()
    expect_delivered(stack, send(stack))
    expect_refused(stack, send(stack, STRANGER), "554", "5.7.1", NO_RELAY)
    stack.policyd.stop()
    stack.policyd.launch()
    stack.policyd.wait_ready()
    # From the state file; whether there are others is not known.
    expect_delivered(stack, send(stack))
    expect_refused(stack, send(stack, STRANGER), "450", "4.3.0", "")
    expect_delivered(stack, send(stack, STRANGER, to=INBOUND))


def _without_anything(stack):
    relay(stack)
    outcome = send(stack)
    expect_equal((outcome.stage, outcome.code // 100), ("RCPT", 4), f"answer {outcome}")
    expect_not_delivered(stack, outcome)
    expect_delivered(stack, send(stack, to=INBOUND))


for _choice in ("degrade", "pass", "defer"):
    @case(IDENTITY, f"a daemon that never reached Redis relays for nobody, on_store_failure = {_choice}",
          wirings=(POLICYD,), start=False, top={"on_store_failure": _choice})
    def _(stack):
        stack.start(with_redis=False)
        _without_anything(stack)


@case(IDENTITY, "without the policy daemon nobody relays", wirings=(POLICYD,), clean_stop=False)
def _(stack):
    relay(stack)
    printer(stack)
    known(stack)
    stack.policyd.stop()
    outcome = send(stack)
    expect_equal((outcome.stage, outcome.code), ("RCPT", 451), f"answer {outcome}")
    stack.policyd.launch()
    stack.policyd.wait_ready()
    known(stack)
    expect_delivered(stack, send(stack))
    stack.stop_daemons()


# --- certificates and contexts -------------------------------------------------------------------------------------------

def _certificate(stack, name):
    """A key and certificate of a client; its path and fingerprint as Postfix writes it."""
    path = os.path.join(stack.directory, name + ".pem")
    subprocess.run([program("openssl", "openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30", "-subj", "/CN=" + name, "-keyout",
                    path + ".key", "-out", path], check=True, capture_output=True)
    with open(path, encoding="ascii") as file:
        digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(file.read())).hexdigest()
    return path, digest


@case(IDENTITY, "an identity by the client's certificate relays from anywhere, and is charged by the policy daemon",
      wirings=(POLICYD, BOTH))
def _(stack):
    relay(stack, smtpd_tls_ask_ccert="yes", smtpd_tls_fingerprint_digest="sha256")
    path, digest = _certificate(stack, "fax")
    other, _digest = _certificate(stack, "other")
    stack.sendward("identity", "add", "fax", "--client-cert", digest, "--sender", "*@dom.example")
    known(stack, STRANGER, certificate=path)
    expect_delivered(stack, send(stack, STRANGER, certificate=path))
    expect_equal(stack.used("fax"), 1, "messages used")
    expect_refused(stack, send(stack, STRANGER), "554", "5.7.1", NO_RELAY)
    expect_refused(stack, send(stack, STRANGER, certificate=other), "554", "5.7.1", NO_RELAY)
    expect_refused(stack, send(stack, STRANGER, certificate=path, sender="boss@bank.example"), "553", "5.7.1", "")


@case(IDENTITY, "an identity by policy_context is one only where Postfix says so", wirings=(POLICYD,))
def _(stack):
    relay(stack, "relay:scan")
    printer(stack, "--context", "scan")
    known(stack)
    relay(stack)
    expect_refused(stack, send(stack), "554", "5.7.1", NO_RELAY)
    relay(stack, "relay:fax")
    expect_refused(stack, send(stack), "554", "5.7.1", NO_RELAY)


# --- credentials and TLS -------------------------------------------------------------------------------------------------

PRINTER = ROSE + "+printer"


@case(IDENTITY, "a credential is the login's, and refused when the account does not have it", wirings=EVERY_WIRING,
      users=[PRINTER, ROSE + "+phone"], top={"credential_separator": '"+"'}, plan={"quotas": '{ "2 messages / 1h" }'})
def _(stack):
    def mail(login):
        return stack.send(login, client="python", sender=ROSE, header_from=ROSE)
    write_account(stack.redis, ROSE, credentials={"printer": {"networks": [CLIENT]}})
    outcome = mail(PRINTER)
    expect_delivered(stack, outcome)
    line = stack.wait_decision(login=ROSE, qid=outcome.queue_id, stage="END-OF-MESSAGE")
    expect_equal(line.credential, "printer", "credential in the log")
    expect_delivered(stack, mail(ROSE))
    expect_equal(stack.used(ROSE), 2, "messages used")
    expect_refused(stack, mail(PRINTER), "450", "4.7.28", "quota")
    stack.sendward("reset", ROSE)
    expect_refused(stack, mail(ROSE + "+phone"), "550", "5.7.1", "credential phone .*revoked")
    write_account(stack.redis, ROSE, credentials={"printer": {"networks": ["192.0.2.1"]}})
    expect_refused(stack, mail(PRINTER), "550", "5.7.1", "networks: ")
    write_account(stack.redis, ROSE, credentials={"printer": {"expires": 1}})
    expect_refused(stack, mail(PRINTER), "550", "5.7.1", "has expired")
    write_account(stack.redis, ROSE, credentials={"printer": {"state": "blocked"}})
    expect_refused(stack, mail(PRINTER), "550", "5.7.1", "is blocked")
    expect_delivered(stack, mail(ROSE))


@case(IDENTITY, "a credential is revoked in the middle of a session", wirings=EVERY_WIRING, users=[PRINTER],
      top={"credential_separator": '"+"'})
def _(stack):
    write_account(stack.redis, ROSE, credentials={"printer": {}})
    message = Message(ROSE)
    with Session(stack.postfix.port, login=PRINTER) as session:
        expect_delivered(stack, session.submit(message))
        write_account(stack.redis, ROSE)
        expect_refused(stack, session.submit(Message(ROSE)), "550", "5.7.1", "credential printer .*revoked")


@case(IDENTITY, "a session must have the TLS that its login's plan or account asks for", wirings=EVERY_WIRING,
      plan={"require_tls": "1.2"})
def _(stack):
    stack.postfix.reconfigure(stack.postfix_settings() | {"smtpd_tls_auth_only": "no"})
    stack.sendward("user", "add", ROSE)

    def mail(**arguments):
        with Session(stack.postfix.port, login=ROSE, **arguments) as session:
            return session.submit(Message(ROSE))
    expect_delivered(stack, mail())
    expect_refused(stack, mail(tls=False), "530", "5.7.0", "TLS")
    expect_delivered(stack, mail(tls_version=ssl.TLSVersion.TLSv1_2))
    stack.sendward("user", "set", ROSE, "--require-tls", "1.3")
    expect_refused(stack, mail(tls_version=ssl.TLSVersion.TLSv1_2), "530", "5.7.0", "1.3")
    expect_delivered(stack, mail())
    stack.sendward("user", "set", ROSE, "--require-tls", "no")
    expect_delivered(stack, mail(tls=False))
    expect_match("account", stack.sendward.json("user", "show", ROSE)["effective"]["require_tls"]["origin"], "origin")
