# SPDX-FileCopyrightText: The Tranship authors
# SPDX-License-Identifier: Apache-2.0
"""Measures Tranship beside other ways to copy images, and writes the page with the figures.

Every contestant copies the same images from alpha to beta, which is empty before each. The
contestants take turns, so that what else the machine does hits all of them alike; the page has
medians, and ratios within one run.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

import openstack

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.dont_write_bytecode = True

from lab.bench_page import page, plot  # noqa: E402
from lab.console import Step, say  # noqa: E402

REPOSITORY = Path(__file__).resolve().parent.parent
TRANSHIP = REPOSITORY / ".build/release/tranship"
MIB = 1 << 20

# One image: a record at the target, then the data from pipe to pipe. Nothing is proved.
CURL = r"""
set -e
new=$(curl -sf -H "X-Auth-Token: $TARGET_TOKEN" -H 'Content-Type: application/json' \
    -d "{\"name\":\"$1\",\"disk_format\":\"raw\",\"container_format\":\"bare\"}" \
    "$TARGET/v2/images" | sed 's/.*"id": *"\([^"]*\)".*/\1/')
curl -sf -H "X-Auth-Token: $SOURCE_TOKEN" "$SOURCE/v2/images/$2/file" |
    curl -sf -X PUT -T - -H "X-Auth-Token: $TARGET_TOKEN" -H 'Expect:' \
        -H 'Content-Type: application/octet-stream' "$TARGET/v2/images/$new/file"
"""

# openstacksdk as its documentation has it, with streams and threads. Nothing is proved.
SDK = r"""
import sys
from concurrent.futures import ThreadPoolExecutor
import openstack
source, target = openstack.connect(cloud="alpha"), openstack.connect(cloud="beta")
class Body:
    def __init__(self, answer):
        self.read, self.length = answer.raw.read, int(answer.headers["Content-Length"])
    def __len__(self):
        return self.length
def copy(line):
    name, id = line.split()
    data = source.image.get(f"/images/{id}/file", stream=True)
    data.raise_for_status()
    new = target.image.create_image(name, disk_format="raw", container_format="bare",
        allow_duplicates=True)
    target.image.put(f"/images/{new.id}/file", data=Body(data),
        headers={"Content-Type": "application/octet-stream"}).raise_for_status()
with ThreadPoolExecutor(int(sys.argv[1])) as pool:
    list(pool.map(copy, sys.stdin.read().splitlines()))
"""


class Work:
    """Images of one size, and how many of them at once."""

    def __init__(self, key, title, count, size, at_once, contestants):
        self.key, self.title, self.count = key, title, count
        self.size, self.at_once, self.contestants = size, at_once, contestants
        self.lines = []

    def name(self, index):
        return f"bench-{self.key}-{index}"


class Peak:
    """The most memory that a session's processes have at one time, looked at 20 times a second.

    The kernel's own figure for a child includes what its parent had when it was started.
    """

    def __init__(self, session):
        self.session, self.most, self.over = str(session), 0, threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    def watch(self):
        page_size = os.sysconf("SC_PAGE_SIZE")
        while not self.over.wait(0.05):
            resident = 0
            for process in os.scandir("/proc"):
                try:
                    if process.name.isdigit():
                        fields = Path(process.path, "stat").read_text().rpartition(")")[2].split()
                        if fields[3] == self.session:
                            resident += int(fields[21]) * page_size
                except (OSError, IndexError):
                    pass  # It has ended meanwhile.
            self.most = max(self.most, resident)

    def end(self):
        self.over.set()
        self.thread.join()


class Bench:
    def __init__(self, folder):
        self.folder = folder
        self.alpha, self.beta = openstack.connect(cloud="alpha"), openstack.connect(cloud="beta")

    # The images

    def prepare(self, work):
        """Uploads the images of a work to alpha."""
        data = self.folder / "data"

        def upload(index):
            name = work.name(index)
            new = self.alpha.image.create_image(
                name, disk_format="raw", container_format="bare", allow_duplicates=True)
            with open(data, "rb") as file:
                file.seek(index)
                body = file.read(work.size)
            self.alpha.image.put(
                f"/images/{new.id}/file", data=body,
                headers={"Content-Type": "application/octet-stream"}).raise_for_status()
            return f"{name} {new.id}"

        data.write_bytes(os.urandom(work.size + work.count))
        with ThreadPoolExecutor(4) as pool:
            work.lines = list(pool.map(upload, range(work.count)))
        data.unlink()

    def empty(self, cloud):
        """Removes what a contestant left."""
        found = [image for image in cloud.image.images() if (image.name or "").startswith("bench-")]
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda image: cloud.image.delete_image(image.id), found))

    def expect_all(self, work):
        there = [image for image in self.beta.image.images()
                 if (image.name or "").startswith(f"bench-{work.key}-")
                 and image.status == "active" and image.size == work.size]
        if len(there) != work.count:
            raise SystemExit(f"{work.title}: {len(there)} of {work.count} images arrived")

    # The contestants

    def command(self, contestant, work):
        """The command line, its standard input, and its environment."""
        environment = dict(os.environ)
        if contestant.startswith("tranship"):
            verify = "services" if contestant.endswith("services") else "proof"
            pipeline = self.folder / "bench.yaml"
            pipeline.write_text(
                f"version: 1\nname: bench\nverify: {verify}\nlimits: {{ images: {work.at_once} }}\n"
                f"sources: [{{ cloud: alpha, images: {{ name: 'bench-{work.key}-*' }} }}]\n"
                "targets: [{ cloud: beta, method: upload }]\n")
            return [TRANSHIP, "run", pipeline, "--journal", self.folder / "journal"], "", environment
        lines = "\n".join(work.lines) + "\n"
        if contestant == "openstacksdk":
            return [sys.executable, "-c", SDK, str(work.at_once)], lines, environment
        for key, cloud in (("SOURCE", self.alpha), ("TARGET", self.beta)):
            environment[key] = cloud.image.get_endpoint().rstrip("/").removesuffix("/v2")
            environment[f"{key}_TOKEN"] = cloud.auth_token
        return ["xargs", f"-P{work.at_once}", "-L1", "bash", "-c", CURL, "copy"], lines, environment

    def measure(self, contestant, work):
        command, lines, environment = self.command(contestant, work)
        shutil.rmtree(self.folder / "journal", ignore_errors=True)
        for file in self.folder.glob("journal*"):
            file.unlink()
        with open(self.folder / "input", "w+") as given, open(self.folder / "said", "w+") as said:
            given.write(lines)
            given.seek(0)
            began = time.monotonic()
            process = subprocess.Popen(
                command, stdin=given, stdout=said, stderr=said, env=environment,
                start_new_session=True)
            peak = Peak(process.pid)
            # Of the process and of all that it waited for.
            _, status, used = os.wait4(process.pid, 0)
            seconds = time.monotonic() - began
            peak.end()
            process.returncode = status
            if status != 0:
                said.seek(0)
                raise SystemExit(f"{contestant} failed:\n{said.read()[-2000:]}")
        self.expect_all(work)
        return {"seconds": seconds, "cpu": used.ru_utime + used.ru_stime,
                "peak": peak.most / MIB}

    def run(self, work, rounds):
        results = {contestant: [] for contestant in work.contestants}
        for number in range(rounds):
            # New ones in each round: a service never gives an id out again that was deleted, and
            # Tranship's copies have ids that follow from their sources.
            with Step(f"{work.title}: uploading the images to copy"):
                self.empty(self.alpha)
                self.prepare(work)
            for contestant in work.contestants:
                self.empty(self.beta)
                result = self.measure(contestant, work)
                results[contestant].append(result)
                say(f"  {work.key} {number + 1}/{rounds} {contestant}: {result['seconds']:.2f} s, "
                    f"CPU {result['cpu']:.2f} s, {result['peak']:.0f} MiB")
        self.empty(self.beta)
        self.empty(self.alpha)
        return results


def works(quick):
    peers = ["curl | curl", "openstacksdk"]
    count, size = (40, 64 * MIB) if quick else (200, 256 * MIB)
    few = 4 if quick else 8
    return [
        Work("small", f"{count} images of 256 KiB, 8 at once", count, 256 << 10, 8,
             ["tranship, proof"] + peers),
        Work("large", f"{few} images of {size // MIB} MiB, 4 at once", few, size, 4,
             ["tranship, services", "tranship, proof"] + peers),
    ]


def machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo")
                  if line.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)

    def first_line(*command):
        return subprocess.run(command, capture_output=True, text=True).stdout.split("\n")[0]

    return {
        "machine": f"{os.cpu_count()} × {model}, {memory:.0f} GiB, Linux {platform.release()}; "
                   "client and both clouds on it",
        "tranship": first_line(TRANSHIP, "--version") + ", commit "
                    + first_line("git", "-C", REPOSITORY, "rev-parse", "--short", "HEAD"),
        "peers": f"{' '.join(first_line('curl', '--version').split()[:2])}, openstacksdk "
                 f"{version('openstacksdk')} on Python {platform.python_version()}",
        "services": f"Glance {version('glance')}, Keystone {version('keystone')}",
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d"),
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int)
    options = parser.parse_args()
    rounds = options.rounds or (3 if options.quick else 7)
    folder = REPOSITORY / ".build/bench"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    bench, rows = Bench(folder), []
    for work in works(options.quick):
        results = bench.run(work, rounds)
        rows.append({"title": work.title, "images": work.count, "bytes": work.count * work.size,
                     "contestants": {
                         name: {key: {"median": statistics.median(r[key] for r in runs),
                                      "least": min(r[key] for r in runs),
                                      "most": max(r[key] for r in runs)}
                                for key in ("seconds", "cpu", "peak")}
                         for name, runs in results.items()}})
    report = {"rounds": rounds, "about": machine(), "rows": rows}
    (folder / "results.json").write_text(json.dumps(report, indent=1))
    place = folder if options.quick else REPOSITORY / "docs"
    (place / "benchmarks.md").write_text(page(report))
    (place / "benchmarks.svg").write_text(plot(report))
    say(f"  {place / 'benchmarks.md'}")


if __name__ == "__main__":
    main()
