"""When people want to be left alone, in their own time zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from shared.model.alerts.rule import Severity
from shared.model.time_zones import zone

if TYPE_CHECKING:
    from shared.model.alerts.rule import QuietHours

_DAY: Final = 24 * 60


def told_at(time: datetime, quiet: QuietHours | None, severity: Severity) -> datetime:
    """When what is to be told at `time` is told: then, or when the quiet hours that it falls into are over. What is
    critical does not wait."""
    if quiet is None or severity is Severity.CRITICAL:
        return time
    return quiet_until(quiet, time) or time


def quiet_until(quiet: QuietHours, time: datetime) -> datetime | None:
    """When the quiet hours end that hold `time`; None when none do. By the clock on the wall: a night in which the
    clocks are changed is longer or shorter."""
    rules = zone(quiet.timezone)
    local = time.astimezone(rules)
    minute = local.hour * 60 + local.minute
    if (minute - quiet.starts) % _DAY >= (quiet.ends - quiet.starts) % _DAY:
        return None
    days = 1 if quiet.ends <= minute else 0
    midnight = datetime(local.year, local.month, local.day, tzinfo=rules) + timedelta(days=days)
    at_end = midnight.replace(hour=quiet.ends // 60, minute=quiet.ends % 60)
    ends = at_end.astimezone(UTC)
    # An end that the clocks pass twice may have been once already.
    return ends if ends > time else at_end.replace(fold=1).astimezone(UTC)
