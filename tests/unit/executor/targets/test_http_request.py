from __future__ import annotations

from typing import Any

import pytest

from functions.executor.targets.http_request import request_of
from shared.model.outbound import check_url
from tests.calls import PAYLOAD, a_call

URL = check_url("https://example.com:8443/in?x=1", frozenset())


def headers_of(target: dict[str, Any] | None = None, **changes: Any) -> dict[str, str]:
    request = request_of(a_call(target or {}, **changes), URL, {"webhook-id": "job-1"})
    names = [name.lower() for name, _ in request.headers]
    assert len(set(names)) == len(names)
    return {name.lower(): value for name, value in request.headers}


def test_the_request_is_a_post_of_the_payload_unless_the_job_says_otherwise() -> None:
    request = request_of(a_call({}), URL, {})

    assert (request.method, request.path, request.body) == ("POST", "/in?x=1", PAYLOAD)
    assert request.headers[0] == ("Host", "example.com:8443")


def test_the_jobs_own_headers_come_before_our_defaults_whatever_their_case() -> None:
    headers = headers_of({"headers": {"content-TYPE": "text/plain", "USER-agent": "mine", "Accept-Encoding": "br"}})

    assert headers["content-type"] == "text/plain"
    assert headers["user-agent"] == "mine"
    assert headers["accept-encoding"] == "br"


def test_a_body_of_another_length_is_announced_in_bytes() -> None:
    assert headers_of(payload='"ü"'.encode())["content-length"] == "4"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_a_method_with_a_body_announces_an_empty_one(method: str) -> None:
    headers = headers_of({"method": method}, payload=None)

    assert headers["content-length"] == "0"
    assert "content-type" not in headers


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
def test_any_method_sends_a_payload_that_is_there(method: str) -> None:
    assert request_of(a_call({"method": method}), URL, {}).body == PAYLOAD
    assert "content-length" not in headers_of({"method": method}, payload=None)


def test_the_signature_is_among_the_headers() -> None:
    assert headers_of()["webhook-id"] == "job-1"
