"""What runs each minute."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets

if TYPE_CHECKING:
    from infra.function import PunctualFunction


def every_minute(function: PunctualFunction, description: str, *, parts: int = 1) -> None:
    """Invoke `function` each minute; as several `parts` at once, each of which is told in the event which `part` (from
    0) `of` how many it is. One rule has five targets at the most.

    Nothing is tried again, neither the delivery nor a run that failed: the next minute's run does what this one left.
    """
    events.Rule(
        function,
        "EveryMinute",
        description=description,
        schedule=events.Schedule.rate(Duration.minutes(1)),
        targets=[
            targets.LambdaFunction(
                function.function,
                event=None if parts == 1 else events.RuleTargetInput.from_object({"part": part, "of": parts}),
                max_event_age=Duration.minutes(1),
                retry_attempts=0,
            )
            for part in range(parts)
        ],
    )
    function.function.configure_async_invoke(max_event_age=Duration.minutes(1), retry_attempts=0)
