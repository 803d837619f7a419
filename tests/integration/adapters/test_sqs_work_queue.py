from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shared.adapters.sqs.work_queue import QueueUrls, SqsWorkQueue, lane_of_queue, read_hint, write_hint
from shared.model.errors import StoreUnavailable
from shared.model.lanes import Lane
from shared.ports.queue import Hint
from tests.aws import client, create_queues
from tests.integration.adapters.faults import NO_CONNECTION, READ_TIMEOUT, applied_but_failed, not_applied
from tests.jobs import at

if TYPE_CHECKING:
    from collections.abc import Mapping

BATCH = [(Hint("acme", f"job-{number}", at(number)), 0) for number in range(3)]


@pytest.fixture
def sqs(account: None) -> Any:
    return client("sqs")


@pytest.fixture
def urls(sqs: Any) -> Mapping[Lane, str]:
    return create_queues(sqs)


@pytest.mark.parametrize("fault", [not_applied, applied_but_failed])
def test_a_call_that_fails_as_a_whole_is_not_taken_for_sent(sqs: Any, urls: Mapping[Lane, str], fault: Any) -> None:
    with pytest.raises(StoreUnavailable), fault(sqs, READ_TIMEOUT):
        SqsWorkQueue(sqs, urls).send(Lane.NORMAL, BATCH)


def test_the_hints_that_were_not_taken_are_named() -> None:
    class Half:
        def send_message_batch(self, **_: Any) -> dict[str, Any]:
            return {"Successful": [{"Id": "1"}], "Failed": [{"Id": "2"}, {"Id": "0"}]}

    assert SqsWorkQueue(Half(), dict.fromkeys(Lane, "url")).send(Lane.NORMAL, BATCH) == [0, 2]


def test_a_message_asks_for_fairness_between_tenants_and_says_nothing_else(sqs: Any, urls: Mapping[Lane, str]) -> None:
    SqsWorkQueue(sqs, urls).send(Lane.NORMAL, BATCH[:1])

    (message,) = sqs.receive_message(QueueUrl=urls[Lane.NORMAL], AttributeNames=["MessageGroupId"])["Messages"]

    assert message["Body"] == '{"tenant":"acme","job_id":"job-0","wake_at":1772366400000}'
    assert message["Attributes"]["MessageGroupId"] == "acme"


def test_giving_back_is_best_effort(sqs: Any, urls: Mapping[Lane, str]) -> None:
    with not_applied(sqs, NO_CONNECTION):
        SqsWorkQueue(sqs, urls).give_back(Lane.NORMAL, "receipt", 0)


def test_the_depth_of_a_queue_that_is_away_is_not_known(sqs: Any, urls: Mapping[Lane, str]) -> None:
    with pytest.raises(StoreUnavailable), not_applied(sqs, NO_CONNECTION):
        SqsWorkQueue(sqs, urls).depth(Lane.NORMAL)


def test_a_queues_arn_names_its_lane(sqs: Any, urls: Mapping[Lane, str]) -> None:
    for lane, url in urls.items():
        answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        assert lane_of_queue(answer["Attributes"]["QueueArn"], urls) is lane

    with pytest.raises(ValueError, match="no lane"):
        lane_of_queue("arn:aws:sqs:eu-central-1:123456789012:another", urls)


def test_every_lane_has_its_url_in_the_settings() -> None:
    urls = QueueUrls(queue_url_high="h", queue_url_normal="n", queue_url_low="lo", queue_url_long="lg").by_lane()

    assert urls == {Lane.HIGH: "h", Lane.NORMAL: "n", Lane.LOW: "lo", Lane.LONG: "lg"}


def test_a_hint_is_read_as_it_was_written() -> None:
    assert read_hint(write_hint(Hint("acme", "job", at(0.125)))) == Hint("acme", "job", at(0.125))


@pytest.mark.parametrize(
    "body",
    [
        "",
        "hello",
        "[]",
        "null",
        "{}",
        '{"tenant":"a","job_id":"b"}',
        '{"tenant":"a","job_id":"b","wake_at":"soon"}',
        '{"tenant":"a","job_id":"b","wake_at":1e300}',
        '{"tenant":"a","job_id":"b","wake_at":null}',
    ],
)
def test_a_body_that_is_no_hint_is_told_apart(body: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        read_hint(body)
