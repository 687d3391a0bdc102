"""The programs as an operator meets them: bad input, exit status, messages, JSON."""

import json
import os
import re
import socket

from ports import free_port
from processes import Process, tail
from sendward import built, built_for_anyone, environment
from services import run_tool
from stack import BOTH, MILTER, POLICYD
from table import CLI, case, expect, expect_delivered, expect_equal, expect_match, expect_refused

ROSE, TULIP = "rose@dom.example", "tulip@dom.example"
DAEMONS = ("sendward-policyd", "sendward-milter")
PROGRAMS = (*DAEMONS, "sendward")


# -- the configuration file

# what is wrong, the lines to add to a good file, which of them the message names (from 1), a word of the reason
BROKEN = (
    ("an unknown setting", ['nodes = "mx1"'], 1, "nodes"),
    ("an unknown setting of a section", ["plan p {", "  max_recipient = 5", "}"], 2, "max_recipient"),
    ("an unknown section", ["policyd2 {", "}"], 1, "policyd2"),
    ("a wrong unit of a quota", ["plan p {", '  quotas = { "200 apples / 1h" }', "}"], 2, "apples"),
    ("a quota without a window", ["plan p {", '  quotas = { "200 recipients" }', "}"], 2, "quota|window"),
    ("a wrong unit of a window", ["plan p {", '  quotas = { "200 recipients / 1 fortnight" }', "}"], 2,
     "fortnight|window|duration"),
    ("a window that is too long", ["plan p {", '  quotas = { "200 recipients / 32d" }', "}"], 2, "32d|31d|window"),
    ("a wrong unit of a size", ["plan p {", "  max_size = 25X", "}"], 2, "25X|max_size"),
    ("a network that does not parse", ["plan p {", '  networks = { "192.0.2.0/33" }', "}"], 2, "192.0.2.0/33"),
    ("a network with host bits or letters", ["plan p {", '  networks = { "here" }', "}"], 2, "here"),
    ("a sender that does not parse", ["plan p {", '  senders = { "no address" }', "}"], 2, "no address|sender"),
    ("a mode that is none", ["plan p {", "  checks {", "    quotas = perhaps", "  }", "}"], 3, "perhaps|quotas"),
    ("a word that is none of the choices", ["on_store_failure = shrug"], 1, "shrug"),
    ("a reply that is neither 4xx nor 5xx", ["replies {", '  state = "250 2.0.0 fine"', "}"], 2, "250|state|code"),
    ("a reply that would close the connection", ["replies {", '  state = "421 4.7.0 bye"', "}"], 2, "421|state|code"),
    ("a redirect without an address", ["plan p {", "  sandbox = redirect", "}"], None, "sandbox_redirect"),
    ("a section that is not closed", ["plan p {"], None, ""),
    ("a listener address of no kind", ["policyd {", '  listen = { "carrier pigeon" }', "}"], None, ""),
)


@case(CLI, "every mistake in the configuration file is refused with file, line and reason", start=False)
def _(stack):
    with open(stack.config_path, encoding="utf-8") as config:
        good = config.read()
    wrong = []
    for what, lines, named, reason in BROKEN:
        with open(stack.config_path, "w", encoding="utf-8") as config:
            config.write(good + "\n".join(lines) + "\n")
        line = r"\d+" if named is None else str(good.count("\n") + named)
        wanted = rf"{re.escape(stack.config_path)}:{line}: .*({reason})"
        for argv in ([built("sendward"), "-c", stack.config_path, "check-config"],
                     *([built(name), "-t", "-c", stack.config_path] for name in DAEMONS)):
            done = run_tool(argv, check=False)
            if done.returncode != 1 or not re.search(wanted, done.stderr):
                wrong.append(f"{what}: {os.path.basename(argv[0])}: status {done.returncode}, {done.stderr.strip()!r}"
                             f" is not {wanted}")
    expect(not wrong, "\n".join(wrong))


@case(CLI, "a good configuration file is found good by all programs", start=False)
def _(stack):
    for argv in ([built("sendward"), "-c", stack.config_path, "check-config"],
                 *([built(name), "-t", "-c", stack.config_path] for name in DAEMONS)):
        done = run_tool(argv, check=False)
        expect_equal(done.returncode, 0, f"exit status of {argv}: {done.stderr}")


@case(CLI, "the configuration of the manual with every section is found good", start=False,
      top={"charge": "auto", "on_store_failure": "degrade", "recipient_delimiter": '"+"', "null_sender": "allow",
           "unknown_login": "default", "unknown_while_degraded": "allow", "degraded_share": "0.5",
           "local_part_case": "insensitive", "display_name_address": "flag", "socket_mode": "0660",
           "socket_group": '"postfix"'},
      redis={"database": "0", "prefix": '"sendward:"', "deadline": "250ms"},
      plan={"quotas": '{ "200 recipients / 1h", "1000 recipients / 1d", "500M bytes / 1d" }', "senders": '{ "%login" }',
            "networks": "{ }", "max_recipients": "100", "max_size": "25M", "over_quota": "defer", "sandbox": "discard",
            "sandbox_redirect": '"sandbox@example.com"',
            "checks": "{ networks = enforce  envelope_sender = enforce  header_from = enforce  quotas = enforce }"},
      sections={"plan students": {"quotas": '{"20messages/1h"}'}})
def _(stack):
    done = stack.sendward("check-config", check=False)
    expect_equal(done.returncode, 0, f"exit status of check-config: {done.stderr}")


@case(CLI, "a configuration file that is not there is named", start=False)
def _(stack):
    path = os.path.join(stack.directory, "nowhere.conf")
    for argv in ([built("sendward"), "-c", path, "check-config"],
                 *([built(name), option, "-c", path] for name in DAEMONS for option in ("-t", "-f"))):
        done = run_tool(argv, check=False)
        expect_equal(done.returncode, 1, f"exit status of {argv}")
        expect_match(re.escape(path), done.stderr, f"message of {argv}")


@case(CLI, "listeners that overlap are refused", start=False)
def _(stack):
    one = f'"unix:{stack.policy_socket}"'
    for policyd, milter in ((f"{{ {one}, {one} }}", f'"unix:{stack.milter_socket}"'), (f"{{ {one} }}", one),
                            ('{ "inet:127.0.0.1:10031", "inet:127.0.0.1:10031" }', '"inet:127.0.0.1:10032"'),
                            ('{ "inet:127.0.0.1:10031" }', '"inet:127.0.0.1:10031"')):
        stack.configure(sections={"policyd": {"listen": policyd}, "milter": {"listen": milter}})
        done = stack.sendward("check-config", check=False)
        expect_equal(done.returncode, 1, f"exit status with listeners {policyd} and {milter}")
        expect_match(rf"{re.escape(stack.config_path)}:\d+: .*(listen|10031|policy)", done.stderr, "message")


# -- starting where it cannot work

@case(CLI, "doctor postfix finds a Postfix that works wired well, and one that does not ask us wired badly")
def _(stack):
    def errors():
        done = stack.sendward("doctor", "postfix", "--config-directory", stack.postfix.config, "--json", check=False)
        found = [(one["check"], one["text"]) for one in json.loads(done.stdout)["findings"] if one["level"] == "error"]
        expect_equal(done.returncode, 1 if found else 0, "the exit status")
        return found

    expect_delivered(stack, stack.send(ROSE, to=["x@far.example"]))
    expect_equal(errors(), [], "errors")
    settings = stack.postfix_settings()
    stack.postfix.reconfigure({**settings, "smtpd_milters": ""})
    expect_delivered(stack, stack.send(ROSE, to=["x@far.example"]))
    expect_equal(stack.used(ROSE), 1, "messages charged")
    expect_match("nothing is charged", str(errors()), "what doctor finds")


def _start_fails(stack, name, pattern, **credentials):
    """The daemon ends by itself, soon and with status 1, and says why."""
    log_path = os.path.join(stack.logs, "start.log")
    if os.path.exists(log_path):
        os.unlink(log_path)
    path = built_for_anyone(name, stack.directory) if credentials else built(name)
    process = Process(name, [path, "-f", "-c", stack.config_path], log_path, env=environment(), **credentials)
    try:
        status = process.wait(15)
    finally:
        process.kill()
    expect_equal(status, 1, f"exit status of {name}, which said: {tail(log_path, 5)}")
    expect_match(pattern, tail(log_path, 20), f"message of {name}")


@case(CLI, "a socket path that exists as a file is refused and left alone", start=False)
def _(stack):
    for name, path in (("sendward-policyd", stack.policy_socket), ("sendward-milter", stack.milter_socket)):
        with open(path, "w", encoding="ascii") as precious:
            precious.write("precious")
        _start_fails(stack, name, re.escape(path))
        with open(path, encoding="ascii") as precious:
            expect_equal(precious.read(), "precious", f"content of {path}")


@case(CLI, "a socket directory without the right to write is named", start=False)
def _(stack):
    os.chown(stack.run, 0, 0)
    for name, path in (("sendward-policyd", stack.policy_socket), ("sendward-milter", stack.milter_socket)):
        _start_fails(stack, name, re.escape(path) + ".*(denied|permission)", user="nobody", group="nogroup",
                     extra_groups=[])


@case(CLI, "a socket directory that does not exist is named", start=False)
def _(stack):
    nowhere = os.path.join(stack.directory, "nowhere")
    stack.configure(sections={"policyd": {"listen": f'{{ "unix:{nowhere}/policy" }}'},
                              "milter": {"listen": f'"unix:{nowhere}/milter"'}})
    for name in DAEMONS:
        _start_fails(stack, name, re.escape(nowhere))


@case(CLI, "a socket on which another daemon listens is not taken away from it", wirings=[BOTH])
def _(stack):
    for name, path in (("sendward-policyd", stack.policy_socket), ("sendward-milter", stack.milter_socket)):
        _start_fails(stack, name, re.escape(path))
    expect_delivered(stack, stack.send(ROSE))


@case(CLI, "a TCP port that is taken is named", start=False)
def _(stack):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        stack.configure(sections={"policyd": {"listen": f'{{ "inet:127.0.0.1:{port}" }}'}})
        _start_fails(stack, "sendward-policyd", str(port))
        stack.configure(sections={"milter": {"listen": f'"inet:127.0.0.1:{port}"'}})
        _start_fails(stack, "sendward-milter", str(port))


@case(CLI, "the policy daemon on a TCP port answers Postfix too", wirings=[POLICYD], start=False)
def _(stack):
    port = free_port()
    stack.configure(sections={"policyd": {"listen": f'{{ "unix:{stack.policy_socket}", "inet:127.0.0.1:{port}" }}'}})
    stack.start()
    service = f"check_policy_service inet:127.0.0.1:{port}"
    stack.postfix.reconfigure({"smtpd_recipient_restrictions": service + ", permit_sasl_authenticated, reject",
                               "smtpd_end_of_data_restrictions": service})
    expect_delivered(stack, stack.send(ROSE))
    expect_equal(stack.used(ROSE), 1, "messages used")
    stack.sendward("block", ROSE)
    expect_refused(stack, stack.send(ROSE), "550", "5.7.1", "")


# -- the control tool's arguments

USAGE = (
    ("a command that is none", ["frobnicate"], "frobnicate"),
    ("no command", [], "usage"),
    ("an option that is none", ["block", ROSE, "--frobnicate"], "frobnicate"),
    ("no login", ["block"], "LOGIN|login"),
    ("a login that is too long", ["user", "add", "x" * 256], "255|long"),
    ("an empty login", ["user", "add", ""], "login"),
    ("a network that does not parse", ["user", "add", ROSE, "--network", "192.0.2.0/33"], r"192\.0\.2\.0/33"),
    ("a quota that does not parse", ["user", "add", ROSE, "--quota", "many messages / 1h"], "many"),
    ("a quota with a wrong unit", ["user", "add", ROSE, "--quota", "5 apples / 1h"], "apples"),
    ("a sender that does not parse", ["user", "add", ROSE, "--sender", "a@b@c"], "a@b@c"),
    ("--for without a unit", ["block", ROSE, "--for", "24"], "24"),
    ("--for with a wrong unit", ["block", ROSE, "--for", "24 parsecs"], "parsecs"),
    ("--for that is negative", ["block", ROSE, "--for", "-1h"], "-1h|for"),
    ("a number of recipients that is none", ["user", "add", ROSE, "--max-recipients", "few"], "few"),
    ("a client that is no address", ["explain", "--login", ROSE, "--from", ROSE, "--client", "here"], "here"),
)


@case(CLI, "wrong arguments are refused with status 2 and a message that names them")
def _(stack):
    wrong = []
    for what, words, pattern in USAGE:
        done = stack.sendward(*words, check=False)
        if done.returncode != 2 or not re.search(pattern, done.stderr, re.I) or done.stdout:
            wrong.append(f"{what}: status {done.returncode}, {done.stderr.strip()[-200:]!r}, {done.stdout[:80]!r}")
    expect(not wrong, "\n".join(wrong))
    expect_equal(stack.sendward.json("user", "list"), [], "accounts after all that")


@case(CLI, "every program tells its version, and refuses an option it does not know", start=False)
def _(stack):
    for name in PROGRAMS:
        done = run_tool([built(name), "-V"], check=False)
        expect_equal(done.returncode, 0, f"exit status of {name} -V")
        expect_match(r"sendward.*\d+\.\d+", done.stdout, f"output of {name} -V")
        expect_equal(run_tool([built(name), "-Q"], check=False).returncode, 2, f"exit status of {name} -Q")


# -- what the control tool does

@case(CLI, "an account is added, shown, changed, listed and deleted", sections={"plan students": {}})
def _(stack):
    run = stack.sendward
    run("user", "add", ROSE, "--plan", "students", "--description", "Rose, \"third\" floor", "--sender", ROSE,
        "--sender", "*@dom.example", "--network", "192.0.2.0/24", "--quota", "10 messages / 1h",
        "--max-recipients", "7")
    shown = run.json("user", "show", ROSE)
    expect_equal([shown[name] for name in ("login", "state", "plan", "description", "senders", "networks", "quotas")],
                 [ROSE, "allowed", "students", 'Rose, "third" floor', [ROSE, "*@dom.example"], ["192.0.2.0/24"],
                  ["10 messages / 1h"]], "user show")
    expect_equal(run("user", "add", ROSE, check=False).returncode, 1, "exit status of adding it again")
    done = run("user", "add", TULIP, "--plan", "platinum", check=False)
    expect_equal(done.returncode, 1, "exit status for a plan that is not configured")
    expect_match("platinum.*students", done.stderr, "message, which names the plans there are")

    run("user", "set", ROSE, "--quota", "20 messages / 1h", "--add-sender", "sales@dom.example",
        "--add-network", "::1/128")
    shown = run.json("user", "show", ROSE)
    expect_equal((shown["quotas"], sorted(shown["senders"]), len(shown["networks"]), shown["description"]),
                 (["20 messages / 1h"], sorted([ROSE, "*@dom.example", "sales@dom.example"]), 2, 'Rose, "third" floor'),
                 "user show after user set")

    run("user", "add", TULIP)
    names = [one["login"] if isinstance(one, dict) else one for one in run.json("user", "list")]
    expect_equal(sorted(names), [ROSE, TULIP], "user list")
    expect_match(ROSE, run("user", "list").stdout, "user list for people")
    run("user", "delete", ROSE)
    for words in (("user", "show", ROSE), ("user", "delete", ROSE),
                  ("user", "set", ROSE, "--quota", "1 messages / 1h")):
        done = run(*words, check=False)
        expect_equal(done.returncode, 1, f"exit status of {words} after the deletion")
        expect_match(re.escape(ROSE), done.stderr, "message")


@case(CLI, "values an account inherits are shown with their origin", plan={"max_recipients": "33"})
def _(stack):
    stack.sendward("user", "add", ROSE, "--quota", "10 messages / 1h")
    effective = stack.sendward.json("user", "show", ROSE)["effective"]
    expect_equal(effective["max_recipients"], {"value": 33, "origin": "plan default"}, "effective max_recipients")
    expect_equal(effective["quotas"]["origin"], "account", "origin of the quotas")


@case(CLI, "block and sandbox create an account, keep reason and actor, and are undone by allow")
def _(stack):
    for command, state in (("block", "blocked"), ("sandbox", "sandboxed")):
        stack.sendward(command, ROSE, "--reason", "because", "--for", "24h")
        shown = stack.sendward.json("user", "show", ROSE)
        expect_equal((shown["state"], shown["reason"]), (state, "because"), "state and reason")
        expect_equal(stack.sendward.json("usage", ROSE)["state"], state, "state in usage")
        expect_match(f"{state}.*because", stack.sendward("user", "show", ROSE).stdout, "user show for people")
    stack.sendward("allow", ROSE)
    expect_equal(stack.sendward.json("user", "show", ROSE)["state"], "allowed", "state")


@case(CLI, "usage tells every quota with unit, window, limit and origin", wirings=[MILTER],
      plan={"quotas": '{ "5 messages / 1h", "1k bytes / 1d" }'})
def _(stack):
    done = stack.sendward("usage", "nobody@dom.example", check=False)
    expect_equal(done.returncode, 1, "exit status for a login that never sent")
    expect_delivered(stack, stack.send(ROSE))
    usage = stack.sendward.json("usage", ROSE)
    expect_equal((usage["login"], usage["state"]), (ROSE, "allowed"), "login and state")
    wanted = {"quota": "5 messages / 1h", "unit": "messages", "window_s": 3600, "limit": 5, "used": 1,
              "origin": "plan default"}
    expect_equal({name: usage["quotas"][0].get(name) for name in wanted}, wanted, "the first quota")
    expect_equal([row["unit"] for row in usage["quotas"]], ["messages", "bytes"], "units")
    expect_match(r"5 messages ?/ ?1h.*1", stack.sendward("usage", ROSE).stdout, "usage for people")


@case(CLI, "explain names the check, the rule and its origin, and charges nothing",
      plan={"quotas": '{ "5 messages / 1h" }'})
def _(stack):
    stack.sendward("user", "add", ROSE, "--network", "192.0.2.0/24")
    words = ["explain", "--login", ROSE, "--from", ROSE, "--recipients", "1", "--size", "1000"]
    told = stack.sendward.json(*words, "--client", "192.0.2.7")
    expect_equal(told["verdict"], "accept", "verdict")
    results = {row["check"]: row["result"] for row in told["checks"]}
    expect_equal({name: results[name] for name in ("state", "networks", "quotas")},
                 {"state": "pass", "networks": "pass", "quotas": "pass"}, "results")
    told = stack.sendward.json(*words, "--client", "198.51.100.7", check=False)
    expect_equal((told["verdict"], told["check"]), ("refuse", "networks"), "verdict and check")
    expect_match("^550 5.7.1 ", told["reply"], "reply")
    row, = [row for row in told["checks"] if row["check"] == "networks"]
    expect_equal((row["result"], row["origin"]), ("refuse", "account"), "result and origin of networks")
    expect_equal(stack.used(ROSE), 0, "messages used")


@case(CLI, "status tells whether Redis answers, as text and as JSON")
def _(stack):
    expect_match("redis", stack.sendward("status").stdout, "status")
    json.dumps(stack.sendward.json("status"))
    stack.redis.stop()
    done = stack.sendward("status", check=False)
    expect_equal(done.returncode, 1, "exit status with Redis away")
    expect_match(re.escape(stack.redis.socket), done.stdout + done.stderr, "message")
