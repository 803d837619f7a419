"""Whatever comes in: never a 5xx, always a problem document when it is refused, and nothing stored by a refusal."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from hypothesis import example, given, settings
from hypothesis import strategies as st

from functions.api.routes import ROUTES
from tests.bad_input import TEMPLATE
from tests.http_api import HTTP_TARGET, Api, http_event
from tests.integration.api.test_bad_input import state_of

if TYPE_CHECKING:
    from collections.abc import Callable

ODD_VALUES = st.sampled_from(
    [
        None,
        True,
        -1,
        0,
        1.5,
        10**40,
        "",
        "5",
        "a\x00",
        "\ud800",
        "ü" * 200,
        [],
        {},
        [{}],
        {"": ""},
        "2026-02-30T00:00:00Z",
    ]
)
VALUES = st.recursive(
    ODD_VALUES | st.text(max_size=8) | st.integers() | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
VALID: dict[str, Any] = {
    "name": "a",
    "run_at": "2026-03-02T12:00:00Z",
    "target": {**HTTP_TARGET, "method": "POST", "headers": {"X-A": "b"}},
    "payload": {"a": [1]},
    "priority": "high",
    "timeout": "30s",
    "expires_after": "1h",
    "retry": {
        "max_attempts": 3,
        "initial": "5s",
        "multiplier": 2,
        "max_delay": "15m",
        "jitter": "full",
        "retry_on": [],
    },
    "delivery": "at_least_once",
    "tags": {"team": "ops"},
    "group": "g",
    "correlation_id": "c",
}
METHODS = st.sampled_from(["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS", "BREW"])
SEGMENTS = st.sampled_from(["v1", "jobs", "bulk", "run", "cancel", "executions", "1", "output", "..", "%00", "", "ü"])
PLACES = {"job_id": "{job}", "template_id": "{template}", "external_key": "payroll"}
KNOWN_PATHS = st.sampled_from(
    [re.sub(r"\{(\w+)\}", lambda place: PLACES.get(place[1], "1"), route.path) for route in ROUTES]
)
PATHS = KNOWN_PATHS | st.lists(SEGMENTS | st.text(max_size=5), max_size=6).map(lambda parts: "/" + "/".join(parts))
PARAMETERS = st.sampled_from(["limit", "cursor", "status", "tag", "from", "to", "group", "name", "x"])
QUERIES = st.lists(
    st.tuples(PARAMETERS, st.text(max_size=10) | st.sampled_from(["1", "failed", "a:b", "2026-03-01T12:00:00Z"])),
    max_size=4,
).map(lambda pairs: "&".join(f"{name}={quote(value.encode('utf-8', 'surrogatepass'))}" for name, value in pairs))
HEADERS = st.dictionaries(
    st.sampled_from(["content-type", "idempotency-key", "if-match", "x-correlation-id", "accept", "x-y"]),
    st.text(max_size=20) | st.sampled_from(["application/json", "application/merge-patch+json", "*", '"1"', "key"]),
    max_size=4,
)


@st.composite
def mutated(draw: Callable[..., Any], valid: dict[str, Any] = VALID) -> Any:
    """A valid create with one to three members, at any depth, exchanged, removed or added."""
    body = json.loads(json.dumps(valid))
    for _ in range(draw(st.integers(1, 3))):
        place = body
        while True:
            inner = [value for value in place.values() if isinstance(value, dict)]
            if not inner or draw(st.booleans()):
                break
            place = draw(st.sampled_from(inner))
        name = draw(st.sampled_from(sorted(place)) | st.text(max_size=5) if place else st.text(max_size=5))
        if draw(st.booleans()):
            place.pop(name, None)
        else:
            # A copy: the next round may change what this one put in.
            place[name] = deepcopy(draw(VALUES))
    return body


def as_bytes(value: Any) -> bytes:
    return json.dumps(value).encode()


BODIES = (
    st.none()
    | st.binary(max_size=60)
    | st.text('{}[]",:truefalsn0123456789\\u.eE- ', max_size=60).map(str.encode)
    | VALUES.map(as_bytes)
    | mutated().map(as_bytes)
    | st.lists(mutated() | VALUES, max_size=3).map(lambda jobs: as_bytes({"jobs": jobs}))
)


@settings(max_examples=200)
@given(method=METHODS, path=PATHS, query=QUERIES | st.text(max_size=20), headers=HEADERS, body=BODIES)
@example(method="GET", path="/v1/jobs", query="tag=%00:%ED%A0%80", headers={}, body=None)
@example(method="POST", path="/v1/jobs", query="", headers={"content-type": "application/json"}, body=b'{"a":')
def test_any_request_is_answered(
    method: str, path: str, query: str, headers: dict[str, str], body: bytes | None
) -> None:
    api = Api()
    path = path.replace("{job}", api.create(delay="1h")["id"])
    path = path.replace("{template}", api.post("/v1/templates", TEMPLATE).body["id"])
    before = state_of(api)

    reply = api.send(http_event(method, path, query=query, headers=headers, body=body))

    assert reply.status < 500, reply.text
    assert reply.headers["x-correlation-id"].isprintable()
    if reply.status >= 400:
        assert method == "HEAD" or reply.slug
        assert state_of(api) == before
    if method in {"GET", "HEAD", "OPTIONS"}:
        assert state_of(api) == before


@settings(max_examples=200)
@given(body=mutated() | VALUES, path=st.sampled_from(["/v1/jobs", "/v1/jobs/{job}", "/v1/jobs/{job}/reschedule"]))
def test_a_body_that_is_nearly_right_is_taken_or_refused_with_a_pointer(body: Any, path: str) -> None:
    api = Api()
    job = api.create(delay="1h")
    before = state_of(api)

    method = "PATCH" if path.endswith("{job}") else "POST"
    reply = api.request(method, path.replace("{job}", job["id"]), body)

    if reply.status >= 400:
        assert reply.slug
        assert reply.status in {400, 413, 422}, reply.text
        assert all(error["detail"] and error["pointer"] is not None for error in reply.body["errors"])
        assert reply.body["errors"]
        assert state_of(api) == before
    else:
        # What is taken can be read again, and sent again as it is answered.
        answered = api.get(f"/v1/jobs/{reply.body['id']}")
        assert answered.body == reply.body


@settings(max_examples=200)
@given(items=st.lists(mutated() | VALUES, min_size=1, max_size=5))
def test_what_a_bulk_call_takes_is_what_single_calls_would_take(items: list[Any]) -> None:
    bulk, single = Api(), Api()

    reply = bulk.request("POST", "/v1/jobs/bulk", {"jobs": items})

    if reply.status == 200:
        expected = [single.request("POST", "/v1/jobs", as_bytes(item)).status for item in items]
        assert [one["status"] for one in reply.body["results"]] == expected
        assert len(bulk.jobs.all_jobs()) == len(single.jobs.all_jobs()) == expected.count(201)
    else:
        assert reply.status in {400, 422}
        assert not bulk.jobs.all_jobs()
