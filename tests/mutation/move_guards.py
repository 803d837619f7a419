"""What the rules of the moves ask in Python, and what they write."""

from __future__ import annotations

from functools import partial
from typing import Final

from tests.mutation.mutant import SourceMutant

_move = partial(SourceMutant, "shared/model/moves.py")
_status = partial(SourceMutant, "shared/model/status_change.py")
_occurrence = partial(SourceMutant, "shared/model/occurrence_job.py")

MOVE_GUARDS: Final = (
    _status("an ended job is changed", "if job.status not in legal(move).sources:", "if False:"),
    _move(
        "a retried job becomes at most once",
        'if job.attempt and values.get("delivery", job.delivery) is Delivery.AT_MOST_ONCE:',
        "if False:",
    ),
    _move("no job becomes at most once", "if job.attempt and values", "if values"),
    _move("an edit leaves no attempt", 'if job.attempt >= values.get("retry", job.retry).max_attempts:', "if False:"),
    _move("an edit leaves one attempt too few", "if job.attempt >= values", "if job.attempt > values"),
    _move("a known cancel is followed by a retry", "if job.cancel_requested_at is not None:", "if False:"),
    _move(
        "every lease is over",
        "return job.lease_until is not None and job.lease_until < _latest_lost_lease(now)",
        "return True",
    ),
    _move("a missing lease is compared", "return job.lease_until is not None and job", "return job"),
    _move("no clock runs ahead", "return now - timedelta(seconds=limits.CLOCK_SKEW_SECONDS)", "return now"),
    _move("a retry is too late", "if job.attempt:", "if False:"),
    _move("a job without a deadline has expired", "job.expires_at is not None and job", "job"),
    _move("a deadline ahead has passed", " and job.expires_at <= now:", ":"),
    _move("a deadline passes a moment after a claim heeds it", "job.expires_at <= now", "job.expires_at < now"),
    _move("a job that is never missed is missed", "job.misfire_at is not None and job", "job"),
    _move("what is not missed yet is missed", " and job.misfire_at <= now else None", " else None"),
    _move("an occurrence is missed a moment after a claim heeds it", "job.misfire_at <= now", "job.misfire_at < now"),
    _move(
        "what waits on purpose is missed",
        '            "misfire_at": None,\n            **_never_begun(job)',
        "            **_never_begun(job)",
    ),
    _move("a client's time is missed", 'values["misfire_at"] = None', "pass"),
    _move("what a client wants at once is missed", 'else {"misfire_at": None}', "else {}"),
    _move("a new time does not wake the job", 'values["wake_at"] = run_at', "pass"),
    _move(
        "a new time keeps the old deadline",
        'if not {"run_at", "expires_after_seconds"}.isdisjoint(values):',
        "if False:",
    ),
    _move(
        "a new lane keeps the old shard",
        'if not {"priority", "timeout_seconds", "completion"}.isdisjoint(values):',
        "if False:",
    ),
    _move("a claim mints no fence", 'add={"fence": 1, "attempt": 1}', 'add={"attempt": 1}'),
    _move("a claim counts no attempt", 'add={"fence": 1, "attempt": 1}', 'add={"fence": 1}'),
    _move(
        "a deferral counts as an attempt",
        '**back_in_its_lane(job),\n        },\n        add={"attempt": -1}',
        "**back_in_its_lane(job),\n        },\n        add={}",
    ),
    _move(
        "what a gate ends counts as an attempt",
        '**terminal(job, now, retention.of(Status.SKIPPED))},\n        add={"attempt": -1}',
        "**terminal(job, now, retention.of(Status.SKIPPED))},\n        add={}",
    ),
    _move(
        "what a gate ends keeps its lease",
        '{"reason": reason, **_never_begun(job), **term',
        '{"reason": reason, **term',
    ),
    _move("an ended job keeps its lease", "**values, **_NO_LEASE, **ending", "**values, **ending"),
    _status("an ended job still wakes", '        "wake_at": None,\n', ""),
    _status("an ended job stays in the due index", '        "due_shard": None,\n', ""),
    _status("an item goes before its idempotency key", "max(now, remembered_until)", "now"),
    _status("an item goes before its nominal instant", "if job.nominal_at is not None:", "if False:"),
    _status(
        "an item goes within the second in which it may",
        "timedelta(microseconds=-gone_at.microsecond % 1_000_000)",
        "timedelta()",
    ),
)

OCCURRENCE_GUARDS: Final = (
    # Which job
    _occurrence("templates of two tenants share a job", "(*key, str(", "(key.template_id, str("),
    _occurrence("templates share a job", "(*key, str(", "(key.tenant, str("),
    _occurrence("occurrences share a job", "str(epoch_ms(nominal_at))", '""'),
    _occurrence(
        "an occurrence is listed by when it runs",
        "listed_at=occurrence.nominal_at",
        "listed_at=occurrence.effective_at",
    ),
    _occurrence("no occurrence is missed", "misfire_at=occurrence.misfire_at", "misfire_at=None"),
    _occurrence(
        "an occurrence runs at its nominal instant", "run_at=occurrence.effective_at", "run_at=occurrence.nominal_at"
    ),
    # Planned anew
    _occurrence(
        "what has begun is planned anew", "if move is None or not _is_untouched(existing):", "if move is None:"
    ),
    _occurrence("what has ended is planned anew", "if move is None or not", "if not"),
    _occurrence(
        "the same version plans anew",
        "(existing.template_version or 0) >= (planned",
        "(existing.template_version or 0) > (planned",
    ),
    _occurrence(
        "any version plans anew",
        "if (existing.template_version or 0) >= (planned.template_version or 0):",
        "if False:",
    ),
    _occurrence("whatever was skipped is reinstated", " and job.reason == WITHDRAWN else", " else"),
    _occurrence("whatever says that it was withdrawn is reinstated", "job.status is Status.SKIPPED and job", "job"),
    _occurrence("a waiting job is not planned anew", "return Move.REPLAN", "return None"),
    _occurrence("a reinstated job is still withdrawn", '{"reason": None, "ended_at"', '{"ended_at"'),
    _occurrence("a reinstated job has ended", '"ended_at": None, ', ""),
    _occurrence("a reinstated job goes with its item", ', "expire_item_at": None}', "}"),
    # Withdrawn
    _occurrence("a withdrawal says no reason", '"reason": WITHDRAWN, ', '"reason": None, '),
    _occurrence("a withdrawal is of no version", '"template_version": stamp', '"template_version": 0'),
    _occurrence("the withdrawing version may always reinstate", "version if counts", "version - 1 if counts"),
    _occurrence("what does not wait may be withdrawn", "job.status is Status.SCHEDULED\n        and ", ""),
    _occurrence("what has begun may be withdrawn", "        and _is_untouched(job)\n", ""),
    _occurrence("what a person has run again is its template's", " and job.redriven_at is None", ""),
    _occurrence("a job of no template is asked for its version", "        and job.template_version is not None\n", ""),
    _occurrence("any version may withdraw", "        and job.template_version < version\n", ""),
    _occurrence("the same version may withdraw", "job.template_version < version", "job.template_version <= version"),
    _occurrence("what was triggered may be withdrawn", "\n        and job.nominal_at is not None", ""),
)
