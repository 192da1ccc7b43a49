# SPDX-FileCopyrightText: The Tranship authors
# SPDX-License-Identifier: Apache-2.0
"""Measures every row, and writes docs/benchmarks.md and its plots."""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True

from lab.bench import checks, profiles  # noqa: E402
from lab.bench.goals import figures, kernel_part, summary, what_binds  # noqa: E402
from lab.bench.machine import about  # noqa: E402
from lab.bench.measure import (  # noqa: E402
    Failed, counts_instructions, raise_open_files, run)
from lab.bench.page import page  # noqa: E402
from lab.bench.plots import plot  # noqa: E402
from lab.bench.rows import Row, curves, digest_seconds_a_gibibyte, proof_cpu, rows  # noqa: E402
from lab.bench.worlds import Clouds, Fast, Services, write_clouds  # noqa: E402
from lab.console import say  # noqa: E402
from lab.settings import REPOSITORY  # noqa: E402


class Bench:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.binary = REPOSITORY / ".build/release/tranship"
        self.seconds_max = 40 if options.quick else 150
        self.services = Services(folder)
        write_clouds(folder / "clouds.yaml", self.services.entries())
        self.made_clouds = None

    @property
    def clouds(self):
        if self.made_clouds is None:
            self.made_clouds = Clouds(self.folder)
        return self.made_clouds

    def forget(self):
        for file in self.folder.glob("journal*"):
            file.unlink()

    def measure(self, contestant, row, world, wrapper=(), seconds_max=None):
        """Copies once. Raises `Failed` if not all of it arrives."""
        if isinstance(world, Clouds):
            world.set_keep_alive(contestant.keep_alive)
        command = contestant.command(contestant, row, world, self)
        if contestant.is_ours and not contestant.keeps_journal:
            self.forget()
        world.begin_count()
        result = run(command, self.folder, seconds_max or self.seconds_max, world.services, wrapper,
                     counts=self.options.quick)
        count = contestant.count(row)
        result |= {"images": count, "bytes": count * row.size} | world.end_count()
        if contestant.arrives:
            world.check(count)
        return result

    def rounds(self, row, world, rounds):
        """The contestants take turns. One that fails is left out from then on."""
        runs, failed, began = {}, {}, time.monotonic()
        row_seconds = row.seconds / (5 if self.options.quick else 1)
        contestants = [each for each in row.contestants if each.can_run()]
        for number in range(rounds):
            if number > 0 and not self.options.rounds and time.monotonic() - began > row_seconds:
                break
            world.prepare(row.count, row.size)
            if number == 0 and row.first_run:
                world.clear()
                self.forget()
                self.measure(row.first_run, row, world)  # Its failure fails the row.
            for contestant in contestants:
                if contestant.name in failed or number >= contestant.rounds_max:
                    continue
                world.clear()
                try:
                    result = self.measure(contestant, row, world)
                except Failed as failure:
                    failed[contestant.name] = str(failure)
                    say(f"  {row.key} {number + 1}/{rounds} {contestant.name}: {failure}")
                    continue
                runs.setdefault(contestant.name, []).append(result)
                say(f"  {row.key} {number + 1}/{rounds} {contestant.name}: "
                    f"{result['seconds']:.2f} s, CPU {result['cpu']:.2f} s, "
                    f"{result['peak_mib']:.0f} MiB")
        return {each.name: {"failed": failed[each.name]} if each.name in failed
                else summary(runs[each.name]) | {"runs": runs[each.name]}
                for each in contestants if each.name in failed or each.name in runs}

    def count_connections(self, row, world, results):
        """A round more, untimed: real services do not count connections, so strace does."""
        if not isinstance(world, Clouds) or self.options.quick or not shutil.which("strace"):
            return
        trace = self.folder / "trace"
        wrapper = ["strace", "-f", "-qq", "--seccomp-bpf", "-e", "trace=connect", "-o", trace]
        world.prepare(row.count, row.size)
        for contestant in row.contestants:
            if contestant.name not in results or results[contestant.name].get("failed") \
                    or contestant.rounds_max < 99:
                continue
            world.clear()
            try:
                self.measure(contestant, row, world, wrapper)
            except Failed as failure:
                say(f"  {row.key} connections of {contestant.name}: {failure}")
                continue
            count = world.connections_of(trace)
            results[contestant.name]["connections"] = dict.fromkeys(
                ("median", "least", "most"), count)

    def profile(self, row, world, name):
        """Of one more round of the contestant that misses a goal, or of its first 30 s."""
        wrapper = profiles.recorder(self.folder)
        if self.options.no_profile or wrapper is None:
            return []
        if self.options.quick and not row.guard:
            return []
        contestant = next(each for each in row.contestants if each.name == name)
        try:
            world.prepare(row.count, row.size)
            world.clear()
            self.measure(contestant, row, world, wrapper, seconds_max=30)
        except Failed as failure:
            say(f"  {row.key} profile: {failure}")
        try:
            return profiles.read(self.folder)
        except subprocess.TimeoutExpired:
            return []

    def row(self, row, rounds, processors):
        say(f"{row.title}")
        world = row.world(self)
        try:
            results = self.rounds(row, world, rounds)
            self.count_connections(row, world, results)
        except Exception as error:  # One row must not cost the others: the page says what it was.
            say(f"  {row.key}: {error!r}")
            results = {"tranship": {"failed": f"no figures: {error}"}}
        verdicts = [goal.verdict(results) for goal in row.goals]
        missed = [goal.ours for goal, verdict in zip(row.goals, verdicts) if not verdict["reached"]]
        ours = missed[0] if missed else next(each.name for each in row.contestants if each.is_ours)
        for verdict in verdicts:
            say(f"  {verdict['text']}: {verdict['value']}, to reach {verdict['to_reach']}: "
                f"{'reached' if verdict['reached'] else verdict['missed']}")
        profile = self.profile(row, world, ours) if missed else []
        goals = [goal for goal in row.goals if goal.ours == ours]
        result = {
            "key": row.key, "title": row.title, "text": row.text,
            "note": row.note.format_map(figures(results, ours)),
            "guard": row.guard,
            "contestants": results, "verdicts": verdicts,
            "binds": what_binds(results, ours, processors)
            + kernel_part(goals, results, profile, processors),
            "profile": profile,
            "bodies_most": max((run["bodies_most"] for run in results.get(ours, {}).get("runs", [])
                                if run.get("bodies_most")), default=None),
        }
        world.end()
        return result

    def curve(self, curve, rounds):
        say(curve.title)
        world = Fast(self.services)
        lines = {each.name: [] for each in curve.contestants}
        for _, count, size in curve.points:
            row = Row(curve.key, curve.title, count, size, min(8, count),
                      lambda bench: world, curve.contestants, [])
            results = self.rounds(row, world, rounds)
            for name, line in lines.items():
                result = results.get(name)
                line.append(None if result is None or result.get("failed") else result)
        world.end()
        return {"key": curve.key, "title": curve.title, "axis": curve.axis,
                "points": [label for label, _, _ in curve.points], "contestants": lines}


def parsed():
    parser = argparse.ArgumentParser(prog="scripts/bench")
    parser.add_argument("--quick", action="store_true",
                        help="3 rounds of less, and a guard of the CPU ratios")
    parser.add_argument("--rounds", type=int, metavar="N")
    parser.add_argument("--only", metavar="ROW,ROW", help="these rows, and no plots")
    parser.add_argument("--no-profile", action="store_true")
    parser.add_argument("--self-test", action="store_true", help="check the page and the verdicts")
    return parser.parse_args()


def chosen(options):
    all_rows = rows(options.quick)
    if not options.only:
        return all_rows, curves(options.quick)
    keys = options.only.split(",")
    known = [row.key for row in all_rows] + [curve.key for curve in curves(options.quick)]
    for key in keys:
        if key not in known:
            raise SystemExit(f'error: no row "{key}"; the rows are {", ".join(known)}')
    return ([row for row in all_rows if row.key in keys],
            [curve for curve in curves(options.quick) if curve.key in keys])


def main():
    options = parsed()
    if options.self_test:
        return checks.check()
    rounds, began = options.rounds or (3 if options.quick else 7), time.monotonic()
    picked, plots = chosen(options)
    raise_open_files()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    folder = REPOSITORY / ".build/bench"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    bench = Bench(options, folder)
    facts = about(bench.binary)
    proof_cpu.digest = digest_seconds_a_gibibyte()
    try:
        report = {"rounds": rounds, "about": facts,
                  "rows": [bench.row(row, rounds, facts["processors"]) for row in picked],
                  "curves": [bench.curve(curve, min(rounds, 3)) for curve in plots]}
    finally:
        bench.services.end()
    report["seconds"] = time.monotonic() - began
    (folder / "results.json").write_text(json.dumps(report, indent=1))
    place = folder if options.quick or options.only else REPOSITORY / "docs"
    (place / "benchmarks.md").write_text(page(report))
    for curve in report["curves"]:
        (place / f"benchmarks-{curve['key']}.svg").write_text(plot(curve))
    say(f"  {place / 'benchmarks.md'}")
    if options.quick:
        checks.guard(report, counts_instructions())


if __name__ == "__main__":
    main()
