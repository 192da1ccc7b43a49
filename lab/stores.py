# SPDX-FileCopyrightText: The Tranship authors
# SPDX-License-Identifier: Apache-2.0
"""Stores that fail while Glance runs, for imports into several stores."""

from lab.console import LabError
from lab.settings import LAB, STORES


def path_of(site, store):
    return LAB / site / "data" / store


def away(site, store):
    return LAB / site / "data" / f"{store}.away"


def break_store(site, store):
    """Puts a file where the store's directory was: nobody, root included, can use it.

    Glance goes on running and offering the store; every write and read fails.
    """
    if store not in STORES:
        raise LabError(f"there is no store \"{store}\"; there are {', '.join(STORES)}")
    if path_of(site, store).is_dir():
        path_of(site, store).rename(away(site, store))
        path_of(site, store).write_text("broken by scripts/lab break\n")


def mend_stores(site):
    """Every store works again and holds what it held."""
    mended = []
    for store in STORES:
        if away(site, store).is_dir():
            path_of(site, store).unlink(missing_ok=True)
            away(site, store).rename(path_of(site, store))
            mended.append(store)
    return mended
