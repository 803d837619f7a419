"""A million jobs due in one minute, in virtual time, through the real use cases, under modelled limits of AWS:
`python -m benchmarks.million`. And beside it, at a tenth of the size, what happens with less of everything.

Modelled are DynamoDB's partitions (`load_table`), the delivery of messages and the executors (`load_cloud`), and the
CPU of the populators. Not modelled: cold starts and how fast Lambda adds executors to a queue, the executors' CPU, and
how the table's stream is polled.
"""

from __future__ import annotations

import argparse
import gc
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from benchmarks.load_run import Load, Run
from benchmarks.table import print_table
from shared.model.lifecycle import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.load_figures import Figures

_SECONDS: Final = 60
_SCALE: Final = 10
# A tenth of a million a minute, for six seconds.
TENTH: Final = Load(
    jobs=10_000, over_seconds=6, due_shards=64, group_shards=64, created_per_second=300, populators=1, scale=_SCALE
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1_000_000, help="due within one minute")
    parser.add_argument("--shards", type=int, default=64, help="of the due index, in the lane of the jobs")
    parser.add_argument("--populators", action="store_true", help="only how late fewer and more of them send the jobs")
    wanted = parser.parse_args()
    if wanted.populators:
        _print_populators(wanted.jobs, wanted.shards)
    else:
        measure(wanted.jobs, wanted.shards)


def measure(jobs: int = 1_000_000, shards: int = 64) -> dict[str, float]:
    """Print all tables, and return the asked figures of the first."""
    # Nothing here is garbage before a run's end, and looking for it takes longer than all the rest.
    gc.disable()
    try:
        full = _full(jobs, shards)
        figures = Run(full)()
        _print_full(full, figures)
        gc.collect()
        _print_beside()
    finally:
        gc.enable()
    return {
        "million_late_p50_ms": figures.late_ms(0.5),
        "million_late_p99_ms": figures.late_ms(0.99),
        "million_early": figures.early,
        "million_throttled": figures.running.throttled.total(),
    }


def _full(jobs: int, shards: int) -> Load:
    return Load(jobs=jobs, over_seconds=_SECONDS, due_shards=shards, group_shards=64, created_per_second=10_000)


def _print_populators(jobs: int, shards: int) -> None:
    gc.disable()
    rows = []
    for populators, memory_mb in ((1, 1_024), (1, 1_769), (2, 1_024)):
        load = replace(_full(jobs, shards), populators=populators, populator_memory_mb=memory_mb)
        figures = Run(load).populate()
        late = sum(1 for one in figures.lateness if one > 1_000) / jobs
        by_tick = ", ".join(f"{tick.sent:,} in {took_ms / 1_000:.0f} s" for _, took_ms, tick in figures.ticks)
        last = f"{figures.lateness[-1] / 1_000:.0f}"
        rows.append(
            (f"{populators} of {memory_mb:,} MB", f"{late:.1%}", last, round(figures.messages / jobs, 3), by_tick)
        )
        gc.collect()
    header = ("", "over 1 s late", "the latest s", "messages per job", "ticks")
    print_table(f"{jobs:,} jobs due within a minute: the arrival of their messages", header, rows)


def _print_beside() -> None:
    longer = replace(TENTH, due_shards=8, jobs=2 * TENTH.jobs, over_seconds=2 * TENTH.over_seconds)
    _print_tenth(
        "shards of the due index",
        [
            *((str(n), replace(TENTH, due_shards=n)) for n in (64, 32, 16, 8)),
            ("8, and twice as long", longer),
            ("4", replace(TENTH, due_shards=4)),
        ],
    )
    _print_tenth(
        "executors at once, at ten times their number here",
        [
            *((f"{n:,}", replace(TENTH, concurrency=n // _SCALE)) for n in (100, 300, 1_000, 3_000)),
            ("any number", TENTH),
        ],
    )
    _print_tenth(
        "partitions",
        [
            *((f"a table of {n}", replace(TENTH, table_partitions=n)) for n in (24, 32, 48)),
            *(
                (
                    f"{n} shards of the due index hashed to 64 partitions",
                    replace(TENTH, due_shards=n, index_partitions=64),
                )
                for n in (64, 128, 256)
            ),
        ],
    )
    _print_creation()


def _print_full(load: Load, figures: Figures) -> None:
    rows: list[Sequence[object]] = [
        ("started after the due time, p50", f"{figures.late_ms(0.5)} ms", "<= 20 ms"),
        ("p99", f"{figures.late_ms(0.99)} ms", "<= 300 ms"),
        ("the latest", f"{figures.lateness[-1]} ms", ""),
        ("started early", figures.early, "0"),
        ("throttled calls while they ran", figures.running.throttled.total(), "0"),
        ("throttled creations", figures.throttled_creations, "0"),
        ("jobs not run exactly once", load.jobs - min(figures.claims[1], figures.calls), "0"),
        ("last outcome after the minute", f"{figures.seconds_after_the_last:.1f} s", ""),
        ("messages per job", round(figures.messages / load.jobs, 3), ""),
        ("write units per job", round(figures.units.total() / load.jobs, 3), ""),
        ("executors at once", f"{figures.most_executors:,}", ""),
    ]
    for name, phase in (("creation", figures.creation), ("running", figures.running)):
        busiest = ", ".join(f"{kind} {units}" for kind, units in sorted(phase.busiest.items()))
        rows.append((f"busiest partition-second, {name}", busiest, "1,000 writes, 3,000 reads"))
    print_table(f"{load.jobs:,} jobs due within a minute, {load.due_shards} shards", ("", "", "asked"), rows)
    print_table(
        "The ticks that sent them",
        ("before the minute", "took s", "messages", "shards left to another"),
        [
            (f"{(figures.first_due_ms - began_ms) // 1_000} s", took_ms / 1_000, tick.sent, tick.shards_of_another)
            for began_ms, took_ms, tick in figures.ticks
        ],
    )


def _print_tenth(what: str, runs: Sequence[tuple[str, Load]]) -> None:
    """What happens with less, at a tenth of the rate and partitions of a tenth, where it takes a tenth of the time."""
    rows: list[Sequence[object]] = []
    for name, load in runs:
        figures = Run(load)()
        rows.append(
            (
                name,
                figures.running.throttled.total(),
                figures.late_ms(0.5),
                figures.late_ms(0.99),
                f"{figures.seconds_after_the_last:.1f}",
                figures.calls - load.jobs,
                load.jobs - figures.statuses[Status.SUCCEEDED],
            )
        )
        gc.collect()
    header = (
        "",
        "throttled calls",
        "late p50 ms",
        "p99 ms",
        "last outcome after s",
        "effects repeated",
        "not succeeded",
    )
    print_table(f"{TENTH.jobs:,} jobs in {TENTH.over_seconds} s, a tenth of the size: {what}", header, rows)


def _print_creation() -> None:
    """How fast jobs of one tenant may be created: their entries in the group index all begin with the tenant."""
    rows = []
    for shards in (4, 8, 16, 64):
        for share in (0.85, 1.0):
            rate = int(shards * 1_000 * share)
            load = Load(jobs=3 * rate, over_seconds=1, due_shards=64, group_shards=shards, created_per_second=rate)
            figures = Run(load).create()
            rows.append(
                (str(shards), f"{rate:,}", figures.throttled_creations, figures.creation.busiest["group write"])
            )
    header = ("shards of the group index", "created a second", "throttled", "busiest partition-second")
    print_table("Creating ad hoc jobs of one tenant, for three seconds", header, rows)


if __name__ == "__main__":
    main()
