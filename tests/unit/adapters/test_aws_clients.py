from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared.adapters import aws

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(autouse=True)
def region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    aws.client.cache_clear()


def test_a_process_has_one_client_of_a_service() -> None:
    assert aws.client("sqs") is aws.client("sqs")


def test_a_call_is_sent_three_times_at_the_most_and_never_hangs_for_long() -> None:
    config = aws.client("sqs").meta.config

    # `max_attempts` would count the resends only.
    assert config.retries == {"mode": "standard", "total_max_attempts": 3}
    assert config.connect_timeout + config.read_timeout < 10


@pytest.mark.parametrize("make", [aws.client, aws.create_client])
def test_no_two_clients_are_made_at_once(make: Callable[[str], object], monkeypatch: pytest.MonkeyPatch) -> None:
    class Session:
        def create_client(self, service: str, **_: object) -> str:
            assert aws._MAKING.locked()
            return f"a client of {service}"

    monkeypatch.setattr(aws, "session", Session)

    assert make("s3") == "a client of s3"
    aws.client.cache_clear()
