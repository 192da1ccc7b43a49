# SPDX-FileCopyrightText: The Tranship authors
# SPDX-License-Identifier: Apache-2.0
"""What the legacy cloud's registry needs to live with SQLite, on Python 2.7.

A transaction that begins with reading may find the database locked when it
comes to write, and is not allowed to wait. So each takes the write lock when
it begins; and as that wait stops the whole process, the one that holds the
lock included, requests are answered one after the other.
"""

from eventlet import semaphore
from sqlalchemy import event
from sqlalchemy.engine import Engine


@event.listens_for(Engine, "before_cursor_execute", retval=True)
def begin_immediate(_connection, _cursor, statement, parameters, _context, _many):
    return ("BEGIN IMMEDIATE" if statement == "BEGIN" else statement), parameters


def factory(_configuration):
    """A filter of the paste pipeline."""
    turn = semaphore.Semaphore()

    def one_by_one(application):
        def answer(environment, start_response):
            with turn:
                return application(environment, start_response)
        return answer
    return one_by_one
