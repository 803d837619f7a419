"""Occurrences, explained and forecast, as they are answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.api.wire.window_answers import met_window_answer
from shared.model.durations import format_seconds
from shared.model.maintenance_window import Effect
from shared.model.time_zones import zone
from shared.model.times import format_time

if TYPE_CHECKING:
    from functions.api.explain_occurrences import Explained
    from functions.api.forecast_occurrences import Forecast, Peak
    from functions.api.foresee_windows import MetWindow


def explained_answer(row: Explained, met: MetWindow | None) -> dict[str, Any]:
    """One row of a template's occurrences: what the schedule says, what became of it, and what it is still to meet."""
    job, occurrence = row.job, row.occurrence
    answer: dict[str, Any] = {
        "nominal_at": None if job is not None and job.nominal_at is None else format_time(row.at),
        "nominal_local": None,
        "effective_at": None,
        "utc_offset": None,
        "status": row.fate if row.fate is not None or job is None else job.status,
        "reason": row.reason if row.fate is not None or job is None else job.reason,
        "detail": row.detail,
        "job_id": None if job is None else job.id,
        "started_at": None if job is None or job.started_at is None else format_time(job.started_at),
        "ended_at": None if job is None or job.ended_at is None else format_time(job.ended_at),
        "template_version": row.by.version if job is None or job.template_version is None else job.template_version,
        "notes": [],
        "window": met_window_answer(met),
    }
    if occurrence is not None:
        offset = occurrence.nominal_at.astimezone(zone(row.by.schedule.get("timezone", "UTC"))).isoformat()[-6:]
        answer |= {
            "nominal_local": occurrence.nominal.isoformat(),
            "effective_at": None if occurrence.excluded is not None else format_time(occurrence.effective_at),
            "utc_offset": offset,
            "notes": list(occurrence.moved),
        }
    elif job is not None:
        answer["effective_at"] = format_time(job.run_at)
    return answer


def forecast_answer(found: Forecast) -> dict[str, Any]:
    """What is ahead, bucket by bucket, and where it piles up."""
    return {
        "templates": found.templates,
        "occurrences": sum(found.counts.values()),
        "is_complete": found.is_complete,
        "buckets": [
            {
                "at": format_time(at),
                "count": count,
                "held": found.met[at].get(Effect.HOLD, 0),
                "skipped": found.met[at].get(Effect.SKIP, 0),
            }
            for at, count in found.counts.items()
        ],
        "peaks": [_peak(peak) for peak in found.peaks],
    }


def _peak(peak: Peak) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "at": format_time(peak.at),
        "count": peak.count,
        "schedules": [
            {"schedule": dict(share.schedule), "templates": share.templates, "count": share.count}
            for share in peak.shares
        ],
        "suggestion": None,
    }
    if peak.spread is not None:
        spread, share = format_seconds(peak.spread.total_seconds()), peak.shares[0]
        answer["suggested_spread"] = spread
        answer["suggestion"] = (
            f"{share.count} of the {peak.count} come from {share.templates} templates of one schedule: "
            f'"spread": "{spread}" on them would flatten this'
        )
    return answer
