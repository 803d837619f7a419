"""Bodies that are no JSON, too large, or say what a job cannot be."""

from __future__ import annotations

from tests.bad_input.rows import JSON, TARGET, BadInput, bad_create, bad_field, malformed

MALFORMED = [
    BadInput("no body", "POST", "/v1/jobs", {}, None, 400, "malformed-json", ""),
    malformed("an empty body", b""),
    malformed("not UTF-8", b'{"target": "\xff\xfe"}'),
    malformed("not UTF-8, and decoded on its way", '{"name": "\ufffd"}'.encode()),
    malformed("truncated", b'{"target": {"type": "http"'),
    malformed("text after the object", b'{"target": 1} x'),
    malformed("a byte order mark", b"\xef\xbb\xbf{}"),
    malformed("single quotes", b"{'target': 1}"),
    malformed("duplicate keys", b'{"name": "a", "name": "b"}'),
    malformed("duplicate keys deep inside", b'{"payload": [{"a": {"b": 1, "b": 1}}]}'),
    malformed("NaN", b'{"payload": NaN}'),
    malformed("Infinity", b'{"payload": [-Infinity]}'),
    malformed("beyond a double", b'{"payload": 1e999}'),
    malformed("an integer of 5,000 digits", b'{"payload": ' + b"9" * 5_000 + b"}"),
    malformed("nested 33 deep", b'{"payload": ' + b"[" * 32 + b"]" * 32 + b"}"),
    malformed("nested 100,000 deep", b"[" * 100_000),
    malformed("a raw control character", b'{"name": "a\x01"}'),
]

TOO_LARGE = [
    bad_create("a body over 256 KB", b'{"name": "' + b"a" * 262_200 + b'"}', 413, "payload-too-large", ""),
    bad_create(
        "a payload over 200 KB", {"target": TARGET, "payload": "a" * 204_800}, 413, "payload-too-large", "/payload"
    ),
    BadInput("a bulk body over 4 MB", "POST", "/v1/jobs/bulk", JSON, b" " * 4_194_305, 413, "payload-too-large", ""),
]

SHAPE = [
    bad_create("an array", [], 422, "validation-failed", ""),
    bad_create("a number", 5, 422, "validation-failed", ""),
    bad_create("null", None, 422, "validation-failed", ""),
    bad_create("no target", {}, 422, "validation-failed", "/target"),
    bad_create("a target of null", {"target": None}, 422, "validation-failed", "/target"),
    bad_field("an unknown member", "runat", "2026-11-20T12:00:00Z"),
    bad_field("an unknown member with a slash", "a/b~c", 1, pointer="/a~1b~0c"),
    bad_field("true for a number", "retry", {"max_attempts": True}, pointer="/retry/max_attempts"),
    bad_field('"5" for a number', "retry", {"max_attempts": "5"}, pointer="/retry/max_attempts"),
    bad_field("a fraction of an attempt", "retry", {"max_attempts": 1.5}, pointer="/retry/max_attempts"),
    bad_field("a number for a name", "name", 5),
    bad_field("an empty name", "name", ""),
    bad_field("a name of 129 characters", "name", "a" * 129),
    bad_field("a name with a line break", "name", "a\nb"),
    bad_field("a name with NUL", "name", "a\x00b"),
    bad_field("half a surrogate pair", "payload", {"a": ["\ud800"]}, pointer="/payload/a/0"),
    bad_field("NUL in a key of the payload", "payload", {"a\x00": 1}, pointer="/payload"),
    bad_field("eleven tags", "tags", {str(number): "" for number in range(11)}),
    bad_field("a tag key with a colon", "tags", {"a:b": "c"}, pointer="/tags/a:b"),
    bad_field("a tag value that is no string", "tags", {"a": 1}, pointer="/tags/a"),
    bad_field("a tag value of 129 characters", "tags", {"a": "b" * 129}, pointer="/tags/a"),
    bad_field("a group with a blank", "group", "a b"),
    bad_field("a group of 65 characters", "group", "a" * 65),
    bad_field("a correlation id that is not ASCII", "correlation_id", "ü"),
    bad_field("a priority that is none", "priority", "urgent"),
    bad_field("a delivery that is none", "delivery", "exactly_once"),
]

TIMES = [
    bad_field(f"run_at {text}", "run_at", text)
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
    bad_field("run_at as a number", "run_at", 1_800_000_000),
    bad_create(
        "run_at and delay",
        {"target": TARGET, "run_at": "2026-11-20T12:00:00Z", "delay": "1s"},
        422,
        "validation-failed",
        "/delay",
    ),
]

DURATIONS = [
    *(
        bad_field(f"delay {text!r}", "delay", text)
        for text in ("10", "", "-5s", "1.5h", "5 s", "1m1h", "P1M", "P", "PT", "1e3s", "9999999999s", "6000d", "∞")
    ),
    bad_field("delay as a number", "delay", 10),
    bad_field("a timeout of nothing", "timeout", "0s"),
    bad_field("a timeout over 14 minutes", "timeout", "841s"),
    bad_field("half a second of timeout", "timeout", "1500ms"),
    bad_field("expires_after over 30 days", "expires_after", "31d"),
]

RETRIES = [
    bad_field(f"retry {retry}", "retry", retry, pointer=pointer)
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
        ({"delays": []}, "/retry/delays"),
        ({"delays": ["10s"] * 20}, "/retry/delays"),
        ({"delays": ["0s"]}, "/retry/delays/0"),
        ({"delays": ["10s", "2d"]}, "/retry/delays/1"),
        ({"delays": ["10s", 60]}, "/retry/delays/1"),
        ({"delays": "10s"}, "/retry/delays"),
        ({"delays": ["10s"], "backoff": "fixed"}, "/retry/delays"),
        ({"delays": ["10s"], "initial": "5s"}, "/retry/initial"),
        ({"delays": ["10s"], "max_delay": "5m"}, "/retry/max_delay"),
        ({"backoff": "ladder"}, "/retry/delays"),
        ({"backoff": "fixed", "multiplier": 2}, "/retry/multiplier"),
        ({"never_retry_on": ["HTTP 503"]}, "/retry/never_retry_on/0"),
        ({"never_retry_on": ["lost"] * 21}, "/retry/never_retry_on"),
        ({"never_retry_on": ["lost"], "retry_on": ["lost"]}, "/retry/never_retry_on"),
        ({"give_up_after": "0s"}, "/retry/give_up_after"),
        ({"give_up_after": "31d"}, "/retry/give_up_after"),
        ({"give_up_after": "1500ms"}, "/retry/give_up_after"),
        ({"give_up_after": 60}, "/retry/give_up_after"),
        ({"attempts": 3}, "/retry/attempts"),
        ([], "/retry"),
    )
] + [
    bad_create(
        "at_most_once with three attempts",
        {"target": TARGET, "delivery": "at_most_once", "retry": {"max_attempts": 3}},
        422,
        "validation-failed",
        "/retry/max_attempts",
    ),
]
