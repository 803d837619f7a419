"""How long a tenant's ended jobs stay, over the API."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from shared.adapters.memory.versioned import MemoryVersionedStore
from shared.model.errors import ItemChanged, StoreUnavailable
from shared.model.job import JobKey
from shared.model.lifecycle import Status
from shared.model.tenant_retention import TenantRetention
from shared.ports.versioned import VersionedCreation
from tests.http_api import Api
from tests.jobs import START, TENANT
from tests.retentions import retention_ports_in_memory

if TYPE_CHECKING:
    from functions.api.change_retention import RetentionPorts

PATH = "/v1/retention"
DEFAULTS = dict.fromkeys(("succeeded", "failed", "cancelled", "skipped"), "30d")
NOTHING = dict.fromkeys(DEFAULTS)


def ports_on(store: MemoryVersionedStore[TenantRetention]) -> RetentionPorts:
    known = retention_ports_in_memory()
    return type(known)(store, known.default, known.bounds)


def test_who_has_said_nothing_is_told_the_defaults_and_the_bounds(api: Api) -> None:
    reply = api.get(PATH)

    assert (reply.status, reply.headers["etag"]) == (200, '"0"')
    assert reply.body == {
        "applies": DEFAULTS,
        "wanted": NOTHING,
        "defaults": DEFAULTS,
        "minimum": "1d",
        "maximum": "365d",
        "version": 0,
        "changed_at": None,
        "changed_by": None,
        "changes": [],
    }


def test_what_is_put_applies_and_what_is_left_out_stays_with_the_default(api: Api) -> None:
    reply = api.put(PATH, {"succeeded": "48h", "failed": "P365D", "skipped": None})

    assert (reply.status, reply.headers["etag"]) == (200, '"1"')
    assert reply.body["applies"] == {**DEFAULTS, "succeeded": "2d", "failed": "365d"}
    assert reply.body["wanted"] == {**NOTHING, "succeeded": "2d", "failed": "365d"}
    assert api.get(PATH).body == reply.body
    assert api.get(PATH, tenant="other").body["version"] == 0


def test_who_changed_what_is_told(api: Api) -> None:
    first = api.put(PATH, {"succeeded": "2d"}).body
    api.clock.advance(60)
    second = api.put(PATH, {}).body

    assert second["changes"] == [
        {"version": 2, "changed_at": second["changed_at"], "changed_by": second["changed_by"], "wanted": NOTHING},
        *first["changes"],
    ]
    assert second["applies"] == DEFAULTS
    assert (first["changed_by"], first["changed_at"]) == (f"{TENANT}_0123456789abcdef", "2026-03-01T12:00:00.000Z")
    assert [action for action in api.telemetry.actions() if action == "retention_changed"] == ["retention_changed"] * 2


def test_the_same_again_changes_nothing(api: Api) -> None:
    first = api.put(PATH, {"succeeded": "2d"})
    api.clock.advance(60)

    assert api.put(PATH, {"succeeded": "2d"}).body == first.body


@pytest.mark.parametrize(("seen", "status"), [('"1"', 200), ("*", 200), ('"0"', 412), ('"2"', 412), ('W/"1"', 412)])
def test_only_what_the_client_has_seen_is_changed(api: Api, seen: str, status: int) -> None:
    api.put(PATH, {"succeeded": "2d"})

    reply = api.put(PATH, {"succeeded": "3d"}, headers={"If-Match": seen})

    assert reply.status == status
    assert api.get(PATH).body["wanted"]["succeeded"] == ("3d" if status == 200 else "2d")
    if status == 412:
        assert (reply.slug, reply.headers["etag"]) == ("precondition-failed", '"1"')


def test_the_first_to_say_something_may_say_that_nobody_has_before(api: Api) -> None:
    assert api.put(PATH, {"succeeded": "3d"}, headers={"If-Match": '"0"'}).status == 200
    assert api.put(PATH, {"succeeded": "4d"}, headers={"If-Match": '"0"'}).status == 412


def test_to_change_it_takes_the_scope_for_the_tenants_settings(api: Api) -> None:
    assert api.get(PATH, scopes="read").status == 200
    assert api.get(PATH, scopes="admin write").slug == "forbidden"

    reply = api.put(PATH, {}, scopes="read write")

    assert reply.slug == "forbidden"
    assert "admin" in reply.body["detail"]


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({"succeeded": "23h"}, ["/succeeded"]),
        ({"succeeded": "36h"}, ["/succeeded"]),
        ({"succeeded": "1d1ms"}, ["/succeeded"]),
        ({"succeeded": "366d", "failed": "0s"}, ["/succeeded", "/failed"]),
        ({"succeeded": "999999999999d"}, ["/succeeded"]),
        ({"succeeded": 7}, ["/succeeded"]),
        ({"succeeded": True}, ["/succeeded"]),
        ({"succeeded": "-1d"}, ["/succeeded"]),
        ({"scheduled": "7d"}, ["/scheduled"]),
        ({"applies": {"succeeded": "7d"}}, ["/applies"]),
        ({"unknown": None}, ["/unknown"]),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_stored(api: Api, body: dict[str, Any], pointers: list[str]) -> None:
    reply = api.put(PATH, body)

    assert (reply.slug, reply.pointers) == ("validation-failed", pointers)
    assert api.get(PATH).body["version"] == 0


def test_a_job_that_is_cancelled_stays_as_long_as_its_tenant_says(api: Api) -> None:
    before, after, others = (api.create(delay="1h") for _ in range(3))
    api.post(f"/v1/jobs/{before['id']}/cancel")

    api.put(PATH, {"cancelled": "3d"})
    api.clock.advance(60)
    api.post(f"/v1/jobs/{after['id']}/cancel")

    def kept(job: dict[str, Any]) -> timedelta:
        stored = api.jobs.get(JobKey(TENANT, job["id"]))
        assert stored.expire_item_at is not None
        return stored.expire_item_at - stored.created_at - timedelta(days=1)

    assert (kept(before), kept(after)) == (timedelta(days=30), timedelta(days=3))
    assert api.jobs.get(JobKey(TENANT, others["id"])).expire_item_at is None


class Rival(MemoryVersionedStore[TenantRetention]):
    """Another says something right before the first write, and before the one that follows."""

    def __init__(self) -> None:
        super().__init__("retention")
        self.wrote = self.wrote_again = False

    def replace(self, item: TenantRetention) -> None:
        if not self.wrote_again:
            self.wrote_again = True
            said = self.get(item.tenant, item.id)
            super().replace(said.saying({Status.FAILED: 8}, by="rival", now=START))
        super().replace(item)

    def create(self, item: TenantRetention) -> VersionedCreation[TenantRetention]:
        if not self.wrote:
            self.wrote = True
            super().create(TenantRetention.unsaid(item.tenant).saying({Status.FAILED: 9}, by="rival", now=START))
        return super().create(item)


class Lost(MemoryVersionedStore[TenantRetention]):
    """A write is applied, its answer is lost, and it is sent again."""

    def create(self, item: TenantRetention) -> VersionedCreation[TenantRetention]:
        return VersionedCreation(super().create(item).item, created=False)


class Away(MemoryVersionedStore[TenantRetention]):
    def get(self, tenant: str, item_id: str) -> TenantRetention:
        raise StoreUnavailable("throttled", outcome_unknown=False)


class Moving(MemoryVersionedStore[TenantRetention]):
    def create(self, item: TenantRetention) -> VersionedCreation[TenantRetention]:
        earlier = TenantRetention.unsaid(item.tenant).saying({}, by="nobody", now=item.changes[0].at)
        return VersionedCreation(earlier, created=False)

    def replace(self, item: TenantRetention) -> None:
        raise ItemChanged("retention", item.id)


def test_a_first_write_whose_answer_was_lost_is_answered_as_done() -> None:
    api = Api(retention_ports=ports_on(Lost("retention")))

    assert api.put(PATH, {"succeeded": "3d"}).body["version"] == 1
    assert api.telemetry.actions().count("retention_changed") == 1


def test_a_race_that_is_lost_is_run_again() -> None:
    api = Api(retention_ports=ports_on(Rival()))

    reply = api.put(PATH, {"succeeded": "3d"})

    assert (reply.body["version"], reply.body["wanted"]["failed"]) == (3, None)
    assert [one["changed_by"] for one in reply.body["changes"]] == [f"{TENANT}_0123456789abcdef", "rival", "rival"]


def test_a_race_that_is_lost_is_not_run_again_for_who_has_not_seen_what_won() -> None:
    api = Api(retention_ports=ports_on(Rival()))

    assert api.put(PATH, {"succeeded": "3d"}, headers={"If-Match": '"0"'}).slug == "precondition-failed"


def test_what_others_change_all_the_time_is_a_conflict() -> None:
    api = Api(retention_ports=ports_on(Moving("retention")))

    assert api.put(PATH, {"succeeded": "3d"}).slug == "conflict"


def test_a_store_that_is_away_is_told_and_holds_up_no_cancel() -> None:
    api = Api(retention_ports=ports_on(Away("retention")))
    job = api.create(delay="1h")

    assert api.get(PATH).slug == "unavailable"
    assert api.put(PATH, {}).slug == "unavailable"
    assert api.post(f"/v1/jobs/{job['id']}/cancel").status == 200
    assert "retention_not_read" in api.telemetry.actions()
