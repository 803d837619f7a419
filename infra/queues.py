"""The lanes' queues, each with its dead-letter queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aws_cdk import Duration
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra import nag
from infra.lanes import Lane
from infra.settings import Transport

if TYPE_CHECKING:
    from infra.settings import Settings

# Attempts are counted in the table, never by the queue. A message is received again when it came too early or found no
# time left, which is no fault of it; after ten such rounds it is one, and the sweep sends another.
_MAX_RECEIVES: Final = 10
_KEPT: Final = Duration.days(4)
# A message's age counts from when it was first sent, so a dead-letter queue must keep longer to keep at all.
_DEAD_KEPT: Final = Duration.days(14)


class Queues(Construct):
    """Standard queues: messages are hints, whose loss, repetition and order change nothing, so no FIFO is paid for."""

    def __init__(self, scope: Construct, *, settings: Settings) -> None:
        super().__init__(scope, "queues")
        tls_only = settings.transport is Transport.TLS_ONLY
        self.dead = {
            lane: sqs.Queue(
                self,
                f"{lane}-dead",
                encryption=sqs.QueueEncryption.SQS_MANAGED,
                enforce_ssl=tls_only,
                retention_period=_DEAD_KEPT,
            )
            for lane in Lane
        }
        self.by_lane = {
            lane: sqs.Queue(
                self,
                lane,
                encryption=sqs.QueueEncryption.SQS_MANAGED,
                enforce_ssl=tls_only,
                retention_period=_KEPT,
                visibility_timeout=Duration.seconds(lane.visibility_timeout_seconds),
                dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead[lane], max_receive_count=_MAX_RECEIVES),
            )
            for lane in Lane
        }
        if not tls_only:
            nag.acknowledge(self, "SQS4", nag.PLAIN_HTTP)

    def environment(self) -> dict[str, str]:
        """The variables that name all queues."""
        return {lane.variable: queue.queue_url for lane, queue in self.by_lane.items()}

    def arns(self, *lanes: Lane) -> list[str]:
        """The queues of `lanes`, or of all, for a policy."""
        return [self.by_lane[lane].queue_arn for lane in lanes or Lane]

    def dead_arns(self) -> list[str]:
        """All dead-letter queues, for a policy."""
        return [queue.queue_arn for queue in self.dead.values()]
