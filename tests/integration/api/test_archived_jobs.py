from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shared.adapters.memory.archive import MemoryArchive
from shared.adapters.memory.clock import SeededIds
from shared.model import limits, moves
from shared.model.errors import StoreUnavailable
from shared.model.execution import Output
from shared.model.job import Job, Payload, hashed_id
from tests.http_api import Api
from tests.jobs import RETENTION, START, TENANT, a_job, after, at, cancel_of, claimed

if TYPE_CHECKING:
    from collections.abc import Mapping

DAY = 86_400
MINTED = SeededIds(3).job_id(START)


def succeeded(job_id: str = MINTED, *, day: float = 1, payload: bytes | None = b'{"order":7}') -> Job:
    running = claimed(a_job(job_id=job_id, payload=payload))
    output = Output("done", 4)
    return after(running, moves.succeed(running, output=output, now=at(day * DAY), retention=RETENTION))


@pytest.fixture
def api() -> Api:
    """A year after the jobs here were created, whose items are gone."""
    api = Api()
    api.clock.advance(365 * DAY)
    return api


def test_a_job_whose_item_is_gone_is_answered_from_the_archive(api: Api) -> None:
    job = succeeded()
    api.archive.keep([job])

    reply = api.get(f"/v1/jobs/{job.id}")

    assert reply.status == 200
    assert reply.body["archived"] is True
    assert (reply.body["id"], reply.body["status"], reply.body["payload"]) == (job.id, "succeeded", {"order": 7})
    assert [(one["outcome"], one["output"]) for one in reply.body["executions"]] == [("succeeded", "done")]
    assert reply.headers["etag"] == f'"{job.version}"'


def test_its_executions_are_answered_from_the_archive(api: Api) -> None:
    job = succeeded()
    api.archive.keep([job])

    reply = api.get(f"/v1/jobs/{job.id}/executions")

    assert (reply.body["archived"], [one["outcome"] for one in reply.body["items"]]) == (True, ["succeeded"])


def test_the_archive_is_asked_of_no_job_that_is_there(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = api.create()["id"]
    monkeypatch.setattr(api.archive, "look", lambda *_, **__: pytest.fail("the archive was asked"))

    assert api.get(f"/v1/jobs/{job_id}").body["archived"] is False
    assert api.get(f"/v1/jobs/{job_id}/executions").body["archived"] is False


@pytest.mark.parametrize("path", ["/v1/jobs/{}", "/v1/jobs/{}/executions", "/v1/archive/jobs/{}"])
def test_what_is_in_neither_is_not_found(api: Api, path: str) -> None:
    reply = api.get(path.format(MINTED))

    assert (reply.status, reply.slug) == (404, "not-found")


@pytest.mark.parametrize("path", ["/v1/jobs/{}", "/v1/jobs/{}/executions", "/v1/archive/jobs/{}"])
def test_another_tenant_s_archived_job_is_not_found(api: Api, path: str) -> None:
    api.archive.keep([succeeded()])

    reply = api.get(path.format(MINTED), tenant="other")

    assert (reply.status, reply.slug) == (404, "not-found")


def test_a_payload_that_lay_elsewhere_is_left_out(api: Api) -> None:
    api.archive.keep([replace(succeeded(), payload=Payload(ref="payload#1"))])

    assert "payload" not in api.get(f"/v1/jobs/{MINTED}").body


def test_no_secret_comes_out_of_the_archive(api: Api) -> None:
    headers = {"Authorization": "Bearer abc"}
    job = replace(succeeded(), target={"type": "http", "url": "https://example.com/", "headers": headers})
    api.archive.keep([job])

    assert api.get(f"/v1/jobs/{MINTED}").body["target"]["headers"] == {"Authorization": "***"}


@pytest.mark.parametrize(("method", "path"), [("POST", "/cancel"), ("POST", "/run"), ("PATCH", "")])
def test_an_archived_job_cannot_be_changed(api: Api, method: str, path: str) -> None:
    api.archive.keep([succeeded()])

    reply = api.request(method, f"/v1/jobs/{MINTED}{path}", {"priority": "high"} if method == "PATCH" else None)

    assert (reply.status, reply.slug) == (404, "not-found")


def test_a_job_of_long_ago_whose_id_tells_no_time_is_found_by_the_time_of_its_end(api: Api) -> None:
    job = succeeded(hashed_id(TENANT, "key"), day=5)
    api.archive.keep([job])
    assert api.get(f"/v1/jobs/{job.id}").status == 404

    reply = api.get(f"/v1/archive/jobs/{job.id}", {"since": "2026-03-06T00:00:00Z"})

    assert (reply.status, reply.body["archived"], reply.body["id"]) == (200, True, job.id)


def test_a_search_that_ends_early_says_where_to_go_on() -> None:
    api = Api(archive=MemoryArchive(page_size=1))
    ids = SeededIds(9)
    crowd = [a_job(job_id=ids.job_id(START)) for _ in range(limits.ARCHIVE_SEARCH_PAGES + 10)]
    api.archive.keep([replace(after(job, cancel_of(job)), ended_at=at(number)) for number, job in enumerate(crowd)])
    last = crowd[-1]
    query: Mapping[str, str] = {"since": "2026-03-01T12:00:00Z"}
    api.clock.advance(DAY)

    begun = api.get(f"/v1/archive/jobs/{last.id}", query)

    assert (begun.status, begun.slug) == (404, "not-found")
    _, _, since = begun.body["detail"].partition("?since=")
    assert api.get(f"/v1/archive/jobs/{last.id}", {"since": since}).body["id"] == last.id


@pytest.mark.parametrize("query", [{"since": "yesterday"}, {"since": ""}, {"day": "2026-03-01"}])
def test_a_time_that_is_none_is_refused(api: Api, query: Mapping[str, str]) -> None:
    assert api.get(f"/v1/archive/jobs/{MINTED}", query).slug == "invalid-parameter"


def test_an_id_that_nothing_can_have_is_not_found(api: Api) -> None:
    assert api.get("/v1/archive/jobs/no_id").slug == "not-found"


def test_while_the_archive_is_away_it_is_not_said_that_there_is_no_job(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise StoreUnavailable("slow down", outcome_unknown=False)

    monkeypatch.setattr(api.archive, "look", away)

    assert api.get(f"/v1/jobs/{MINTED}").slug == "unavailable"


def test_whoever_may_not_read_may_not_read_the_archive(api: Api) -> None:
    assert api.get(f"/v1/archive/jobs/{MINTED}", scopes="write").slug == "forbidden"
