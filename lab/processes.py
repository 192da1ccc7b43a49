# SPDX-FileCopyrightText: The Tranship authors
# SPDX-License-Identifier: Apache-2.0
"""Processes that the lab starts, and can only ever stop itself."""

import glob
import json
import os
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

from lab.console import LabError
from lab.settings import HOST, LAB, write


def is_answering(port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def listener_of(port):
    """The pid and name of the process that listens on a port, as far as /proc shows."""
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == "0A" and int(fields[1].rsplit(":", 1)[1], 16) == port:
                inodes.add(f"socket:[{fields[9]}]")
    for descriptor in glob.iglob("/proc/[0-9]*/fd/*") if inodes else ():
        try:
            if os.readlink(descriptor) in inodes:
                pid = int(descriptor.split("/")[2])
                return pid, Path(f"/proc/{pid}/comm").read_text().strip()
        except OSError:
            continue
    return None


def refuse_taken_port(port, wanted_for):
    if not is_answering(port):
        return
    owner = listener_of(port)
    whose = f"process {owner[0]} ({owner[1]})" if owner else "another user's process"
    raise LabError(
        f"port {port}, wanted for {wanted_for}, is taken by {whose}; "
        "stop that, or set TRANSHIP_LAB_PORT to another first port (18000 is the default)")


def boot_id():
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def start_time_of(pid):
    """The kernel's start time of a process; with pid and boot id it names one for ever."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat.rsplit(")", 1)[1].split()
    return None if fields[0] == "Z" else fields[19]


class Process:
    """A process that this script started, known by its pid file.

    The file holds pid, kernel start time and boot id, so a number that the
    kernel has reused since is never signalled.
    """

    def __init__(self, name):
        self.name = name
        self.file = LAB / "run" / f"{name}.pid"
        self.log = LAB / "log" / f"{name}.log"

    def pid(self):
        try:
            note = json.loads(self.file.read_text())
        except (FileNotFoundError, ValueError):
            return None
        alive = note["boot"] == boot_id() and note["start"] == start_time_of(note["pid"])
        return note["pid"] if alive else None

    def start(self, command, environment):
        self.file.parent.mkdir(parents=True, exist_ok=True)
        kept = {k: v for k, v in os.environ.items()
                if not k.lower().endswith("_proxy") and not k.startswith("OS_")}
        with open(self.log, "ab") as log:
            child = subprocess.Popen(
                command, env=kept | environment, cwd=LAB, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        note = {"pid": child.pid, "start": start_time_of(child.pid), "boot": boot_id()}
        write(self.file, json.dumps(note) + "\n")
        self.child = child

    def has_died(self):
        child = getattr(self, "child", None)
        if child is not None:
            return child.poll() is not None
        return self.pid() is None

    def stop(self, first_signal=signal.SIGTERM):
        pid = self.pid()
        if pid is not None:
            try:
                handle = os.pidfd_open(pid)
            except ProcessLookupError:
                handle = None
            # Asked again behind the handle: from here on it cannot be another process.
            if handle is not None:
                if self.pid() == pid:
                    self.signal_until_gone(handle, first_signal)
                os.close(handle)
        self.file.unlink(missing_ok=True)
        return pid is not None

    def signal_until_gone(self, handle, first_signal):
        for number, seconds in ((first_signal, 10), (signal.SIGKILL, 10)):
            try:
                signal.pidfd_send_signal(handle, number)
            except ProcessLookupError:
                return
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                if self.has_died():
                    return
                time.sleep(0.05)
        raise LabError(f"{self.name} does not end, not even with SIGKILL")

    def last_lines(self):
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])
        except FileNotFoundError:
            return ""


def run_logged(command, output, environment=None):
    command = [str(part) for part in command]
    output.write(f"$ {' '.join(command)}\n".encode())
    output.flush()
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output,
                          stderr=subprocess.STDOUT, cwd=LAB,
                          env=None if environment is None else os.environ | environment)
    if done.returncode != 0:
        tail = "\n".join(Path(output.name).read_text(errors="replace").splitlines()[-12:])
        raise LabError(f"{' '.join(command)} failed ({done.returncode}); "
                       f"the end of {output.name}:\n{tail}")


def in_parallel(work, items):
    failures = []

    def run(item):
        try:
            work(item)
        except Exception as error:  # carried over to the caller's thread
            failures.append(error)

    threads = [threading.Thread(target=run, args=(item,)) for item in items]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
