"""Templates listed, searched and changed many at once; what they were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from functions.api.wire.page_tokens import page_token
from shared.model import moves
from shared.model.execution import Output
from tests.http_api import HTTP_TARGET
from tests.integration.api.samples import running
from tests.integration.api.template_samples import created, text_of, waiting
from tests.jobs import RETENTION, TENANT, at

if TYPE_CHECKING:
    from tests.http_api import Api

BULK = "/v1/templates/bulk-actions"


def names(api: Api, **query: str) -> list[str]:
    reply = api.get("/v1/templates", query)
    assert reply.status == 200, reply.text
    return [item["name"] for item in reply.body["items"]]


def three(api: Api) -> list[str]:
    """An hourly template, a paused one and a deleted one, and how their paths begin."""
    paths = []
    for name, tags in (("backup", {"team": "ops"}), ("bills", {"team": "hr"}), ("old", {})):
        paths.append(f"/v1/templates/{created(api, name=name, tags=tags, schedule={'every': '1h'})['id']}")
        api.clock.advance(1)
    api.post(f"{paths[1]}/pause")
    api.request("DELETE", paths[2])
    return paths


def test_templates_are_listed_newest_first_and_as_they_are_answered(api: Api) -> None:
    three(api)

    items = api.get("/v1/templates").body["items"]

    assert [item["name"] for item in items] == ["bills", "backup"]
    for item in items:
        alone = api.get(f"/v1/templates/{item['id']}").body
        assert {**item, "last_run": None, "retry_delays": alone["retry_delays"]} == alone
    assert api.get("/v1/templates", tenant="globex").body == {"items": []}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"name": "b"}, ["bills", "backup"]),
        ({"name": "bill"}, ["bills"]),
        ({"tag": "team:ops"}, ["backup"]),
        ({"status": "paused"}, ["bills"]),
        ({"status": "active", "tag": "team:hr"}, []),
        ({"status": "deleted"}, ["old"]),
        ({"due_after": text_of(3_600)}, ["backup"]),
        ({"due_after": text_of(3_600.001)}, []),
        ({"due_before": text_of(3_600)}, []),
        ({"due_before": text_of(3_600.001)}, ["backup"]),
    ],
)
def test_templates_are_found_by_what_they_are(api: Api, query: dict[str, str], found: list[str]) -> None:
    three(api)

    assert names(api, **query) == found


def test_templates_are_found_by_their_last_outcome(api: Api) -> None:
    template = created(api)
    created(api, name="other", schedule={"every": "1h"})
    api.clock.advance(300)
    run = running(api, {"id": min(api.jobs.all_jobs(), key=lambda job: job.run_at).id})
    api.jobs.change(run.key, moves.succeed(run, output=Output(), now=at(301), retention=RETENTION))

    (found,) = api.get("/v1/templates", {"last_outcome": "succeeded"}).body["items"]

    assert (found["id"], found["last_run"]["job_id"]) == (template["id"], run.id)
    assert names(api, last_outcome="failed") == []


def test_a_list_goes_on_where_it_stopped(api: Api) -> None:
    for number in range(5):
        created(api, name=f"t{number}", schedule={"every": "1h"})
        api.clock.advance(1)

    seen, query = [], {"limit": "2"}
    while True:
        body = api.get("/v1/templates", query).body
        seen.append([item["name"] for item in body["items"]])
        if "next_cursor" not in body:
            break
        query["cursor"] = body["next_cursor"]

    assert seen == [["t4", "t3"], ["t2", "t1"], ["t0"]]
    assert api.get("/v1/templates", {**query, "name": "t"}).slug == "invalid-page-token"
    assert "next_cursor" not in api.get("/v1/templates", {"limit": "5"}).body


def test_a_page_is_closed_when_its_answer_would_be_too_large(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    three(api)
    monkeypatch.setattr("functions.api.list_templates._PAGE_BYTES", 1)

    first = api.get("/v1/templates").body
    second = api.get("/v1/templates", {"cursor": first["next_cursor"]}).body

    assert [item["name"] for item in (*first["items"], *second["items"])] == ["bills", "backup"]


def test_a_calendar_is_read_once_for_all_the_templates_of_a_list(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    api.request("PUT", "/v1/calendars/c", {"name": "c", "weekend": ["sunday"]})
    for _ in range(3):
        created(api, schedule={"every": "1h", "calendars": ["c"]})
    read, calendars = [], api.calendars.calendars

    def counted(tenant: str, ids: Any) -> Any:
        read.append(list(ids))
        return calendars(tenant, ids)

    monkeypatch.setattr(api.calendars, "calendars", counted)

    items = api.get("/v1/templates").body["items"]

    # 1 March 2026 is a Sunday.
    assert [item["next_run_at"] for item in items] == ["2026-03-02T00:00:00.000Z"] * 3
    assert read == [["c"]]


def test_a_rare_last_outcome_looks_at_a_hundred_templates_a_call(api: Api) -> None:
    for _ in range(101):
        created(api, schedule={"every": "1h"})

    first = api.get("/v1/templates", {"last_outcome": "failed"}).body
    second = api.get("/v1/templates", {"last_outcome": "failed", "cursor": first["next_cursor"]}).body

    assert first["items"] == second["items"] == []
    assert "next_cursor" not in second


@pytest.mark.parametrize(
    ("body", "changed", "state"),
    [
        ({"action": "pause", "note": "a"}, 1, ["paused", "paused"]),
        ({"action": "pause", "filter": {"status": "active"}, "until": text_of(60)}, 1, ["paused", "paused"]),
        ({"action": "resume", "filter": {"status": "paused"}}, 1, ["active", "active"]),
        ({"action": "delete", "filter": {"name": "b"}}, 2, ["deleted", "deleted"]),
        ({"action": "tag", "filter": {"tags": {"team": "ops"}}, "tags": {"team": None}}, 1, ["active", "paused"]),
    ],
)
def test_many_templates_are_changed_at_once(api: Api, body: dict[str, Any], changed: int, state: list[str]) -> None:
    paths = three(api)
    api.post(f"{paths[1]}/pause", {"note": "a"})
    body = body if "filter" in body else {**body, "all": True}
    before = [api.get(path).body["version"] for path in paths[:2]]

    asked = api.post(BULK, {**body, "dry_run": True}).body
    unchanged = [api.get(path).body["version"] for path in paths[:2]]
    done = api.post(BULK, body).body

    assert unchanged == before
    assert (asked["dry_run"], asked["changed"], asked["matched"]) == (True, 0, done["matched"])
    assert (done["changed"], done["failed"], "next_cursor" in done) == (changed, 0, False)
    assert {one["status"] for one in done["results"]} == {200}
    after = [api.get(path).body for path in paths[:2]]
    assert [one["status"] for one in after] == state
    assert sum(one["version"] - version for one, version in zip(after, before, strict=True)) == changed


def test_what_cannot_be_changed_says_why_and_the_others_are(api: Api) -> None:
    full = created(api, tags={f"t{number}": "" for number in range(10)}, schedule={"every": "1h"})
    other = created(api, schedule={"every": "1h"})

    done = api.post(BULK, {"action": "tag", "all": True, "tags": {"new": "tag"}}).body

    results = {one["id"]: one for one in done["results"]}
    assert (done["changed"], done["failed"]) == (1, 1)
    assert results[other["id"]] == {"id": other["id"], "status": 200, "version": 2, "changed": True}
    assert results[full["id"]]["problem"]["errors"][0]["pointer"] == "/tags"


def test_a_call_stops_in_time_and_is_taken_up_again(api: Api) -> None:
    for _ in range(20):
        created(api, schedule={"every": "1h"})
    api.seconds_left = 11.0
    body = {"action": "pause", "all": True}

    first = api.post(BULK, body).body
    second = api.post(BULK, {**body, "cursor": first["next_cursor"]}).body

    assert (first["changed"], second["changed"]) == (16, 4)
    assert "next_cursor" not in second
    assert waiting(api) == []
    stolen = api.post(BULK, {**body, "action": "delete", "cursor": first["next_cursor"]})
    assert (stolen.status, stolen.slug) == (400, "invalid-page-token")


def test_nobody_counts_the_runs_of_each_template_that_is_resumed_with_others(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    three(api)
    counted: list[object] = []
    monkeypatch.setattr("functions.api.resume_template._runs", lambda *of: counted.append(of))

    resumed = api.post(BULK, {"action": "resume", "all": True, "missed": "apply_misfire"}).body

    assert (resumed["changed"], resumed["failed"], counted) == (1, 0, [])


def test_a_template_says_who_changed_what(api: Api) -> None:
    path = f"/v1/templates/{created(api, job={'target': HTTP_TARGET, 'payload': {'a': [1], 'b': 1}})['id']}"
    api.clock.advance(1)
    api.patch(path, {"job": {"payload": {"a": [2], "b": None}}, "schedule": {"timezone": "UTC"}})
    api.clock.advance(1)
    api.post(f"{path}/pause")

    first = api.get(f"{path}/versions", {"limit": "2"}).body
    rest = api.get(f"{path}/versions", {"limit": "2", "cursor": first["next_cursor"]}).body
    was = api.get(f"{path}/versions/1").body

    lines = [*first["items"], *rest["items"]]
    assert [(one["version"], one["change"]) for one in lines] == [(3, "pause"), (2, "edit"), (1, "create")]
    assert [one["changed_at"] for one in lines] == [text_of(2), text_of(1), text_of(0)]
    assert {one["changed_by"] for one in lines} == {f"{TENANT}_0123456789abcdef"}
    assert "next_cursor" not in rest
    assert (was["version"], was["status"], was["job"]["payload"]) == (1, "active", {"a": [1], "b": 1})
    assert api.get(f"{path}/versions/1/diff/2").body["items"] == [
        {"pointer": "/job/payload/a", "was": [1], "is": [2]},
        {"pointer": "/job/payload/b", "was": 1, "is": None},
        {"pointer": "/schedule/timezone", "was": "Europe/Berlin", "is": "UTC"},
    ]
    assert api.get(f"{path}/versions/2/diff/2").body["items"] == []
    pointers = [one["pointer"] for one in api.get(f"{path}/versions/2/diff/3").body["items"]]
    assert pointers == ["/pause/at", "/pause/missed", "/status"]


@pytest.mark.parametrize("version", ["0", "4", "99999999", "x", "-1", "1.0", "1e1", "٣"])
def test_a_version_that_was_not_is_not_found(api: Api, version: str) -> None:
    path = f"/v1/templates/{created(api)['id']}/versions"

    for reply in (
        api.get(f"{path}/{version}"),
        api.get(f"{path}/{version}/diff/1"),
        api.get(f"{path}/1/diff/{version}"),
    ):
        assert (reply.status, reply.slug) == (404, "not-found")


@pytest.mark.parametrize("position", ["abc", "1.5", "-1", "0", "9" * 9])
def test_a_forged_token_of_a_list_of_versions_is_refused(api: Api, position: str) -> None:
    template_id = created(api)["id"]
    cursor = page_token(position, list_key=f"{TENANT} GET versions {template_id}")

    assert api.get(f"/v1/templates/{template_id}/versions", {"cursor": cursor}).slug == "invalid-page-token"
