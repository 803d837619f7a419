"""Subscriptions as they are answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.model.times import format_time

if TYPE_CHECKING:
    from shared.model.subscription import Subscription


def subscription_answer(subscription: Subscription) -> dict[str, Any]:
    """A subscription; its filter with all that one may say."""
    wanted = subscription.filter
    return {
        "id": subscription.id,
        "name": subscription.name,
        "channel_id": subscription.channel_id,
        "events": list(subscription.events),
        "filter": {
            "template_id": wanted.template_id,
            "group": wanted.group,
            "priority": wanted.priority,
            "tags": dict(wanted.tags),
        },
        "status": subscription.status,
        "active_since": format_time(subscription.active_since),
        "version": subscription.version,
        "created_at": format_time(subscription.created_at),
        "changed_at": format_time(subscription.changed_at),
        "changed_by": subscription.changed_by,
    }
