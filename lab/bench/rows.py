# SPDX-FileCopyrightText: The Tranship authors
# SPDX-License-Identifier: Apache-2.0
"""What is measured, and what is to be reached."""

import hashlib
import os
import time
from dataclasses import dataclass, field
from typing import Callable

from lab.bench.contestants import (
    curl, curl_openssl, lists, openstack_client, rclone, sdk, tranship)
from lab.bench.goals import (
    Goal, a_gibibyte, cpu, cpu_a_gibibyte, cpu_an_image, journal, peak, rate, requests_an_image,
    wall)
from lab.bench.worlds import SECOND, Clouds, Fast

KIB, MIB = 1 << 10, 1 << 20
CURL, OPENSSL, LISTS = "curl | curl", "curl | tee openssl | curl", "curl (both lists)"
POOL = "openstacksdk (8 threads)"


@dataclass
class Row:
    """One kind of work. `world` makes the services for it, from the bench."""

    key: str
    title: str
    count: int
    size: int
    at_once: int
    world: Callable
    contestants: list
    goals: list
    seconds: int = 75  # No new round begins after so long, unless --rounds says how many.
    guard: float | None = None  # With --quick: the most CPU, as a multiple of the first peer's
    note: str = ""  # For the page if a goal is missed. `figures` fills its braces.
    first_run: object = None  # Runs once before the rounds, unmeasured
    text: str = ""


def digest_seconds_a_gibibyte():
    """CPU time of SHA-512, by the OpenSSL that Python has."""
    data, began = os.urandom(64 * MIB), time.process_time()
    hashlib.sha512(data)
    return (time.process_time() - began) * 16


def proof_cpu():
    """CPU of a copy with proof, as a multiple of what it is without, with a digest's own cost."""
    def value(results):
        allowed = a_gibibyte(results, "tranship (services)", "cpu") + 1.15 * proof_cpu.digest
        return a_gibibyte(results, "tranship (proof)", "cpu") / allowed
    return Goal("client CPU of proof, to that of services and 1.15 × a digest's own", 1, value,
                ours="tranship (proof)")


proof_cpu.digest = 0


def real(is_quick):
    small, few, size = (30, 4, 32 * MIB) if is_quick else (120, 8, 256 * MIB)
    services, proof = "tranship (services)", "tranship (proof)"
    crowd, kept, closed = 40 if is_quick else 200, "tranship (kept)", "tranship (closed)"
    slow = [] if is_quick else [openstack_client(share=0.04, rounds_max=2)]
    few_slow = [] if is_quick else [openstack_client(share=0.5, rounds_max=2)]
    return [
        Row("small", f"{small} × 256 KiB between real clouds, 8 at once", small, 256 * KIB, 8,
            lambda bench: bench.clouds,
            [tranship(), curl(), sdk(8), sdk(1, share=0.2, rounds_max=3), *slow],
            [rate(1, CURL, POOL), requests_an_image(5), cpu_an_image(6), peak(64)], seconds=200,
            note="An image takes {cpu_ms} ms of the client's CPU, {services_ms} ms of the "
                 "services', {requests} requests and {connections} connections.",
            text="Tranship proves each copy, the others prove nothing. Requests are those of the "
                 "Image services. Memory: 40 MiB, and 3 MiB for each of 8 in flight."),
        Row("keep-alive", f"{crowd} × 256 KiB, with connections kept and closed", crowd, 256 * KIB, 8,
            lambda bench: bench.clouds,
            [tranship(kept, at_once="auto"), tranship(closed, at_once="auto", keep_alive="off")],
            [rate(1, closed, ours=kept)], seconds=200,
            text="At default limits. Both Glances run under uWSGI with 2 × 16 threads. With "
                 "`http11-socket` each open connection holds a thread until one of both sides "
                 "closes it; `http-socket` closes it after each answer."),
        Row("large", f"{few} × {size // MIB} MiB between real clouds, 4 at once", few, size, 4,
            lambda bench: bench.clouds,
            [tranship(services, verify="services", target=SECOND), tranship(proof), curl(), sdk(4),
             *few_slow],
            [wall(0.9, CURL, ours=services), cpu_a_gibibyte(0.7, ours=services),
             wall(1.1, CURL, ours=proof), proof_cpu()], seconds=250,
            text="`services` compares what both services report, `proof` hashes every byte."),
    ]


def floor(is_quick):
    few, size = (8, 128 * MIB) if is_quick else (16, 256 * MIB)
    what = f"{few} × {size // MIB} MiB, 4 at once"
    unproved = tranship(verify="services")
    return [
        Row("floor", f"Floor: {what}, no digest", few, size, 4, lambda bench: Fast(bench.services),
            [unproved, curl(), rclone()], [wall(0.5, CURL), cpu(0.4, CURL)], guard=1.0,
            text="A static source and a sink that discards: what the client alone costs. rclone "
                 "creates no record."),
        Row("floor-sha512", f"Floor: {what}, with SHA-512", few, size, 4,
            lambda bench: Fast(bench.services), [tranship(), curl_openssl()],
            [wall(0.5, OPENSSL), cpu(0.8, OPENSSL)], guard=1.1,
            text="Tranship compares the digest with the source's, and withholds the last bytes "
                 "until then. `openssl` prints it."),
        Row("floor-tls", f"Floor: {what}, TLS at both ends, no digest", few, size, 4,
            lambda bench: Fast(bench.services, is_tls=True), [unproved, curl()],
            [wall(0.65, CURL)], guard=1.1),
    ]


def many(is_quick):
    rows = []
    for count in ((2000,) if is_quick else (10_000, 100_000)):
        rows.append(Row(
            f"plan-{count // 1000}k", f"Plan of {count:,} images", count, 1000, 4,
            lambda bench: Fast(bench.services),
            [tranship(verb="plan", arrives=False), lists()],
            [cpu(2, LISTS), peak(60)],
            text="`curl` reads the same pages of both lists, and understands nothing."))
    for count in ((2000,) if is_quick else (10_000, 100_000)):
        rows.append(Row(
            f"mirrored-{count // 1000}k", f"Run over {count:,} images that are mirrored", count,
            1000, 4, lambda bench: Fast(bench.services, is_mirrored=True),
            [tranship(keeps_journal=True, arrives=False), lists()],
            [wall(1.3, LISTS), journal(1.5)],
            first_run=tranship(keeps_journal=True, arrives=False),
            text="Source and target have the same images, and an earlier run has seen them."))
    return rows


def far(is_quick):
    size, few, flight = (256 * MIB, 40, 200) if is_quick else (2048 * MIB, 500, 1000)
    most, some = f"tranship ({flight} in flight)", "tranship (16 in flight)"
    return [
        Row("far-one", f"One image of {size // MIB} MiB from 40 ms away", 1, size, 1,
            lambda bench: Fast(bench.services, is_far=True, is_target_far=False),
            [tranship(verify="services"), curl()], [wall(0.25, CURL)],
            text="One connection carries at most 3 MiB in a round trip, the source honours "
                 "ranges, the target is near. Tranship reads the first 32 MiB over one connection "
                 "and the rest over up to 8."),
        Row("far-many", f"{few} × 1 MiB over TLS with 40 ms", few, MIB, 8,
            lambda bench: Fast(bench.services, is_tls=True, is_far=True),
            [tranship(at_once="auto"), tranship("tranship (8 in flight)", at_once=8), sdk(8),
             curl(share=0.2)], [rate(2, POOL)],
            text="Tranship finds by itself how many images the target takes at once "
                 "(`limits.images: auto`, the default); beside it the same with 8."),
        Row("flight", f"{flight} × 1 MiB, {flight} in flight", flight, MIB, 16,
            lambda bench: Fast(bench.services),
            [tranship(most, at_once=flight), tranship(some), curl(share=0.2)],
            [peak(1536, ours=most), rate(1, some, ours=most)],
            note="An image takes {cpu_ms} ms of the client's CPU and {services_ms} ms of the "
                 "services'.",
            text="The limit is `limits.images`; with services that answer at once, fewer are in "
                 "flight at one time."),
    ]


def rows(is_quick):
    return [*real(is_quick), *floor(is_quick), *many(is_quick), *far(is_quick)]


@dataclass
class Curve:
    """A plot: wall time and memory against a number of images or their size."""

    key: str
    title: str
    axis: str
    points: list  # (value of the axis, number of images, size)
    contestants: list = field(default_factory=lambda: [tranship(), curl()])


def curves(is_quick):
    few = [("50", 50), ("100", 100)] if is_quick else [
        (str(count), count) for count in (50, 100, 200, 400)]
    sizes = (16, 64) if is_quick else (64, 256, 1024)
    return [
        Curve("number", "Images of 256 KiB, 8 at once", "images",
              [(label, count, 256 * KIB) for label, count in few]),
        Curve("size", "4 images, 4 at once", "MiB each",
              [(str(mib), 4, mib * MIB) for mib in sizes]),
    ]
