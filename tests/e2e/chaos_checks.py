"""What must hold of the jobs after the sabotage, read over the API, from the table, and from what their target saw.

The numbers are those of the invariants in `tests/simulation/invariants.py`.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from local.receiver import Received
    from tests.e2e.chaos_clients import Wish

Job = dict[str, Any]
TERMINAL = frozenset({"succeeded", "failed", "cancelled", "skipped"})


def i1_has_ended_as_it_may(wish: Wish, job: Job) -> Iterator[str]:
    if job["status"] not in TERMINAL or (job["status"] == "cancelled" and not wish.cancel_asked):
        yield f"it is {job['status']} ({job['reason']})"
    if job["status"] == "failed" and job["reason"] == "attempts_exhausted":
        yield "all its attempts failed"


def i3_each_attempt_has_one_outcome(_: Wish, job: Job) -> Iterator[str]:
    executions = job["executions"]
    if [one["attempt"] for one in executions] != list(range(1, job["attempt"] + 1)):
        yield f"attempt {job['attempt']}, executions {[one['attempt'] for one in executions]}"
    if any(one["outcome"] is None or one["ended_at"] < one["started_at"] for one in executions):
        yield "an execution has no outcome, or ended before it began"


def i6_one_success_and_it_is_the_last(_: Wish, job: Job) -> Iterator[str]:
    outcomes = [one["outcome"] for one in job["executions"]]
    if outcomes.count("succeeded") > 1 or (job["status"] == "succeeded") != ("succeeded" in outcomes[-1:]):
        yield f"{job['status']} with outcomes {outcomes}"


def i9_no_attempt_too_many(_: Wish, job: Job) -> Iterator[str]:
    most = 1 if job["delivery"] == "at_most_once" else job["retry"]["max_attempts"]
    if job["attempt"] > most:
        yield f"attempt {job['attempt']} of {most}"


def i10_never_before_its_time(wish: Wish, job: Job) -> Iterator[str]:
    """Of a job whose time was not changed, as it may be between two attempts."""
    if not wish.is_moved and job["executions"] and _time(job["executions"][0]["started_at"]) < _time(job["run_at"]):
        yield f"started at {job['executions'][0]['started_at']}, due at {job['run_at']}"


def i14_one_job_for_a_key(wish: Wish, _: Job) -> Iterator[str]:
    if len(wish.ids) > 1:
        yield f"its key was answered with {sorted(wish.ids)}"


OF_A_JOB = (
    i1_has_ended_as_it_may,
    i3_each_attempt_has_one_outcome,
    i6_one_success_and_it_is_the_last,
    i9_no_attempt_too_many,
    i10_never_before_its_time,
    i14_one_job_for_a_key,
)


def of_its_effects(wish: Wish, job: Job, calls: Sequence[Received]) -> Iterator[str]:
    """Of a job that calls the receiver: what the latter saw of it."""
    fences = [int(call.headers["x-punctual-fence"]) for call in calls]
    if len(set(fences)) < len(fences):
        yield f"I9: an attempt called more than once: fences {fences}"
    if job["delivery"] == "at_most_once" and len(calls) > 1:
        yield f"I9: {len(calls)} effects of a job that is delivered at most once"
    if job["status"] == "succeeded" and not any(call.answered == 200 for call in calls):
        yield "I3: it succeeded, and its target answered no call with success"
    if wish.cancelled_at is not None and any(call.at > wish.cancelled_at.timestamp() for call in calls):
        yield f"I7: called after {wish.cancelled_at}, when the cancel was answered"
    if not wish.is_moved and any(call.at < _time(job["run_at"]).timestamp() for call in calls):
        yield f"I10: called before {job['run_at']}"


def i2_each_occurrence_has_one_job(rows: Sequence[Mapping[str, Any]], expected: Collection[str]) -> Iterator[str]:
    """Of a template's occurrences, as `GET …/occurrences` tells them; `expected` are their nominal instants."""
    found = Counter(row["nominal_at"] for row in rows)
    if found != Counter(expected):
        yield f"I2: its occurrences are {sorted(found.elements())}, and should be {sorted(expected)}"
    for row in rows:
        if row["job_id"] is None or row["status"] != "succeeded":
            yield f"I2: that of {row['nominal_at']} is {row['status']} ({row['reason']}), job {row['job_id']}"
    if len({row["job_id"] for row in rows}) < len(rows):
        yield "I2: two of its occurrences have the same job"


def i8_who_is_not_terminal_wakes(items: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Of the table's own items."""
    for item in items:
        if (item["status"]["S"] in TERMINAL) == ("wake_at" in item):
            yield f"I8: {item['pk']['S']} is {item['status']['S']}, wake_at {item.get('wake_at')}"


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
