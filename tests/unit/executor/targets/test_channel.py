from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from functions.executor.targets.channel import ChannelTarget
from functions.executor.targets.protocol import Answer, Deadline
from shared.adapters.memory.versioned import MemoryVersionedStore
from shared.model.channel import Channel, ChannelKind
from shared.model.errors import StoreUnavailable
from shared.model.execution import Failure
from tests.calls import a_call
from tests.channels import a_channel

if TYPE_CHECKING:
    from functions.executor.targets.protocol import Call


@dataclass
class Remembering:
    answer: Answer = field(default_factory=lambda: Answer(b"ok"))
    calls: list[Call] = field(default_factory=list)

    def call(self, call: Call, deadline: Deadline) -> Answer:
        del deadline
        self.calls.append(call)
        return self.answer


@pytest.fixture
def channels() -> MemoryVersionedStore[Channel]:
    return MemoryVersionedStore("channel")


def send(channels: Any, http: Remembering | None, **changes: Any) -> Answer:
    target = ChannelTarget(channels, {"http": http}.get)
    return target.call(a_call({"type": "channel", "channel_id": "c0ffee"}, **changes), Deadline(5))


def failed(answer: Answer) -> tuple[str, bool]:
    assert answer.failure is not None
    return answer.failure.type, answer.failure.retryable


def test_news_is_sent_as_the_channel_says_under_the_jobs_own_identity(
    channels: MemoryVersionedStore[Channel],
) -> None:
    channels.create(a_channel())
    http = Remembering()

    answer = send(channels, http, payload=b'{"summary":"backup is due"}')

    (call,) = http.calls
    assert answer.output == b"ok"
    assert call.target["url"] == a_channel().settings["url"]
    assert json.loads(call.payload or b"")["text"] == "backup is due"
    assert (call.job_id, call.attempt, call.tenant) == (a_call({}).job_id, 2, "acme")


def test_what_the_service_answers_is_the_jobs_outcome(channels: MemoryVersionedStore[Channel]) -> None:
    channels.create(a_channel())
    busy = Answer(failure=Failure("http_503", "busy"))

    assert send(channels, Remembering(busy)) == busy


def test_a_channel_of_another_tenant_is_none(channels: MemoryVersionedStore[Channel]) -> None:
    channels.create(a_channel(tenant="other"))
    http = Remembering()

    assert failed(send(channels, http)) == ("channel_not_found", False)
    assert http.calls == []


def test_a_channel_that_cannot_be_read_now_is_tried_again() -> None:
    class Away:
        def get(self, tenant: str, item_id: str) -> Channel:
            raise StoreUnavailable(f"{tenant} {item_id}", outcome_unknown=False)

    assert failed(send(Away(), Remembering())) == ("channel_unavailable", True)


def test_a_kind_that_this_version_cannot_call_is_tried_again(channels: MemoryVersionedStore[Channel]) -> None:
    channels.create(a_channel())

    assert failed(send(channels, None)) == ("channel_unavailable", True)


def test_a_job_without_a_payload_is_news_too(channels: MemoryVersionedStore[Channel]) -> None:
    channels.create(a_channel(kind=ChannelKind.WEBHOOK, settings={"url": "https://example.com/"}))
    http = Remembering()

    send(channels, http, payload=None)

    assert http.calls[0].payload == b"null"
