"""Make a calendar what it is to be, and have the templates that use it planned anew."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from functions.api.refusals import FieldError, Refused
from shared.model.errors import CalendarChanged, CalendarNotFound, SchedulerError
from shared.model.schedule.calendar_documents import write_calendar
from shared.model.stored_calendar import StoredCalendar
from shared.model.template import expand_shard_of
from shared.ports.templates import ExpandEntry, Planned

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.api.change_template import Change
    from shared.expansion.plan_calendar_users import PlanCalendarUsers
    from shared.model.schedule.calendar import Calendar
    from shared.ports.calendars import CalendarStore
    from shared.ports.clock import Clock
    from shared.ports.telemetry import Telemetry

_TRIES: Final = 5
# What is not done by then is left to the tick, which finds the calendar due a little later.
_SECONDS: Final = 15
_MARGIN_SECONDS: Final = 4
_LEFT_TO_THE_TICK: Final = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class CalendarContent:
    """What a client writes of a calendar."""

    name: str | None
    days: Calendar


@dataclass(frozen=True, slots=True)
class DeclaredCalendar:
    calendar: StoredCalendar
    created: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PutCalendar:
    calendars: CalendarStore
    plan_users: PlanCalendarUsers
    clock: Clock
    telemetry: Telemetry

    def __call__(
        self, tenant: str, calendar_id: str, change: Change, decide: Callable[[StoredCalendar | None], CalendarContent]
    ) -> DeclaredCalendar:
        """The calendar as `decide` says, who is given the one that is there. The same again changes nothing.

        Raises:
            VersionMismatch, Refused: the precondition does not hold; none does where there is no calendar.
            Refused: others changed it each time.
        """
        for _ in range(_TRIES):
            existing = self.find(tenant, calendar_id)
            if existing is not None:
                change.precondition.check(existing)
            elif change.precondition.is_update:
                detail = "there is no calendar of this id"
                raise Refused("precondition-failed", detail, [FieldError("If-Match", "stale", detail)])
            content = decide(existing)
            if existing is None:
                wanted = _first(tenant, calendar_id, content, change)
                is_written = self.calendars.create_calendar(wanted) == wanted
            else:
                wanted = _next(existing, content, change)
                if wanted is existing:
                    return DeclaredCalendar(existing, created=False)
                is_written = self._replace(wanted)
            if is_written:
                facts = {"tenant": tenant, "calendar_id": calendar_id, "calendar_version": wanted.version}
                self.telemetry.note("calendar_changed", by=change.by, **facts)
                return DeclaredCalendar(self._plan_users(wanted, change.seconds_left), created=existing is None)
        raise Refused("conflict", "the calendar was changed by others at the same time: read it, and try again")

    def find(self, tenant: str, calendar_id: str) -> StoredCalendar | None:
        try:
            return self.calendars.get_calendar(tenant, calendar_id)
        except CalendarNotFound:
            return None

    def _replace(self, wanted: StoredCalendar) -> bool:
        try:
            self.calendars.replace_calendar(wanted)
        except CalendarChanged:
            return False
        return True

    def _plan_users(self, calendar: StoredCalendar, seconds_left: Callable[[], float]) -> StoredCalendar:
        """Its users' turn at once, as far as the time allows; the calendar as that leaves it."""
        if calendar.expand_at is None:
            return calendar
        began = self.clock.now()

        def left() -> float:
            return min(_SECONDS - (self.clock.now() - began).total_seconds(), seconds_left() - _MARGIN_SECONDS)

        entry = ExpandEntry(calendar.expand_at, calendar.tenant, Planned.CALENDAR, calendar.id)
        try:
            self.plan_users(entry, left)
            return self.calendars.get_calendar(calendar.tenant, calendar.id)
        except SchedulerError as error:
            # The change itself is stored, and stays due.
            facts = {"tenant": calendar.tenant, "calendar_id": calendar.id}
            self.telemetry.warn("calendar_left_to_the_tick", error=str(error), **facts)
            return calendar


def _first(tenant: str, calendar_id: str, content: CalendarContent, change: Change) -> StoredCalendar:
    """A new calendar. Templates may name it already, if one of this id was deleted."""
    return StoredCalendar(
        tenant=tenant,
        id=calendar_id,
        name=content.name,
        document=write_calendar(content.days),
        created_at=change.now,
        changed_at=change.now,
        changed_by=change.by,
        expand_at=change.now + _LEFT_TO_THE_TICK,
        expand_shard=expand_shard_of(tenant, calendar_id),
    )


def _next(existing: StoredCalendar, content: CalendarContent, change: Change) -> StoredCalendar:
    """Its next version, due for its users in the same write if its days are others; itself when all is the same."""
    document = write_calendar(content.days)
    if (document, content.name) == (existing.document, existing.name):
        return existing
    wanted = replace(
        existing,
        name=content.name,
        version=existing.version + 1,
        revision=existing.revision + 1,
        changed_at=change.now,
        changed_by=change.by,
    )
    if document == existing.document:
        return wanted
    return replace(
        wanted,
        document=document,
        # Users whose turn has not come yet are planned by what was before that.
        was=existing.document if existing.expand_at is None else existing.was,
        planned_user=None,
        expand_at=change.now + _LEFT_TO_THE_TICK,
        expand_shard=expand_shard_of(existing.tenant, existing.id),
    )
