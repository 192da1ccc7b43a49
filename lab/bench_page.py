# SPDX-FileCopyrightText: The Tranship authors
# SPDX-License-Identifier: Apache-2.0
"""The page and the plot of a benchmark, from its results."""

HEAD = """# Benchmarks

`make bench` measures, and writes this page. Every figure comes from one run, on one machine: {machine}. So client, source and target share its
processors. Read the ratios, not the seconds.

| | |
|---|---|
| Tranship | {tranship} |
| beside | {peers} |
| services | {services} |
| date | {date} |

Each contestant copies the same images from one cloud into another one, which is empty before. They take turns, {rounds} rounds; a figure is the
median, with the least and the most in parentheses. `curl | curl` and openstacksdk prove nothing: what arrives is what arrives. `proof` hashes every
byte and holds the end of the data back until the digest is right; `services` compares what both services report. CPU is the client's, with all its
processes; peak is the memory of all of them at one time. A ratio below 1 is better than the best of the others.

![Time of each contestant](benchmarks.svg)
"""


def spread(value, digits):
    return "{median:.{d}f} ({least:.{d}f}–{most:.{d}f})".format(d=digits, **value)


def escaped(name):
    """A bar ends a cell of a table."""
    return name.replace("|", "\\|")


def page(report):
    text = HEAD.format(rounds=report["rounds"], **report["about"])
    for row in report["rows"]:
        peers = [c for name, c in row["contestants"].items() if not name.startswith("tranship")]
        best = min(c["seconds"]["median"] for c in peers)
        leanest = min(c["cpu"]["median"] for c in peers)
        text += (f"\n## {row['title']}\n\n"
                 "| | time, s | images/s | MiB/s | CPU, s | peak, MiB | time, ratio | CPU, ratio |\n"
                 "|---|---|---|---|---|---|---|---|\n")
        for name, c in row["contestants"].items():
            seconds, cpu = c["seconds"]["median"], c["cpu"]["median"]
            text += (f"| {escaped(name)} | {spread(c['seconds'], 2)} | {row['images'] / seconds:.1f} "
                     f"| {row['bytes'] / (1 << 20) / seconds:.0f} | {spread(c['cpu'], 2)} "
                     f"| {c['peak']['median']:.0f} | {seconds / best:.2f} "
                     f"| {cpu / leanest:.2f} |\n")
    return text


def plot(report):
    """Bars of the median times, with a line from the least to the most."""
    width, label, bar, y = 760, 190, 18, 10
    parts = []
    for row in report["rows"]:
        most = max(c["seconds"]["most"] for c in row["contestants"].values())
        scale = (width - label - 80) / most
        y += 16
        parts.append(f'<text x="10" y="{y}" font-weight="bold">{row["title"]}</text>')
        y += 10
        for name, c in row["contestants"].items():
            seconds = c["seconds"]
            color = "#2563a8" if name.startswith("tranship") else "#9aa5b1"
            middle = y + bar / 2
            ends = [label + seconds[key] * scale for key in ("least", "most")]
            parts.append(
                f'<text x="10" y="{middle + 4}">{name}</text>'
                f'<rect x="{label}" y="{y}" width="{seconds["median"] * scale:.1f}" '
                f'height="{bar}" fill="{color}"/>'
                f'<line x1="{ends[0]:.1f}" x2="{ends[1]:.1f}" y1="{middle}" y2="{middle}" '
                f'stroke="#222"/>'
                f'<text x="{ends[1] + 6:.1f}" y="{middle + 4}">{seconds["median"]:.2f} s</text>')
            y += bar + 6
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{y + 10}" '
            f'font-family="sans-serif" font-size="12">'
            f'<rect width="100%" height="100%" fill="white"/>{"".join(parts)}</svg>\n')
