"""Templates over the API: created, read, changed and deleted, and what becomes of their jobs."""

from __future__ import annotations

from typing import Any

import pytest

from shared.adapters.memory.templates import MemoryTemplateStore
from shared.model.errors import StoreUnavailable
from tests.http_api import HTTP_TARGET, Api
from tests.integration.api.template_samples import EVERY_FIVE_MINUTES, created, fates, text_of, waiting
from tests.jobs import at

BY_KEY = "/v1/templates/by-key/payroll"


def test_a_template_is_created_with_its_next_jobs(api: Api) -> None:
    reply = api.post("/v1/templates", EVERY_FIVE_MINUTES)

    assert (reply.status, reply.headers["etag"]) == (201, '"1"')
    assert reply.headers["location"] == f"/v1/templates/{reply.body['id']}"
    assert reply.body["next_run_at"] == text_of(300)
    assert reply.body["schedule"] == {"cron": "*/5 * * * *", "dialect": "unix", "timezone": "Europe/Berlin"}
    assert api.get(f"/v1/templates/{reply.body['id']}").body == reply.body
    jobs = sorted(api.jobs.all_jobs(), key=lambda job: job.run_at)
    assert [job.run_at for job in jobs[:3]] == [at(300), at(600), at(900)]
    assert all(job.template_id == reply.body["id"] and job.nominal_at == job.run_at for job in jobs)


def test_what_is_answered_can_be_sent_again(api: Api) -> None:
    everything = {
        **EVERY_FIVE_MINUTES,
        "external_key": "payroll",
        "schedule": {"rrule": "FREQ=DAILY", "start_at": "2026-03-02T09:00:00+01:00", "spread": "10m"},
        "misfire": {"policy": "fire_all", "after": "2m", "max": 5, "within": "1h"},
        "job": {
            "target": {**HTTP_TARGET, "headers": {"X-Team": "ops"}},
            "payload": [1, None, "ü"],
            "priority": "high",
            "timeout": "90s",
            "expires_after": "1h",
            "retry": {"max_attempts": 5, "retry_on": ["http_5xx"]},
        },
    }
    template = api.post("/v1/templates", everything).body
    members = {name: template[name] for name in ("name", "external_key", "schedule", "misfire", "job", "tags")}

    again = api.request("PUT", f"/v1/templates/{template['id']}", members)

    assert (again.status, again.body) == (200, template)


@pytest.mark.parametrize("path", ["", "/versions", "/versions/1", "/versions/1/diff/1"])
def test_another_tenants_template_is_as_unknown_as_none(api: Api, path: str) -> None:
    template = created(api)

    reply = api.get(f"/v1/templates/{template['id']}{path}", tenant="globex")

    assert (reply.status, reply.slug) == (404, "not-found")
    assert reply.body == {**api.get(f"/v1/templates/nothing{path}").body}


def test_the_same_key_and_body_create_one_template(api: Api) -> None:
    key = {"Idempotency-Key": "k"}
    first = api.post("/v1/templates", EVERY_FIVE_MINUTES, headers=key)
    jobs = len(api.jobs.all_jobs())

    second = api.post("/v1/templates", EVERY_FIVE_MINUTES, headers=key)
    other = api.post("/v1/templates", {**EVERY_FIVE_MINUTES, "name": "b"}, headers=key)

    assert (second.status, second.headers["idempotent-replayed"]) == (201, "true")
    assert second.body == first.body
    assert (other.status, other.slug) == (422, "idempotency-key-reused")
    assert len(api.jobs.all_jobs()) == jobs
    assert created(api)["id"] != first.body["id"]


def test_the_same_key_finds_a_template_with_an_external_key_and_one_that_is_deleted(api: Api) -> None:
    key, body = {"Idempotency-Key": "k"}, {**EVERY_FIVE_MINUTES, "external_key": "payroll"}
    first = api.post("/v1/templates", body, headers=key)

    second = api.post("/v1/templates", body, headers=key)
    api.request("DELETE", f"/v1/templates/{first.body['id']}")
    third = api.post("/v1/templates", body, headers=key)

    assert second.body == first.body
    assert (third.status, third.body["id"], third.body["status"]) == (201, first.body["id"], "deleted")


def test_an_external_key_belongs_to_one_template_at_a_time(api: Api) -> None:
    first = created(api, external_key="payroll")

    taken = api.post("/v1/templates", {**EVERY_FIVE_MINUTES, "external_key": "payroll"})
    elsewhere = api.post("/v1/templates", {**EVERY_FIVE_MINUTES, "external_key": "payroll"}, tenant="globex")
    api.request("DELETE", f"/v1/templates/{first['id']}")
    second = created(api, external_key="payroll")

    assert (taken.status, taken.slug) == (409, "external-key-taken")
    assert first["id"] in taken.body["detail"]
    assert elsewhere.status == 201
    assert second["id"] != first["id"]
    assert api.get(BY_KEY).body["id"] == second["id"]


def test_a_template_is_declared_under_a_key(api: Api) -> None:
    new = api.request("PUT", BY_KEY, EVERY_FIVE_MINUTES)
    same = api.request("PUT", BY_KEY, {**EVERY_FIVE_MINUTES, "external_key": "payroll"})
    changed = api.request("PUT", BY_KEY, {**EVERY_FIVE_MINUTES, "schedule": {"every": "10m"}})

    assert (new.status, same.status, changed.status) == (201, 200, 200)
    assert same.body == new.body
    assert (changed.body["id"], changed.body["version"], changed.body["external_key"]) == (new.body["id"], 2, "payroll")
    assert api.get(BY_KEY).body == changed.body
    assert waiting(api)[:2] == [text_of(600), text_of(1200)]


def test_who_declares_a_key_while_another_does_changes_the_others_template(api: Api) -> None:
    class Overtaken(MemoryTemplateStore):
        """Between the look whether there is a template and its creation another declares it."""

        rival: Api | None = None

        def named_by(self, tenant: str, external_key: str) -> str | None:
            found, rival, self.rival = super().named_by(tenant, external_key), self.rival, None
            if rival is not None:
                rival.clock.advance(1)
                rival.request("PUT", BY_KEY, EVERY_FIVE_MINUTES)
            return found

    store = Overtaken()
    store.rival = Api(templates=store)

    reply = Api(templates=store).request("PUT", BY_KEY, {**EVERY_FIVE_MINUTES, "name": "b"})

    assert (reply.status, reply.body["name"], reply.body["version"]) == (200, "b", 2)


def test_a_key_is_declared_only_of_the_version_that_was_seen(api: Api) -> None:
    none = api.request("PUT", BY_KEY, EVERY_FIVE_MINUTES, headers={"If-Match": '"1"'})
    any_there_is = api.request("PUT", BY_KEY, EVERY_FIVE_MINUTES, headers={"If-Match": "*"})
    api.request("PUT", BY_KEY, EVERY_FIVE_MINUTES)
    stale = api.request("PUT", BY_KEY, {**EVERY_FIVE_MINUTES, "name": "b"}, headers={"If-Match": '"2"'})

    assert (none.status, none.slug) == (stale.status, stale.slug) == (412, "precondition-failed")
    assert (any_there_is.status, any_there_is.slug) == (412, "precondition-failed")
    assert stale.headers["etag"] == '"1"'


def test_a_patch_changes_what_it_names_and_the_jobs_follow(api: Api) -> None:
    target = {**HTTP_TARGET, "headers": {"Authorization": "secret", "X-Team": "ops"}}
    before = created(api, job={"target": target, "payload": {"a": 1, "b": 2}})
    api.clock.advance(60)

    after = api.patch(
        f"/v1/templates/{before['id']}",
        {"job": {"target": {"headers": {"X-Team": "hr"}}, "payload": {"a": None}, "priority": "high"}},
        headers={"If-Match": '"1"'},
    ).body

    assert (after["version"], after["change"], after["changed_at"]) == (2, "edit", text_of(60))
    assert after["job"]["target"]["headers"] == {"Authorization": "***", "X-Team": "hr"}
    assert (after["job"]["payload"], after["schedule"]) == ({"b": 2}, before["schedule"])
    for job in api.jobs.all_jobs():
        assert job.target["headers"] == {"Authorization": "secret", "X-Team": "hr"}
        assert (job.payload.data, job.priority, job.template_version) == (b'{"b":2}', "high", 2)


@pytest.mark.parametrize("schedule", [{"every": "10m"}, {"cron": "0 0/10 * * * ?"}, {"any_of": [{"every": "10m"}]}])
def test_another_trigger_takes_the_place_of_the_old_one(api: Api, schedule: dict[str, Any]) -> None:
    template = created(api)

    after = api.patch(f"/v1/templates/{template['id']}", {"schedule": schedule}).body

    assert after["schedule"]["timezone"] == "Europe/Berlin"
    assert waiting(api) == [text_of(seconds) for seconds in (600, 1200, 1800, 2400)]
    assert fates(api)["skipped", "withdrawn"] == 4


def test_what_was_missed_before_a_schedule_is_changed_is_dealt_with_by_the_old_one(api: Api) -> None:
    path = f"/v1/templates/{created(api)['id']}"
    api.clock.advance(2 * 3_600 + 20)

    api.patch(path, {"schedule": {"every": "24h"}})

    latest = api.get("/v1/jobs", {"template_id": path.rpartition("/")[2], "to": text_of(7_300)}).body["items"][0]
    assert (latest["nominal_at"], latest["status"]) == (text_of(7_200), "scheduled")


def test_names_and_tags_are_changed_without_touching_jobs(api: Api) -> None:
    template = created(api)

    after = api.patch(f"/v1/templates/{template['id']}", {"name": "b", "tags": {"team": None, "a": "b"}}).body

    assert (after["version"], after["name"], after["tags"]) == (2, "b", {"a": "b"})
    assert {job.template_version for job in api.jobs.all_jobs()} == {1}


def test_what_changes_nothing_writes_nothing(api: Api) -> None:
    template = created(api, job={"target": HTTP_TARGET, "payload": {"text": "a" * 5_000}})
    path = f"/v1/templates/{template['id']}"

    same = [api.patch(path, {}), api.patch(path, {"name": "payroll", "job": {"payload": {}}, "misfire": None})]

    assert [(one.status, one.body) for one in same] == [(200, template)] * 2
    assert len(api.get(f"{path}/versions").body["items"]) == 1


def test_a_large_payload_is_kept_beside_the_template(api: Api) -> None:
    template = created(api, job={"target": HTTP_TARGET, "payload": {"text": "a" * 5_000}})
    path = f"/v1/templates/{template['id']}"

    after = api.patch(path, {"job": {"payload": {"more": "b" * 5_000}}}).body

    assert after["job"]["payload"] == {"text": "a" * 5_000, "more": "b" * 5_000}
    assert api.get(f"{path}/versions/1").body["job"]["payload"] == template["job"]["payload"]
    assert "payload" not in api.get("/v1/templates").body["items"][0]["job"]


@pytest.mark.parametrize("key", [".", ".."])
def test_no_template_has_a_key_that_clients_resolve_before_they_send_it(api: Api, key: str) -> None:
    created = api.post("/v1/templates", {**EVERY_FIVE_MINUTES, "external_key": key})
    put = api.put(f"/v1/templates/by-key/{key}", EVERY_FIVE_MINUTES)

    assert (created.slug, created.pointers) == ("validation-failed", ["/external_key"])
    assert (put.status, put.slug) == (404, "not-found")
    assert "neither . nor .." in put.body["detail"]
    assert api.put("/v1/templates/by-key/...", EVERY_FIVE_MINUTES).status == 201


def test_a_put_replaces_all_but_the_external_key(api: Api) -> None:
    template = created(api, external_key="payroll", misfire={"policy": "skip"})
    body = {"name": "b", "schedule": {"every": "1h"}, "job": {"target": HTTP_TARGET}}

    after = api.request("PUT", f"/v1/templates/{template['id']}", body).body

    assert (after["name"], after["external_key"], after["tags"]) == ("b", "payroll", {})
    assert (after["misfire"]["policy"], after["job"]["payload"]) == ("fire_latest", None)


def test_a_stale_if_match_is_told_the_present_version(api: Api) -> None:
    path = f"/v1/templates/{created(api)['id']}"
    api.patch(path, {"name": "first"})

    for method, action in (("PATCH", ""), ("DELETE", ""), ("POST", "/pause"), ("POST", "/resume")):
        reply = api.request(method, f"{path}{action}", {}, headers={"If-Match": '"1"'})

        assert (reply.status, reply.slug, reply.headers["etag"]) == (412, "precondition-failed", '"2"')


def test_a_template_that_has_run_out_can_still_be_renamed_and_set_going_again(api: Api) -> None:
    path = f"/v1/templates/{created(api, schedule={'at': ['2026-03-01T12:01:00Z']})['id']}"
    api.clock.advance(3_600)

    renamed = api.patch(path, {"name": "b", "job": {"payload": 2}})
    refused = api.patch(path, {"schedule": {"at": ["2026-03-01T12:02:00Z"]}})
    again = api.patch(path, {"schedule": {"at": ["2026-03-01T14:00:00Z"]}})

    assert (renamed.status, renamed.body["next_run_at"]) == (200, None)
    assert (refused.status, refused.pointers) == (422, ["/schedule"])
    assert again.body["next_run_at"] == "2026-03-01T14:00:00.000Z"


def test_a_copy_runs_beside_its_original(api: Api) -> None:
    template = created(api, external_key="payroll")
    path = f"/v1/templates/{template['id']}/clone"
    key = {"Idempotency-Key": "k"}

    plain = api.post(path)
    changed = api.post(path, {"name": "b", "external_key": "b", "schedule": {"every": "1h"}}, headers=key)
    again = api.post(path, {"name": "b", "external_key": "b", "schedule": {"every": "1h"}}, headers=key)

    assert (plain.status, plain.body["external_key"], plain.body["job"]) == (201, None, template["job"])
    assert (changed.body["name"], changed.body["external_key"]) == ("b", "b")
    assert (again.body["id"], again.headers["idempotent-replayed"]) == (changed.body["id"], "true")
    assert len({template["id"], plain.body["id"], changed.body["id"]}) == 3
    assert waiting(api)[:2] == [text_of(300)] * 2


def test_a_deleted_template_leaves_what_explains_the_past(api: Api) -> None:
    path = f"/v1/templates/{created(api)['id']}"

    first = api.request("DELETE", path)
    second = api.request("DELETE", path)

    assert first.status == second.status == 200
    assert (first.body["status"], first.body["next_run_at"]) == ("deleted", None)
    assert api.get(path).body == second.body == first.body
    assert set(fates(api)) == {("skipped", "withdrawn")}


@pytest.mark.parametrize(
    ("method", "action", "body"),
    [
        ("PATCH", "", {"name": "b"}),
        ("PUT", "", EVERY_FIVE_MINUTES),
        ("POST", "/pause", None),
        ("POST", "/resume", None),
        ("POST", "/trigger", None),
        ("POST", "/skip", {"nominal_at": text_of(300)}),
    ],
)
def test_a_deleted_template_is_not_changed_any_more(api: Api, method: str, action: str, body: Any) -> None:
    path = f"/v1/templates/{created(api)['id']}"
    api.request("DELETE", path)

    reply = api.request(method, f"{path}{action}", body)

    assert (reply.status, reply.slug, reply.body["state"]) == (409, "invalid-state", "deleted")


@pytest.mark.parametrize(
    ("target", "slug", "pointer"),
    [
        ({"url": "https://{{ template_name }}/"}, "target-url-forbidden", "/job/target/url"),
        ({"headers": {"X-Name": "{{ template_name }}"}}, "invalid-header", "/job/target/headers/X-Name"),
        ({"url": "https://example.com/{{ no_such }}"}, "validation-failed", "/job/target/url"),
        ({"headers": {"X-N": "{{ occurrence_number | number }}"}}, "validation-failed", "/job/target/headers/X-N"),
    ],
)
def test_what_parameters_come_to_is_judged_like_what_a_client_writes(
    api: Api, target: dict[str, Any], slug: str, pointer: str
) -> None:
    body = {**EVERY_FIVE_MINUTES, "name": "10.0.0.1/✓", "job": {"target": {**HTTP_TARGET, **target}}}

    reply = api.post("/v1/templates", body)

    assert (reply.status, reply.slug, reply.pointers) == (422, slug, [pointer]), reply.text


def test_a_name_that_is_a_parameter_of_the_target_is_judged_with_it(api: Api) -> None:
    target = {**HTTP_TARGET, "headers": {"X-Name": "{{ template_name }}"}}
    named = f"/v1/templates/{created(api, job={'target': target})['id']}"
    other = f"/v1/templates/{created(api)['id']}"

    refused = api.patch(named, {"name": "✓"})

    assert (refused.status, refused.slug, refused.pointers) == (422, "invalid-header", ["/job/target/headers/X-Name"])
    assert api.patch(named, {"name": "b"}).status == api.patch(other, {"name": "✓"}).status == 200


def test_parameters_are_those_of_each_occurrence(api: Api) -> None:
    created(api, job={"target": HTTP_TARGET, "payload": {"n": "{{ occurrence_number | number }}"}})

    jobs = sorted(api.jobs.all_jobs(), key=lambda job: job.run_at)

    assert [job.payload.data for job in jobs[:2]] == [b'{"n":1}', b'{"n":2}']


def test_nobody_is_told_that_nothing_was_done_when_only_the_answer_could_not_be_read(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> None:
        raise StoreUnavailable("list group: ThrottlingException", outcome_unknown=False)

    monkeypatch.setattr("functions.api.last_run.FindLastRun.__call__", away)

    reply = api.post("/v1/templates", EVERY_FIVE_MINUTES)

    assert (reply.status, reply.slug) == (503, "unavailable")
    assert "it is not known whether this was done" in reply.body["detail"]
    (item,) = api.get("/v1/templates").body["items"]
    assert api.get(f"/v1/templates/{item['id']}").body["detail"] == "this cannot be read now: try again"
