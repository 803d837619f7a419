"""List templates, newest first."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from functions.api.check_template import present_timetable
from functions.api.next_run import next_run_at
from shared.model import limits
from shared.model.template import TemplateStatus
from shared.side_by_side import side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from functions.api.last_run import FindLastRun
    from shared.model.job import Job
    from shared.model.lifecycle import Status
    from shared.model.schedule.calendar import Calendar
    from shared.model.template import Template
    from shared.ports.calendars import Calendars
    from shared.ports.templates import TemplateStore

_CHUNK: Final = 100
# A filter that reads each template's jobs looks at no more of them in one call.
_MAX_JOBS_READ: Final = 100
# A page is closed when its templates take so much: an answer has at most 6 MB, and is quoted once more on its way.
_PAGE_BYTES: Final = 2_500_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateFilter:
    """Which templates. `name` is how their names begin; all of `tags` must be there; `due_after` counts, `due_before`
    does not, both on when they run next. Without a status: those that are not deleted."""

    name: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    status: TemplateStatus | None = None
    due_after: datetime | None = None
    due_before: datetime | None = None
    last_outcome: Status | None = None

    def matches(self, template: Template) -> bool:
        """Whether a template may be listed, by what its own item says."""
        is_wanted = (
            template.status is not TemplateStatus.DELETED if self.status is None else template.status is self.status
        )
        return (
            is_wanted
            and (self.name is None or template.name.startswith(self.name))
            and all(template.tags.get(key) == value for key, value in self.tags.items())
        )

    def is_due(self, next_run: datetime | None) -> bool:
        if self.due_after is None and self.due_before is None:
            return True
        return (
            next_run is not None
            and (self.due_after is None or next_run >= self.due_after)
            and (self.due_before is None or next_run < self.due_before)
        )


@dataclass(frozen=True, slots=True)
class ListedTemplate:
    """`last_run` is known where the filter asked for it."""

    template: Template
    next_run_at: datetime | None
    last_run: Job | None = None


@dataclass(frozen=True, slots=True)
class ListedPage:
    """`next` is the id after which the list goes on, None at its end. A page may be short, even empty."""

    items: list[ListedTemplate]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListTemplates:
    """`answer_bytes` says how much of an answer a template takes."""

    templates: TemplateStore
    calendars: Calendars
    find_last_run: FindLastRun
    answer_bytes: Callable[[ListedTemplate], int]

    def __call__(
        self, tenant: str, wanted: TemplateFilter, *, limit: int, after: str | None, now: datetime
    ) -> ListedPage:
        """At most `limit` matching templates older than `after`, from a bounded number of those that there are."""
        found: list[ListedTemplate] = []
        calendars = _Remembered(self.calendars)
        budget = limits.MAX_ENTRIES_READ if wanted.last_outcome is None else _MAX_JOBS_READ
        size, position = 0, after
        while budget > 0:
            page = self.templates.list_templates(tenant, before=position, limit=min(_CHUNK, budget))
            budget -= max(len(page.templates), 1)
            for listed in self._matching(page.templates, wanted, calendars, now):
                found.append(listed)
                size += self.answer_bytes(listed)
                if len(found) == limit or size > _PAGE_BYTES:
                    is_last = page.next is None and listed.template is page.templates[-1]
                    return ListedPage(found, None if is_last else listed.template.id)
            if page.next is None:
                return ListedPage(found, None)
            position = page.next
        return ListedPage(found, position)

    def _matching(
        self, templates: Sequence[Template], wanted: TemplateFilter, calendars: Calendars, now: datetime
    ) -> list[ListedTemplate]:
        listed = [
            ListedTemplate(one, next_run_at(one, present_timetable(one, calendars), now))
            for one in templates
            if wanted.matches(one)
        ]
        listed = [one for one in listed if wanted.is_due(one.next_run_at)]
        if wanted.last_outcome is None:
            return listed

        def with_last_run(one: ListedTemplate) -> ListedTemplate:
            return ListedTemplate(one.template, one.next_run_at, self.find_last_run(one.template, now))

        read = side_by_side(with_last_run, listed)
        return [one for one in read if one.last_run is not None and one.last_run.status is wanted.last_outcome]


class _Remembered:
    """Calendars, each read once: the templates of a list share them."""

    def __init__(self, calendars: Calendars) -> None:
        self._calendars = calendars
        self._known: defaultdict[str, dict[str, Calendar | None]] = defaultdict(dict)

    def calendars(self, tenant: str, ids: Sequence[str]) -> Mapping[str, Calendar]:
        known = self._known[tenant]
        missing = [name for name in ids if name not in known]
        if missing:
            known.update(dict.fromkeys(missing), **self._calendars.calendars(tenant, missing))
        return {name: calendar for name in ids if (calendar := known[name]) is not None}
