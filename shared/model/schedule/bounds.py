"""The bounds of the schedule language, and the error of a search that reaches one."""

from __future__ import annotations

from typing import Final

from shared.model import times
from shared.model.errors import SchedulerError

MAX_TRIGGERS: Final = 10
MAX_EXPRESSION_LENGTH: Final = 256
MAX_RULE_LENGTH: Final = 512
MAX_TIMES: Final = 1_000
MAX_CALENDARS: Final = 10
MAX_CALENDAR_ID_LENGTH: Final = 64
MAX_CALENDAR_DATES: Final = 1_000
MAX_CALENDAR_RANGES: Final = 200
MAX_CALENDAR_PLACES: Final = 10
MAX_CALENDAR_PLACE_LENGTH: Final = 40
MAX_CALENDAR_NAME_LENGTH: Final = 120
# Bytes of its JSON in UTF-8. One item of the table holds 400 KB, and is read with each expansion.
MAX_CALENDAR_SIZE: Final = 100_000
# An .ics text: its characters and lines, its events, the days that they touch, and those that recurrences look at.
MAX_ICALENDAR_SIZE: Final = 256 * 1024
MAX_ICALENDAR_LINES: Final = 30_000
MAX_ICALENDAR_EVENTS: Final = 2_000
MAX_ICALENDAR_DAYS: Final = 20_000
MAX_ICALENDAR_DAYS_LOOKED_AT: Final = 500_000
MAX_EVERY_SECONDS: Final = 366 * 86_400
MAX_SPREAD_SECONDS: Final = 86_400
# Who starts in the middle without a count counts from the start, so that the number is bounded.
MAX_OCCURRENCES: Final = 10_000

FIRST_YEAR: Final = times.FIRST_YEAR
LAST_YEAR: Final = times.LAST_YEAR

# Steps of a recurrence rule between two matches; a step is a day looked at, or a period without one.
MAX_RULE_STEPS: Final = 5_000
# Days without a run in a row, all taken away by calendars.
MAX_EXCLUDED_DAYS: Final = 400
# Occurrences in a row that roll to where another one runs: each minute of a week.
MAX_MERGED: Final = 10_080
# How far an occurrence is rolled at the most.
MAX_ROLL_DAYS: Final = 366


class SearchTooLong(SchedulerError):
    """The next occurrence was not found within the step budget: the schedule fires too rarely, or never.

    `looked_through` is the local time (seconds) before which a recurrence rule does not fire.
    """

    def __init__(self, detail: str, *, looked_through: int = 0) -> None:
        super().__init__(detail)
        self.detail = detail
        self.looked_through = looked_through
