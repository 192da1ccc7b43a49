# SPDX-FileCopyrightText: The Tranship authors
# SPDX-License-Identifier: Apache-2.0
"""What the measurements ran on."""

import os
import platform
import shutil
import subprocess
from datetime import datetime, timezone
from importlib.metadata import version

from lab.settings import REPOSITORY


def first_line(*command):
    return subprocess.run(command, capture_output=True, text=True).stdout.split("\n")[0]


def about(binary):
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo")
                  if line.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    peers = [" ".join(first_line("curl", "--version").split()[:2]),
             " ".join(first_line("openssl", "version").split()[:2]),
             f"openstacksdk {version('openstacksdk')}",
             f"python-openstackclient {version('python-openstackclient')}"]
    if shutil.which("rclone"):
        peers.append(first_line("rclone", "version"))
    return {
        "processors": os.cpu_count(),
        "machine": f"{os.cpu_count()} × {model}, {memory:.0f} GiB, Linux {platform.release().split('-')[0]}",
        "tranship": first_line(binary, "--version") + ", commit "
                    + first_line("git", "-C", REPOSITORY, "rev-parse", "--short", "HEAD"),
        "peers": ", ".join(peers) + f"; Python {platform.python_version()}",
        "services": f"Glance {version('glance')}, Keystone {version('keystone')}",
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d"),
    }
