"""Occurrences per second of one core, beside croniter, cronsim and APScheduler in the same run: CPU time, medians.

All iterate zone-aware. What the others get wrong around changes of the clocks is left in: the figure is their speed.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections import deque
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from apscheduler.triggers.cron import CronTrigger  # type: ignore[import-untyped]
from croniter import croniter  # type: ignore[import-untyped]
from cronsim import CronSim

from benchmarks.table import print_table
from shared.model.errors import InvalidField
from shared.model.schedule.documents import read_schedule
from shared.model.schedule.occurrences import occurrences
from shared.model.time_zones import zone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EXPRESSIONS: Final = ("* * * * *", "*/15 9-17 * * mon-fri", "30 1 * * *", "0 0 1 * *", "0 0 29 2 *")
# Each is refused, or ends, however little it fires.
HOSTILE: Final[tuple[dict[str, str], ...]] = (
    {"cron": "0 0 30 2 *"},
    {"cron": "0 0 29 2 */7"},
    {"cron": "* * * * * ?"},
    {"cron": "0 0 0 29 2 ? 2027"},
    {"cron": ",".join(["*"] * 120) + " * * * *"},
    {"rrule": "DTSTART:20260101T000000\nFREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"},
    {"rrule": "DTSTART:20260101T000000\nFREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"},
    {"rrule": "DTSTART:20260101T000000\nFREQ=MINUTELY;INTERVAL=2;BYMINUTE=1"},
    {"rrule": "DTSTART:20260101T000000\nFREQ=YEARLY;BYDAY=53MO;BYSETPOS=366"},
)
_ZONE: Final = "America/New_York"
_START: Final = datetime(2026, 1, 1, tzinfo=UTC)
_COUNT: Final = 2_000
_ROUNDS: Final = 5


def measure() -> dict[str, float]:
    """The ratio of our throughput to croniter's own zone-aware iteration, by expression."""
    ratios, rows = {}, []
    for expression in EXPRESSIONS:
        count = 20 if expression.startswith("0 0 29") else _COUNT
        programs = {"ours": _ours, "croniter": _croniter, "cronsim": _cronsim, "APScheduler": _apscheduler}
        speed = {name: _per_second(program, expression, count) for name, program in programs.items()}
        ratios[expression] = round(speed["ours"] / speed["croniter"], 2)
        rows.append((expression, *(round(value) for value in speed.values()), ratios[expression]))
    header = ("expression", "ours", "croniter", "cronsim", "APScheduler", "ours / croniter (asked >= 1)")
    print_table("Occurrences per second", header, rows)
    print_table("Hostile schedules (asked < 10 ms)", ("schedule", "ms", "answer"), [_refusal(one) for one in HOSTILE])
    imports = ("shared.model.schedule.occurrences", "shared.model.schedule.documents", "croniter", "holidays")
    print_table("Cold import, CPU", ("module", "ms"), [(name, _import_ms(name)) for name in imports])
    return ratios


def _per_second(program: Callable[[str], Iterator[Any]], expression: str, count: int) -> float:
    speeds = []
    for _ in range(_ROUNDS):
        before = time.process_time()
        deque(islice(program(expression), count), maxlen=0)
        speeds.append(count / (time.process_time() - before))
    return statistics.median(speeds)


def _ours(expression: str) -> Iterator[Any]:
    schedule = read_schedule({"cron": expression, "timezone": _ZONE})
    return occurrences(schedule, seed="bench", calendars={}, after=_START)


def _croniter(expression: str) -> Iterator[Any]:
    iterator: Iterator[Any] = croniter(expression, _START.astimezone(zone(_ZONE)), ret_type=datetime)
    return iterator


def _cronsim(expression: str) -> Iterator[Any]:
    return CronSim(expression, _START.astimezone(zone(_ZONE)))


def _apscheduler(expression: str) -> Iterator[Any]:
    trigger = CronTrigger.from_crontab(expression, timezone=zone(_ZONE))
    now = _START
    while (found := trigger.get_next_fire_time(None, now)) is not None:
        yield found
        now = found + timedelta(microseconds=1)


def _refusal(document: dict[str, str]) -> tuple[str, float, str]:
    before = time.process_time()
    try:
        found = next(occurrences(read_schedule(document), seed="bench", calendars={}, after=_START), None)
        answer = "none" if found is None else str(found.nominal)
    except InvalidField as error:
        answer = error.detail
    return (" ".join(next(iter(document.values())).split())[:60], (time.process_time() - before) * 1000, answer[:70])


def _import_ms(module: str) -> float:
    """Its own share: the interpreter's start is taken off."""
    program = "import time; before = time.process_time(); import {}; print(time.process_time() - before)"
    command = [sys.executable, "-c", program.format(module)]
    runs = [subprocess.run(command, check=True, capture_output=True, text=True).stdout for _ in range(_ROUNDS)]
    return statistics.median(float(run) for run in runs) * 1000


if __name__ == "__main__":
    measure()
