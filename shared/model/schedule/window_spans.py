"""The spans of a recurring maintenance window: computed where schedules are known, and kept with the window."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from shared.model import limits
from shared.model.errors import InvalidField
from shared.model.maintenance_window import MaintenanceWindow, Span, forgotten_at
from shared.model.schedule.bounds import SearchTooLong
from shared.model.schedule.documents import read_schedule, write_schedule
from shared.model.schedule.occurrences import occurrences

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from shared.model.schedule.schedule import Schedule

# A window that begins so often within its own duration never ends.
_MAX_WITHIN_DURATION: Final = 1_000


@dataclass(frozen=True, slots=True)
class NextSpans:
    """Spans one after the other; `extend_at` is when more are to be computed, None when there are no more."""

    spans: tuple[Span, ...]
    extend_at: datetime | None


def read_window_schedule(document: Mapping[str, Any], pointer: str) -> dict[str, Any]:
    """The document as it is kept, once it has been read.

    Raises:
        InvalidField: it is no schedule, or has what a window cannot have.
    """
    schedule = read_schedule(document, pointer)
    if schedule.calendars:
        raise InvalidField(f"{pointer}/calendars", "a maintenance window goes by no calendar: leave them out")
    if schedule.spread_seconds:
        raise InvalidField(
            f"{pointer}/spread", "a window begins when it says: leave it out (release_over spreads its end)"
        )
    return write_schedule(schedule)


def first_spans(document: Mapping[str, Any], duration_seconds: int, *, seed: str, now: datetime) -> NextSpans:
    """The spans that are not over at `now`, of a document that `read_window_schedule` gave.

    Raises:
        InvalidField: there are none, or it begins far too often for its duration.
    """
    found = _collect((), document, timedelta(seconds=duration_seconds), seed=seed, after=None, now=now)
    if not found.spans:
        raise InvalidField("/schedule", "it never fires again")
    return found


def extended(window: MaintenanceWindow, now: datetime) -> MaintenanceWindow:
    """The next version of a recurring window: without what is over, with the spans that follow its last one."""
    last = max((span.starts_at for span in window.spans), default=now)
    left = tuple(span for span in window.spans if span.ends_at > now)
    duration = timedelta(seconds=window.duration_seconds or 0)
    found = _collect(left, window.schedule or {}, duration, seed=window.id, after=last, now=now)
    longer = replace(window, spans=found.spans, extend_at=found.extend_at, version=window.version + 1, changed_at=now)
    return replace(longer, expire_item_at=forgotten_at(longer))


def _collect(
    left: tuple[Span, ...],
    document: Mapping[str, Any],
    duration: timedelta,
    *,
    seed: str,
    after: datetime | None,
    now: datetime,
) -> NextSpans:
    """`left` and those that begin later than `after`: as many as are kept, of which none but the first begins too far
    ahead."""
    horizon = now + timedelta(seconds=limits.WINDOW_SPANS_AHEAD_SECONDS)
    begun = now - duration
    spans, passed = [*left], 0
    for span in _spans(read_schedule(document), duration, seed=seed, after=max(after or begun, begun)):
        if span.ends_at <= now:
            passed += 1
            if passed > _MAX_WITHIN_DURATION:
                raise InvalidField("/duration", "it is much longer than the time between two occurrences")
        elif spans and (len(spans) >= limits.WINDOW_SPANS or span.starts_at > horizon):
            # In good time: when half of them have begun.
            return NextSpans(tuple(spans), spans[len(spans) // 2].starts_at)
        else:
            spans.append(span)
    return NextSpans(tuple(spans), None)


def _spans(schedule: Schedule, duration: timedelta, *, seed: str, after: datetime) -> Iterator[Span]:
    """From each occurrence on for so long, or until the next one begins: spans never overlap."""
    starts = (one.nominal_at for one in occurrences(schedule, seed=seed, calendars={}, after=after))
    starts_at = None
    try:
        starts_at = next(starts, None)
        while starts_at is not None:
            following = next(starts, None)
            ends_at = starts_at + duration
            yield Span(starts_at, ends_at if following is None else min(ends_at, following))
            starts_at = following
    except SearchTooLong:
        if starts_at is not None:
            yield Span(starts_at, starts_at + duration)
