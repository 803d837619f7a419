"""A channel: where news goes to, such as a webhook or a pager."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class ChannelKind(StrEnum):
    """By which service news goes out, and what the channel's settings are then."""

    WEBHOOK = "webhook"  # url, headers: the document itself, signed after Standard Webhooks
    SLACK = "slack"  # url: an incoming webhook of Slack
    PAGERDUTY = "pagerduty"  # routing_key, region (us or eu): the Events API v2
    SNS = "sns"  # topic_arn
    EMAIL = "email"  # addresses; sent by SES from the stage's own address


SECRETS: Final[Mapping[ChannelKind, frozenset[str]]] = {
    ChannelKind.WEBHOOK: frozenset(),
    ChannelKind.SLACK: frozenset({"url"}),
    ChannelKind.PAGERDUTY: frozenset({"routing_key"}),
    ChannelKind.SNS: frozenset(),
    ChannelKind.EMAIL: frozenset(),
}
"""Settings that let whoever knows them speak in the tenant's name: they are taken and never given back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """`settings` are those of its kind, checked when they came. `fingerprint` is a digest of the request that created
    it under an Idempotency-Key."""

    tenant: str
    id: str
    name: str
    kind: ChannelKind
    settings: Mapping[str, Any] = field(repr=False)
    version: int = 1
    created_at: datetime
    changed_at: datetime
    changed_by: str
    fingerprint: str | None = None
