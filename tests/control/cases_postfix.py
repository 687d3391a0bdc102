"""doctor postfix: what it finds in main.cf and master.cf, as the real postconf prints them."""

import json
import os
import pwd
import re
import socket

from bench import REPOSITORY, equal, expect
from services import write_old

POSTCONF = "/usr/sbin/postconf"

SASL = '\nsasld {{ listen = {{ "unix:QUEUE/sendward/auth" }} }}\n'
SENDERS = '  sender_login_listen = {{ "unix:QUEUE/sendward/senders" }}'


def blocks_of_readme():
    """What README.md says of main.cf and master.cf."""
    with open(os.path.join(REPOSITORY, "README.md"), encoding="utf-8") as readme:
        blocks = re.findall(r"^```\w*\n(.*?)^```$", readme.read(), re.M | re.S)
    main = next(block for block in blocks if block.startswith("sendward_policy ="))
    master = next(block for block in blocks if block.startswith("submission inet"))
    senders_too = next(block for block in blocks if block.startswith("  -o smtpd_sender_login_maps="))
    return main, master, master + senders_too


MAIN, MASTER, MASTER_SENDERS = blocks_of_readme()


class Wiring:
    """A Postfix configuration and ours, wired as README.md says; the cases change something and look what is found."""

    def __init__(self, b):
        self.b = b
        self.queue = b.path("queue")
        self.config = b.path("postfix")
        self._sockets = []
        os.makedirs(os.path.join(self.queue, "sendward"), exist_ok=True)
        os.makedirs(self.config, exist_ok=True)
        for path in (self.queue, os.path.join(self.queue, "sendward")):
            os.chmod(path, 0o755)
        for name in ("policy", "milter", "auth", "senders"):
            self.listen(os.path.join(self.queue, "sendward", name))

    def listen(self, path):
        if not os.path.exists(path):
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(path)
            self._sockets.append(listener)
        os.chmod(path, 0o660)

    def close(self):
        for listener in self._sockets:
            os.unlink(listener.getsockname())
            listener.close()

    def configure(self, main="", master=MASTER, policyd=True, milter=True, more="", senders="", at=None):
        """more: of sendward.conf; at: where the daemons listen."""
        at = at or os.path.join(self.queue, "sendward")
        sections = ""
        if policyd:
            sections += 'policyd {{ listen = {{ "unix:%s/policy" }}%s }}\n' % (at, senders.replace("QUEUE", self.queue))
        if milter:
            sections += 'milter {{ listen = "unix:%s/milter" }}\n' % at
        self.b.configure('redis {{ address = "{address}" }}\n' + sections + more.replace("QUEUE", self.queue), None)
        own = {"compatibility_level": "3.6", "queue_directory": self.queue, "mail_owner": pwd.getpwuid(os.geteuid()).pw_name}
        text = "".join(f"{name} = {value}\n" for name, value in own.items()) + MAIN + main
        write_old(os.path.join(self.config, "main.cf"), text)
        write_old(os.path.join(self.config, "master.cf"), master)

    def look(self, **changes):
        """What is found and not ok: (level, check, service, text); the exit status is compared with it."""
        self.configure(**changes)
        done = self.b.call("doctor", "postfix", "--config-directory", self.config, "--json")
        equal(done.stderr, "")
        told = json.loads(done.stdout)
        found = [(one["level"], one["check"], one.get("service"), one["text"]) for one in told["findings"]]
        wrong = any(one[0] == "error" for one in found)
        equal((done.returncode, told["ok"]), (int(wrong), not wrong), f"{found}")
        expect(all("advice" in one for one in told["findings"] if one["level"] in ("warning", "error") and
                   one["check"] != "postconf"), found)
        # What README defines and a case does not use, and what a case sets once more, postconf says rightly.
        return [one for one in found if one[0] != "ok" and
                not re.search(r"unused parameter: sendward_|overriding earlier entry", one[3])]

    def finds(self, level, check, pattern, **changes):
        """That, once, and nothing else."""
        found = self.look(**changes)
        expect(len(found) == 1 and found[0][:2] == (level, check) and re.search(pattern, found[0][3]),
               f"{level} {check} /{pattern}/ and nothing else: {found}")


def wired(case):
    """A case with a Wiring."""
    def run(b):
        expect(os.path.exists(POSTCONF), "there is no Postfix: apt-get install postfix")
        wiring = Wiring(b)
        try:
            case(wiring)
        finally:
            wiring.close()
    run.__doc__ = case.__doc__
    return run


def submission(*options):
    """The service, with README's lines but for the parameters of these options."""
    names = [re.match(r"\{? *(\w+)", option).group(1) for option in options]
    lines = [line for line in MASTER.splitlines() if not any(re.search(rf"-o \{{? *{name}\b", line) for name in names)]
    return "\n".join(lines + [f"  -o {option}" for option in options if not option.endswith("!")]) + "\n"


# --- as it should be -----------------------------------------------------------------------------------------------------

@wired
def right(w):
    """doctor postfix finds nothing wrong with README's own wiring, with either daemon alone, and behind inet sockets, where it finds a typo"""
    equal(w.look(), [])
    text = w.b.ok("doctor", "postfix", "--config-directory", w.config)
    expect(text.startswith(f"postfix at {w.config}\n") and "redis" not in text, text)
    expect("the policy service is asked at RCPT, DATA, END-OF-MESSAGE" in text and "the milter charges" in text, text)
    expect(re.search(r"^ok +reach +user \S+ may connect to .*/sendward/milter$", text, re.M), text)
    equal(w.b.json("doctor", "postfix", "--config-directory", w.config)["postfix"], w.config)
    equal(w.look(milter=False, master=submission("smtpd_milters=")), [])
    equal(w.look(policyd=False, master=submission("smtpd_recipient_restrictions=permit_sasl_authenticated,reject",
                                                  "smtpd_data_restrictions=", "smtpd_end_of_data_restrictions=")), [])
    inet = 'policyd {{ listen = {{ "inet:127.0.0.1:10031" }} }}\nmilter {{ listen = "inet:127.0.0.1:10032" }}\n'
    main = ("sendward_policy = check_policy_service { inet:localhost:10031, timeout=5s }\n"
            "sendward_milter = inet:127.0.0.1:10032\n")
    equal(w.look(policyd=False, milter=False, more=inet, main=main), [])
    equal(w.look(policyd=False, milter=False, more=inet, main=main.replace("localhost:", "").replace("127.0.0.1:", ":")), [])
    w.finds("error", "policy", 'has "check_policy_servce" before inet:localhost:10031', policyd=False, milter=False, more=inet,
            main=main, master=submission("{ smtpd_data_restrictions = check_policy_servce inet:localhost:10031 }"))


@wired
def elsewhere(w):
    """doctor postfix reads the overrides of master.cf and their variables as Postfix does"""
    equal(w.look(main="smtpd_milters = $mua_milters\nmua_milters =\n",
                 master=submission("smtpd_milters!", "mua_milters=$sendward_milter")), [])
    w.finds("error", "milter", 'smtpd_milters is ""', main="smtpd_milters = $sendward_milter\n", master=submission("smtpd_milters="))
    equal(w.look(main="smtpd_restriction_classes = ours\nours = $sendward_policy\n",
                 master=submission("{ smtpd_data_restrictions = ours }")), [])
    own = submission("smtpd_milters=", "smtpd_restriction_classes=$classes", "classes=ours", "{ ours = $sendward_policy }",
                     "smtpd_data_restrictions=permit_sasl_authenticated", "smtpd_end_of_data_restrictions=ours")
    equal(w.look(master=own, milter=False), [])
    equal(w.look(main="smtpd_delay_reject = YES\nsmtpd_relay_restrictions = permit_sasl_authenticated, reject\n",
                 master=submission("smtpd_sasl_auth_enable=Yes")), [])


@wired
def unread(w):
    """doctor postfix says when postconf cannot read the configuration, and passes its warnings on"""
    w.finds("warning", "postconf", "unused parameter: smtpd_milter=x", main="smtpd_milter = x\n")
    os.unlink(os.path.join(w.config, "master.cf"))
    text = w.b.refused(1, "^$", "doctor", "postfix", "--config-directory", w.config)
    expect(re.search(r"^error +postconf +fatal: open .*/master.cf: No such file.*\n +=> see what", text, re.M), text)
    w.b.refused(2, "--config-directory is for part postfix", "doctor", "redis", "--config-directory", w.config)
    w.finds("warning", "postconf", "no daemon is configured here", policyd=False, milter=False)


# --- who charges -----------------------------------------------------------------------------------------------------------

@wired
def milter(w):
    """doctor postfix finds a milter that is not asked, not the last one, named twice, or kept away"""
    other = "unix:private/dkim"
    w.finds("error", "milter", "nothing is charged", master=submission("smtpd_milters=" + other))
    w.finds("warning", "milter", "nobody looks at the header", master=submission("smtpd_milters="), more="charge = policyd\n")
    equal(w.look(master=submission("{ smtpd_milters = %s $sendward_milter }" % other)), [])
    behind = submission("{ smtpd_milters = $sendward_milter, { %s, default_action = accept } }" % other)
    w.finds("warning", "milter", "has unix:private/dkim behind unix:sendward/milter", master=behind)
    equal(w.look(master=behind, more="plan default {{ checks {{ header_from = rewrite }} }}\n"), [])
    w.finds("warning", "milter", "twice", master=submission("{ smtpd_milters = $sendward_milter $sendward_milter }"))
    w.finds("warning", "milter", "goes before smtpd_milters", master=submission("smtpd_milter_maps=cidr:/etc/postfix/milters"))
    w.finds("error", "milter", "no_milters: no milter is asked here", main="receive_override_options = no_milters\n")
    w.finds("warning", "milter", "names unix:sendward/milter, beside policyd's socket, but there is no section milter", milter=False)
    equal(w.look(milter=False, master=submission("smtpd_milters=" + other)), [])
    w.finds("error", "milter", "policyd.listen, where milter.listen is needed", master=submission("smtpd_milters=unix:sendward/policy"))
    w.finds("error", "milter", "milter_protocol is 2: sendward-milter needs 6", main="milter_protocol = 2\n")
    equal(w.look(main="milter_protocol = 2\nsendward_milter = { unix:sendward/milter, protocol=6, default_action=tempfail }\n"), [])
    equal(w.look(main="milter_protocol = 6, no_header_reply\n"), [])
    w.finds("error", "milter", "names sendward/milter without unix: or inet:", master=submission("smtpd_milters=sendward/milter"))


@wired
def charging(w):
    """doctor postfix finds that nothing is charged: no END-OF-MESSAGE without a milter, a filter before the queue"""
    alone = {"milter": False, "main": "smtpd_milters =\n"}
    w.finds("error", "charging", "nothing is charged.* at RCPT, DATA, and charges at END-OF-MESSAGE",
            master=submission("smtpd_milters!", "smtpd_end_of_data_restrictions="), **alone)
    w.finds("error", "charging", "asked at RCPT, and", **alone,
            master=submission("smtpd_milters!", "smtpd_data_restrictions=", "smtpd_end_of_data_restrictions="))
    equal(w.look(master=submission("smtpd_end_of_data_restrictions=", "smtpd_data_restrictions=")), [])
    filtered = submission("smtpd_proxy_filter=127.0.0.1:10025")
    w.finds("error", "milter", "smtpd_proxy_filter is set.* nothing is charged", master=filtered)
    w.finds("warning", "charging", "cannot hold, discard or redirect", milter=False, master=filtered + "  -o smtpd_milters=\n")


# --- the policy service ----------------------------------------------------------------------------------------------------

@wired
def policy(w):
    """doctor postfix finds a policy service that is never asked, asked too early, too often, or for nothing"""
    def recipients(text):
        return submission("{ smtpd_recipient_restrictions = %s }" % text)

    nowhere = submission("smtpd_recipient_restrictions=reject", "smtpd_data_restrictions=", "smtpd_end_of_data_restrictions=")
    w.finds("warning", "policy", "no list of restrictions asks policyd.listen unix:", master=nowhere)
    w.finds("error", "policy", "nothing charged", master=nowhere + "  -o smtpd_milters=\n", milter=False)
    w.finds("error", "policy", "has permit_sasl_authenticated before .* never asked",
            master=recipients("permit_mynetworks, permit_sasl_authenticated, $sendward_policy, reject"))
    w.finds("warning", "policy", "has permit_mynetworks before .* not asked about these",
            master=recipients("permit_mynetworks, $sendward_policy, reject"))
    for before in ("permit_dnswl_client list.example", "permit_rhswl_client list.example", "permit_naked_ip_address"):
        w.finds("warning", "policy", f"has {before.split()[0]} before .* not asked about these",
                master=recipients(before + ", $sendward_policy, reject"))
    w.finds("error", "policy", "has check_relay_domains before .* never asked", master=recipients("check_relay_domains, $sendward_policy"))
    w.finds("error", "policy", "warn_if_reject", master=recipients("warn_if_reject $sendward_policy, reject"))
    w.finds("error", "policy", "warn_if_reject", master=recipients("warn_if_reject ours, reject"),
            main="smtpd_restriction_classes = ours\nours = $sendward_policy\n")
    for before in ("warn_if_reject reject, ", "Warn_If_Reject defer, ", "warn_if_reject ours, "):
        equal(w.look(master=recipients(before + "$sendward_policy, reject"),
                     main="smtpd_restriction_classes = ours\nours = check_relay_domains, reject\n"), [])
    w.finds("error", "policy", "has permit before", master=recipients("warn_if_reject permit, $sendward_policy"))
    w.finds("warning", "policy", "asked 2 times for each recipient", main="smtpd_sender_restrictions = $sendward_policy\n")
    w.finds("warning", "policy", "at CONNECT .*nothing is decided",
            main="smtpd_delay_reject = no\nsmtpd_client_restrictions = $sendward_policy\n")
    w.finds("error", "policy", "milter.listen, where policyd.listen is needed",
            master=submission("smtpd_data_restrictions=check_policy_service,unix:sendward/milter"))
    for text in ("check_policy_servce unix:sendward/policy, reject", "permit_mynetworks unix:sendward/policy",
                 "reject_unlisted_recipient { unix:sendward/policy, timeout=5s }"):
        w.finds("error", "policy", f'has "{text.split()[0]}" before unix:sendward/policy: Postfix does not ask us',
                master=submission("{ smtpd_data_restrictions = %s }" % text))
    equal(w.look(master=submission("{ smtpd_data_restrictions = Check_Policy_Service { unix:sendward/policy, timeout=5s } }")), [])
    w.finds("error", "policy", "has permit_sasl_authenticated before", master=recipients("PERMIT_sasl_authenticated, $sendward_policy"))
    w.finds("error", "policy", "names sendward/policy without unix: or inet:",
            master=submission("{ smtpd_data_restrictions = check_policy_service { sendward/policy, timeout=5s } }"))
    relay = "check_policy_service { unix:sendward/policy, timeout=5s, policy_context=relay, { default_action = defer_if_reject x } }"
    main = "smtpd_relay_restrictions = %s, reject_unauth_destination\n"
    equal(w.look(main=main % ("permit_sasl_authenticated, " + relay)), [])
    w.finds("warning", "policy", "no list of restrictions asks", master=nowhere, main=main % relay)
    for before in ("permit_mynetworks, ", "permit_mynetworks, permit_sasl_authenticated, "):
        w.finds("warning", "policy", "has permit_mynetworks before", main=main % (before + relay))


@wired
def attributes(w):
    """doctor postfix finds what smtpd does not read: a policy service inside out, attributes that are none"""
    def data(text):
        return submission("{ smtpd_data_restrictions = %s }" % text)

    for text in ("{ check_policy_service unix:sendward/policy, timeout=5s, default_action=DUNNO }",
                 "{check_policy_service unix:sendward/policy}", "{ Check_Policy_Service { unix:sendward/policy, timeout=5s } }"):
        w.finds("error", "policy", 'has "{ check_policy_service" before unix:sendward/policy: Postfix does not ask us',
                master=data(text))
    for text, pattern in (
            ("timeout = 5s", 'has "timeout" behind unix:sendward/policy, which is no name=value: smtpd ends'),
            ("timeout=5s, default_action=451 4.3.0 later", 'has "4.3.0" behind .* no name=value'),
            ("timeout=5s, timout=6s", 'has "timout" behind .* does not know'),
            ("timeout=5s, TIMEOUT=6s", 'has "TIMEOUT" behind .* does not know'),
            ("timeout=5s, command_timeout=6s", 'has "command_timeout" behind .* does not know'),
            ("timeout=5s, max_ttl=1y", 'has max_ttl = "1y" behind .* cannot read'),
            ("timeout=5s, try_limit=two", 'has try_limit = "two" behind .* cannot read')):
        found = w.look(master=data("check_policy_service { unix:sendward/policy, %s }" % text))
        expect(any(one[:2] == ("error", "policy") and re.search(pattern, one[3]) for one in found), f"{pattern}: {found}")
    w.finds("error", "policy", 'has "timeout=5s" behind unix:sendward/policy without braces',
            main="smtpd_policy_service_timeout = 5s\n",
            master=submission("{ smtpd_recipient_restrictions = check_policy_service unix:sendward/policy, timeout=5s, "
                              "permit_sasl_authenticated, reject }"))
    w.finds("error", "milter", 'smtpd_milters has "timeout" behind unix:sendward/milter, which smtpd does not know',
            master=submission("{ smtpd_milters = { unix:sendward/milter, default_action=tempfail, timeout=5s } }"))
    equal(w.look(master=data("check_policy_service { unix:sendward/policy, timeout=5s, policy_context=, max_idle=1h, }")), [])


@wired
def away(w):
    """doctor postfix finds times that are too short or too long, and what is done without us that should not be"""
    def service(text):
        return submission("smtpd_milters!", "{ smtpd_recipient_restrictions = check_policy_service { unix:sendward/policy, %s }, "
                          "permit_sasl_authenticated, reject }" % text, "{ smtpd_milters = $sendward_milter }")

    for text, level, pattern in (
            ("timeout=5x", "error", 'timeout is "5x", which smtpd cannot read: it ends'),
            ("timeout=5s, default_action=", "error", 'default_action is "", which smtpd cannot read'),
            ("timeout=5s, default_action=451", "warning", '"451": while the daemon is away, mail passes .* without a text'),
            ("timeout=5s, default_action=permit_sasl_authenticated", "warning", "mail passes unchecked"),
            ("timeout=5s, { default_action = permit_mynetworks, reject }", "warning", "is refused for good"),
            ("timeout=5s, { default_action = defer_if_reject x }", "warning", "mail passes unchecked"),
            ("timeout=5s, default_action=lenient", "warning", '"lenient": while the daemon is away, mail passes'),
            ("{ timeout = 0s }", "error", "timeout is 0s, and an answer may take 500 ms .*gives up before"),
            ("timeout=2m", "warning", "timeout is 2m: one that hangs"),
            ("timeout=5s, try_limit=1", "error", "try_limit is 1"),
            ("timeout=5s, default_action=DUNNO", "warning", '"DUNNO": while the daemon is away, mail passes unchecked'),
            ("timeout=5s, { default_action = 554 5.7.1 no }", "warning", "is refused for good")):
        w.finds(level, "away", pattern, master=service(text), main="smtpd_restriction_classes = lenient\nlenient = permit\n")
    for text in ("timeout=5s, default_action=defer", "timeout=5s, { default_action = permit_mynetworks, defer }"):
        equal(w.look(master=service(text)), [])
        equal(w.look(master=service(text), main="smtpd_policy_service_default_action = permit\n"), [])
    w.finds("warning", "away", '"permit": while the daemon is away', master=service("timeout=5s"),
            main="smtpd_policy_service_default_action = permit\n")
    w.finds("warning", "away", "timeout is 100s", master=service(""))
    equal(w.look(main="smtpd_policy_service_timeout = 5s\n", master=service("")), [])
    w.finds("warning", "away", "timeout is 5s, and an answer may take 6000 ms .redis.deadline 3000 ms",
            more="redis {{ deadline = 3s }}\n", master=submission("{ smtpd_milters = unix:sendward/milter }"),
            main="milter_default_action = tempfail\n")
    for value, pattern in (("default_action=accept", "passes unchecked, and uncharged"), ("default_action=reject", "refused for good"),
                           ("content_timeout=0s, default_action=tempfail", "milter_content_timeout is 0s")):
        expect(any(one[1] == "away" and re.search(pattern, one[3]) for one in w.look(
            master=submission("{ smtpd_milters = { unix:sendward/milter, %s } }" % value))), value)


# --- sockets ---------------------------------------------------------------------------------------------------------------

@wired
def chroot(w):
    """doctor postfix knows where a path leads with and without a chroot"""
    absolute = submission("smtpd_milters=unix:%s/sendward/milter" % w.queue)
    w.finds("error", "milter", f"which is {w.queue}{w.queue}/sendward/milter to this smtpd, that is chrooted", master=absolute)
    equal(w.look(master=re.sub("n( +)-( +)y", r"n\1-\2n", absolute)), [])
    inside = submission("smtpd_milters=unix:/sendward/milter")
    equal(w.look(master=inside), [])
    for column in "n-":
        w.finds("error", "milter", "which is /sendward/milter to this smtpd, that is not chrooted",
                master=re.sub("n( +)-( +)y", rf"n\1-\2{column}", inside))
    # Outside of the queue directory nothing is found in a chroot.
    run = w.b.path("run")
    os.makedirs(run, exist_ok=True)
    found = w.look(at=run, policyd=False, master=submission("smtpd_milters=unix:%s/milter" % run))
    expect(any(one[:2] == ("error", "milter") and "that is chrooted" in one[3] for one in found), found)
    advice = [one["advice"] for one in json.loads(w.b.call("doctor", "postfix", "--config-directory", w.config, "--json").stdout)
              ["findings"] if one["check"] == "milter"]
    expect(f"listen on a socket below {w.queue}" in advice[0], advice)


@wired
def reached(w):
    """doctor postfix finds sockets that are not there or that Postfix's user may not connect to"""
    path = os.path.join(w.queue, "sendward", "milter")
    os.chmod(path, 0o060)
    w.finds("error", "reach", "may not connect .mode 0060")
    os.chmod(path, 0o660)
    directory = os.path.join(w.queue, "sendward")
    os.chmod(directory, 0o670)
    try:
        w.finds("error", "reach", "may not search it .mode 0670")
    finally:
        os.chmod(directory, 0o755)
    os.rename(path, path + ".away")
    w.finds("error", "reach", "/sendward/milter: No such file")
    w.b.write("queue/sendward/milter", "")
    w.finds("error", "reach", "is no socket")
    os.rename(path + ".away", path)
    senders = os.path.join(w.queue, "sendward", "senders")
    asked = "smtpd_sender_restrictions = reject_sender_login_mismatch\nsmtpd_sender_login_maps = socketmap:unix:/sendward/senders:senders\n"
    os.chmod(senders, 0o060)
    w.finds("error", "reach", "sendward/senders: user .* may not connect .mode 0060", senders=SENDERS, main=asked)
    equal(w.look(), [])
    os.chmod(senders, 0o660)
    w.finds("error", "reach", "there is no user no-such-user", main="mail_owner = no-such-user\n")


# --- logins and addresses --------------------------------------------------------------------------------------------------

@wired
def sasl(w):
    """doctor postfix looks whether smtpd asks sendward-sasld where it is configured"""
    w.finds("warning", "sasl", "smtpd_sasl_type is cyrus, smtpd_sasl_path smtpd", more=SASL)
    main = "smtpd_sasl_type = dovecot\nsmtpd_sasl_path = "
    equal(w.look(more=SASL, main=main + "sendward/auth\n"), [])
    equal(w.look(more=SASL, main=main + "/sendward/auth\n"), [])
    w.finds("warning", "sasl", "smtpd_sasl_path private/auth", more=SASL, main=main + "private/auth\n")
    w.finds("error", "sasl", "that is chrooted; sasld.listen is", more=SASL, main=main + w.queue + "/sendward/auth\n")
    equal(w.look(main=main + "private/auth\n"), [])


@wired
def senders(w):
    """doctor postfix looks whether smtpd_sender_login_maps asks us where it is configured, and who suffers from that"""
    main = "smtpd_sender_restrictions = reject_sender_login_mismatch\nsmtpd_sender_login_maps = "
    asked = main + "socketmap:unix:/sendward/senders:"
    port_25 = "smtp inet n - y - - smtpd\n"
    w.finds("warning", "senders", "does not ask policyd.sender_login_listen", senders=SENDERS)
    equal(w.look(senders=SENDERS, main=asked + "senders\n"), [])
    equal(w.look(senders=SENDERS, master=port_25 + MASTER_SENDERS), [])
    equal(w.look(senders=SENDERS, main=main + "hash:/etc/postfix/senders, proxy:socketmap:unix:sendward/senders:accounts\n"), [])
    equal(w.look(senders=SENDERS, main=main + "socketmap:unix:/other:names, socketmap:unix:/sendward/senders:senders\n"), [])
    in_class = "smtpd_restriction_classes = mine\nmine = reject_known_sender_login_mismatch\nsmtpd_sender_restrictions = mine\n"
    equal(w.look(senders=SENDERS, main=asked + "senders\n" + in_class), [])
    w.finds("warning", "senders", "has permit_sasl_authenticated before reject_sender_login_mismatch, which never asks", senders=SENDERS,
            main=asked + "senders\nsmtpd_sender_restrictions = permit_sasl_authenticated, reject_sender_login_mismatch\n")
    w.finds("error", "senders", 'the map "sender"', senders=SENDERS, main=asked + "sender\n")
    w.finds("error", "senders", "where policyd.sender_login_listen is needed", senders=SENDERS,
            main=main + "socketmap:unix:/sendward/policy:senders\n")
    w.finds("error", "senders", "names sendward/senders without unix: or inet:", senders=SENDERS,
            main=main + "socketmap:sendward/senders:senders\n")
    w.finds("warning", "senders", "no restriction asks it", senders=SENDERS,
            main="smtpd_sender_login_maps = socketmap:unix:/sendward/senders:senders\n")
    w.finds("error", "senders", "all mail from outside, which has no login, is refused", senders=SENDERS, main=asked + "senders\n",
            master=MASTER.replace("submission inet", "smtp inet"))
    equal(w.look(senders=SENDERS, main=asked + "accounts\n", master=MASTER.replace("submission inet", "25 inet")), [])
    equal(w.look(senders=SENDERS, main=asked + "senders\n", master=MASTER + port_25), [])  # there the restriction is ignored
    equal(w.look(senders=SENDERS, main=asked + "accounts\n", master=MASTER + port_25), [])


# --- services --------------------------------------------------------------------------------------------------------------

@wired
def services(w):
    """doctor postfix tells submission from port 25 and from the way back of a content filter"""
    port_25 = "smtp inet n - y - - smtpd\n"
    back = "127.0.0.1:10026 inet n - n - - smtpd -o content_filter= -o receive_override_options=no_milters\n"
    equal(w.look(master=MASTER + port_25), [])
    found = w.look(main="smtpd_sasl_auth_enable = yes\n", master=MASTER + port_25 + back)
    equal(sorted((level, check, service) for level, check, service, _ in found),
          [("error", "milter", "smtp/inet"), ("warning", "policy", "smtp/inet")])
    there = port_25.rstrip() + " -o content_filter=spamfilter\n"
    expect(("error", "milter", "smtp/inet") in [one[:3] for one in w.look(main="smtpd_sasl_auth_enable = yes\n", master=MASTER + there)],
           "the way to a content filter")
    own = back.replace("no_milters", "no_milters -o smtpd_sasl_auth_enable=yes")
    expect(("error", "milter", "127.0.0.1:10026/inet") in [one[:3] for one in w.look(master=MASTER + own)], "an AUTH of its own")
    w.finds("error", "services", 'has "reject" behind smtpd, which is no option', main="smtpd_milters = $sendward_milter\n",
            master=submission("{ smtpd_recipient_restrictions = $sendward_policy, reject }") +
            "  -o smtpd_helo_restrictions=reject_invalid_helo_hostname, reject -v\n")
    w.finds("error", "services", "no smtpd offers AUTH: there are no logins to look at", master=port_25)
    w.configure(main="multi_instance_directories = /etc/postfix-out\n", master=port_25)
    done = w.b.call("doctor", "postfix", "--config-directory", w.config)
    expect("or look at another instance (/etc/postfix-out) with --config-directory\n" in done.stdout, done.stdout)
    w.finds("warning", "services", "identities are all", master=MASTER.replace("auth_enable=yes", "auth_enable=no"))
    w.finds("warning", "other mail", r"non_smtpd_milters names .* and of internal_mail_filter_classes bounce has no login",
            main="non_smtpd_milters = $sendward_milter\ninternal_mail_filter_classes = bounce\n")
    many = "".join(f"127.0.0.1:{number} inet n - n - - smtpd\n" for number in range(10100, 10170))
    w.finds("unknown", "services", "more smtpd services than the 64", master=MASTER + many)


CASES = [right, elsewhere, unread, milter, charging, policy, attributes, away, chroot, reached, sasl, senders, services]
