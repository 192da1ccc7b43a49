# SPDX-FileCopyrightText: The Tranship authors
# SPDX-License-Identifier: Apache-2.0
"""The page of a benchmark, from its results."""

HEAD = """# Benchmarks

`make bench` measures, and writes this page: no figure is typed by hand. Every figure comes from one run, on one machine. It
has client, source and target on it. They share its processors, so read the ratios, not the seconds.

| | |
|---|---|
| machine | {machine} |
| Tranship | {tranship} |
| beside | {peers} |
| services | {services} |
| date | {date} |
| rounds | up to {rounds}; {minutes:.0f} min in all |

The contestants of a row take turns, so that what else the machine does hits all of them alike. A time is the median of the rounds, with the
least and the most in parentheses. CPU and memory are those of the client with all its processes; memory is the most at one time. Slow
contestants copy fewer images, so ratios compare the time of one image; below 1, Tranship needs less. Real clouds are those of [the lab](lab.md).
Elsewhere the services are small programs that send made-up data and discard what they get, so that a row shows the client.
"""


def escaped(text):
    """A bar ends a cell of a table."""
    return text.replace("|", "\\|")


def spread(value, digits=2):
    return "{median:.{d}f} ({least:.{d}f}–{most:.{d}f})".format(d=digits, **value)


def number(value):
    return f"{value:.{2 if value < 10 else 1 if value < 100 else 0}f}"


def summary_table(report):
    text = "\n## What is reached\n\n| work | to reach | measured | |\n|---|---|---|---|\n"
    for row in report["rows"]:
        for index, verdict in enumerate(row["verdicts"]):
            title = f"[{row['title']}](#{anchor(row['title'])})" if index == 0 else ""
            result = "reached" if verdict["reached"] else f"**{escaped(verdict['missed'])}**"
            text += (f"| {title} | {escaped(verdict['text'])} {verdict['to_reach']} "
                     f"| {verdict['value'] or '–'} | {result} |\n")
    reached = sum(verdict["reached"] for row in report["rows"] for verdict in row["verdicts"])
    count = sum(len(row["verdicts"]) for row in report["rows"])
    return text + f"\n{reached} of {count} are reached.\n"


def anchor(title):
    """As forges make it from a heading."""
    kept = "".join(c for c in title.lower() if c.isalnum() or c in " -_")
    return kept.replace(" ", "-")


def contestant_line(name, result, first):
    if result.get("failed"):
        return f"| {escaped(name)} | {escaped(result['failed'])} | | | | | | | | |\n"

    def cell(measure, scale=1.0):
        value = result.get(measure)
        return number(value["median"] * scale) if value else "–"

    images, gibibytes = result["images"], result["bytes"] / (1 << 30)
    seconds, processor = (result[key]["median"] for key in ("seconds", "cpu"))
    ratio = "1" if first is None else number(seconds / images / first["seconds"])
    processor_ratio = "1" if first is None else number(processor / images / first["cpu"])
    share = f" ({images} images)" if first and images != first["images"] else ""
    cells = [
        escaped(name) + share, spread(result["seconds"]), number(images / seconds),
        number(gibibytes * 1024 / seconds), ratio, number(processor / images * 1000),
        number(processor / gibibytes), processor_ratio, cell("services_cpu", 1000 / images),
        cell("peak_mib"), cell("requests", 1 / images), cell("connections")]
    return f"| {' | '.join(cells)} |\n"


def contestants_table(row):
    text = ("| | time, s | images/s | MiB/s | time, ratio | CPU an image, ms | CPU a GiB, s "
            "| CPU, ratio | services' CPU an image, ms | peak, MiB | requests an image "
            "| connections |\n" + "|---" * 12 + "|\n")
    ours = next((each for each in row["contestants"].values() if not each.get("failed")), None)
    first = None
    for name, result in row["contestants"].items():
        text += contestant_line(name, result, first)
        if first is None and result is ours:
            first = {"images": result["images"],
                     **{key: max(result[key]["median"], 1e-9) / result["images"]
                        for key in ("seconds", "cpu")}}
    return text


def row_text(row):
    rounds = sorted({result["rounds"] for result in row["contestants"].values()
                     if not result.get("failed")})
    text = f"\n## {row['title']}\n\n{row['text']}{' ' if row['text'] else ''}"
    if rounds:
        text += f"Rounds: {' or '.join(map(str, rounds))}."
    text += "\n\n" + contestants_table(row) + "\n"
    if row.get("bodies_most"):
        text += (f"At most {row['bodies_most']} images were on their way to the target at one "
                 "time.\n\n")
    for verdict in row["verdicts"]:
        result = "reached" if verdict["reached"] else verdict["missed"]
        text += (f"- {escaped(verdict['text'])}: {verdict['value'] or 'no figure'}, "
                 f"to reach {verdict['to_reach']}: {result}\n")
    if all(verdict["reached"] for verdict in row["verdicts"]):
        return text
    text += f"\nWhat binds: {row['binds']}"
    text += (" " + row["note"] if row["note"] else "") + "\n"
    for title, lines in row["profile"]:
        if not lines:
            continue
        text += f"\n<details><summary>Profile: {title}</summary>\n\n```\n"
        text += "".join(f"{part:5.1f} %  {name}\n" for part, name in lines)
        text += "```\n\n</details>\n"
    return text


def page(report):
    text = HEAD.format(rounds=report["rounds"], minutes=report["seconds"] / 60, **report["about"])
    text += summary_table(report)
    for curve in report["curves"]:
        text += f"\n![{curve['title']}](benchmarks-{curve['key']}.svg)\n"
    for row in report["rows"]:
        text += row_text(row)
    return text
