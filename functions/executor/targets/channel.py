"""Target kind `channel`: news, sent where the tenant's channel of that id says and in the form its service asks for."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from functions.executor.targets.channel_messages import message_of
from functions.executor.targets.protocol import Answer
from shared.model.errors import ItemNotFound, StoreUnavailable
from shared.model.execution import Failure

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.executor.targets.protocol import Call, Deadline, Target
    from shared.model.channel import Channel
    from shared.ports.versioned import VersionedStore


@dataclass(frozen=True, slots=True)
class ChannelTarget:
    """The channel is read when the job runs: its secrets are not in the job, and a change of it holds for all that has
    not been sent. `target_of` gives the target by which a channel's service is called."""

    channels: VersionedStore[Channel]
    target_of: Callable[[str], Target | None]

    def call(self, call: Call, deadline: Deadline) -> Answer:
        """Success is what it is for the target by which the channel's service is called."""
        channel_id = str(call.target["channel_id"])
        try:
            channel = self.channels.get(call.tenant, channel_id)
        except ItemNotFound:
            return Answer(failure=Failure("channel_not_found", f"there is no channel {channel_id}", retryable=False))
        except StoreUnavailable as error:
            return Answer(failure=Failure("channel_unavailable", f"the channel could not be read: {error}"))
        message = message_of(channel, None if call.payload is None else json.loads(call.payload), call.job_id)
        target = self.target_of(message.target["type"])
        if target is None:
            return Answer(failure=Failure("channel_unavailable", f"{channel.kind} is not known here"))
        return target.call(replace(call, target=message.target, payload=message.payload), deadline)
