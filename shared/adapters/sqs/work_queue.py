"""`ports.queue.WorkQueue` on one standard queue per lane."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.adapters.aws import translated_errors
from shared.model.errors import StoreUnavailable
from shared.model.job import epoch_ms, from_epoch_ms
from shared.model.lanes import Lane
from shared.ports.queue import Hint

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


# `json.dumps` makes an encoder anew for each call that asks for other separators than its own.
_ENCODE = json.JSONEncoder(separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class QueueUrls:
    """The queues' URLs, as settings."""

    queue_url_high: str
    queue_url_normal: str
    queue_url_low: str
    queue_url_long: str

    def by_lane(self) -> Mapping[Lane, str]:
        return {lane: getattr(self, f"queue_url_{lane}") for lane in Lane}


@dataclass(frozen=True, slots=True)
class SqsWorkQueue:
    """`sqs` is a low-level client, `urls` the queue of each lane."""

    sqs: Any
    urls: Mapping[Lane, str]

    def send(self, lane: Lane, batch: Sequence[tuple[Hint, int]]) -> list[int]:
        with translated_errors(f"send to the {lane} queue"):
            answer = self.sqs.send_message_batch(
                QueueUrl=self.urls[lane],
                Entries=[
                    {
                        "Id": str(position),
                        "MessageBody": write_hint(hint),
                        "DelaySeconds": delay_seconds,
                        # On a standard queue this asks for fairness between tenants, not for order.
                        "MessageGroupId": hint.tenant,
                    }
                    for position, (hint, delay_seconds) in enumerate(batch)
                ],
            )
        return sorted(int(entry["Id"]) for entry in answer.get("Failed", []))

    def depth(self, lane: Lane) -> int:
        name = "ApproximateNumberOfMessages"
        with translated_errors(f"ask the {lane} queue's depth"):
            answer = self.sqs.get_queue_attributes(QueueUrl=self.urls[lane], AttributeNames=[name])
        return int(answer["Attributes"][name])

    def give_back(self, lane: Lane, receipt: str, seconds: int) -> None:
        try:
            with translated_errors(f"give back to the {lane} queue"):
                self.sqs.change_message_visibility(
                    QueueUrl=self.urls[lane], ReceiptHandle=receipt, VisibilityTimeout=seconds
                )
        except StoreUnavailable:
            # It comes back by itself when its visibility timeout is over, and the sweep sends another before that.
            return


def lane_of_queue(arn: str, urls: Mapping[Lane, str]) -> Lane:
    """Which lane's queue an event source ARN names.

    Raises:
        ValueError: none of them.
    """
    name = arn.rpartition(":")[2]
    for lane, url in urls.items():
        if url.rpartition("/")[2] == name:
            return lane
    raise ValueError(f"{name} is no lane's queue")


def write_hint(hint: Hint) -> str:
    return _ENCODE({"tenant": hint.tenant, "job_id": hint.job_id, "wake_at": epoch_ms(hint.wake_at)})


def read_hint(body: str) -> Hint:
    """The hint in a message's body.

    Raises:
        ValueError: the body is not a hint of ours.
    """
    try:
        fields = json.loads(body)
        return Hint(str(fields["tenant"]), str(fields["job_id"]), from_epoch_ms(int(fields["wake_at"])))
    except (TypeError, KeyError, OverflowError) as error:
        raise ValueError(f"not a hint: {error!r}") from error
