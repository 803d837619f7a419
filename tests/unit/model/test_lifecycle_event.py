from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from shared.model import moves
from shared.model.execution import NO_OUTPUT
from shared.model.groups import EVENTS, NOTIFICATIONS
from shared.model.job_change import JobChange
from shared.model.lifecycle_event import event_of
from shared.model.retry import RetryPolicy
from tests.jobs import RETENTION, TENANT, a_job, after, at, cancel_of, claimed, failed_once

if TYPE_CHECKING:
    from shared.model.job import Job

LAST = RetryPolicy(max_attempts=1)


def running() -> Job:
    return claimed(a_job(retry=LAST, tags={"team": "ops"}))


def told(old: Job | None, new: Job | None) -> dict[str, Any]:
    event = event_of(JobChange(old, new))
    assert event is not None
    return dict(event.document)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (a_job(), claimed(), "job.started"),
        (running(), after(running(), failed_once(running())), "job.failed"),
        (
            running(),
            after(running(), moves.succeed(running(), output=NO_OUTPUT, now=at(1), retention=RETENTION)),
            "job.succeeded",
        ),
        (a_job(), after(a_job(), cancel_of(a_job())), "job.cancelled"),
        (
            a_job(),
            after(a_job(), moves.skip(a_job(), reason="expired", now=at(1), retention=RETENTION)),
            "job.skipped",
        ),
    ],
)
def test_every_start_and_every_end_is_an_event(old: Job, new: Job, expected: str) -> None:
    document = told(old, new)

    assert document["type"] == expected
    assert document["id"] == f"{new.id}.{new.version}"
    assert (document["tenant"], document["job"]["status"], document["job"]["version"]) == (
        TENANT,
        new.status,
        new.version,
    )


def test_each_attempt_that_begins_is_an_event_of_its_own_and_a_heartbeat_is_none() -> None:
    first = claimed()
    waiting = after(first, failed_once(first))
    second = claimed(waiting)
    beaten = after(first, moves.heartbeat(first, now=at(10)))

    assert told(waiting, second)["id"] != told(a_job(), first)["id"]
    assert event_of(JobChange(first, beaten)) is None
    assert event_of(JobChange(first, waiting)) is None


def test_an_end_says_why_and_a_start_says_nothing_of_the_attempt_before() -> None:
    first = claimed()
    waiting = after(first, failed_once(first))
    failed = after(running(), failed_once(running()))

    assert told(running(), failed)["job"]["error"] == {"type": "http_503", "message": "the service is unavailable"}
    assert told(running(), failed)["job"]["reason"] == "attempts_exhausted"
    assert told(waiting, claimed(waiting))["job"]["error"] is None


def test_one_line_for_people_says_what_happened_and_why() -> None:
    named = claimed(a_job(name="rotate-logs", retry=LAST))
    failed, skip = (
        after(named, failed_once(named)),
        moves.skip(a_job(), reason="expired", now=at(1), retention=RETENTION),
    )

    assert told(a_job(name="rotate-logs"), named)["summary"] == "rotate-logs started"
    assert told(named, failed)["summary"] == "rotate-logs failed: http_503"
    assert told(a_job(), after(a_job(), skip))["summary"] == f"Job {a_job().id} skipped: expired"


def test_nothing_secret_leaves_with_an_event() -> None:
    target = {"type": "http", "url": "https://planted.example/secret", "headers": {"X-Key": "planted"}}
    job = a_job(target=target, payload=b'"planted"')

    assert "planted" not in json.dumps(told(job, claimed(job)))


@pytest.mark.parametrize("group", [NOTIFICATIONS, EVENTS])
def test_jobs_that_carry_news_are_no_news(group: str) -> None:
    job = a_job(group=group)

    assert event_of(JobChange(job, claimed(job))) is None


def test_an_item_that_goes_is_no_event() -> None:
    assert event_of(JobChange(a_job(), None)) is None
