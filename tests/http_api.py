"""The API as clients meet it: events as API Gateway makes them (HTTP API, payload 2.0), and answers taken apart."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from functions.api.application import Application
from functions.api.services import TemplatePorts, services_on
from shared.adapters.memory.archive import MemoryArchive
from shared.adapters.memory.backfills import MemoryBackfillStore
from shared.adapters.memory.beats import MemoryBeats
from shared.adapters.memory.breakers import MemoryBreakers
from shared.adapters.memory.bulk_actions import MemoryBulkActions
from shared.adapters.memory.calendars import MemoryCalendars
from shared.adapters.memory.checkpoints import MemoryCheckpoints
from shared.adapters.memory.clock import SeededIds, VirtualClock
from shared.adapters.memory.control import MemoryControlStore
from shared.adapters.memory.jobs import MemoryJobStore
from shared.adapters.memory.maintenance_windows import MemoryMaintenanceWindows
from shared.adapters.memory.outputs import MemoryOutputs
from shared.adapters.memory.telemetry import RecordedTelemetry
from shared.adapters.memory.templates import MemoryTemplateStore
from shared.adapters.memory.versioned import MemoryVersionedStore
from shared.adapters.tenant_retentions import KnownRetentions
from shared.model.breaker import BreakerSettings
from shared.model.target_rules import TargetRules, check_target
from tests.alert_ports import alert_ports_in_memory
from tests.described import check_described
from tests.jobs import RETENTION, SHARDING, START, TENANT
from tests.retentions import BOUNDS, retention_ports_in_memory

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from functions.api.alert_services import AlertPorts
    from functions.api.change_retention import RetentionPorts
    from shared.model.channel import Channel
    from shared.model.job import Job
    from shared.model.subscription import Subscription
    from shared.ports.jobs import JobStore

ACCOUNT = "123456789012"
REGION = "eu-central-1"
RULES = TargetRules(
    account=ACCOUNT,
    region=REGION,
    allowed_hosts=frozenset({"127.0.0.1:9000"}),
    allowed_arns=(f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:orders-*"),
)
ALL_SCOPES = "admin read write"
HTTP_TARGET = {"type": "http", "url": "https://example.com/hook"}
REQUEST_ID = "JKJaXmPLvHcESHA="


class LambdaContext:
    """What the runtime hands to a handler, as far as the API reads it."""

    function_name = "api"
    memory_limit_in_mb = 1024
    invoked_function_arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:api"
    aws_request_id = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"

    def __init__(self, seconds_left: float = 29.0) -> None:
        self._seconds_left = seconds_left

    def get_remaining_time_in_millis(self) -> int:
        return round(self._seconds_left * 1000)


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    text: str
    is_base64: bool = False

    @property
    def body(self) -> Any:
        return json.loads(self.text)

    @property
    def raw(self) -> bytes:
        return base64.b64decode(self.text) if self.is_base64 else self.text.encode()

    @property
    def slug(self) -> str:
        """The problem's type; the document is checked to be one."""
        assert self.headers["content-type"] == "application/problem+json"
        assert self.body["status"] == self.status
        assert self.body["instance"] == REQUEST_ID
        return str(self.body["type"]).removeprefix("/problems/")

    @property
    def pointers(self) -> list[str]:
        return [error["pointer"] for error in self.body["errors"]]


def http_event(
    method: str,
    path: str,
    *,
    query: str = "",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    tenant: str | None = TENANT,
    scopes: str = ALL_SCOPES,
) -> dict[str, Any]:
    """An event as API Gateway sends it. Without a tenant: as on a route that has no authorizer."""
    raw = body or b""
    try:
        text, is_base64 = raw.decode(), False
    except UnicodeDecodeError:
        text, is_base64 = base64.b64encode(raw).decode(), True
    context: dict[str, Any] = {
        "accountId": ACCOUNT,
        "apiId": "api-id",
        "domainName": f"api-id.execute-api.{REGION}.amazonaws.com",
        "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "test"},
        "requestId": REQUEST_ID,
        "routeKey": "ANY /v1/{proxy+}",
        "stage": "$default",
        "time": "01/Mar/2026:12:00:00 +0000",
        "timeEpoch": 1772366400000,
    }
    if tenant is not None:
        context["authorizer"] = {"lambda": {"tenant": tenant, "scopes": scopes, "key_id": f"{tenant}_0123456789abcdef"}}
    event = {
        "version": "2.0",
        "routeKey": "ANY /v1/{proxy+}",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {"host": "api.example.com", **{name.lower(): value for name, value in (headers or {}).items()}},
        "requestContext": context,
        "isBase64Encoded": is_base64,
    }
    return event if body is None else {**event, "body": text}


def reply_of(answer: Mapping[str, Any]) -> Reply:
    headers = {name.lower(): value for name, value in answer["headers"].items()}
    text = answer["body"]
    return Reply(answer["statusCode"], headers, text, answer["isBase64Encoded"])


@dataclass
class Api:
    """The application on the memory adapters, and a client of it."""

    clock: VirtualClock = field(default_factory=lambda: VirtualClock(START))
    jobs: MemoryJobStore = field(default_factory=MemoryJobStore)
    keys: MemoryControlStore = field(default_factory=MemoryControlStore)
    outputs: MemoryOutputs = field(default_factory=MemoryOutputs)
    templates: MemoryTemplateStore = field(default_factory=MemoryTemplateStore)
    windows: MemoryMaintenanceWindows = field(default_factory=MemoryMaintenanceWindows)
    breakers: MemoryBreakers = field(default_factory=MemoryBreakers)
    beats: MemoryBeats = field(default_factory=MemoryBeats)
    channels: MemoryVersionedStore[Channel] = field(default_factory=lambda: MemoryVersionedStore("channel"))
    subscriptions: MemoryVersionedStore[Subscription] = field(
        default_factory=lambda: MemoryVersionedStore("subscription")
    )
    retention_ports: RetentionPorts = field(default_factory=retention_ports_in_memory)
    archive: MemoryArchive = field(default_factory=MemoryArchive)
    bulk_actions: MemoryBulkActions = field(default_factory=MemoryBulkActions)
    checkpoints: MemoryCheckpoints = field(default_factory=MemoryCheckpoints)
    alert_ports: AlertPorts = field(default_factory=alert_ports_in_memory)
    telemetry: RecordedTelemetry = field(default_factory=RecordedTelemetry)
    rules: TargetRules = RULES
    # In front of the store, for tests of its failures.
    around: Callable[[MemoryJobStore], JobStore] = lambda store: store
    seconds_left: float = 29.0

    def __post_init__(self) -> None:
        self.backfills = MemoryBackfillStore(self.templates)
        self.calendars = MemoryCalendars(self.templates)
        self.application = Application(
            services_on(
                jobs=self.around(self.jobs),
                keys=self.keys,
                outputs=self.outputs,
                clock=self.clock,
                ids=SeededIds(),
                telemetry=self.telemetry,
                sharding=SHARDING,
                retention=KnownRetentions(
                    lambda: self.retention_ports.store,
                    default=RETENTION,
                    bounds=BOUNDS,
                    clock=self.clock,
                    telemetry=self.telemetry,
                ),
                check_target=lambda target: check_target(target, self.rules),
                place=self.rules.place,
                template_ports=lambda: TemplatePorts(self.templates, self.calendars, self.backfills),
                window_port=lambda: self.windows,
                breaker_port=lambda: self.breakers,
                breaker_settings=BreakerSettings(),
                beats=self.beats,
                channel_port=lambda: self.channels,
                subscription_port=lambda: self.subscriptions,
                alert_ports=lambda: self.alert_ports,
                checkpoint_port=lambda: self.checkpoints,
                bulk_action_port=lambda: self.bulk_actions,
                archive_port=lambda: self.archive,
                retention_ports=lambda: self.retention_ports,
                archived_for=timedelta(days=400),
            )
        )

    def send(self, event: dict[str, Any]) -> Reply:
        reply = reply_of(self.application(event, LambdaContext(self.seconds_left)))
        check_described(event, reply)
        return reply

    def request(
        self, method: str, path: str, body: Any = None, *, headers: Mapping[str, str] | None = None, **options: Any
    ) -> Reply:
        """Send `body` as JSON (bytes as they are)."""
        raw = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        given = {name.lower(): value for name, value in (headers or {}).items()}
        if raw is not None:
            given.setdefault("content-type", "application/json")
        return self.send(http_event(method, path, headers=given, body=raw, **options))

    def get(self, path: str, query: Sequence[tuple[str, str]] | Mapping[str, str] = (), **options: Any) -> Reply:
        return self.request("GET", path, query=urlencode(query), **options)

    def post(self, path: str, body: Any = None, **options: Any) -> Reply:
        return self.request("POST", path, body, **options)

    def patch(self, path: str, body: Any, **options: Any) -> Reply:
        return self.request("PATCH", path, body, **options)

    def put(self, path: str, body: Any, **options: Any) -> Reply:
        return self.request("PUT", path, body, **options)

    def delete(self, path: str, **options: Any) -> Reply:
        return self.request("DELETE", path, **options)

    def create(self, **members: Any) -> dict[str, Any]:
        """A job created over the API, as answered."""
        reply = self.post("/v1/jobs", {"target": HTTP_TARGET, **members})
        assert reply.status == 201, reply.text
        answer: dict[str, Any] = reply.body
        return answer

    def stored(self, job_id: str, tenant: str = TENANT) -> Job:
        return next(job for job in self.jobs.all_jobs() if (job.tenant, job.id) == (tenant, job_id))
