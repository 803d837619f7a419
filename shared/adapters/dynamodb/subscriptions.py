"""How subscriptions are stored."""

from __future__ import annotations

from typing import Any, Final

from shared.adapters.dynamodb import schema
from shared.adapters.dynamodb.versioned import Form
from shared.model.job import epoch_ms, from_epoch_ms
from shared.model.lanes import Priority
from shared.model.subscription import EventFilter, Subscription, SubscriptionStatus


def _encode(subscription: Subscription) -> dict[str, Any]:
    wanted = subscription.filter
    return {
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
        "active_since": epoch_ms(subscription.active_since),
        "created_at": epoch_ms(subscription.created_at),
        "changed_at": epoch_ms(subscription.changed_at),
        "changed_by": subscription.changed_by,
        "fingerprint": subscription.fingerprint,
    }


def _decode(tenant: str, item_id: str, version: int, document: dict[str, Any]) -> Subscription:
    wanted = document["filter"]
    return Subscription(
        tenant=tenant,
        id=item_id,
        version=version,
        name=document["name"],
        channel_id=document["channel_id"],
        events=tuple(document["events"]),
        filter=EventFilter(
            template_id=wanted["template_id"],
            group=wanted["group"],
            priority=None if wanted["priority"] is None else Priority(wanted["priority"]),
            tags=wanted["tags"],
        ),
        status=SubscriptionStatus(document["status"]),
        active_since=from_epoch_ms(document["active_since"]),
        created_at=from_epoch_ms(document["created_at"]),
        changed_at=from_epoch_ms(document["changed_at"]),
        changed_by=document["changed_by"],
        fingerprint=document["fingerprint"],
    )


SUBSCRIPTIONS: Final = Form("subscription", schema.SUBSCRIPTIONS_PK, _encode, _decode)
