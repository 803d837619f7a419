"""Bad input of the jobs API, and what it gets: one table, driven over the handler and over HTTP.

Every row is refused with a problem document, and nothing is stored. In a path `{job}` stands for a waiting job with the
target `TARGET`, `{ended}` for a cancelled one.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

JSON = {"Content-Type": "application/json"}
TARGET: dict[str, Any] = {"type": "http", "url": "https://example.com/hook"}
UNKNOWN_ID = "06c3v8n1r4t7x2z5b8d1f4h7"


class BadInput(NamedTuple):
    """`pointer` is that of the first error, or None where there is none to name."""

    name: str
    method: str
    path: str
    headers: dict[str, str]
    body: bytes | None
    status: int
    slug: str
    pointer: str | None = None


def _create(name: str, body: Any, status: int, slug: str, pointer: str | None = None) -> BadInput:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return BadInput(name, "POST", "/v1/jobs", JSON, raw, status, slug, pointer)


def _field(name: str, member: str, value: Any, slug: str = "validation-failed", pointer: str | None = None) -> BadInput:
    return _create(name, {"target": TARGET, member: value}, 422, slug, pointer or f"/{member}")


def _target(name: str, target: Any, slug: str, pointer: str, status: int = 422) -> BadInput:
    return _create(name, {"target": target}, status, slug, pointer)


def _url(url: str) -> BadInput:
    return _target(f"url {url}", {**TARGET, "url": url}, "target-url-forbidden", "/target/url")


def _header(name: str, value: str) -> BadInput:
    pointer = "/target/headers/" + name.replace("~", "~0").replace("/", "~1")
    return _target(f"header {name!r}", {**TARGET, "headers": {name: value}}, "invalid-header", pointer)


def _query(query: str, name: str) -> BadInput:
    return BadInput(f"query {query}", "GET", f"/v1/jobs?{query}", {}, None, 400, "invalid-parameter", name)


def _malformed(name: str, raw: bytes) -> BadInput:
    return _create(name, raw, 400, "malformed-json", "")


MALFORMED = [
    BadInput("no body", "POST", "/v1/jobs", {}, None, 400, "malformed-json", ""),
    _malformed("an empty body", b""),
    _malformed("not UTF-8", b'{"target": "\xff\xfe"}'),
    _malformed("not UTF-8, and decoded on its way", '{"name": "\ufffd"}'.encode()),
    _malformed("truncated", b'{"target": {"type": "http"'),
    _malformed("text after the object", b'{"target": 1} x'),
    _malformed("a byte order mark", b"\xef\xbb\xbf{}"),
    _malformed("single quotes", b"{'target': 1}"),
    _malformed("duplicate keys", b'{"name": "a", "name": "b"}'),
    _malformed("duplicate keys deep inside", b'{"payload": [{"a": {"b": 1, "b": 1}}]}'),
    _malformed("NaN", b'{"payload": NaN}'),
    _malformed("Infinity", b'{"payload": [-Infinity]}'),
    _malformed("beyond a double", b'{"payload": 1e999}'),
    _malformed("an integer of 5,000 digits", b'{"payload": ' + b"9" * 5_000 + b"}"),
    _malformed("nested 33 deep", b'{"payload": ' + b"[" * 32 + b"]" * 32 + b"}"),
    _malformed("nested 100,000 deep", b"[" * 100_000),
    _malformed("a raw control character", b'{"name": "a\x01"}'),
]

TOO_LARGE = [
    _create("a body over 256 KB", b'{"name": "' + b"a" * 262_200 + b'"}', 413, "payload-too-large", ""),
    _create(
        "a payload over 200 KB", {"target": TARGET, "payload": "a" * 204_800}, 413, "payload-too-large", "/payload"
    ),
    BadInput("a bulk body over 4 MB", "POST", "/v1/jobs/bulk", JSON, b" " * 4_194_305, 413, "payload-too-large", ""),
]

SHAPE = [
    _create("an array", [], 422, "validation-failed", ""),
    _create("a number", 5, 422, "validation-failed", ""),
    _create("null", None, 422, "validation-failed", ""),
    _create("no target", {}, 422, "validation-failed", "/target"),
    _create("a target of null", {"target": None}, 422, "validation-failed", "/target"),
    _field("an unknown member", "runat", "2026-11-20T12:00:00Z"),
    _field("an unknown member with a slash", "a/b~c", 1, pointer="/a~1b~0c"),
    _field("true for a number", "retry", {"max_attempts": True}, pointer="/retry/max_attempts"),
    _field('"5" for a number', "retry", {"max_attempts": "5"}, pointer="/retry/max_attempts"),
    _field("a fraction of an attempt", "retry", {"max_attempts": 1.5}, pointer="/retry/max_attempts"),
    _field("a number for a name", "name", 5),
    _field("an empty name", "name", ""),
    _field("a name of 129 characters", "name", "a" * 129),
    _field("a name with a line break", "name", "a\nb"),
    _field("a name with NUL", "name", "a\x00b"),
    _field("half a surrogate pair", "payload", {"a": ["\ud800"]}, pointer="/payload/a/0"),
    _field("NUL in a key of the payload", "payload", {"a\x00": 1}, pointer="/payload"),
    _field("eleven tags", "tags", {str(number): "" for number in range(11)}),
    _field("a tag key with a colon", "tags", {"a:b": "c"}, pointer="/tags/a:b"),
    _field("a tag value that is no string", "tags", {"a": 1}, pointer="/tags/a"),
    _field("a tag value of 129 characters", "tags", {"a": "b" * 129}, pointer="/tags/a"),
    _field("a group with a blank", "group", "a b"),
    _field("a group of 65 characters", "group", "a" * 65),
    _field("a correlation id that is not ASCII", "correlation_id", "ü"),
    _field("a priority that is none", "priority", "urgent"),
    _field("a delivery that is none", "delivery", "exactly_once"),
]

TIMES = [
    _field(f"run_at {text}", "run_at", text)
    for text in (
        "2026-11-20T12:00:00",
        "2026-11-20",
        "2025-02-30T12:00:00Z",
        "2026-11-20T24:00:00Z",
        "2026-12-31T23:59:60Z",
        "2026-11-20T12:00:00+24:00",
        "2026-11-20 12:00:00Z",
        "٢٠٢٦-11-20T12:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59Z",
        "2001-01-01T00:00:00Z",
        "now",
        "",
    )
] + [
    _field("run_at as a number", "run_at", 1_800_000_000),
    _create(
        "run_at and delay",
        {"target": TARGET, "run_at": "2026-11-20T12:00:00Z", "delay": "1s"},
        422,
        "validation-failed",
        "",
    ),
]

DURATIONS = [
    *(
        _field(f"delay {text!r}", "delay", text)
        for text in ("10", "", "-5s", "1.5h", "5 s", "1m1h", "P1M", "P", "PT", "1e3s", "9999999999s", "6000d", "∞")
    ),
    _field("delay as a number", "delay", 10),
    _field("a timeout of nothing", "timeout", "0s"),
    _field("a timeout over 14 minutes", "timeout", "841s"),
    _field("half a second of timeout", "timeout", "1500ms"),
    _field("expires_after over 30 days", "expires_after", "31d"),
]

RETRIES = [
    _field(f"retry {retry}", "retry", retry, pointer=pointer)
    for retry, pointer in (
        ({"max_attempts": 0}, "/retry/max_attempts"),
        ({"max_attempts": 21}, "/retry/max_attempts"),
        ({"max_attempts": 10**30}, "/retry/max_attempts"),
        ({"backoff": "linear"}, "/retry/backoff"),
        ({"initial": "0s"}, "/retry/initial"),
        ({"initial": "2h"}, "/retry/initial"),
        ({"multiplier": 0.5}, "/retry/multiplier"),
        ({"multiplier": 11}, "/retry/multiplier"),
        ({"max_delay": "2d"}, "/retry/max_delay"),
        ({"initial": "1m", "max_delay": "1s"}, "/retry/max_delay"),
        ({"jitter": "some"}, "/retry/jitter"),
        ({"retry_on": ["HTTP 503"]}, "/retry/retry_on/0"),
        ({"retry_on": ["lost"] * 21}, "/retry/retry_on"),
        ({"attempts": 3}, "/retry/attempts"),
        ([], "/retry"),
    )
] + [
    _create(
        "at_most_once with three attempts",
        {"target": TARGET, "delivery": "at_most_once", "retry": {"max_attempts": 3}},
        422,
        "validation-failed",
        "/retry/max_attempts",
    ),
]

TARGETS = [
    _target("a target that is a string", "http", "validation-failed", "/target"),
    _target("a target without a type", {"url": "https://example.com"}, "validation-failed", "/target/type"),
    _target("a kind of target that is none", {"type": "ftp"}, "validation-failed", "/target/type"),
    _target("a type that is an object", {"type": {}}, "validation-failed", "/target/type"),
    _target("http without a URL", {"type": "http"}, "validation-failed", "/target/url"),
    _target("another kind's member", {**TARGET, "argv": ["a"]}, "validation-failed", "/target/argv"),
    _target("a method that is none", {**TARGET, "method": "BREW"}, "validation-failed", "/target/method"),
    _target("an empty command", {"type": "command", "argv": []}, "validation-failed", "/target/argv"),
    _target("a task's path", {"type": "task", "name": "../../os"}, "validation-failed", "/target/name"),
    _target(
        "another account's queue",
        {"type": "sqs", "queue_url": "https://sqs.eu-central-1.amazonaws.com/999999999999/orders"},
        "target-not-allowed",
        "/target/queue_url",
    ),
    _target("any function", {"type": "lambda", "function": "*"}, "target-not-allowed", "/target/function"),
    _target(
        "another account's function",
        {"type": "lambda", "function": "arn:aws:lambda:eu-central-1:999999999999:function:orders-new"},
        "target-not-allowed",
        "/target/function",
    ),
    _target("a topic that is none", {"type": "sns", "topic_arn": "news"}, "target-not-allowed", "/target/topic_arn"),
    *(
        _url(url)
        for url in (
            "http://example.com/",
            "ftp://example.com/",
            "file:///etc/passwd",
            "https://user:secret@example.com/",
            "https://127.0.0.1/",
            "https://localhost/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0177.0.0.1/",
            "https://10.0.0.1/",
            "https://192.168.1.1/",
            "https://169.254.169.254/latest/meta-data/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[64:ff9b::7f00:1]/",
            "https://[2002:7f00:1::]/",
            "https://[fd00:ec2::254]/",
            "https://224.0.0.1/",
            "https://metadata.google.internal/",
            "https://example.com:22/",
            "https://example.com:99999/",
            "https://",
            "example.com",
        )
    ),
    _header("X-A", "a\r\nHost: b"),
    _header("Host", "example.com"),
    _header("webhook-signature", "v1,a"),
    _header("X-Punctual-Fence", "7"),
    _header("a b", "c"),
]

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
        _query(query, name)
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
        BadInput(f"cursor {cursor}", "GET", f"/v1/jobs?cursor={cursor}", {}, None, 400, "invalid-page-token")
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
        ("reschedule to no time", "POST", "/v1/jobs/{job}/reschedule", b"{}", 422, "validation-failed", ""),
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

BAD_INPUT = [
    *MALFORMED,
    *TOO_LARGE,
    *SHAPE,
    *TIMES,
    *DURATIONS,
    *RETRIES,
    *TARGETS,
    *BULK,
    *ROUTING,
    *HEADERS,
    *QUERIES,
    *CHANGES,
]
