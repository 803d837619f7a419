from __future__ import annotations

from datetime import UTC, datetime
from http.client import HTTPMessage
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.executor.targets.http_answer import answer_of, retry_after_seconds
from functions.executor.targets.http_exchange import Response
from shared.model import limits

if TYPE_CHECKING:
    from shared.model.execution import Failure

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def response(status: int, **headers: str) -> Response:
    message = HTTPMessage()
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    return Response(status, message, bytearray(b"body"))


def failure_of(status: int, **headers: str) -> Failure:
    answer = answer_of(response(status, **headers), "example.com", NOW)
    assert answer.output == b"body"
    assert answer.failure is not None
    return answer.failure


@pytest.mark.parametrize("status", [200, 201, 202, 204, 206, 299])
def test_2xx_is_success(status: int) -> None:
    assert answer_of(response(status), "example.com", NOW).failure is None


@given(status=st.integers(300, 599))
def test_every_other_status_is_a_failure_of_its_name(status: int) -> None:
    failure = failure_of(status)

    assert failure.type == f"http_{status}"
    assert failure.retryable is (status in (408, 425, 429) or (status >= 500 and status not in (501, 505)))


@pytest.mark.parametrize("status", [100, 103, 199, 600, 999])
def test_a_status_beyond_http_is_no_response(status: int) -> None:
    assert failure_of(status).type == "response_invalid"


@pytest.mark.parametrize(
    ("location", "named"),
    [
        ("https://other.example/s3cret?s3cret", "other.example"),
        ("http://user:s3cret@other.example:8080/", "other.example:8080"),
        ("//other.example/s3cret", "other.example"),
        ("/s3cret", "another path of the same host"),
        ("?s3cret", "another path of the same host"),
        ("javascript:s3cret", "another path of the same host"),
        ("https://s3cret\x00/", "another path of the same host"),
    ],
)
def test_a_redirect_names_only_the_host_that_it_points_to(location: str, named: str) -> None:
    failure = failure_of(307, Location=location)

    assert named in failure.message
    assert "s3cret" not in failure.message
    assert not failure.retryable


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("0", 0),
        ("120", 120),
        (" 5 ", 5),
        ("99999999999", limits.MAX_RETRY_AFTER_SECONDS),
        ("9" * 5_000, limits.MAX_RETRY_AFTER_SECONDS),
        ("Sun, 01 Mar 2026 12:01:00 GMT", 60),
        ("Sunday, 01-Mar-26 12:01:00 GMT", 60),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0),
        ("Sun, 01 Mar 2099 12:00:00 GMT", limits.MAX_RETRY_AFTER_SECONDS),
        ("Sun, 01 Mar 2026 12:01:00", None),
        ("-5", None),
        ("1.5", None),
        ("\u0665", None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_a_number_or_a_date(text: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(text, NOW) == seconds


@given(text=st.text(max_size=40))
def test_no_retry_after_is_an_error(text: str) -> None:
    seconds = retry_after_seconds(text, NOW)

    assert seconds is None or 0 <= seconds <= limits.MAX_RETRY_AFTER_SECONDS
