"""The alerts of the control table, and what about them is due when."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from shared.model.alerts.alert import Alert

MAX_MARKS = 90
"""How many marks one write takes: with them it is one transaction of at most 100 actions."""


class Standing(NamedTuple):
    """The latest alert with some key, as a writer has seen it: its id, and the alert itself unless it is forgotten."""

    alert_id: str | None
    alert: Alert | None

    @classmethod
    def of(cls, alert: Alert) -> Standing:
        return cls(alert.id, alert)


class Mark(NamedTuple):
    """Says that a rule has counted something about a job; `name` says what."""

    rule_id: str
    job_id: str
    name: str


class StormSlot(NamedTuple):
    """One of the `cap` alerts that a rule may open in a window of time."""

    rule_id: str
    window: int
    cap: int
    free_at: datetime


class DueKind(StrEnum):
    ALERT = "alert"  # something about an alert is due
    RULE = "rule"  # a rule that no change of a job can answer is to be looked at
    # These are found apart from the others, and cannot crowd them out.
    JOB = "job"  # an overdue job is still to be judged


class DueLook(NamedTuple):
    """Something to look at by a time. A hint: the thing itself says whether it is still so. Of a job, `id` is its own,
    `:` and the id of the first rule that has not judged it."""

    due_at: datetime
    tenant: str
    kind: DueKind
    id: str


@dataclass(frozen=True, slots=True)
class AlertPage:
    """Alerts newest first; `next` is the id after which the list goes on, None at its end."""

    alerts: Sequence[Alert]
    next: str | None


class AlertStore(Protocol):
    """One item per alert; every write of it is conditional on the revision that the writer has seen.

    Every method raises `StoreUnavailable` as those of the job store do.
    """

    def standing(self, tenant: str, key: str) -> Standing:
        """The latest alert with that key, read consistently."""
        ...

    def standings(self, tenant: str, keys: Collection[str]) -> Mapping[str, Standing]:
        """The same for each of any number of keys, in few calls."""
        ...

    def get_alert(self, tenant: str, alert_id: str) -> Alert:
        """The alert, read consistently.

        Raises:
            ItemNotFound: there is none.
        """
        ...

    def record(
        self,
        alert: Alert,
        *,
        seen: Standing,
        marks: Collection[Mark] = (),
        marked_until: datetime | None = None,
        slot: StormSlot | None = None,
    ) -> None:
        """Write `alert` and all `marks` (kept until `marked_until`, at most `MAX_MARKS`) and take the `slot`, or do
        nothing at all. When `seen` is another alert, or none, `alert` is a new one and takes its place. From then on a
        look at the alert is due at its `due_at`.

        Raises:
            AlreadyCounted: some of the marks were there before.
            StormReached: all slots of that window are taken.
            AlertChanged: another has written since.
        """
        ...

    def list_alerts(self, tenant: str, *, before: str | None, limit: int) -> AlertPage:
        """At most `limit` of the tenant's alerts with ids less than `before`, newest first, read consistently."""
        ...

    def looks(self, *, until: datetime, limit: int, after: DueLook | None = None) -> Sequence[DueLook]:
        """The oldest looks at alerts and rules that are due at `until`, of all tenants; those behind `after`."""
        ...

    def looks_at_jobs(self, *, until: datetime, limit: int, after: DueLook | None = None) -> Sequence[DueLook]:
        """The oldest looks at jobs that are due at `until`, of all tenants; those behind `after`."""
        ...

    def plan_look(self, look: DueLook) -> None:
        """Remember that it is due. The same again changes nothing."""
        ...

    def forget_look(self, look: DueLook) -> None:
        """Drop one that was dealt with."""
        ...
