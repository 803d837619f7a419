"""The bus on which the scheduler tells what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_events as events
from constructs import Construct

if TYPE_CHECKING:
    from infra.settings import Settings


class EventBus(Construct):
    """An EventBridge bus of its own, called `punctual-<stage>`: whoever wants to hear something puts a rule on it."""

    def __init__(self, scope: Construct, *, settings: Settings) -> None:
        super().__init__(scope, "events")
        self.bus = events.EventBus(
            self,
            "bus",
            event_bus_name=f"punctual-{settings.stage}",
            description="What happens to the jobs of Punctual",
        )
