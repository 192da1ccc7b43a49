# SPDX-FileCopyrightText: The Tranship authors
# SPDX-License-Identifier: Apache-2.0
"""What the lab says on stderr, and the one kind of error that it reports."""

import sys
import threading
import time


class LabError(Exception):
    """What went wrong, in one line that says what to do."""


def say(text):
    print(text, file=sys.stderr, flush=True)


class Step:
    """Prints what is done, then a line every few seconds, then how long it took."""

    def __init__(self, text):
        self.text = text

    def __enter__(self):
        self.begin = time.monotonic()
        self.done = threading.Event()
        say(f"  {self.text}")
        threading.Thread(target=self.tick, daemon=True).start()
        return self

    def tick(self):
        while not self.done.wait(5):
            say(f"  … {self.text}: {time.monotonic() - self.begin:.0f} s")

    def __exit__(self, kind, *_):
        self.done.set()
        seconds = time.monotonic() - self.begin
        if kind is None and seconds > 2:
            say(f"  {self.text}: done in {seconds:.1f} s")
