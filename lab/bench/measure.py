# SPDX-FileCopyrightText: The Tranship authors
# SPDX-License-Identifier: Apache-2.0
"""Runs one contestant once, and measures what it costs."""

import os
import re
import resource
import shutil
import signal
import subprocess
import threading
import time
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

MIB = 1 << 20
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass
class Command:
    """A command line, its standard input, and what its environment has more than ours."""

    words: list
    given: str = ""
    environment: dict = field(default_factory=dict)


class Failed(Exception):
    """A contestant did not copy, or not in time."""


def processes(session):
    """The fields of /proc/PID/stat, from the state on, of all processes of a session."""
    for process in os.scandir("/proc"):
        try:
            if process.name.isdigit():
                fields = Path(process.path, "stat").read_text().rpartition(")")[2].split()
                if fields[3] == str(session):
                    yield fields
        except (OSError, IndexError):
            pass  # It has ended meanwhile.


def cpu_seconds(sessions):
    """Of all processes of these sessions, and of those that they waited for."""
    return sum(int(ticks) for session in sessions for fields in processes(session)
               for ticks in fields[11:15]) / TICKS


class Watch:
    """The most memory that a session's processes have at one time.

    Looks ten times a second. The kernel's own figure for a child includes what its parent had when
    it was started.
    """

    def __init__(self, session):
        self.session, self.memory, self.over = session, 0, threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    def watch(self):
        while not self.over.wait(0.1):
            resident = sum(int(fields[21]) for fields in processes(self.session)) * PAGE
            self.memory = max(self.memory, resident)

    def end(self):
        self.over.set()
        self.thread.join()


@cache
def counts_instructions():
    """True if the kernel counts a program's instructions: many virtual machines cannot."""
    if not shutil.which("perf"):
        return False
    done = subprocess.run(["perf", "stat", "-x,", "-e", "instructions:u", "true"],
                          capture_output=True, text=True)
    return re.match(r"\d+,", done.stderr) is not None


def run(command, folder, seconds_max, services, wrapper=(), counts=False):
    """Runs a command to its end. Returns what it cost.

    `services` are the sessions whose CPU time is taken beside it, `wrapper` words before the
    command line, of a profiler. With `counts`, its instructions are counted, and its memory
    includes the program that counts.
    """
    counted = folder / "instructions"
    words = [*wrapper, *command.words]
    if counts and counts_instructions() and not wrapper:
        words = ["perf", "stat", "-x,", "-e", "instructions:u", "-o", counted, *words]
    with open(folder / "input", "w+") as given, open(folder / "said", "w+") as said:
        given.write(command.given)
        given.seek(0)
        before, began = cpu_seconds(services), time.monotonic()
        process = subprocess.Popen(
            [str(word) for word in words], stdin=given, stdout=said, stderr=said, cwd=folder,
            env=os.environ | command.environment, start_new_session=True)
        watch = Watch(process.pid)
        ended = threading.Event()
        threading.Thread(target=stop, args=(process.pid, seconds_max, ended), daemon=True).start()
        # Of the process and of all that it waited for.
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.monotonic() - began
        ended.set()
        process.returncode = status
        watch.end()
        said.seek(0)
        if seconds >= seconds_max:
            raise Failed(f"it did not end within {seconds_max} s")
        if status != 0:
            raise Failed(f"it failed: {last_words(said)}")
    return {"seconds": seconds, "cpu": used.ru_utime + used.ru_stime,
            "services_cpu": cpu_seconds(services) - before, "peak_mib": watch.memory / MIB,
            "journal_bytes": size_of_journal(folder), "instructions": instructions(counted)}


def stop(session, seconds_max, ended):
    """Interrupts a session after its time, so that a profiler can write what it has."""
    for seconds, number in ((seconds_max, signal.SIGINT), (15, signal.SIGKILL)):
        if ended.wait(seconds):
            return
        try:
            os.killpg(session, number)
        except ProcessLookupError:
            return


def size_of_journal(folder):
    """After the end; None if there is none."""
    return sum(file.stat().st_size for name in ("journal", "journal-wal")
               if (file := folder / name).exists()) or None


def last_words(file):
    """The end of what a contestant said, in one line."""
    return " ".join(file.read().split())[-200:]


def instructions(file):
    try:
        found = re.search(r"^(\d+),", file.read_text(), re.MULTILINE)
        file.unlink()
        return int(found[1]) if found else None
    except FileNotFoundError:
        return None


def raise_open_files():
    """As far as the hard limit: a pool of many connections needs them."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
