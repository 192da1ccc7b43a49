# SPDX-FileCopyrightText: The Tranship authors
# SPDX-License-Identifier: Apache-2.0
"""The WSGI file of both lab services; LAB_SERVICE says which one to load.

Two corrections come before the service is imported.

sys.executable is the uwsgi binary here, and oslo.concurrency starts
`sys.executable -m oslo_concurrency.prlimit`, so every qemu-img call of
Glance would fail. It gets the interpreter of the virtual environment.

SQLite gives up at once, whatever its timeout, when two transactions that
have read both want to write. With BEGIN IMMEDIATE they queue instead. All
transactions become serial by that: do not measure database contention here.
"""

import os
import sys

sys.executable = os.environ["LAB_PYTHON"]

from sqlalchemy import event  # noqa: E402
from sqlalchemy.engine import Engine  # noqa: E402


@event.listens_for(Engine, "connect")
def use_write_ahead_log(connection, _record):
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA busy_timeout=60000")


@event.listens_for(Engine, "before_cursor_execute", retval=True)
def begin_immediate(_connection, _cursor, statement, parameters, _context, _many):
    return ("BEGIN IMMEDIATE" if statement == "BEGIN" else statement), parameters


if os.environ["LAB_SERVICE"] == "keystone":
    from keystone.wsgi.api import application  # noqa: E402,F401
else:
    from glance.wsgi.api import application  # noqa: E402,F401
