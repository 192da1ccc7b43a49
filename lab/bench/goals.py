# SPDX-FileCopyrightText: The Tranship authors
# SPDX-License-Identifier: Apache-2.0
"""What a row has to reach, and whether it does. Pure: `scripts/bench --self-test` checks it."""

import statistics
from dataclasses import dataclass
from typing import Callable

MEASURES = ("seconds", "cpu", "services_cpu", "peak_mib", "journal_bytes", "requests",
            "connections", "instructions")


def summary(runs):
    """Median, least and most of each measure of a contestant's runs; None if it was not taken."""
    result = {"images": runs[0]["images"], "bytes": runs[0]["bytes"], "rounds": len(runs)}
    for measure in MEASURES:
        values = [run[measure] for run in runs if run.get(measure) is not None]
        result[measure] = {"median": statistics.median(values), "least": min(values),
                           "most": max(values)} if values else None
    return result


class Missing(Exception):
    """A contestant has no figure."""


def median(results, contestant, measure):
    value = results.get(contestant, {}).get(measure)
    if value is None:
        raise Missing(contestant)
    return value["median"]


def an_image(results, contestant, measure):
    """Contestants may copy different numbers of images, so figures are compared for one image."""
    return median(results, contestant, measure) / results[contestant]["images"]


def a_gibibyte(results, contestant, measure):
    return median(results, contestant, measure) / (results[contestant]["bytes"] / (1 << 30))


@dataclass(frozen=True)
class Goal:
    """A value of a row's results and its limit."""

    text: str
    limit: float
    value: Callable
    unit: str = "×"
    is_least: bool = False
    ours: str = "tranship"
    # What the value grows with: "cpu", "seconds", or nothing that the kernel's part says more of.
    measure: str = ""

    def verdict(self, results):
        try:
            value = self.value(results)
        except Missing as missing:
            return {"text": self.text, "to_reach": self.to_reach, "value": None, "reached": False,
                    "missed": f"not measured: no figure of {missing}"}
        is_reached = value >= self.limit if self.is_least else value <= self.limit
        miss = "" if is_reached else self.miss(value)
        return {"text": self.text, "to_reach": self.to_reach, "value": self.show(value),
                "number": value, "reached": is_reached, "missed": miss}

    def miss(self, value):
        if value >= 2 * self.limit:
            return f"missed: {value / self.limit:.1f} times as much"
        return f"missed by {abs(value - self.limit) / self.limit:.0%}"

    @property
    def to_reach(self):
        return f"{'≥' if self.is_least else '≤'} {self.show(self.limit)}"

    def show(self, value):
        digits = 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
        return f"{value:.{0 if isinstance(value, int) else digits}f} {self.unit}".strip()


def better(results, peers, measure):
    """The figure for one image of the better of the peers that have one."""
    found = [an_image(results, peer, measure) for peer in peers if peer in results]
    if not found:
        raise Missing(" or ".join(peers))
    return min(found)


def wall(limit, *peers, ours="tranship"):
    return Goal(f"wall, {ours} to {named(peers)}", limit, ours=ours, measure="seconds",
                value=lambda results:
                an_image(results, ours, "seconds") / better(results, peers, "seconds"))


def rate(limit, *peers, ours="tranship"):
    return Goal(f"images/s, {ours} to {named(peers)}", limit, is_least=True, ours=ours,
                value=lambda results:
                better(results, peers, "seconds") / an_image(results, ours, "seconds"))


def cpu(limit, *peers, ours="tranship"):
    return Goal(f"client CPU, {ours} to {named(peers)}", limit, ours=ours, measure="cpu",
                value=lambda results:
                an_image(results, ours, "cpu") / better(results, peers, "cpu"))


def cpu_an_image(limit_ms, ours="tranship"):
    return Goal("client CPU an image", limit_ms, unit="ms", ours=ours, measure="cpu",
                value=lambda results: an_image(results, ours, "cpu") * 1000)


def cpu_a_gibibyte(limit, ours="tranship"):
    return Goal(f"client CPU a GiB, {ours}", limit, unit="s", ours=ours, measure="cpu",
                value=lambda results: a_gibibyte(results, ours, "cpu"))


def requests_an_image(limit, ours="tranship"):
    """Rounded, since all images share the lists and what a run asks once."""
    return Goal("requests an image", limit, unit="", ours=ours,
                value=lambda results: round(an_image(results, ours, "requests")))


def peak(limit_mib, ours="tranship"):
    return Goal("peak memory", limit_mib, unit="MiB", ours=ours,
                value=lambda results: median(results, ours, "peak_mib"))


def journal(limit_kib, ours="tranship"):
    return Goal("journal an image", limit_kib, unit="KiB", ours=ours,
                value=lambda results: an_image(results, ours, "journal_bytes") / 1024)


def named(peers):
    return peers[0] if len(peers) == 1 else "the better of " + ", ".join(peers)


def busy(results, contestant, processors):
    """Which part of its time a contestant and the services keep all processors busy."""
    client, services = (median(results, contestant, key) for key in ("cpu", "services_cpu"))
    whole = median(results, contestant, "seconds") * processors
    return {"client": client / whole, "services": services / whole,
            "all": (client + services) / whole}


def figures(results, contestant):
    """The words that a row's note may have in braces: figures for one image."""
    words = {}
    for name, measure, scale in (
            ("cpu_ms", "cpu", 1000), ("services_ms", "services_cpu", 1000),
            ("requests", "requests", 1), ("connections", "connections", 1)):
        try:
            words[name] = f"{an_image(results, contestant, measure) * scale:.1f}"
        except Missing:
            words[name] = "–"
    return words


def what_binds(results, contestant, processors):
    """One sentence from the figures: the processors, or waiting."""
    try:
        part = busy(results, contestant, processors)
    except Missing:
        return f"There is no whole copy by {contestant}, so there are no figures of what binds."
    shares = f"{part['client']:.0%} with the client, {part['services']:.0%} with the services"
    if part["all"] >= 0.85:
        larger = "the client" if part["client"] > part["services"] else "the services"
        return (f"The processors bind: they are busy for {part['all']:.0%} of the time of "
                f"{contestant} ({shares}), so {larger} decide{'s' if 'client' in larger else ''}.")
    return (f"The processors do not bind: they are busy for {part['all']:.0%} of the time of "
            f"{contestant} ({shares}). The rest is waiting, or other programs.")


def kernel_part(goals, results, profile, processors):
    """For each missed goal that the kernel's work alone bounds: what is left without ours."""
    lines = dict(profile).get("CPU time in a library", [])
    kernel = sum(part for part, name in lines if name == "kernel") / 100
    sentences = []
    for goal in goals:
        verdict = goal.verdict(results)
        if not kernel or verdict["reached"] or verdict["value"] is None or not goal.measure:
            continue
        if goal.measure == "cpu":
            least = kernel
        else:
            part = busy(results, goal.ours, processors)
            if part["all"] < 0.85:
                continue
            least = part["client"] * kernel + part["services"]
        value = verdict["number"] * least
        compared = "more than the goal" if value > goal.limit else "so the goal is within reach"
        sentences.append(f"{goal.text}: {goal.show(value)}, {compared}")
    if not sentences:
        return ""
    return (f" {kernel:.0%} of the client's CPU time is the kernel's: it moves bytes through sockets "
            "and wakes threads. A client that needed nothing beside that would have: "
            + "; ".join(sentences) + ".")
