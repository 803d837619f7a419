"""Why an alert was not written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.model.errors import SchedulerError

if TYPE_CHECKING:
    from collections.abc import Collection


class AlertChanged(SchedulerError):
    """Another has written the alert since it was read, or one with its key was opened."""

    def __init__(self, alert_id: str) -> None:
        super().__init__(f"alert {alert_id} was changed by another")


class AlreadyCounted(SchedulerError):
    """Some of what was to be counted has been before; `marks` are the places in the call of those that were."""

    def __init__(self, marks: Collection[int]) -> None:
        super().__init__(f"{len(marks)} findings were counted before")
        self.marks = frozenset(marks)


class StormReached(SchedulerError):
    """A rule has opened as many alerts as it may for now."""

    def __init__(self, rule_id: str) -> None:
        super().__init__(f"rule {rule_id} has opened as many alerts as it may for now")
