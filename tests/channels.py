"""Channels to test with."""

from __future__ import annotations

from typing import Any

from shared.model.channel import Channel, ChannelKind
from tests.jobs import START, TENANT


def a_channel(**facts: Any) -> Channel:
    """A Slack channel, unless `facts` say otherwise."""
    known = {
        "tenant": TENANT,
        "id": "c0ffee",
        "name": "on call",
        "kind": ChannelKind.SLACK,
        "settings": {"url": "https://hooks.slack.example/services/T0/B0/planted"},
        "created_at": START,
        "changed_at": START,
        "changed_by": "key-1",
    }
    return Channel(**{**known, **facts})
