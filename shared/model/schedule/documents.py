"""Schedules as JSON documents: what clients write, and what the API answers."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, TypeVar

from shared.model.durations import EXPECTED, format_duration, format_seconds, parse_duration
from shared.model.errors import InvalidField
from shared.model.json_pointer import member_of
from shared.model.schedule import bounds
from shared.model.schedule.calendar_documents import CALENDAR_ID
from shared.model.schedule.cron import dialect_of
from shared.model.schedule.schedule import (
    Cron,
    DstGap,
    DstOverlap,
    Every,
    OnExcluded,
    RecurrenceRule,
    Schedule,
    Times,
    Trigger,
)
from shared.model.schedule.triggers import check_trigger
from shared.model.time_zones import zone_names
from shared.model.times import EXAMPLE, format_time, parse_time

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_KINDS: Final = ("cron", "every", "rrule", "at")
_POLICIES: Final = ("dst_gap", "dst_overlap", "on_excluded")
_MEMBERS: Final = frozenset({"timezone", "start_at", "end_at", "max_occurrences", "spread", "calendars", *_POLICIES})
_Policy = TypeVar("_Policy", bound=StrEnum)


def read_schedule(document: Mapping[str, Any], pointer: str = "") -> Schedule:
    """The schedule that a JSON object writes; `pointer` is where it stands in the request.

    Raises:
        InvalidField: which member is wrong, how, and what would be right.
    """
    triggers = _read_triggers(document, pointer)
    start_at = _read_time(document, "start_at", pointer)
    end_at = _read_time(document, "end_at", pointer)
    if start_at and end_at and end_at < start_at:
        raise InvalidField(f"{pointer}/end_at", "it lies before start_at; the last occurrence comes after the first")
    schedule = Schedule(
        triggers=tuple(trigger for _, trigger in triggers),
        timezone=_read_timezone(document, pointer),
        dst_gap=_read_policy(document, "dst_gap", DstGap.SHIFT_FORWARD, pointer),
        dst_overlap=_read_policy(document, "dst_overlap", DstOverlap.FIRST, pointer),
        start_at=start_at,
        end_at=end_at,
        max_occurrences=_read_max_occurrences(document, start_at, pointer),
        spread_seconds=_read_seconds(document, "spread", 0, bounds.MAX_SPREAD_SECONDS, pointer),
        calendars=_read_calendars(document, pointer),
        on_excluded=_read_policy(document, "on_excluded", OnExcluded.SKIP, pointer),
    )
    for where, trigger in triggers:
        try:
            check_trigger(trigger, schedule)
        except (ValueError, bounds.SearchTooLong) as error:
            raise InvalidField(where, str(error)) from None
    return schedule


def write_schedule(schedule: Schedule) -> dict[str, Any]:
    """The document of a schedule, which reads as the same again; with the dialect of cron, without defaults."""
    triggers = [_write_trigger(trigger) for trigger in schedule.triggers]
    document: dict[str, Any] = triggers[0] if len(triggers) == 1 else {"any_of": triggers}
    default = Schedule(triggers=schedule.triggers)
    document["timezone"] = schedule.timezone
    for name in (*_POLICIES, "max_occurrences"):
        if (value := getattr(schedule, name)) != getattr(default, name):
            document[name] = value
    for name in ("start_at", "end_at"):
        if (time := getattr(schedule, name)) is not None:
            document[name] = format_time(time)
    if schedule.spread_seconds:
        document["spread"] = format_seconds(schedule.spread_seconds)
    if schedule.calendars:
        document["calendars"] = list(schedule.calendars)
    return document


def _write_trigger(trigger: Trigger) -> dict[str, Any]:
    match trigger:
        case Cron():
            return {"cron": trigger.expression, "dialect": trigger.dialect}
        case Every():
            return {"every": format_duration(trigger.seconds * 1000)}
        case RecurrenceRule():
            return {"rrule": trigger.text}
        case Times():
            return {"at": [format_time(instant) for instant in trigger.instants]}


def _read_triggers(document: Mapping[str, Any], pointer: str) -> list[tuple[str, Trigger]]:
    """Each trigger with the pointer to it."""
    if not isinstance(document, dict):
        raise InvalidField(pointer, 'an object is expected, such as {"cron": "0 9 * * *", "timezone": "Europe/Berlin"}')
    if "any_of" not in document:
        return [_read_trigger(document, pointer, _MEMBERS)]
    parts = document["any_of"]
    if not isinstance(parts, list) or not 1 <= len(parts) <= bounds.MAX_TRIGGERS:
        raise InvalidField(f"{pointer}/any_of", f"a list of 1 to {bounds.MAX_TRIGGERS} triggers is expected")
    _refuse_others(document, _MEMBERS | {"any_of"}, pointer)
    triggers = []
    for number, part in enumerate(parts):
        where = f"{pointer}/any_of/{number}"
        if not isinstance(part, dict):
            raise InvalidField(where, 'a trigger is expected, such as {"cron": "0 9 * * *"}')
        triggers.append(_read_trigger(part, where, frozenset()))
    return triggers


def _read_trigger(document: Mapping[str, Any], pointer: str, others: frozenset[str]) -> tuple[str, Trigger]:
    kinds = [kind for kind in _KINDS if kind in document]
    if len(kinds) != 1:
        raise InvalidField(pointer, "exactly one of cron, every, rrule and at is expected; any_of takes several")
    kind = kinds[0]
    _refuse_others(document, others | {kind} | ({"dialect"} if kind == "cron" else set()), pointer)
    where = f"{pointer}/{kind}"
    if kind == "at":
        return where, _read_times(document[kind], where)
    if kind == "every":
        return where, Every(_read_seconds(document, kind, 1, bounds.MAX_EVERY_SECONDS, pointer))
    text = document[kind]
    if not isinstance(text, str):
        raise InvalidField(where, "a string is expected")
    if kind == "rrule":
        return where, RecurrenceRule(text)
    return where, _read_cron(document, text, pointer)


def _read_cron(document: Mapping[str, Any], text: str, pointer: str) -> Cron:
    expression = text.strip()
    try:
        dialect = dialect_of(expression)
    except ValueError as error:
        raise InvalidField(f"{pointer}/cron", str(error)) from None
    if document.get("dialect", dialect) != dialect:
        raise InvalidField(f"{pointer}/dialect", f"the expression's shape is that of {dialect}; leave this out")
    return Cron(expression, dialect)


def _read_times(value: Any, pointer: str) -> Times:
    if not isinstance(value, list) or not 1 <= len(value) <= bounds.MAX_TIMES:
        raise InvalidField(pointer, f"a list of 1 to {bounds.MAX_TIMES} times is expected, such as {EXAMPLE}")
    return Times(tuple(sorted({_time(item, f"{pointer}/{number}") for number, item in enumerate(value)})))


def _refuse_others(document: Mapping[str, Any], known: frozenset[str], pointer: str) -> None:
    for name in document:
        if name not in known:
            raise InvalidField(member_of(pointer, name), f"it is not known here; {', '.join(sorted(known))} are")


def _read_time(document: Mapping[str, Any], name: str, pointer: str) -> datetime | None:
    return None if document.get(name) is None else _time(document[name], f"{pointer}/{name}")


def _time(value: Any, pointer: str) -> datetime:
    if not isinstance(value, str):
        raise InvalidField(pointer, f"an RFC 3339 time with an offset is expected, such as {EXAMPLE}")
    try:
        return parse_time(value)
    except ValueError as error:
        raise InvalidField(pointer, str(error)) from None


def _read_timezone(document: Mapping[str, Any], pointer: str) -> str:
    name = document.get("timezone", "UTC")
    if not isinstance(name, str) or name not in zone_names():
        raise InvalidField(f"{pointer}/timezone", "a name of the IANA database is expected, such as Europe/Berlin")
    return name


def _read_policy(document: Mapping[str, Any], name: str, default: _Policy, pointer: str) -> _Policy:
    value = document.get(name, default)
    values = [member.value for member in type(default)]
    if not isinstance(value, str) or value not in values:
        raise InvalidField(f"{pointer}/{name}", f"one of {', '.join(values)} is expected")
    return type(default)(value)


def _read_seconds(document: Mapping[str, Any], name: str, low: int, high: int, pointer: str) -> int:
    """Whole seconds of a duration from `low` to `high`; `low` where there is none."""
    where, value = f"{pointer}/{name}", document.get(name)
    if name not in document:
        return low
    if not isinstance(value, str):
        raise InvalidField(where, EXPECTED)
    try:
        milliseconds = parse_duration(value)
    except ValueError as error:
        raise InvalidField(where, str(error)) from None
    if milliseconds % 1000 or not low <= milliseconds // 1000 <= high:
        raise InvalidField(where, f"whole seconds from {format_seconds(low)} to {format_seconds(high)} are expected")
    return milliseconds // 1000


def _read_max_occurrences(document: Mapping[str, Any], start_at: datetime | None, pointer: str) -> int | None:
    value = document.get("max_occurrences")
    if value is None:
        return None
    where = f"{pointer}/max_occurrences"
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= bounds.MAX_OCCURRENCES:
        raise InvalidField(where, f"a number from 1 to {bounds.MAX_OCCURRENCES} is expected")
    if start_at is None:
        raise InvalidField(where, "occurrences are counted from start_at: give one")
    return value


def _read_calendars(document: Mapping[str, Any], pointer: str) -> tuple[str, ...]:
    value, where = document.get("calendars", []), f"{pointer}/calendars"
    if not isinstance(value, list) or len(value) > bounds.MAX_CALENDARS:
        raise InvalidField(where, f"a list of up to {bounds.MAX_CALENDARS} ids of calendars is expected")
    for number, name in enumerate(value):
        if not isinstance(name, str) or not CALENDAR_ID.fullmatch(name):
            raise InvalidField(f"{where}/{number}", "the id of a calendar is expected: letters, digits, _, . and -")
        if name in value[:number]:
            raise InvalidField(f"{where}/{number}", "it is there already; once is enough")
    return tuple(value)
