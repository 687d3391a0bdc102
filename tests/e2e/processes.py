"""Starting, watching and ending the processes of one stack, and waiting for things with a limit.

Every process is started as the leader of its own session, hence of its own process group, and only these groups are
ever signalled. A zombie counts as gone: it holds no socket, no file and no memory.
"""

import os
import signal
import socket
import subprocess
import time


class Timeout(Exception):
    """Something that was waited for did not happen within its limit."""


# How long anything is waited for that is sure to come: used up only when a test fails, and so long that no machine is
# too busy for it.
LIMIT_S = 60.0


def wait_until(condition, what, limit_s=LIMIT_S, step_s=0.01):
    """Polls condition() until it answers something true, and returns that. Raises Timeout naming `what`."""
    end = time.monotonic() + limit_s
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() >= end:
            raise Timeout(f"waited {limit_s:g} s for {what}")
        time.sleep(step_s)
        step_s = min(step_s * 1.5, 0.1)


def accepts_connections(address, limit_s=0.5):
    """True when a connection to address, a path or a (host, port), is accepted."""
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.settimeout(limit_s)
        try:
            probe.connect(address)
        except OSError:
            return False
    return True


def _stat_fields(pid):
    """Fields of /proc/PID/stat from the state on, or None when there is no such process."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            return stat.read().rpartition(b")")[2].split()
    except OSError:
        return None


def start_ticks(pid):
    """When the process began, in clock ticks since boot: with the pid it names one process for ever. None when gone."""
    fields = _stat_fields(pid)
    if fields is None or fields[0] in (b"Z", b"X"):
        return None
    return int(fields[19])


def alive_in_session(leader):
    """The pids of the session that process `leader` began which are not zombies."""
    pids = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            fields = _stat_fields(name)
            if fields and fields[3] == b"%d" % leader and fields[0] not in (b"Z", b"X"):
                pids.append(int(name))
    return pids


def end_session(leader, first=signal.SIGTERM, limit_s=LIMIT_S / 2):
    """Ends all processes of a session: `first` to its leader, SIGKILL to whatever is left after limit_s."""
    _signal(leader, first)
    try:
        wait_until(lambda: not alive_in_session(leader), "", limit_s)
    except Timeout:
        pass
    kill_session(leader)


def kill_session(leader):
    """Ends all processes of a session at once."""
    def killed():
        left = alive_in_session(leader)
        for pid in left:
            _signal(pid, signal.SIGKILL)
        return not left
    wait_until(killed, f"the end of the processes of session {leader}")


def _signal(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


class Process:
    """One program in a session of its own, its standard output and error appended to a file."""

    def __init__(self, name, argv, log_path, env=None, user=None, group=None, extra_groups=None):
        self.name = name
        self.log_path = log_path
        with open(log_path, "ab") as log:
            self._popen = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env, start_new_session=True,
                user=user, group=group, extra_groups=extra_groups)
        self.pid = self._popen.pid

    def running(self):
        return self._popen.poll() is None

    def status(self):
        """Exit status, negative for a signal; None while it runs."""
        return self._popen.poll()

    def wait(self, limit_s):
        """Waits for the end and returns the exit status; raises Timeout."""
        try:
            return self._popen.wait(limit_s)
        except subprocess.TimeoutExpired:
            raise Timeout(f"waited {limit_s:g} s for the end of {self.name}") from None

    def signal(self, number):
        if self.running():
            self._popen.send_signal(number)

    def kill(self):
        """Ends the whole session at once; for what has no state worth keeping."""
        kill_session(self.pid)
        self._reap()

    def stop(self, limit_s=LIMIT_S / 2):
        """SIGTERM, then SIGKILL to what is left after limit_s. Returns the leader's exit status."""
        if self.running():
            end_session(self.pid, limit_s=limit_s)
        else:
            kill_session(self.pid)
        return self._reap()

    def _reap(self):
        try:
            return self._popen.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            raise Timeout(f"{self.name} (pid {self.pid}) does not end") from None

    def wait_ready(self, condition, limit_s=LIMIT_S):
        """Waits for condition() while the process lives; raises Timeout with the end of its log when it does not."""
        def ready_or_dead():
            return condition() or not self.running()
        wait_until(ready_or_dead, f"{self.name} to be ready", limit_s)
        if not self.running():
            raise Timeout(f"{self.name} ended with status {self.status()} instead of starting:\n"
                          + tail(self.log_path, 15))


def tail(path, lines):
    """The last lines of a file as text, or a remark that there is none."""
    try:
        with open(path, encoding="utf-8", errors="backslashreplace") as log:
            return "".join(log.readlines()[-lines:])
    except OSError:
        return f"(no {path})\n"
