"""Channels as they are answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.model.channel import SECRETS
from shared.model.hidden import HIDDEN, shown_target
from shared.model.times import format_time

if TYPE_CHECKING:
    from shared.model.channel import Channel


def channel_answer(channel: Channel) -> dict[str, Any]:
    """A channel with its secrets hidden."""
    shown = {name: HIDDEN if name in SECRETS[channel.kind] else value for name, value in channel.settings.items()}
    return {
        "id": channel.id,
        "name": channel.name,
        "service": shown_target({"type": channel.kind, **shown}),
        "version": channel.version,
        "created_at": format_time(channel.created_at),
        "changed_at": format_time(channel.changed_at),
        "changed_by": channel.changed_by,
    }
