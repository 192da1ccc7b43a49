# SPDX-FileCopyrightText: The Tranship authors
# SPDX-License-Identifier: Apache-2.0
"""How each contestant copies: a command line from a row and its world."""

import shutil
import sys
from dataclasses import dataclass
from typing import Callable

from lab.bench.measure import Command

# One image: a record at the target, then the data from pipe to pipe. Nothing is proved.
CREATE = r"""
set -e
new=$(curl -sf $CURL_OPTIONS -H "X-Auth-Token: $TARGET_TOKEN" -H 'Content-Type: application/json' \
    -d "{\"name\":\"$1\",\"disk_format\":\"raw\",\"container_format\":\"bare\"}" \
    "$TARGET/v2/images" | sed 's/.*"id": *"\([^"]*\)".*/\1/')
from() { curl -sf $CURL_OPTIONS -H "X-Auth-Token: $SOURCE_TOKEN" "$SOURCE/v2/images/$1/file"; }
to() {
    curl -sf $CURL_OPTIONS -X PUT -T - -H "X-Auth-Token: $TARGET_TOKEN" -H 'Expect:' \
        -H 'Content-Type: application/octet-stream' "$TARGET/v2/images/$new/file"
}
"""
CURL = CREATE + 'from "$2" | to\n'

# The digest is computed, and printed for a person to compare.
CURL_OPENSSL = CREATE + r"""
pipe=$(mktemp -u)
mkfifo "$pipe"
openssl dgst -sha512 <"$pipe" >/dev/null &
from "$2" | tee "$pipe" | to
wait
rm "$pipe"
"""

OPENSTACK = r"""
set -eo pipefail
"$OPENSTACK" --os-cloud "$SOURCE_CLOUD" image save "$2" |
    "$OPENSTACK" --os-cloud "$TARGET_CLOUD" image create --disk-format raw \
        --container-format bare "$1" >/dev/null
"""

RCLONE = r"""
rclone --config '' --webdav-url "$TARGET/dav" copyurl "$SOURCE/v2/images/$2/file" ":webdav:$1"
"""

# Both lists, page by page, as Tranship asks for them.
LISTS = r"""
set -e
for service in "$SOURCE" "$TARGET"; do
    for hidden in false true; do
        next="/v2/images?limit=1000&os_hidden=$hidden"
        while [ "$next" ]; do
            curl -sf "$service$next" >page
            next=$(tail -c 300 page | sed -n 's/.*"next": "\([^"]*\)".*/\1/p')
        done
    done
done
"""

# openstacksdk as its documentation has it, with streams and threads. Nothing is proved.
SDK = r"""
import sys
from concurrent.futures import ThreadPoolExecutor
import openstack
threads, source, target = int(sys.argv[1]), *map(openstack.connect, sys.argv[2:4])
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
with ThreadPoolExecutor(threads) as pool:
    list(pool.map(copy, sys.stdin.read().splitlines()))
"""


@dataclass
class Contestant:
    """`share` is the part of the images that it copies: slow ones get fewer."""

    name: str
    command: Callable
    share: float = 1
    rounds_max: int = 99
    needs: str = "cc"
    keeps_journal: bool = False
    arrives: bool = True
    keep_alive: str = "on"  # of the lab's Glances

    @property
    def is_ours(self):
        return self.name.startswith("tranship")

    def can_run(self):
        return shutil.which(self.needs) is not None

    def count(self, row):
        return max(1, round(row.count * self.share))

    def lines(self, row, world):
        return world.lines[:self.count(row)]


def each_line(script, more=lambda world: {}):
    """Runs a shell script for each image, as many at once as the row says."""
    def command(contestant, row, world, bench):
        return Command(
            ["xargs", f"-P{row.at_once}", "-L1", "bash", "-c", script, "copy"],
            "\n".join(contestant.lines(row, world)) + "\n", world.environment() | more(world))
    return command


def curl(**options):
    return Contestant("curl | curl", each_line(CURL), **options)


def curl_openssl(**options):
    return Contestant("curl | tee openssl | curl", each_line(CURL_OPENSSL), **options)


def openstack_client(**options):
    return Contestant(
        "openstack image save | create", each_line(OPENSTACK, lambda world: {
            "OPENSTACK": str(world.lab / "bin" / "openstack"), "SOURCE_CLOUD": world.source,
            "TARGET_CLOUD": world.target}), **options)


def rclone(**options):
    return Contestant("rclone to WebDAV", each_line(RCLONE), needs="rclone", arrives=False,
                      **options)


def lists(**options):
    def command(contestant, row, world, bench):
        return Command(["bash", "-c", LISTS], "", world.environment())
    return Contestant("curl (both lists)", command, arrives=False, **options)


def sdk(threads, **options):
    def command(contestant, row, world, bench):
        return Command([sys.executable, "-c", SDK, threads, world.source, world.target],
                       "\n".join(contestant.lines(row, world)) + "\n")
    name = f"openstacksdk ({threads} threads)" if threads > 1 else "openstacksdk (one by one)"
    return Contestant(name, command, **options)


def tranship(name="tranship", verb="run", verify="proof", at_once=None, target=None, **options):
    def command(contestant, row, world, bench):
        pipeline = bench.folder / "bench.yaml"
        pipeline.write_text(
            f"version: 1\nname: bench\nverify: {verify}\n"
            f"limits: {{ images: {at_once or row.at_once} }}\n"
            f"sources: [{{ cloud: {world.source}, images: {{ name: 'bench-*' }} }}]\n"
            f"targets: [{{ cloud: {target or world.target}, method: upload }}]\n")
        return Command([bench.binary, verb, pipeline, "--journal", bench.folder / "journal"])
    return Contestant(name, command, **options)
