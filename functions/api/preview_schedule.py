"""What a schedule means: its next occurrences, and why some are moved or left out. Nothing is stored."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from shared.model.errors import InvalidField
from shared.model.schedule.bounds import SearchTooLong
from shared.model.schedule.documents import read_schedule
from shared.model.schedule.occurrences import Occurrence, occurrences
from shared.model.schedule.schedule import Cron
from shared.model.schedule.words import words

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from shared.model.schedule.schedule import Dialect, Schedule

_POINTER: Final = "/schedule"
# `H` and `spread` go by a template's id; what has none yet is shown as one of this name would be.
_SEED: Final = "preview"


@dataclass(frozen=True, slots=True)
class Preview:
    schedule: Schedule
    occurrences: tuple[Occurrence, ...]

    @property
    def dialect(self) -> Dialect | None:
        """Whose cron it is; None when there is none, or several differ."""
        dialects = {trigger.dialect for trigger in self.schedule.triggers if isinstance(trigger, Cron)}
        return dialects.pop() if len(dialects) == 1 else None

    @property
    def description(self) -> str:
        """What the triggers say, in words."""
        return words(self.schedule)


def preview_schedule(document: Mapping[str, Any], *, after: datetime, count: int) -> Preview:
    """The first `count` occurrences after `after`, those that do not run among them.

    Raises:
        InvalidField: which part of the document is wrong, and what would be right; or it never fires.
    """
    schedule = read_schedule(document, _POINTER)
    if schedule.calendars:
        raise InvalidField(f"{_POINTER}/calendars", f"there is no calendar {schedule.calendars[0]}")
    found = occurrences(schedule, seed=_SEED, calendars={}, after=after, with_excluded=True)
    try:
        return Preview(schedule, tuple(islice(found, count)))
    except SearchTooLong as error:
        raise InvalidField(_POINTER, error.detail) from None
