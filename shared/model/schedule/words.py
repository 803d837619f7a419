"""A schedule in words: what its triggers say. Zone, policies and bounds speak for themselves.

The words are never shorter than the truth. What takes too many of them is not said at all, and the sentence says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from shared.model.schedule.cron import rate_seconds
from shared.model.schedule.schedule import Cron, Every, RecurrenceRule, Times
from shared.model.schedule.triggers import started_rule
from shared.model.schedule.words_cron import cron_words
from shared.model.schedule.words_lists import amount
from shared.model.schedule.words_rule import rule_words

if TYPE_CHECKING:
    from datetime import datetime

    from shared.model.schedule.schedule import Schedule, Trigger

# Characters of one trigger's words, and of all together.
_MOST_OF_ONE: Final = 300
_MOST: Final = 440
_UNITS: Final = {"hour": 3_600, "minute": 60, "second": 1}
_DAY: Final = 86_400


def words(schedule: Schedule) -> str:
    """`At 09:30, Monday through Friday`: fewer than 500 characters, the same for the same triggers.

    The schedule is one that `read_schedule` accepts.
    """
    said, *others = dict.fromkeys(_trigger_words(trigger, schedule) for trigger in schedule.triggers)
    for number, other in enumerate(others):
        longer = f"{said}; and {other[0].lower()}{other[1:]}"
        if len(longer) > _MOST:
            return f"{said}; and {len(others) - number} more of its triggers say when as well"
        said = longer
    return said


def _trigger_words(trigger: Trigger, schedule: Schedule) -> str:
    match trigger:
        case Cron():
            seconds = rate_seconds(trigger)
            found = cron_words(trigger) if seconds is None else _spacing(seconds)
        case Every():
            found = _spacing(trigger.seconds)
        case RecurrenceRule():
            rule, start = started_rule(trigger, schedule.start_at, schedule.timezone)
            found = rule_words(rule, start, has_own_start=rule.start is not None)
        case Times():
            found = _times(trigger.instants)
    return found if len(found) <= _MOST_OF_ONE else "At times that take too many words to say"


def _spacing(seconds: int) -> str:
    """Never days alone: these are of 24 hours, also when the clocks change."""
    if seconds % _DAY == 0 and seconds > _DAY:
        return f"Every {seconds // _DAY} days of 24 hours"
    unit, size = next((unit, size) for unit, size in _UNITS.items() if seconds % size == 0)
    return f"Every {amount(seconds // size, unit)}"


def _times(instants: tuple[datetime, ...]) -> str:
    if len(instants) == 1:
        return f"At {_instant(instants[0])}"
    return f"At {len(instants)} given times, the first {_instant(instants[0])}, the last {_instant(instants[-1])}"


def _instant(time: datetime) -> str:
    seconds = f"{time:%S}.{time.microsecond // 1000:03}" if time.microsecond else f"{time:%S}"
    return f"{time:%Y-%m-%d %H:%M}" + ("" if seconds == "00" else f":{seconds}") + " UTC"
