"""Both handlers as Lambda calls them, on the tables and the bucket of an account (moto)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from functions.api import authorizer, handler
from shared.adapters import aws as adapters
from shared.adapters.dynamodb.control import DynamoControlStore
from shared.adapters.dynamodb.jobs import DynamoJobStore
from shared.model.api_key import Scope, mint_api_key
from shared.model.errors import StoreUnavailable
from shared.model.job import JobKey
from shared.model.lease_token import LeaseToken
from shared.settings import InvalidEnvironment
from tests.aws import (
    BUCKET,
    CONTROL_TABLE,
    JOBS_TABLE,
    REGION,
    TEMPLATES_TABLE,
    aws,
    client,
    create_bucket,
    create_tables,
)
from tests.http_api import LambdaContext, Reply, http_event, reply_of
from tests.jobs import claim_of

if TYPE_CHECKING:
    from collections.abc import Iterator

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_REGION": REGION,
    "JOBS_TABLE": JOBS_TABLE,
    "CONTROL_TABLE": CONTROL_TABLE,
    "TEMPLATES_TABLE": TEMPLATES_TABLE,
    "DATA_BUCKET": BUCKET,
    "DUE_SHARDS": "2",
    "GROUP_SHARDS": "2",
    **{f"RETENTION_{end}_DAYS": "30" for end in ("SUCCEEDED", "FAILED", "CANCELLED", "SKIPPED")},
    "RETENTION_MINIMUM_DAYS": "1",
    "RETENTION_MAXIMUM_DAYS": "365",
    "ARCHIVE_DAYS": "400",
    "COMMAND_TARGET": "disabled",
    "ALLOWED_TARGET_HOSTS": "",
    "ALLOWED_TARGET_ARNS": "",
    "POWERTOOLS_SERVICE_NAME": "api",
    "POWERTOOLS_METRICS_NAMESPACE": "Punctual",
}
CACHES = (
    adapters.session,
    adapters.client,
    handler.application,
    handler.telemetry,
    authorizer.key_store,
    authorizer.telemetry,
)


def forget() -> None:
    for cached in CACHES:
        cached.cache_clear()


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with aws():
        create_tables(client("dynamodb"))
        create_bucket(client("s3"))
        forget()
        yield
    forget()


def send(method: str, path: str, body: bytes | None = None, **options: Any) -> Reply:
    headers = {"content-type": "application/json", **options.pop("headers", {})}
    return reply_of(
        handler.lambda_handler(http_event(method, path, headers=headers, body=body, **options), LambdaContext())
    )


@pytest.mark.usefixtures("account")
class TestTheApi:
    def test_a_template_goes_through_its_life(self) -> None:
        body = {
            "name": "payroll",
            "external_key": "payroll",
            "schedule": {"every": "10m"},
            "job": {"target": {"type": "task", "name": "a.b"}, "payload": {"text": "a" * 5_000}},
            "misfire": {"policy": "fire_all", "max": 3, "within": "1h"},
            "tags": {"team": "ops"},
        }
        raw = json.dumps(body).encode()
        created = send("POST", "/v1/templates", raw)
        path = f"/v1/templates/{created.body['id']}"

        assert created.status == 201, created.text
        assert send("GET", path).body == created.body
        same = send("PUT", "/v1/templates/by-key/payroll", raw)
        assert (same.status, same.body["version"]) == (200, 1)
        jobs = send("GET", "/v1/jobs", query=f"template_id={created.body['id']}").body["items"]
        assert {job["status"] for job in jobs} == {"scheduled"}
        skipped = json.dumps({"nominal_at": jobs[-1]["nominal_at"]}).encode()
        assert send("POST", f"{path}/skip", skipped).body["skipped"] == [jobs[-1]["nominal_at"]]
        assert send("PATCH", path, b'{"schedule": {"every": "5m"}}').body["version"] == 3
        assert send("POST", f"{path}/trigger").status == 201
        assert send("POST", f"{path}/pause", b'{"note": "a"}').body["status"] == "paused"
        assert send("POST", f"{path}/resume").body["runs"] == 0
        listed = send("GET", "/v1/templates", query="tag=team:ops&last_outcome=succeeded")
        assert (listed.status, listed.body["items"]) == (200, [])
        assert [one["change"] for one in send("GET", f"{path}/versions").body["items"]] == [
            "resume",
            "pause",
            "edit",
            "skip",
            "create",
        ]
        difference = send("GET", f"{path}/versions/2/diff/3").body["items"]
        assert difference == [{"pointer": "/schedule/every", "was": "10m", "is": "5m"}]
        assert send("DELETE", path).body["status"] == "deleted"
        jobs = send("GET", "/v1/jobs", query=f"template_id={created.body['id']}").body["items"]
        assert sorted({(job["status"], job["reason"]) for job in jobs if job["nominal_at"]}) == [
            ("skipped", "withdrawn")
        ]
        assert send("POST", "/v1/templates", raw).status == 201

    def test_a_maintenance_window_goes_through_its_life(self) -> None:
        body = b'{"name": "backup", "schedule": {"cron": "0 3 * * *"}, "duration": "1h", "scope": {"tags": {"a": "b"}}}'
        created = send("POST", "/v1/maintenance-windows", body, headers={"idempotency-key": "k"})
        path = f"/v1/maintenance-windows/{created.body['id']}"

        assert created.status == 201, created.text
        replayed = send("POST", "/v1/maintenance-windows", body, headers={"idempotency-key": "k"})
        assert (replayed.status, replayed.body) == (201, created.body)
        assert send("GET", path).body == created.body
        ends_at = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        changed = send("PUT", path, json.dumps({"name": "now", "ends_at": ends_at}).encode())
        assert (changed.status, changed.body["state"], changed.headers["etag"]) == (200, "active", '"2"')
        assert send("GET", "/v1/maintenance-windows", query="state=active").body["items"] == [changed.body]
        ended = send("POST", f"{path}/end", headers={"if-match": '"2"'})
        assert (ended.status, ended.body["state"]) == (200, "past")
        assert send("DELETE", path).status == 200
        assert send("GET", "/v1/maintenance-windows").body == {"items": []}

    def test_a_job_goes_through_its_life(self) -> None:
        created = send(
            "POST", "/v1/jobs", b'{"target": {"type": "task", "name": "a.b"}, "delay": "1h", "tags": {"a": "b"}}'
        )
        path = f"/v1/jobs/{created.body['id']}"

        assert created.status == 201
        assert send("GET", path).body == created.body
        assert send("PATCH", path, b'{"priority": "high"}').body["priority"] == "high"
        assert send("POST", f"{path}/reschedule", b'{"delay": "2h"}').body["version"] == 3
        assert send("POST", f"{path}/run").body["version"] == 4
        assert [one["id"] for one in send("GET", "/v1/jobs", query="tag=a:b").body["items"]] == [created.body["id"]]
        assert send("POST", f"{path}/cancel").body["status"] == "cancelled"
        assert send("POST", f"{path}/run").slug == "invalid-state"

    @pytest.mark.parametrize("size", [10, 2_000, 150_000])
    def test_payloads_of_all_sizes_come_back(self, size: int) -> None:
        created = send(
            "POST", "/v1/jobs", b'{"target": {"type": "task", "name": "a"}, "payload": "%s"}' % (b"x" * size)
        )

        assert send("GET", f"/v1/jobs/{created.body['id']}").body["payload"] == "x" * size

    def test_an_idempotent_create_makes_one_item(self) -> None:
        body, key = b'{"target": {"type": "task", "name": "a"}}', {"idempotency-key": "k"}

        first, again = (send("POST", "/v1/jobs", body, headers=key) for _ in range(2))
        other = send("POST", "/v1/jobs", b'{"target": {"type": "task", "name": "b"}}', headers=key)

        assert first.body["id"] == again.body["id"]
        assert again.headers["idempotent-replayed"] == "true"
        assert other.slug == "idempotency-key-reused"
        assert client("dynamodb").scan(TableName=JOBS_TABLE)["Count"] == 1

    def test_an_end_that_is_reported_is_measured_once(self, capsys: pytest.CaptureFixture[str]) -> None:
        body = b'{"target": {"type": "task", "name": "a"}, "completion": "callback"}'
        job_id = send("POST", "/v1/jobs", body).body["id"]
        store = DynamoJobStore(client("dynamodb"), JOBS_TABLE)
        job = store.get(JobKey("acme", job_id))
        now = datetime.now(UTC)
        token = LeaseToken.of(store.change_and_get(job.key, claim_of(job, now=now, claim_id="claim1")))
        capsys.readouterr()

        replies = [send("POST", f"/v1/executions/{token.text()}/complete", tenant=None) for _ in range(2)]

        assert [reply.status for reply in replies] == [200, 200]
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        (record,) = [line for line in lines if "_aws" in line]
        assert record["succeeded"] == [1.0]
        assert record["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Punctual"

    def test_a_refused_target_stores_nothing(self) -> None:
        reply = send("POST", "/v1/jobs", b'{"target": {"type": "command", "argv": ["/bin/true"]}}')

        assert (reply.slug, reply.pointers) == ("target-not-allowed", ["/target/type"])
        assert client("dynamodb").scan(TableName=JOBS_TABLE)["Count"] == 0

    def test_it_is_ready_until_a_table_is_gone(self) -> None:
        assert send("GET", "/ready", tenant=None).body == {"status": "ready", "last_seen": {}}

        client("dynamodb").delete_table(TableName=JOBS_TABLE)

        assert send("GET", "/ready", tenant=None).slug == "not-ready"
        assert send("POST", "/v1/jobs", b'{"target": {"type": "task", "name": "a"}}').slug == "unavailable"


@pytest.mark.usefixtures("account")
class TestTheAuthorizer:
    def test_a_key_says_which_tenant_and_scopes_it_stands_for(self) -> None:
        text = stored_key()

        answer = authorize(f"Bearer {text}")

        assert answer == {
            "isAuthorized": True,
            "context": {"tenant": "acme", "scopes": "read write", "key_id": "acme_0123456789abcdef"},
        }

    def test_a_revoked_key_is_refused(self) -> None:
        text = stored_key()
        DynamoControlStore(client("dynamodb"), CONTROL_TABLE).revoke_api_key(text.split(".")[0], datetime.now(UTC))

        assert authorize(f"Bearer {text}") == {"isAuthorized": False}

    def test_an_expired_key_is_refused(self) -> None:
        text = stored_key(expires_at=datetime.now(UTC) - timedelta(seconds=1))

        assert authorize(f"Bearer {text}") == {"isAuthorized": False}

    def test_without_the_control_table_there_is_no_answer_rather_than_a_refusal(self) -> None:
        text = stored_key()
        client("dynamodb").delete_table(TableName=CONTROL_TABLE)

        with pytest.raises(StoreUnavailable):
            authorize(f"Bearer {text}")

    def test_no_secret_is_logged(self, caplog: pytest.LogCaptureFixture) -> None:
        text = stored_key()

        with caplog.at_level("DEBUG", logger="api"):
            authorize(f"Bearer {text}")
            authorize(f"Bearer {text}x")

        assert {record.getMessage() for record in caplog.records} >= {"authenticated", "unauthenticated"}
        assert text.split(".")[1] not in "".join(str(vars(record)) for record in caplog.records if record.name == "api")


def test_a_missing_setting_is_named_at_the_cold_start(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("JOBS_TABLE")
    forget()

    with pytest.raises(InvalidEnvironment, match="JOBS_TABLE is not set"):
        handler.warm_up()


def stored_key(expires_at: datetime | None = None) -> str:
    key, text = mint_api_key(
        tenant="acme",
        scopes=frozenset({Scope.READ, Scope.WRITE}),
        random_id="0123456789abcdef",
        secret="s3cr3t-s3cr3t",
        now=datetime.now(UTC) - timedelta(hours=1),
        expires_at=expires_at,
    )
    DynamoControlStore(client("dynamodb"), CONTROL_TABLE).put_api_key(key)
    return text


def authorize(header: str) -> dict[str, Any]:
    event = http_event("GET", "/v1/jobs", headers={"Authorization": header}, tenant=None)
    return authorizer.lambda_handler({**event, "type": "REQUEST", "identitySource": [header]}, LambdaContext())
