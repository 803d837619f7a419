"""Retry policies over the API: what may be sent, what it comes to, and how it is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shared.model.retry import Backoff, Jitter, RetryPolicy

if TYPE_CHECKING:
    from tests.http_api import Api


LADDER = ["10s", "1m", "10m", "1h"]


@pytest.mark.parametrize(
    ("sent", "policy"),
    [
        ({}, RetryPolicy()),
        (
            {"delays": LADDER},
            RetryPolicy(
                max_attempts=5, backoff=Backoff.LADDER, delays_seconds=(10, 60, 600, 3_600), jitter=Jitter.NONE
            ),
        ),
        (
            {"delays": ["1d"], "max_attempts": 20, "jitter": "full"},
            RetryPolicy(max_attempts=20, backoff=Backoff.LADDER, delays_seconds=(86_400,)),
        ),
        (
            {"backoff": "fixed", "initial": "30s"},
            RetryPolicy(backoff=Backoff.FIXED, initial_seconds=30, jitter=Jitter.NONE),
        ),
        (
            {"retry_on": ["http_5xx"], "never_retry_on": ["http_501", "exit_75"], "give_up_after": "1h"},
            RetryPolicy(retry_on=("http_5xx",), never_retry_on=("http_501", "exit_75"), give_up_after_seconds=3_600),
        ),
    ],
)
def test_a_policy_is_kept_as_it_was_meant(api: Api, sent: dict[str, Any], policy: RetryPolicy) -> None:
    job = api.create(retry=sent)

    assert api.stored(job["id"]).retry == policy


@pytest.mark.parametrize("sent", [{}, {"delays": LADDER}, {"backoff": "fixed", "initial": "30s"}])
def test_an_answered_policy_can_be_sent_again(api: Api, sent: dict[str, Any]) -> None:
    job = api.create(retry=sent)

    again = api.create(retry=job["retry"])

    assert again["retry"] == job["retry"]
    assert api.stored(again["id"]).retry == api.stored(job["id"]).retry


def test_a_job_is_answered_with_the_delays_that_its_policy_comes_to(api: Api) -> None:
    job = api.create(retry={"initial": "2s", "max_attempts": 3})

    assert job["retry_delays"] == [
        {"after_attempt": 1, "least": "0s", "most": "2s"},
        {"after_attempt": 2, "least": "0s", "most": "4s"},
    ]
    assert api.get(f"/v1/jobs/{job['id']}").body["retry_delays"] == job["retry_delays"]


def test_delays_that_would_end_after_the_limit_of_time_are_not_shown(api: Api) -> None:
    job = api.create(retry={"delays": LADDER, "give_up_after": "5m"})

    assert [one["most"] for one in job["retry_delays"]] == ["10s", "1m"]


def test_a_template_is_answered_with_the_delays_of_its_jobs(api: Api) -> None:
    body = {
        "name": "nightly",
        "schedule": {"cron": "*/5 * * * *"},
        "job": {"target": {"type": "task", "name": "examples.echo"}, "retry": {"delays": ["1m"]}},
    }

    template = api.post("/v1/templates", body).body

    assert template["retry_delays"] == [{"after_attempt": 1, "least": "1m", "most": "1m"}]


def test_a_patch_makes_a_ladder_of_an_exponential_backoff_when_it_takes_away_what_goes_with_that(api: Api) -> None:
    job = api.create(delay="1h")
    url = f"/v1/jobs/{job['id']}"
    ladder = {"backoff": "ladder", "delays": LADDER}

    refused = api.patch(url, {"retry": ladder})
    changed = api.patch(url, {"retry": {**ladder, "initial": None, "multiplier": None, "max_delay": None}})

    assert (refused.status, refused.body["errors"][0]["pointer"]) == (422, "/retry/initial")
    assert changed.status == 200
    assert changed.body["retry"]["delays"] == ["10s", "1m", "10m", "1h"]


def test_a_job_that_begins_once_only_has_no_delays(api: Api) -> None:
    job = api.create(delivery="at_most_once", retry={"delays": ["10s"], "max_attempts": 1})

    assert (job["retry"]["max_attempts"], job["retry_delays"]) == (1, [])
