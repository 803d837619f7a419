from __future__ import annotations

import pytest

from shared.model import limits
from shared.model.errors import InvalidField
from shared.model.outbound import check_headers


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Authorization", "Bearer abc"),
        ("X-Custom", ""),
        ("content-type", "application/cloudevents+json"),
        ("X-Latin", "gr\u00fc\u00dfe"),
        ("X-Tab", "a\tb"),
        ("!#$%&'*+.^_`|~", "x"),
        ("X-Long", "x" * limits.MAX_HEADER_VALUE_LENGTH),
    ],
)
def test_a_header_of_the_job_is_accepted(name: str, value: str) -> None:
    check_headers({name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("", "x"),
        ("a b", "x"),
        ("a:", "x"),
        ("a\r\nb", "x"),
        ("\u00fc", "x"),
        ("x" * (limits.MAX_HEADER_NAME_LENGTH + 1), "x"),
        ("Host", "evil.example"),
        ("CONTENT-LENGTH", "0"),
        ("Transfer-Encoding", "chunked"),
        ("Connection", "close"),
        ("Upgrade", "h2c"),
        ("TE", "trailers"),
        ("Proxy-Authorization", "x"),
        ("webhook-signature", "v1,x"),
        ("Webhook-Id", "x"),
        ("Idempotency-Key", "x"),
        ("X-Correlation-Id", "x"),
        ("x-punctual-fence", "9"),
        ("X-A", "a\r\nX-Injected: 1"),
        ("X-A", "a\nb"),
        ("X-A", "a\rb"),
        ("X-A", "\x00"),
        ("X-A", "\x7f"),
        ("X-A", "\x85"),
        ("X-A", "\u20ac"),
        ("X-A", "x" * (limits.MAX_HEADER_VALUE_LENGTH + 1)),
    ],
)
def test_a_header_that_is_not_the_jobs_to_set_is_refused(name: str, value: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        check_headers({name: value})

    assert refusal.value.slug == "invalid-header"
    assert refusal.value.pointer == f"/target/headers/{name}"


def test_the_pointer_to_a_header_is_escaped() -> None:
    with pytest.raises(InvalidField) as refusal:
        check_headers({"a/b~c": "x"})

    assert refusal.value.pointer == "/target/headers/a~1b~0c"


def test_names_of_headers_do_not_differ_by_case() -> None:
    with pytest.raises(InvalidField, match="twice"):
        check_headers({"X-A": "1", "x-a": "2"})


def test_headers_are_bounded_in_number() -> None:
    with pytest.raises(InvalidField) as refusal:
        check_headers({f"X-{number}": "1" for number in range(limits.MAX_HEADERS + 1)})

    assert refusal.value.pointer == "/target/headers"
