# SPDX-FileCopyrightText: The Tranship authors
# SPDX-License-Identifier: Apache-2.0
"""Where a client spends its time: `perf` if there is one, else `strace`."""

import re
import shutil
import subprocess

# Wrappers of the runtime around our own functions.
NOISE = re.compile(
    r"\[unknown\]|^0x|^(_?dispatch_|_dispatch|swift_|swift::|start_thread|clone|thunk |"
    r"partial apply|protocol witness|__libc|main$|_start|closure #\d+ in closure|std::)")
TOP = 12


def recorder(folder):
    """The words before a command line, or None if there is no tool."""
    if shutil.which("perf"):
        return ["perf", "record", "-q", "-o", folder / "perf.data", "-F", "199", "-e", "cpu-clock",
                "--call-graph", "dwarf,8192"]
    if shutil.which("strace"):
        return ["strace", "-f", "-c", "-o", folder / "strace.txt"]
    return None


def demangled(text):
    """The report with Swift's names as they are in the source."""
    if not shutil.which("swift"):
        return text
    done = subprocess.run(["swift", "demangle", "--simplified"], input=text, capture_output=True,
                          text=True)
    return done.stdout if done.returncode == 0 else text


def perf_lines(folder, *options):
    done = subprocess.run(
        ["perf", "report", "-i", folder / "perf.data", "--stdio", "-g", "none", "--no-inline",
         "--percent-limit", "0.5", *options], capture_output=True, text=True, timeout=120)
    for line in demangled(done.stdout).splitlines():
        match = re.match(r"\s*([\d.]+)%\s+(?:[\d.]+%\s+)?(.*?)\s*$", line)
        if match:
            yield float(match[1]), match[2]


def shortened(name):
    name = re.sub(r"\s+", " ", re.sub(r"[\s-]+$", "", name)).removeprefix("[.] ")
    return name if len(name) <= 90 else name[:89] + "…"


def read(folder):
    """Lines for the page: [(title, [(per cent, name)])]."""
    if (folder / "perf.data").exists():
        parts = [(part, shortened(name).replace("[kernel.kallsyms]", "kernel"))
                 for part, name in perf_lines(folder, "--no-children", "--sort", "dso")][:TOP // 2]
        alone = [(part, shortened(name).replace("[kernel.kallsyms] [k]", "kernel"))
                 for part, name in perf_lines(folder, "--no-children", "--sort", "dso,symbol")]
        within, seen = [], set()
        for part, name in perf_lines(folder, "--children", "--sort", "symbol"):
            name = shortened(name)
            is_new = name not in seen and len(within) < TOP
            if is_new and not name.startswith("[k]") and not NOISE.search(name):
                seen.add(name)
                within.append((part, name))
        (folder / "perf.data").unlink()
        return [("CPU time in a library", parts),
                ("CPU time in a function itself", alone[:TOP]),
                ("CPU time in a function and what it calls", within)]
    if (folder / "strace.txt").exists():
        lines = re.findall(r"^\s*([\d.]+)\s+[\d.]+\s+\d+\s+\d+\s+(?:\d+\s+)?(\w+)$",
                           (folder / "strace.txt").read_text(), re.MULTILINE)
        (folder / "strace.txt").unlink()
        return [("time in system calls", [(float(part), name) for part, name in lines[:TOP]])]
    return []
