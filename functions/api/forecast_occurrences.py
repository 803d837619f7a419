"""How many occurrences are ahead, over all templates of a tenant, and where they pile up."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from statistics import median
from typing import TYPE_CHECKING, Final, NamedTuple

from functions.api.foresee_windows import outlook_of
from shared.expansion.timetables import timetable_of
from shared.model.errors import InvalidField
from shared.model.schedule.bounds import SearchTooLong
from shared.model.template import TemplateStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from functions.api.foresee_windows import Foresight, Outlook
    from shared.model.maintenance_window import Effect
    from shared.model.schedule.timetable import Timetable
    from shared.model.template import Template
    from shared.ports.calendars import Calendars
    from shared.ports.templates import TemplateStore

_PAGE: Final = 1_000
_LAST_PAGE_SECONDS: Final = 8
_PEAKS: Final = 5
_SCHEDULES: Final = 3
# A peak is worth a word when it is so many times what is usual, and at all many.
_TIMES_USUAL: Final = 3
_MANY: Final = 100
# Longer rolls than this are not foreseen: a calendar that excludes more than a month in a row.
_LONGEST_ROLL: Final = timedelta(days=31)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SPREADS: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 10, 15, 30, 60))


class Resolution(Enum):
    MINUTE = timedelta(minutes=1)
    HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Share:
    """How many of a peak's occurrences come from the templates of one schedule."""

    schedule: Mapping[str, object]
    templates: int
    count: int


@dataclass(frozen=True, slots=True)
class Peak:
    """A bucket in which far more is due than usual. `spread`, on the templates of the largest share, would bring it
    down to about the usual; None when nothing so simple does."""

    at: datetime
    count: int
    shares: list[Share]
    spread: timedelta | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """`counts` of runs by the beginning of their bucket, in order, those without any left out; `met`: how many of them
    maintenance windows would treat how. `templates` were looked at, and all their runs were counted if `is_complete`.
    """

    counts: Mapping[datetime, int]
    met: Mapping[datetime, Mapping[Effect, int]]
    peaks: list[Peak]
    templates: int
    is_complete: bool


@dataclass(frozen=True, slots=True)
class _Group:
    """Active templates with the same occurrences, to be computed once."""

    timetable: Timetable
    document: Mapping[str, object]
    members: list[Template]


class _Part(NamedTuple):
    """Templates of a group that the same windows are about, and how many of them leave out an instant."""

    outlook: Outlook
    templates: int
    skipped: Counter[datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastOccurrences:
    """Nothing is stored: the schedules are computed anew, each once for all templates that share it."""

    templates: TemplateStore
    calendars: Calendars

    def __call__(
        self,
        tenant: str,
        *,
        since: datetime,
        until: datetime,
        resolution: Resolution,
        foreseen: Foresight,
        seconds_left: Callable[[], float],
    ) -> Forecast:
        """Runs that are effective from `since` until before `until`, as templates and windows stand now."""
        counts: Counter[datetime] = Counter()
        met: dict[datetime, Counter[Effect]] = defaultdict(Counter)
        shares: dict[datetime, Counter[int]] = defaultdict(Counter)
        templates, is_complete = self._active(tenant, seconds_left)
        groups = self._groups(tenant, templates)
        for number, group in enumerate(groups):
            if seconds_left() < _LAST_PAGE_SECONDS:
                is_complete = False
                break
            for at, effect, runs in _runs(group, foreseen, since, until):
                bucket = at - (at - _EPOCH) % resolution.value
                counts[bucket] += runs
                met[bucket][effect] += runs
                shares[bucket][number] += runs
        counted = dict(sorted(counts.items()))
        peaks = [_peak(at, counted, shares[at], groups, resolution) for at in _highest(counted)]
        return Forecast(counted, met, peaks, len(templates), is_complete)

    def _active(self, tenant: str, seconds_left: Callable[[], float]) -> tuple[list[Template], bool]:
        """The tenant's active templates, and whether these are all."""
        found: list[Template] = []
        before = None
        while seconds_left() > _LAST_PAGE_SECONDS:
            page = self.templates.list_templates(tenant, before=before, limit=_PAGE)
            found += (one for one in page.templates if one.status is TemplateStatus.ACTIVE)
            if page.next is None:
                return found, True
            before = page.next
        return found, False

    def _groups(self, tenant: str, templates: Iterable[Template]) -> list[_Group]:
        by_schedule: dict[str, list[Template]] = defaultdict(list)
        for template in templates:
            text = json.dumps(template.schedule, sort_keys=True)
            # What goes by the template's id is its own.
            own = template.id if "H" in text or "spread" in template.schedule else ""
            by_schedule[own + text].append(template)
        groups = []
        for members in by_schedule.values():
            first = members[0]
            # A schedule that this version cannot read is reported by its expansion, and has no runs.
            with suppress(InvalidField):
                groups.append(_Group(timetable_of(first, self.calendars), first.schedule, members))
        return groups


def _runs(
    group: _Group, foreseen: Foresight, since: datetime, until: datetime
) -> Iterator[tuple[datetime, Effect, int]]:
    """When templates of the group run, what windows do to them then, and how many of them there are."""
    schedule, parts = group.timetable.schedule, _by_windows(group.members, foreseen)
    # Runs may be effective after their nominal instants by this much.
    lag = timedelta(seconds=schedule.spread_seconds) + (_LONGEST_ROLL if schedule.calendars else timedelta())
    with suppress(SearchTooLong, InvalidField):
        last = group.timetable.horizon(until)
        for one in group.timetable.occurrences(after=since - lag - timedelta(milliseconds=1)):
            if one.nominal_at > last:
                return
            if since <= one.effective_at < until:
                for part in parts:
                    if runs := part.templates - part.skipped[one.nominal_at]:
                        yield one.effective_at, part.outlook.at(one.effective_at), runs


def _by_windows(members: Iterable[Template], foreseen: Foresight) -> list[_Part]:
    alike: dict[tuple[str, ...], list[Template]] = defaultdict(list)
    for member in members:
        alike[tuple(window.id for window in foreseen.concerning(member))].append(member)
    return [
        _Part(
            outlook_of(foreseen.concerning(part[0])),
            len(part),
            Counter(at for member in part for at in member.skipped),
        )
        for part in alike.values()
    ]


def _highest(counts: Mapping[datetime, int]) -> list[datetime]:
    """The buckets with many times the usual, in order."""
    usual = median(counts.values()) if counts else 0
    many = [at for at, count in counts.items() if count >= max(_MANY, _TIMES_USUAL * usual)]
    return sorted(sorted(many, key=lambda at: -counts[at])[:_PEAKS])


def _peak(
    at: datetime,
    counts: Mapping[datetime, int],
    shares: Counter[int],
    groups: list[_Group],
    resolution: Resolution,
) -> Peak:
    largest = [
        Share(groups[number].document, len(groups[number].members), count)
        for number, count in shares.most_common(_SCHEDULES)
    ]
    return Peak(at, counts[at], largest, _spread_for(counts, at, largest[0], resolution))


def _spread_for(counts: Mapping[datetime, int], at: datetime, share: Share, resolution: Resolution) -> timedelta | None:
    """The shortest spread by which the largest share's part of a bucket comes down to the usual, if it can."""
    if "spread" in share.schedule:
        return None
    rest, usual = counts[at] - share.count, max(median(counts.values()), 1)
    for spread in _SPREADS:
        buckets = max(spread / resolution.value, 1)
        if rest + share.count / buckets <= _TIMES_USUAL * usual:
            return spread
    return _SPREADS[-1] if rest < share.count and _SPREADS[-1] > resolution.value else None
