"""A clean shutdown under valgrind, of a build without sanitizers: $SENDWARD_PLAIN, or else $SENDWARD_BUILD."""

import concurrent.futures
import os
import re
import shutil

import mta
from bench import DUNNO, Client
from processes import Process, wait_until
from sendward import Daemon
from server import LIMIT_S
from services import program
from table import case, expect, expect_that
from world import World

MESSAGES = int(os.environ.get("VALGRIND_MESSAGES", "10000"))
CLIENTS = 4
READY_S = 120
STOP_S = 120


def plain_build():
    """Where the programs are that valgrind can run, or None."""
    for name in ("SENDWARD_PLAIN", "SENDWARD_BUILD"):
        directory = os.environ.get(name)
        if directory and not sanitized(directory):
            return os.path.abspath(directory)
    return None


def sanitized(directory):
    with open(os.path.join(directory, "sendward-policyd"), "rb") as file:
        return re.search(rb"__[at]san_init", file.read()) is not None


class Checked(Daemon):
    """The daemon under memcheck; what that says goes to a file beside the log."""

    def launch(self, **_):
        self._starts = self._times_started()
        self.report_path = self.log_path + ".valgrind"
        argv = [program("valgrind", "valgrind"), "--leak-check=full", "--show-leak-kinds=definite,indirect",
                "--errors-for-leak-kinds=definite,indirect", "--track-fds=yes",
                f"--log-file={self.report_path}", os.path.join(plain_build(), self.name), "-f", "-c", self._config_path]
        self._process = Process(self.name, argv, self.log_path)

    def wait_ready(self):
        self._process.wait_ready(lambda: self._times_started() > self._starts, READY_S)

    def report(self):
        with open(self.report_path, encoding="utf-8", errors="replace") as file:
            return file.read()


def shares():
    return [range(start, MESSAGES, CLIENTS) for start in range(CLIENTS)]


def ask_policyd(world, numbers):
    with Client(world.path) as client:
        return sum(client.ask("END-OF-MESSAGE", instance=f"1.{number}", queue_id=f"4Q{number:08X}", recipient_count=1,
                              size=1000, sasl_username=f"rose{number % 100}@dom.example",
                              sender=f"rose{number % 100}@dom.example") == DUNNO for number in numbers)


def ask_milter(world, numbers):
    """Ten messages in a session, as a server does."""
    accepted = 0
    for at in range(0, len(numbers), 10):
        with mta.Session(world.path) as session:
            for number in numbers[at:at + 10]:
                login, queue_id = f"rose{number % 100}@dom.example", f"4Q{number:08X}"
                expect(session.mail(f"<{login}>", login), "continue", "MAIL")
                expect(session.rcpt("<r@far.example>"), "continue", "RCPT")
                session.content((("From", " " + login), ("Subject", " test")), b"Hello.\r\n", queue_id)
                accepted += session.end_of_message(queue_id).answer == "continue"
            session.quit()
    return accepted


def open_descriptors(report):
    """What is told of each that is open at the end, but for those that were there before."""
    found = re.findall(r"^==\d+== (Open .*\n(?:==\d+==  .*\n)*)", report, re.M)
    return [text for text in found if "inherited from parent" not in text]


def expect_no_errors(report):
    """Newer valgrinds count an open descriptor as an error."""
    left = open_descriptors(report)
    errors = int(re.search(r"ERROR SUMMARY: ([\d,]+) errors", report).group(1).replace(",", ""))
    expect_that(errors in (0, len(left)), f"{errors} errors:\n{report[-6000:]}")
    expect(left, [], "descriptors open at the end")


def memcheck(kind, ask):
    plan = {"quotas": '{ "1000000 messages / 1h" }'}
    with World(kind, redis={"deadline": "10s"}, plan=plan, daemon=Checked) as world:
        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
            accepted = sum(pool.map(lambda numbers: ask(world, numbers), shares()))
        expect(accepted, MESSAGES, "messages accepted")
        wait_until(lambda: len(world.decisions()) >= MESSAGES, "all decisions in the log", LIMIT_S)
        world.daemon.ask_to_stop()
        world.daemon.stop(STOP_S)
        report = world.daemon.report()
        expect_that(world.daemon.stopped_with == 0, f"status {world.daemon.stopped_with}:\n{report[-6000:]}")
        expect_no_errors(report)
        for what in ("definitely", "indirectly"):
            lost = re.search(rf"{what} lost: ([\d,]+) bytes", report)
            expect_that(lost is None or lost.group(1) == "0", report[-6000:])
        reachable = re.search(r"still reachable: (.*)", report)
        return f"{MESSAGES} messages; still reachable: {reachable.group(1) if reachable else 'nothing'}"


if plain_build() and shutil.which("valgrind"):
    @case(f"policyd: a clean shutdown after {MESSAGES} messages, says valgrind", "valgrind policyd")
    def policyd_memcheck(_):
        return memcheck("policyd", ask_policyd)

    @case(f"milter: a clean shutdown after {MESSAGES} messages, says valgrind", "valgrind milter")
    def milter_memcheck(_):
        return memcheck("milter", ask_milter)
