"""The tick: every template whose time has come is expanded, each on its own."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Protocol

from shared.every_shard import OnEveryShard, on_every_shard
from shared.model.errors import SchedulerError, StoreUnavailable, TemplateChanged, TemplateNotFound
from shared.model.template import ExpansionFailure, Template, TemplateKey
from shared.ports.telemetry import Metric
from shared.ports.templates import Planned

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from shared.expansion.expand_template import ExpandTemplate
    from shared.ports.clock import Clock
    from shared.ports.telemetry import Telemetry
    from shared.ports.templates import ExpandEntry, TemplateStore

_PAGE: Final = 100
# One template takes a second or two at the most; what is left waits for the next tick.
_LAST_TEMPLATE_SECONDS: Final = 10
_FIRST_RETRY: Final = timedelta(minutes=1)
_LONGEST_RETRY: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class TickReport:
    """Templates expanded, jobs planned and occurrences missed in them, templates that failed, and templates that
    another expander, or a client, had in the same moment; templates that are still `behind`, as far as they were
    looked at, and by how many seconds the furthest of all stands back."""

    expanded: int = 0
    planned: int = 0
    missed: int = 0
    failed: int = 0
    of_another: int = 0
    behind: int = 0
    lag_seconds: int = 0

    def __add__(self, other: TickReport) -> TickReport:
        return TickReport(
            self.expanded + other.expanded,
            self.planned + other.planned,
            self.missed + other.missed,
            self.failed + other.failed,
            self.of_another + other.of_another,
            self.behind + other.behind,
            max(self.lag_seconds, other.lag_seconds),
        )


class Turn(Protocol):
    """What is done when something other than a template is due."""

    def __call__(self, entry: ExpandEntry, seconds_left: Callable[[], float]) -> int:
        """Do what is due, and write when it is due again; how many jobs were made."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpandDueTemplates:
    """One tick over some shards of the expand index. No cursor: whoever was expanded, or failed, is due later. Two
    ticks at once do the same conditional writes, of which each counts once. `others` take the turns of what is no
    template."""

    templates: TemplateStore
    expand: ExpandTemplate
    clock: Clock
    telemetry: Telemetry
    on_every_shard: OnEveryShard = on_every_shard
    others: Mapping[str, Turn] = field(default_factory=dict)

    def __call__(self, shards: Sequence[int], seconds_left: Callable[[], float]) -> TickReport:
        reports = self.on_every_shard(lambda shard: self._tick(shard, seconds_left), shards)
        report = sum(reports, TickReport())
        for metric, count in (
            (Metric.EXPANDED, report.expanded),
            (Metric.PLANNED, report.planned),
            (Metric.MISSED, report.missed),
            (Metric.EXPANSION_FAILED, report.failed),
            (Metric.EXPANSION_LAG_MS, 1_000 * report.lag_seconds),
        ):
            if count:  # a metric that is never reported costs nothing
                self.telemetry.measure(metric, count)
        return report

    def _tick(self, shard: int, seconds_left: Callable[[], float]) -> TickReport:
        report, position = TickReport(), None
        until = self.clock.now()
        behind: deque[Template] = deque()
        while True:
            page = self.templates.to_expand(shard, until=until, after=position, limit=_PAGE)
            for entry in page.entries:
                if seconds_left() < _LAST_TEMPLATE_SECONDS:
                    # The first that has no turn has waited for longest; and those behind had one.
                    waited = TickReport(lag_seconds=self._seconds_since(entry.expand_at))
                    return report + waited + self._left(behind)
                report += self._look_at(entry, until, seconds_left, behind)
            if page.next is None:
                return report + self._catch_up(behind, seconds_left)
            position = page.next

    def _catch_up(self, behind: deque[Template], seconds_left: Callable[[], float]) -> TickReport:
        """Once everybody has had a turn, those who were so far behind that one was not enough have further ones, one
        after the other, while there is time."""
        report = TickReport()
        while behind and seconds_left() >= _LAST_TEMPLATE_SECONDS:
            # The template had its turn already: what it does in this one counts, and it does not.
            report += replace(self._expand(behind.popleft(), seconds_left, behind), expanded=0)
        return report + self._left(behind)

    def _left(self, behind: deque[Template]) -> TickReport:
        """What of it is for the next tick."""
        if not behind:
            return TickReport()
        furthest = min(behind, key=lambda one: one.progress.expanded_until)
        lag = self._seconds_since(furthest.progress.expanded_until)
        self.telemetry.note("templates_behind", **furthest.identity(), templates=len(behind), lag_seconds=lag)
        return TickReport(behind=len(behind), lag_seconds=lag)

    def _seconds_since(self, time: datetime) -> int:
        return max((self.clock.now() - time) // timedelta(seconds=1), 0)

    def _look_at(
        self, entry: ExpandEntry, until: datetime, seconds_left: Callable[[], float], behind: deque[Template]
    ) -> TickReport:
        if entry.kind != Planned.TEMPLATE:
            return self._other(entry, seconds_left)
        try:
            template = self.templates.get_template(TemplateKey(entry.tenant, entry.id))
        except TemplateNotFound:
            return TickReport()
        except SchedulerError as error:
            # A newer version wrote it and looks after it, or the table is away: the others have their turn anyway.
            self.telemetry.warn("template_not_read", error=str(error), tenant=entry.tenant, template_id=entry.id)
            return TickReport(failed=1)
        if template.expand_at is None or template.expand_at > until:
            return TickReport()  # the index lags: it has had its turn
        delay_ms = (self.clock.now() - template.expand_at) / timedelta(milliseconds=1)
        self.telemetry.measure(Metric.EXPANSION_DELAY_MS, delay_ms)
        return self._expand(template, seconds_left, behind)

    def _other(self, entry: ExpandEntry, seconds_left: Callable[[], float]) -> TickReport:
        """The turn of what is no template. It stays due until its own write says otherwise."""
        facts = {"tenant": entry.tenant, "kind": entry.kind, "id": entry.id}
        turn = self.others.get(entry.kind)
        if turn is None:
            self.telemetry.warn("turn_left_to_newer_version", **facts)
            return TickReport()
        try:
            return TickReport(planned=turn(entry, seconds_left))
        except SchedulerError as error:
            self.telemetry.warn("turn_failed", error=str(error), **facts)
        except Exception as error:  # one's defect must not stop the others
            self.telemetry.defect("turn_defect", error, **facts)
        return TickReport(failed=1)

    def _expand(self, template: Template, seconds_left: Callable[[], float], behind: deque[Template]) -> TickReport:
        """One turn. Who is due again at once, and got on in this one, joins those who are `behind`."""
        try:
            expanded = self.expand(template, seconds_left)
        except TemplateChanged:
            self.telemetry.debug("template_left_to_another", **template.identity())
            return TickReport(of_another=1)
        except StoreUnavailable as error:
            # It stays due: the next tick does it again, from where it stands.
            self.telemetry.warn("expansion_interrupted", error=str(error), **template.identity())
            return TickReport(failed=1)
        except SchedulerError as error:
            self.telemetry.warn("expansion_failed", error=str(error), **template.identity())
            return self._postpone(template, str(error))
        except Exception as error:  # one template's defect must not stop the others
            self.telemetry.defect("expansion_defect", error, **template.identity())
            return self._postpone(template, f"internal error: {type(error).__name__}")
        if expanded.planned or expanded.missed:
            self.telemetry.note("expanded", **template.identity(), planned=expanded.planned, missed=expanded.missed)
        left = expanded.template
        if left.expand_at is not None and left.expand_at <= self.clock.now() and left.progress != template.progress:
            behind.append(left)
        return TickReport(1, expanded.planned, expanded.missed)

    def _postpone(self, template: Template, detail: str) -> TickReport:
        """Write down why a template cannot be expanded, and try it again later and later."""
        now, before = self.clock.now(), template.progress.failure
        failure = (
            ExpansionFailure(detail=detail, since=now)
            if before is None
            else replace(before, detail=detail, count=before.count + 1)
        )
        expand_at = now + min(_FIRST_RETRY * 2 ** min(failure.count - 1, 10), _LONGEST_RETRY)
        failed = replace(
            template,
            progress=replace(template.progress, failure=failure),
            expand_at=expand_at,
            revision=template.revision + 1,
        )
        try:
            self.templates.replace_template(failed)
        except SchedulerError as error:  # such as a newer version's write in this moment: the others have their turn
            self.telemetry.debug("failure_not_written", error=str(error), **template.identity())
        return TickReport(failed=1)
