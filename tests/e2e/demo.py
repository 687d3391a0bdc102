#!/usr/bin/python3
"""What ./demo does: a whole mail system on loopback ports, sample accounts, real mail, and a table of what came of it.

    demo.py start HOME     start it and leave it running; HOME holds what `stop` needs, and links to look at
    demo.py running HOME   exit status 0 and the commands to try when it runs, else 1
    demo.py stop HOME      end it

The programs are taken from $SENDWARD_BUILD.
"""

import json
import os
import shutil
import signal
import sys
import textwrap

sys.dont_write_bytecode = True

from places import make_temporary    # noqa: E402
from processes import Timeout, end_session, kill_session, start_ticks, tail    # noqa: E402
from sendward import built    # noqa: E402
from services import MissingProgram    # noqa: E402
from stack import BOTH, Stack    # noqa: E402

ROSE, TULIP, IVY, THORN, MOSS, FERN = (f"{name}@demo.example"
                                       for name in ("rose", "tulip", "ivy", "thorn", "moss", "fern"))
LOGINS = (ROSE, TULIP, IVY, THORN, MOSS, FERN)
FRIEND = "friend@far.example"
PASSWORD = "open, sesame, please"

PLAN = {"quotas": '{ "200 recipients / 1h", "1000 recipients / 1d", "500M bytes / 1d" }', "senders": '{ "%login" }',
        "max_recipients": "100", "max_size": "25M", "sandbox": "discard"}
SECTIONS = {"plan watched": {"sandbox": "hold"}}

# What `sendward` is told before the mail is sent; then each login gets its password.
ACCOUNTS = (
    ("user", "add", ROSE, "--description", "an ordinary account", "--sender", ROSE, "--sender", "*@rose.example"),
    ("user", "add", TULIP, "--description", "a small quota", "--quota", "2 messages / 1h"),
    ("user", "add", IVY, "--description", "may send from the office only", "--network", "192.0.2.0/24"),
    ("block", THORN, "--reason", "password stolen"),
    ("sandbox", MOSS, "--reason", "new customer"),
    ("user", "add", FERN, "--description", "sandboxed mail of this plan is held", "--plan", "watched"),
    ("sandbox", FERN, "--reason", "under observation"),
)

# login, what is tried, how the message differs from an ordinary one
MAILS = (
    (ROSE, "an ordinary message", {}),
    (ROSE, "with a wrong password", {"password": "open, barley, please"}),
    (ROSE, "from an alias, shop@rose.example", {"sender": "shop@rose.example", "header_from": "shop@rose.example"}),
    (ROSE, "with a foreign envelope sender, boss@bank.example", {"sender": "boss@bank.example"}),
    (ROSE, "with a foreign header From, boss@bank.example", {"header_from": "The Boss <boss@bank.example>"}),
    (TULIP, "1st message, quota 2 an hour", {}),
    (TULIP, "2nd message", {}),
    (TULIP, "3rd message", {}),
    (IVY, "from outside the office network", {}),
    (THORN, "a message, though blocked", {}),
    (MOSS, "a message, though sandboxed (discard)", {}),
    (FERN, "a message, though sandboxed (hold)", {}),
)

COLUMNS = (("login", 18), ("what was tried", 27), ("what the client was told", 43), ("what was delivered", 25))


def main(argv):
    commands = {"start": start, "running": running, "stop": stop}
    if len(argv) != 3 or argv[1] not in commands:
        print("usage: demo.py start|running|stop HOME", file=sys.stderr)
        return 2
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _frame: sys.exit(128 + number))
    try:
        return commands[argv[1]](os.path.abspath(argv[2]))
    except (Timeout, MissingProgram, RuntimeError) as why:
        print(f"demo: {why}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("demo: interrupted; everything is ended again", file=sys.stderr)
        return 130


def start(home):
    # Not below HOME: Postfix's user must be able to walk to the sockets, and their paths must be short.
    directory = make_temporary("sendward-demo-")
    stack = Stack(BOTH, plan=PLAN, sections=SECTIONS, directory=directory, sasld={})
    try:
        stack.start()
        for words in ACCOUNTS:
            stack.sendward(*words)
        for login in LOGINS:
            stack.sendward("password", "set", login, "--password-stdin", said=PASSWORD + "\n")
        rows = [tried(stack, *mail) for mail in MAILS]
        remember(home, stack)
    except BaseException as why:
        if isinstance(why, Exception):
            for name in ("policyd", "milter", "sasld", "mail"):
                print(f"--- {name}.log\n{tail(os.path.join(stack.logs, name + '.log'), 10)}", file=sys.stderr)
        stack.close()
        shutil.rmtree(directory, ignore_errors=True)
        raise
    print_table(rows)
    print_commands(home)
    return 0


def tried(stack, login, what, message):
    """Sends one message with swaks and returns its row of the table."""
    outcome = stack.send(login, to=[FRIEND], **{"password": PASSWORD, **message})
    delivered = [f"it, to {' '.join(one.recipients)}" for one in stack.delivered(outcome.message_id)]
    held = [entry["queue_id"] for entry in stack.postfix.mailq() if entry["queue_name"] == "hold"]
    if not delivered:
        delivered = ["nothing yet: on hold"] if outcome.queue_id in held else ["nothing"]
    return login, what, outcome.reply, " ".join(delivered)


def print_table(rows):
    def line(cells):
        wrapped = [textwrap.wrap(cell, width) or [""] for cell, (_title, width) in zip(cells, COLUMNS)]
        for number in range(max(len(cell) for cell in wrapped)):
            print(" | ".join((cell[number] if number < len(cell) else "").ljust(width)
                             for cell, (_title, width) in zip(wrapped, COLUMNS)).rstrip())

    rule = "-+-".join("-" * width for _title, width in COLUMNS)
    print()
    line([title for title, _width in COLUMNS])
    print(rule.replace("-", "="))
    for number, row in enumerate(rows):
        if number and row[0] == rows[number - 1][0]:
            row = ("", *row[1:])
        elif number:
            print(rule)
        line(row)
    print()


def remember(home, stack):
    """What another process needs to find and end all this, and links for people."""
    sessions = [{"name": process.name, "pid": process.pid, "start": start_ticks(process.pid)}
                for process in stack.processes()]
    state = {"directory": stack.directory, "port": stack.postfix.port, "postfix": stack.postfix.config,
             "sendward": built("sendward"), "sessions": sessions}
    with open(state_path(home), "w", encoding="utf-8") as out:
        json.dump(state, out, indent=2)
    for name in ("sendward.conf", "log", "delivered"):
        link = os.path.join(home, name)
        if os.path.lexists(link):
            os.unlink(link)
        os.symlink(os.path.join(stack.directory, name), link)


def print_commands(home):
    state = read_state(home)
    tool = f"{short(state['sendward'])} -c {short(os.path.join(home, 'sendward.conf'))}"
    log, delivered = short(os.path.join(home, "log")), short(os.path.join(home, "delivered"))
    print(f"""\
The demo is running. Try, from this directory:

  what the log says of the mail above
    grep -h verdict= {log}/policyd.log {log}/milter.log
  who has logged in, or tried to, and how
    grep stage=AUTH {log}/sasld.log
  how much of her quota tulip has used, and a larger quota
    {tool} usage {TULIP}
    {tool} user set {TULIP} --quota "5 messages / 1h"
  why somebody may not send
    {tool} explain --login {IVY} --from {IVY} --client 127.0.0.5
  stop a login at once, look at it, let it send again
    {tool} block {ROSE} --reason "too many roses" --for 24h
    {tool} user show {ROSE}
    {tool} allow {ROSE}
  give rose's scanner a password of its own, and take it away again
    {tool} credential add {ROSE} --name scanner
    {tool} credential revoke {ROSE} --name scanner
  send mail as rose
    swaks --server 127.0.0.1:{state['port']} --tls --auth PLAIN --auth-user {ROSE} \\
      --auth-password '{PASSWORD}' --from {ROSE} --to {FRIEND}
  what was delivered, what is on hold, and let that go
    ls {delivered}/
    postqueue -c {state['postfix']} -p
    postsuper -c {state['postfix']} -H ALL && postqueue -c {state['postfix']} -f
  end it and remove everything
    ./demo stop""")


def short(path):
    """The path as somebody in the current directory would type it."""
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative


def running(home):
    state = read_state(home)
    if state is None or not any(lives(session) for session in state["sessions"]):
        return 1
    print("demo: it is running already\n")
    print_commands(home)
    return 0


def stop(home):
    state = read_state(home)
    if state is None:
        print("demo: it is not running")
        return 0
    for session in reversed(state["sessions"]):    # ours first, Redis last
        if lives(session):
            if session["name"].startswith("sendward-"):
                end_session(session["pid"], limit_s=15)
            else:
                kill_session(session["pid"])
    shutil.rmtree(state["directory"], ignore_errors=True)
    os.unlink(state_path(home))
    print("demo: stopped")
    return 0


def lives(session):
    return session["start"] is not None and start_ticks(session["pid"]) == session["start"]


def state_path(home):
    return os.path.join(home, "running.json")


def read_state(home):
    try:
        with open(state_path(home), encoding="utf-8") as state:
            return json.load(state)
    except FileNotFoundError:
        return None


if __name__ == "__main__":
    sys.exit(main(sys.argv))
