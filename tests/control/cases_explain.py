"""explain: the patterns that were asked, messages in files, what would help."""

import json
import shlex

from bench import equal, expect

CONFIGURATION = """node = "mx1"
redis {{ address = "{address}" }}
milter {{ listen = "{address}-milter" }}
plan default {{
  senders = {{ "%login" }}
}}
plan staff {{
  senders = {{ "*@dom.example", "!boss@dom.example", "%group:sales" }}
  checks {{ envelope_sender = monitor  caps = off }}
}}
sender_group sales {{ senders = {{ "*@shop.example", "!boss@shop.example" }} }}
"""

ROSE = "rose@dom.example"
BASE = ("explain", "--login", ROSE, "--client", "192.0.2.7")


def told(b, status, *words, stdin=None):
    """Explain as JSON, and without --json it must say the same and end alike."""
    done = b.call(*BASE, *words, "--json", stdin=stdin)
    equal(done.returncode, status, done.stderr)
    plain = b.call(*BASE, *words, stdin=stdin)
    equal(plain.returncode, status, plain.stderr)
    result = json.loads(done.stdout)
    expect(plain.stdout.startswith(result["verdict"]), plain.stdout)
    for address in result["addresses"]:
        expect(address["address"] in plain.stdout, plain.stdout)
    return result


def asked(address):
    """Each pattern that was asked: "+" covers, "-" does not, with where it comes from."""
    return [("+" if one["covers"] else "-") + one["pattern"] + ", " + one["origin"] for one in address["tried"]]


def patterns(b):
    """explain shows each pattern in the order it is asked, the one that decided, and where it was configured"""
    b.configure(CONFIGURATION)
    b.ok("user", "add", ROSE, "--plan", "staff")
    addresses = told(b, 1, "--from", "<boss@dom.example>", "--header-from", "a@shop.example, c@bank.example")["addresses"]
    equal([(one["field"], one["address"], one["owned"], one["rule"], one["origin"]) for one in addresses],
          [("envelope", "boss@dom.example", False, "!boss@dom.example", "plan staff"),
           ("From", "a@shop.example", True, "%group:sales", "plan staff"),
           ("From", "c@bank.example", False, None, "plan staff")])
    equal([asked(one) for one in addresses],
          [["+!boss@dom.example, plan staff"],
           ["-!boss@dom.example, plan staff", "-*@dom.example, plan staff", "+%group:sales, plan staff",
            "-!boss@shop.example, group sales", "+*@shop.example, group sales"],
           ["-!boss@dom.example, plan staff", "-*@dom.example, plan staff", "-%group:sales, plan staff",
            "-!boss@shop.example, group sales", "-*@shop.example, group sales"]])
    equal([one["place"] for one in addresses[1]["tried"]], [f"{b.config}:8"] * 3 + [f"{b.config}:11"] * 2)
    out = b.refused(1, "^$", *BASE, "--from", ROSE, "--header-from", "c@bank.example")
    expect("\nFrom: c@bank.example  - not owned\n   -  !boss@dom.example " in out, out)
    expect(f"plan staff ({b.config}:8)\n" in out, out)


def own_list(b):
    """explain tells the patterns of an account from those of its plan"""
    b.configure(CONFIGURATION)
    b.ok("user", "add", ROSE, "--sender", "sales@dom.example")
    result = told(b, 1, "--from", ROSE, "--header-from", "x@dom.example")
    equal([asked(one) for one in result["addresses"]],
          [["-sales@dom.example, account", "+%login, plan default"],
           ["-sales@dom.example, account", "-%login, plan default"]])
    equal([(one["origin"], one["place"]) for one in result["addresses"]],
          [("plan default", f"{b.config}:5"), ("account", None)])
    rules = {check["check"]: (check["rule"], check["place"]) for check in result["checks"]}
    equal(rules["header_from"], ("From: x@dom.example is none of the 2 patterns of account and plan default", None))
    b.ok("user", "set", ROSE, "--plan", "staff")
    out = b.refused(1, "^$", *BASE, "--from", ROSE, "--header-from", "x@dom.example")
    expect(f"plan staff ({b.config}:8) has *@dom.example, which covers it; the account's own list is in its place\n"
           in out, out)
    equal(rules["envelope_sender"], ("%login", f"{b.config}:5"))


def advice(b):
    """explain tells the command that makes an address an own one, and it does"""
    b.configure(CONFIGURATION)
    b.ok("user", "add", "lily@dom.example", "--plan", "staff")
    b.ok("user", "add", "iris@dom.example", "--sender", "x@dom.example", "--sender", "!ceo@dom.example")
    for login, address in (("rose@dom.example", "ceo@dom.example"), ("lily@dom.example", "boss@dom.example"),
                           ("lily@dom.example", "c@bank.example"), ("iris@dom.example", "ceo@dom.example"),
                           ("iris@dom.example", "o'neill&$x`y`@dom.example"), ("it's", "josé@dom.example"),
                           ("tom@dom.example", '"a b"@dom.example'), ("tom@dom.example", "!x@dom.example")):
        words = ("explain", "--login", login, "--client", "::1", "--from", ROSE, "--header-from", f"<{address}>", "--json")
        entry = json.loads(b.call(*words).stdout)["addresses"][1]
        expect(not entry["owned"] and entry["advice"], entry)
        for command in split(entry["advice"]):
            equal(command[:3], ["sendward", "-c", b.config])
            b.ok(*command[3:])
        expect(json.loads(b.call(*words).stdout)["addresses"][1]["owned"], f"{entry['advice']} does not help")


def split(advice_text):
    """The commands of "a b && c d", as a shell reads them."""
    words, commands = shlex.split(advice_text), [[]]
    for word in words:
        if word == "&&":
            commands.append([])
        else:
            commands[-1].append(word)
    return commands


def no_advice(b):
    """explain advises nothing where a command would do more than is meant"""
    b.configure(CONFIGURATION)
    equal(told(b, 1, "--from", ROSE, "--header-from", "<*@dom.example>")["addresses"][1]["advice"], None)
    advice = told(b, 1, "--from", ROSE, "--header-from", "<%login@dom.example>")["addresses"][1]["advice"]
    expect(advice.endswith("--add-sender '\"%login\"@dom.example'"), advice)
    equal(told(b, 0, "--from", ROSE)["addresses"][0]["advice"], None)
    out = b.refused(1, "^$", "explain", "--login", "-x", "--client", "::1", "--from", "x@dom.example")
    expect("not owned" in out and "to allow it" not in out, out)


def list_begins(b):
    """explain says when the account's list would no longer be the plan's"""
    b.configure(CONFIGURATION)
    words = (*BASE, "--from", "ceo@dom.example")
    note = "A list that is changed is the login's own from then on"
    expect(note in b.refused(1, "^$", *words), "nothing is said of a login without an account")
    b.ok("user", "add", ROSE)
    expect(note in b.refused(1, "^$", *words), "nothing is said of an account without a list")
    b.ok("user", "set", ROSE, "--sender", "x@dom.example")
    out = b.refused(1, "^$", *words)
    expect(note not in out and "to allow it: sendward" in out, out)


def modes(b):
    """explain shows the mode of each check, the login's plan, and what the client is told"""
    b.configure(CONFIGURATION)
    b.ok("user", "add", ROSE, "--plan", "staff")
    result = told(b, 0, "--from", "boss@dom.example")
    equal((result["plan"], result["account"], result["state"]), ("staff", True, "allowed"))
    found = {check["check"]: (check["mode"], check["result"]) for check in result["checks"]}
    equal(found["envelope_sender"], ("monitor", "monitor"))
    expect("caps" not in found, found)
    out = b.ok(*BASE, "--from", "boss@dom.example")
    expect("\nreply: no objection\nlogin: rose@dom.example, allowed, plan staff\n" in out, out)
    b.ok("user", "delete", ROSE)
    equal(told(b, 1, "--from", "boss@dom.example")["account"], False)
    expect("login: rose@dom.example, no account, plan default\n" in b.refused(1, "^$", *BASE, "--from", "x@y.example"),
           "the plan of a login without an account is not told")
    b.ok("sandbox", ROSE)
    expect("reply: accepted; the message is thrown away, and the client is not told\n" in b.ok(*BASE, "--from", ROSE),
           "a sandbox is not told")


def senders(b):
    """explain takes an envelope sender in UTF-8, in angle brackets, and none at all"""
    b.configure(CONFIGURATION)
    b.ok("user", "add", ROSE, "--sender", "josé@dom.example")
    for text in ("josé@dom.example", "<josé@DOM.example>", "<>", ""):
        told(b, 0, "--from", text)
    equal(told(b, 0, "--from", "<>")["addresses"][0],
          {"field": "envelope", "address": "", "owned": True, "rule": "null_sender = allow", "origin": "configuration",
           "place": None, "tried": [], "advice": None})
    bad = told(b, 1, "--from", "rose")["addresses"][0]
    equal((bad["owned"], bad["tried"]), (False, []))
    expect(bad["rule"], "no reason is told for what is no address")


MESSAGE = """Return-Path: <rose@dom.example>
From: "boss@bank.example"
 <rose@dom.example>
Sender: Rose <rose+x@dom.example>
To: friend@far.example

Hello.
"""


def message(b):
    """explain --message reads the header, the envelope sender and the size from a file or standard input"""
    b.configure(CONFIGURATION)
    size = len(MESSAGE) + MESSAGE.count("\n")
    for name, text in (("lf", MESSAGE), ("crlf", MESSAGE.replace("\n", "\r\n")),
                       ("mbox", "From rose@dom.example Fri Nov 20 21:00:00 2026\n" + MESSAGE)):
        path = b.path(name)
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        result = told(b, 0, "--message", path)
        equal(result["message"], {"file": path, "size": size, "sender_from": "Return-Path field", "header_ends": None})
        equal([(one["field"], one["value"], one["addresses"], one["fault"]) for one in result["header"]["fields"]],
              [("From", '"boss@bank.example"  <rose@dom.example>', [ROSE], None),
               ("Sender", "Rose <rose+x@dom.example>", ["rose+x@dom.example"], None)])
        equal([one["line"] for one in result["header"]["fields"]], [3, 5] if name == "mbox" else [2, 4])
        equal((result["header"]["display_address"], result["header"]["display_address_owned"]),
              ("boss@bank.example", False))
        equal([one["field"] for one in result["addresses"]], ["envelope", "From", "Sender"])
    equal(told(b, 0, "--message", "-", stdin=MESSAGE)["message"]["file"], "standard input")
    out = b.ok(*BASE, "--message", "-", "--size", "7", stdin=MESSAGE)
    expect("message: standard input, 7 octets (--size); envelope sender <rose@dom.example>, from its Return-Path field"
           in out, out)
    expect("a display name or comment of From shows boss@bank.example, which is flagged\n" in out, out)


def message_sender(b):
    """explain --message takes --from first, then Return-Path, then the mbox line, and wants one of them"""
    b.configure(CONFIGURATION)
    bare = MESSAGE.split("\n", 1)[1]
    for words, text, sender, where in ((["--from", ROSE], MESSAGE.replace("rose", "x", 1), ROSE, "--from"),
                                       ([], "From x@y.example Fri\n" + MESSAGE, ROSE, "Return-Path field"),
                                       ([], "From rose@dom.example Fri\n" + bare, ROSE, "mbox line"),
                                       ([], MESSAGE.replace("rose@dom.example", "", 1), "", "Return-Path field")):
        result = told(b, 0, "--message", "-", *words, stdin=text)
        equal((result["addresses"][0]["address"], result["message"]["sender_from"]), (sender, where))
    b.refused(2, "--from is missing, and standard input has no Return-Path", *BASE, "--message", "-", stdin=bare)
    b.refused(2, "--from is missing", *BASE)
    b.refused(2, "--message and --header-from", *BASE, "--from", ROSE, "--header-from", ROSE, "--message", "-")


def message_faults(b):
    """explain --message shows which field has no single reading, and says which line is wrong"""
    b.configure(CONFIGURATION)
    b.write("m", "From: rose@dom.example\nSender: Rose <rose@dom.example\n\n")
    result = told(b, 1, "--from", ROSE, "--message", b.path("m"))
    equal([one["fault"] is None for one in result["header"]["fields"]], [True, False])
    expect(result["header"]["fault"].startswith("Sender: "), result["header"])
    equal([one["field"] for one in result["addresses"]], ["envelope", "From"])
    out = b.refused(1, "^$", *BASE, "--from", ROSE, "--message", b.path("m"))
    expect("Sender (line 2): Rose <rose@dom.example\n  has no single reading: Sender: " in out, out)
    b.write("m", "From: rose@dom.example\nFrom: rose@dom.example\n")
    equal(told(b, 1, "--from", ROSE, "--message", b.path("m"))["header"]["fault"], "two From fields")
    b.write("m", "To: x\nhello\nFrom: rose@dom.example\n")
    b.refused(1, r"/m:2: not a header field: Postfix takes", *BASE, "--from", ROSE, "--message", b.path("m"))
    equal(told(b, 1, "--from", ROSE, "--message", b.path("m"))["message"]["header_ends"]["line"], 2)
    b.write("m", "hello\n")
    b.refused(1, r"/m:1: neither a header field nor", *BASE, "--from", ROSE, "--message", b.path("m"))
    b.write("m", "")
    b.refused(1, r"/m: is empty", *BASE, "--from", ROSE, "--message", b.path("m"))
    b.refused(1, r"/gone: No such file", *BASE, "--from", ROSE, "--message", b.path("gone"))


def reply_to(b):
    """explain looks at Reply-To when the configuration says so, and tells what is rewritten"""
    text = "From: x@bank.example\nReply-To: y@bank.example\n\n"
    for setting, fields in (("ignore", ["From"]), ("owned", ["From", "Reply-To"])):
        b.configure(CONFIGURATION.replace("plan default {{", f"reply_to = {setting}\nplan default {{{{\n"
                                          "checks {{ header_from = rewrite }}"))
        result = told(b, 0, "--from", ROSE, "--message", "-", stdin=text)
        equal([one["field"] for one in result["header"]["fields"]], fields)
        equal([one["field"] for one in result["addresses"]], ["envelope", *fields])
        found = {check["check"]: (check["mode"], check["result"]) for check in result["checks"]}
        equal((found["header_from"], result["rewrite"]), (("rewrite", "rewrite"), ROSE))


CASES = [patterns, own_list, advice, no_advice, list_begins, modes, senders, message, message_sender, message_faults,
         reply_to]
