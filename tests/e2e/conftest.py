"""The system under test: the synthesized template in an emulator of its own, driven over HTTP only."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from cli.api_keys import create_api_key
from local.emulator import free_port
from local.receiver import Receiver
from local.settings import LocalSettings
from local.system import LocalSystem
from shared.adapters.dynamodb.control import DynamoControlStore
from shared.adapters.system import SystemClock
from shared.model.api_key import Scope
from tests.e2e.side_by_side import begun, pytest_collection_modifyitems, pytest_pyfunc_call, side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["begun", "pytest_collection_modifyitems", "pytest_pyfunc_call", "side_by_side"]

_DIRECTLY = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_ENDED = frozenset({"succeeded", "failed", "cancelled", "skipped"})


class Answer(NamedTuple):
    """`headers` by their names in lower case; `json` is None when the body is no JSON."""

    status: int
    headers: dict[str, str]
    json: Any
    body: bytes


@dataclass(frozen=True, slots=True)
class Client:
    """The API, as one key sees it; no key: as anybody does."""

    url: str
    api_key: str | None

    def call(
        self, method: str, path: str, body: Any = None, *, headers: Mapping[str, str] | None = None, timeout: float = 60
    ) -> Answer:
        """Send a request. `body` is sent as it is if it is bytes, else as JSON. Every status is an answer."""
        sent = {"Content-Type": "application/json"} if body is not None else {}
        if self.api_key is not None:
            sent["Authorization"] = f"Bearer {self.api_key}"
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {**sent, **(headers or {})}, method=method)
        try:
            with _DIRECTLY.open(request, timeout=timeout) as answer:
                return _answer(answer.status, answer.headers.items(), answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return _answer(error.code, error.headers.items(), error.read())

    def create(self, job: Mapping[str, Any], **headers: str) -> dict[str, Any]:
        """Create a job that must be accepted; it, as answered."""
        answer = self.call("POST", "/v1/jobs", job, headers=headers)
        assert answer.status == 201, answer
        created: dict[str, Any] = answer.json
        return created

    def job(self, job_id: str) -> dict[str, Any]:
        answer = self.call("GET", f"/v1/jobs/{job_id}")
        assert answer.status == 200, answer
        found: dict[str, Any] = answer.json
        return found

    def wait_until(
        self, job_id: str, *statuses: str, timeout: float = 60, when: Callable[[dict[str, Any]], bool] | None = None
    ) -> dict[str, Any]:
        """The job as soon as it has one of the statuses (none given: any in which it has ended) and `when` holds."""
        wanted = frozenset(statuses) or _ENDED
        give_up = time.monotonic() + timeout
        while True:
            job = self.job(job_id)
            if job["status"] in wanted and (when is None or when(job)):
                return job
            assert time.monotonic() < give_up, f"after {timeout} s: {job}"
            time.sleep(0.2)


def _answer(status: int, headers: Any, body: bytes) -> Answer:
    try:
        parsed = json.loads(body)
    except ValueError:
        parsed = None
    return Answer(status, {name.lower(): value for name, value in headers}, parsed, body)


@pytest.fixture(scope="session")
def receiver() -> Iterator[Receiver]:
    """Where http jobs may go."""
    with Receiver() as receiver:
        yield receiver


@pytest.fixture(scope="session")
def system(receiver: Receiver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSystem]:
    settings = LocalSettings(
        port=free_port(), folder=tmp_path_factory.mktemp("local"), allowed_target_hosts=(receiver.host,)
    )
    with LocalSystem(settings) as system:
        yield system


@pytest.fixture(scope="session")
def new_client(system: LocalSystem) -> Callable[..., Client]:
    """Makes a client with a key of its own: `new_client("tenant", "read", "write")`."""
    store = DynamoControlStore(system.client("dynamodb"), system.outputs["ControlTable"])

    def make(tenant: str, *scopes: str) -> Client:
        _, text = create_api_key(store, tenant=tenant, scopes=frozenset(map(Scope, scopes)), now=SystemClock().now())
        return Client(system.url, text)

    return make


@pytest.fixture(scope="session")
def api(system: LocalSystem) -> Client:
    """The API as the tenant `demo` with all scopes."""
    return Client(system.url, system.api_key)


@pytest.fixture(scope="session")
def stranger(system: LocalSystem) -> Client:
    """The API as somebody without a key."""
    return Client(system.url, None)
