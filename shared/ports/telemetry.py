"""What a function tells about itself: facts for people (log lines) and numbers for machines (metrics)."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Protocol

from shared.model.lifecycle import Move

if TYPE_CHECKING:
    from collections.abc import Mapping


class Metric(StrEnum):
    """Every metric, with its unit in its name; plain counts have none. Dimension: the function."""

    DISPATCHED = "dispatched"  # messages sent for jobs that are due soon
    DISPATCH_FAILED = "dispatch_failed"  # messages that the queue did not take; the next tick or sweep sends them
    STARTED = "started"  # attempts begun
    LATENESS_MS = "lateness_ms"  # from the time an attempt was due to its claim
    DURATION_MS = "duration_ms"  # from the claim to the outcome
    ACCEPTED = "accepted"  # attempts whose outcome will be reported by whoever does the work
    SUCCEEDED = "succeeded"
    RETRIED = "retried"  # attempts that failed and are followed by another
    FAILED = "failed"  # jobs that failed for good
    CANCELLED = "cancelled"  # running jobs that were stopped by a client
    SKIPPED = "skipped"  # jobs that did not run, such as after their start deadline
    DEFERRED = "deferred"  # jobs put back without an attempt
    CLAIMED_BY_ANOTHER = "claimed_by_another"  # messages whose job was claimed, moved or ended before
    GIVEN_BACK = "given_back"  # messages returned to the queue: too early, or too little time left
    LEASE_LOST = "lease_lost"  # attempts given up because the lease could not be kept
    OUTCOME_REFUSED = "outcome_refused"  # outcomes that came after another attempt had begun
    REAPED = "reaped"  # attempts whose lease ran out
    RESENT = "resent"  # messages sent again by the sweep
    OVERDUE = "overdue"  # index entries that the sweep looked at
    EXPANDED = "expanded"  # templates whose turn it was
    PLANNED = "planned"  # jobs that were made, or changed, for occurrences of templates
    MISSED = "missed"  # occurrences left out by a template's misfire policy before they were jobs
    EXPANSION_FAILED = "expansion_failed"  # templates that could not be expanded; they are tried again
    EXPANSION_DELAY_MS = "expansion_delay_ms"  # from the time a template was to be expanded until it is
    EXPANSION_LAG_MS = "expansion_lag_ms"  # how far back the template stands that is furthest behind after a tick
    EVENTS_PUBLISHED = "events_published"  # what happened to jobs, put on the event bus
    EVENT_DELIVERIES = "event_deliveries"  # jobs made to tell subscribers what happened
    LEFTOVERS_REMOVED = "leftovers_removed"  # payloads, checkpoints and outputs of jobs whose items are gone
    JOBS_ARCHIVED = "jobs_archived"  # ends of jobs, put into the archive
    JOURNAL_LEFT_OUT = "journal_left_out"  # changes of jobs that a reader of the journal, or none, can deal with
    UNREADABLE_ITEMS = "unreadable_items"  # rules, policies and subscriptions of a newer version, as often as left out
    TEMPLATES_PAUSED = "templates_paused"  # templates of which too many runs in a row have failed
    BREAKER_OPENED = "breaker_opened"  # breakers of targets that failed too often
    BREAKER_PROBED = "breaker_probed"  # jobs let through to find out whether a target is back
    BREAKER_CLOSED = "breaker_closed"  # breakers of targets that are back
    ALERTS_OPENED = "alerts_opened"
    NOTIFICATIONS = "notifications"  # jobs made to tell a channel of an alert
    TICK_AGE_MS = "tick_age_ms"  # since the populator got through the shard that is furthest behind
    EXPANSION_AGE_MS = "expansion_age_ms"  # the same of recurrence
    CANARY_AGE_MS = "canary_age_ms"  # since the latest canary that succeeded was to run
    OLDEST_DUE_MS = "oldest_due_ms"  # since the time of the oldest due job that has not started; 0 when all have
    QUEUE_DEPTH = "queue_depth"  # messages waiting in a lane's queue


METRIC_OF: Final[Mapping[Move, Metric]] = {
    Move.SUCCEED: Metric.SUCCEEDED,
    Move.RETRY: Metric.RETRIED,
    Move.FAIL: Metric.FAILED,
    Move.STOP: Metric.CANCELLED,
    Move.SKIP: Metric.SKIPPED,
    Move.DEFER: Metric.DEFERRED,
    Move.DECLINE: Metric.SKIPPED,
    Move.AWAIT: Metric.ACCEPTED,
}
"""What is counted when an attempt ends, goes on elsewhere, or was none: by whoever has written that down."""


class Telemetry(Protocol):
    """No method raises, and all may be called from several threads."""

    def note(self, action: str, **facts: Any) -> None:
        """Something that a person may look for: `action` is a past participle (`claimed`), `facts` its data."""
        ...

    def debug(self, action: str, **facts: Any) -> None:
        """The same for what is normal and frequent, such as a lost race."""
        ...

    def warn(self, action: str, **facts: Any) -> None:
        """The same for what went wrong and was dealt with."""
        ...

    def defect(self, action: str, error: BaseException, **facts: Any) -> None:
        """An exception that nobody expected, with its traceback."""
        ...

    def measure(self, metric: Metric, value: float = 1) -> None:
        """One value of a metric."""
        ...
