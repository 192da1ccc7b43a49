# SPDX-FileCopyrightText: The Tranship authors
# SPDX-License-Identifier: Apache-2.0
"""Stores that fail or are full while Glance runs."""

import resource
from pathlib import Path

from lab.console import LabError
from lab.services import process_of
from lab.settings import LAB, STORES


def path_of(site, store):
    return LAB / site / "data" / store


def away(site, store):
    return LAB / site / "data" / f"{store}.away"


def break_store(site, store):
    """Puts a file in place of the store's directory, so that not even root can use it.

    Glance goes on running and offering the store; every write and read fails.
    """
    if store not in STORES:
        raise LabError(f"there is no store \"{store}\"; there are {', '.join(STORES)}")
    if path_of(site, store).is_dir():
        path_of(site, store).rename(away(site, store))
        path_of(site, store).write_text("broken by scripts/lab break\n")


def fill_stores(site, mebibytes):
    """No file of this Glance may grow beyond that: what it does then (EFBIG), its
    file store takes for a full disk, as it does ENOSPC."""
    if not mebibytes.isdigit() or int(mebibytes) == 0:
        raise LabError(f"\"{mebibytes}\" is not a number of mebibytes")
    if process_of(site, "glance").pid() is None:
        raise LabError(f"glance of {site} is not running")
    limit_files(site, int(mebibytes) << 20)


def limit_files(site, size):
    """Of its master and the workers; true where one had another limit."""
    pid = process_of(site, "glance").pid()
    if pid is None:
        return False
    workers = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    changed = False
    for number in [pid, *map(int, workers)]:
        soft, hard = resource.prlimit(number, resource.RLIMIT_FSIZE)
        resource.prlimit(number, resource.RLIMIT_FSIZE, (size, hard))
        changed = changed or soft != size
    return changed


def mend_stores(site):
    """Every store works again and holds what it held."""
    mended = ["the disk"] if limit_files(site, resource.RLIM_INFINITY) else []
    for store in STORES:
        if away(site, store).is_dir():
            path_of(site, store).unlink(missing_ok=True)
            away(site, store).rename(path_of(site, store))
            mended.append(store)
    return mended
