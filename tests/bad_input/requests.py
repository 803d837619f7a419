"""Requests that are wrong beside the job that they are about."""

from __future__ import annotations

import json

from tests.bad_input.rows import JSON, TARGET, UNKNOWN_ID, BadInput, bad_query

BULK = [
    BadInput(f"bulk {name}", "POST", "/v1/jobs/bulk", JSON, body, 422, "validation-failed", pointer)
    for name, body, pointer in (
        ("without jobs", b"{}", "/jobs"),
        ("of an object", b'{"jobs": {}}', "/jobs"),
        ("of nothing", b'{"jobs": []}', "/jobs"),
        ("of 1,001", b'{"jobs": [' + b",".join([b"{}"] * 1_001) + b"]}", "/jobs"),
        ("with more", b'{"jobs": [], "all": true}', "/all"),
        ("as an array", b"[]", ""),
    )
]

ROUTING = [
    BadInput(
        "a form",
        "POST",
        "/v1/jobs",
        {"Content-Type": "application/x-www-form-urlencoded"},
        b"a=b",
        415,
        "unsupported-media-type",
    ),
    BadInput("no content type", "POST", "/v1/jobs", {"Content-Type": ""}, b"{}", 415, "unsupported-media-type"),
    BadInput(
        "another charset",
        "POST",
        "/v1/jobs",
        {"Content-Type": "application/json; charset=latin1"},
        b"{}",
        415,
        "unsupported-media-type",
    ),
    BadInput("DELETE of the list", "DELETE", "/v1/jobs", {}, None, 405, "method-not-allowed"),
    BadInput("PUT of a job", "PUT", "/v1/jobs/{job}", JSON, b"{}", 405, "method-not-allowed"),
    BadInput("GET of an action", "GET", "/v1/jobs/{job}/cancel", {}, None, 405, "method-not-allowed"),
    BadInput("an unknown path", "GET", "/v1/nothing", {}, None, 404, "not-found"),
    BadInput("an unknown action", "POST", "/v1/jobs/{job}/explode", JSON, b"{}", 404, "not-found"),
    BadInput("an unknown id", "GET", f"/v1/jobs/{UNKNOWN_ID}", {}, None, 404, "not-found"),
    BadInput("an id that cannot be one", "GET", "/v1/jobs/..%2F..%2Fetc", {}, None, 404, "not-found"),
    BadInput("an id of 3,000 characters", "GET", "/v1/jobs/" + "a" * 3_000, {}, None, 404, "not-found"),
    BadInput("an id with a quote", "GET", "/v1/jobs/a%22b", {}, None, 404, "not-found"),
    BadInput("an output of no attempt", "GET", "/v1/jobs/{job}/executions/1/output", {}, None, 404, "not-found"),
]

HEADERS = [
    BadInput(
        f"{name} {value[:8]!r}",
        "POST",
        "/v1/jobs",
        {**JSON, name: value},
        json.dumps({"target": TARGET}).encode(),
        400,
        "invalid-parameter",
        name,
    )
    for name, value in (
        ("Idempotency-Key", "a" * 256),
        ("Idempotency-Key", "schlüssel"),
        ("X-Correlation-Id", "a" * 129),
        ("X-Correlation-Id", "ä"),
    )
] + [
    BadInput(
        "If-Match without quotes",
        "PATCH",
        "/v1/jobs/{job}",
        {**JSON, "If-Match": "3"},
        b'{"name": "b"}',
        400,
        "invalid-parameter",
        "If-Match",
    ),
    BadInput(
        "If-Match of another version",
        "PATCH",
        "/v1/jobs/{job}",
        {**JSON, "If-Match": '"99"'},
        b'{"name": "b"}',
        412,
        "precondition-failed",
    ),
    BadInput("a weak If-Match", "POST", "/v1/jobs/{job}/run", {"If-Match": 'W/"1"'}, None, 412, "precondition-failed"),
]

QUERIES = (
    [
        bad_query(query, name)
        for query, name in (
            ("limit=0", "limit"),
            ("limit=201", "limit"),
            ("limit=1000000000", "limit"),
            ("limit=-1", "limit"),
            ("limit=1e1", "limit"),
            ("limit=", "limit"),
            ("limit=1&limit=2", "limit"),
            ("status=done", "status"),
            ("from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "from"),
            ("from=yesterday", "from"),
            ("to=2026-01-01T00:00:00", "to"),
            ("to=2026-01-01T00:00:00+01:00", "to"),
            ("tag=ops", "tag"),
            ("group=a%20b", "group"),
            ("name=", "name"),
            ("order=asc", "order"),
            ("%FF=1", "query"),
        )
    ]
    + [
        BadInput(
            "a parameter where there is none",
            "GET",
            "/v1/jobs/{job}?limit=1",
            {},
            None,
            400,
            "invalid-parameter",
            "limit",
        ),
        BadInput(
            "a parameter of a create", "POST", "/v1/jobs?dry_run=1", JSON, b"{}", 400, "invalid-parameter", "dry_run"
        ),
    ]
    + [
        BadInput(f"cursor {cursor}", "GET", f"/v1/jobs?cursor={cursor}", {}, None, 400, "invalid-page-token", "cursor")
        for cursor in ("", "a", "AAAAAAAAAAAAAAAAAAAAAAAAAAAA", "%C3%BC", "a" * 500)
    ]
)

CHANGES = [
    BadInput(name, method, path, JSON, body, status, slug, pointer)
    for name, method, path, body, status, slug, pointer in (
        (
            "patch with an unknown member",
            "PATCH",
            "/v1/jobs/{job}",
            b'{"status": "succeeded"}',
            422,
            "validation-failed",
            "/status",
        ),
        ("patch to no time", "PATCH", "/v1/jobs/{job}", b'{"run_at": null}', 422, "validation-failed", "/run_at"),
        (
            "patch to no delay",
            "PATCH",
            "/v1/jobs/{job}",
            b'{"name": "x", "delay": null}',
            422,
            "validation-failed",
            "/delay",
        ),
        ("patch of what is fixed", "PATCH", "/v1/jobs/{job}", b'{"group": "a"}', 422, "validation-failed", "/group"),
        (
            "patch that takes the target away",
            "PATCH",
            "/v1/jobs/{job}",
            b'{"target": null}',
            422,
            "validation-failed",
            "/target",
        ),
        (
            "patch into a forbidden URL",
            "PATCH",
            "/v1/jobs/{job}",
            b'{"target": {"url": "https://10.0.0.1/"}}',
            422,
            "target-url-forbidden",
            "/target/url",
        ),
        (
            "patch into the past",
            "PATCH",
            "/v1/jobs/{job}",
            b'{"run_at": "2001-01-01T00:00:00Z"}',
            422,
            "validation-failed",
            "/run_at",
        ),
        ("patch with an array", "PATCH", "/v1/jobs/{job}", b'[{"op": "remove"}]', 422, "validation-failed", ""),
        ("patch of an unknown job", "PATCH", f"/v1/jobs/{UNKNOWN_ID}", b'{"name": "a"}', 404, "not-found", None),
        ("patch of an ended job", "PATCH", "/v1/jobs/{ended}", b'{"name": "a"}', 409, "invalid-state", None),
        ("run of an ended job", "POST", "/v1/jobs/{ended}/run", None, 409, "invalid-state", None),
        (
            "reschedule of an ended job",
            "POST",
            "/v1/jobs/{ended}/reschedule",
            b'{"delay": "1s"}',
            409,
            "invalid-state",
            None,
        ),
        ("reschedule to no time", "POST", "/v1/jobs/{job}/reschedule", b"{}", 422, "validation-failed", "/run_at"),
        (
            "reschedule with more",
            "POST",
            "/v1/jobs/{job}/reschedule",
            b'{"delay": "1s", "name": "a"}',
            422,
            "validation-failed",
            "/name",
        ),
        (
            "cancel with a member",
            "POST",
            "/v1/jobs/{job}/cancel",
            b'{"force": true}',
            422,
            "validation-failed",
            "/force",
        ),
        ("cancel of an unknown job", "POST", f"/v1/jobs/{UNKNOWN_ID}/cancel", None, 404, "not-found", None),
    )
]
