# SPDX-FileCopyrightText: The Tranship authors
# SPDX-License-Identifier: Apache-2.0
"""The guard of `make bench QUICK=1`, and the test of the page and the verdicts."""

from lab.bench.goals import (
    Missing, an_image, cpu, figures, kernel_part, rate, summary, wall, what_binds)
from lab.bench.page import anchor, page
from lab.bench.plots import ceiling, plot

# Seconds vary from run to run, and more on a machine that does other things too.
SECONDS_MARGIN = 1.5


def broken(row, counts_instructions):
    """Why a row breaks its guard; None if it does not."""
    names = list(row["contestants"])
    measure = "instructions" if counts_instructions else "cpu"
    limit = row["guard"] * (1 if counts_instructions else SECONDS_MARGIN)
    words = "instructions" if counts_instructions else "CPU seconds"
    try:
        ours, peer = (an_image(row["contestants"], name, measure) for name in names[:2])
    except Missing as missing:
        reason = row["contestants"].get(str(missing), {}).get("failed", "there is no figure")
        return f"{row['title']}: {missing}: {reason}"
    if ours / peer <= limit:
        return None
    return (f"{row['title']}: {names[0]} needs {ours / peer:.2f} × the {words} of {names[1]}, "
            f"and at most {limit:.2f} × are allowed: see the profile in .build/bench/benchmarks.md")


def guard(report, counts_instructions):
    reasons = [broken(row, counts_instructions) for row in report["rows"] if row["guard"]]
    if any(reasons):
        raise SystemExit("error: " + "\n".join(reason for reason in reasons if reason))


def example(seconds, processor, images=10):
    run = {"images": images, "bytes": images << 20, "seconds": seconds, "cpu": processor,
           "services_cpu": 1.0, "peak_mib": 50.0, "requests": 5 * images, "connections": 2,
           "journal_bytes": None, "instructions": None}
    return summary([run, run | {"seconds": seconds + 1}, run | {"seconds": seconds - 1}])


def check():
    results = {"tranship": example(4.0, 2.0), "curl | curl": example(5.0, 4.0, images=5)}
    assert results["tranship"]["seconds"] == {"median": 4.0, "least": 3.0, "most": 5.0}
    assert results["tranship"]["journal_bytes"] is None

    # The peer copies half as many images in 5 s, so ours takes 0.4 of its time for one.
    goals = [wall(0.5, "curl | curl"), wall(0.2, "curl | curl"), cpu(0.25, "curl | curl"),
             rate(2, "curl | curl", "openstacksdk"), wall(1, "openstacksdk")]
    verdicts = [goal.verdict(results) for goal in goals]
    assert [verdict["reached"] for verdict in verdicts] == [True, False, True, True, False]
    assert verdicts[0]["value"] == "0.40 ×" and verdicts[0]["missed"] == ""
    assert verdicts[1]["missed"] == "missed: 2.0 times as much"
    assert verdicts[4]["missed"] == "not measured: no figure of openstacksdk"

    assert figures(results, "tranship")["services_ms"] == "100.0"
    assert "do not bind: they are busy for 38%" in what_binds(results, "tranship", 2)
    assert "bind: they are busy for 150%" in what_binds(
        {"tranship": example(1.0, 2.0)}, "tranship", 2)

    profile = [("CPU time in a library", [(50.0, "kernel"), (40.0, "tranship")])]
    tight = kernel_part([cpu(0.1, "curl | curl"), wall(0.2, "curl | curl")], results, profile, 2)
    assert tight.endswith("have: client CPU, tranship to curl | curl: 0.12 ×, more than the goal."
                          ), tight
    assert kernel_part(goals, results, [], 2) == ""

    row = {"key": "row", "title": "8 × 1 MiB, 4 at once", "text": "Text.", "note": "Note.",
           "guard": 0.5, "contestants": results, "verdicts": verdicts, "binds": "Nothing.",
           "profile": [("CPU", [(12.5, "work()")])], "bodies_most": 3}
    assert broken(row, False) is None
    assert broken(row | {"guard": 0.1}, False) == (
        "8 × 1 MiB, 4 at once: tranship needs 0.25 × the CPU seconds of curl | curl, and at most "
        "0.15 × are allowed: see the profile in .build/bench/benchmarks.md")
    failed = row | {"contestants": results | {"tranship": {"failed": "it failed: no"}}}
    assert broken(failed, False) == "8 × 1 MiB, 4 at once: tranship: it failed: no"

    curve = {"key": "number", "title": "Numbers", "axis": "images", "points": ["1", "2"],
             "contestants": {"tranship": [example(4.0, 1.0), None],
                             "curl | curl": [example(5.0, 1.0), example(9.0, 1.0)]}}
    about = dict.fromkeys(("machine", "tranship", "peers", "services", "date"), "x")
    text = page({"rounds": 3, "seconds": 90, "about": about, "rows": [row, failed],
                 "curves": [curve]})
    assert "| curl \\| curl (5 images) | 5.00 (4.00–6.00) | 1.00 | 1.00 | 2.50 |" in text, text
    assert "6 of 10 are reached" in text and " 12.5 %  work()" in text
    assert f"](#{anchor(row['title'])})" in text and anchor("8 × 1, a") == "8--1-a"
    assert [ceiling(value) for value in (0.05, 1, 7, 12, 950)] == [0.1, 1, 8, 20, 1000]
    assert plot(curve).count("<circle") == 2 + 2 * 3
    print("the page, the verdicts and the guard are right")
