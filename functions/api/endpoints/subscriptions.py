"""Who is told what happens."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from functions.api.answer import Answer
from functions.api.create_job import Idempotency
from functions.api.keep_versioned import Asked
from functions.api.models.subscriptions import NewSubscription, read_subscription
from functions.api.refusals import invalid_field
from functions.api.request import fingerprint
from functions.api.wanted_content import wanted_content
from functions.api.wire.answers import etag
from functions.api.wire.subscription_answers import subscription_answer
from shared.model.errors import ItemNotFound
from shared.model.subscription import Subscription, SubscriptionStatus

if TYPE_CHECKING:
    from functions.api.request import Request
    from functions.api.services import Services

_SUBSCRIPTION_ID: Final = re.compile(r"[0-9a-z]{1,64}")


def create_subscription(request: Request, services: Services) -> Answer:
    body, now, key = request.json_object(), services.clock.now(), request.idempotency_key()
    by, idempotency = request.authenticated().key_id, None if key is None else Idempotency(key, fingerprint(body))

    def make(subscription_id: str) -> Subscription:
        return Subscription(
            tenant=request.tenant,
            id=subscription_id,
            active_since=now,
            created_at=now,
            changed_at=now,
            changed_by=by,
            fingerprint=None if idempotency is None else idempotency.fingerprint,
            **_asked_for(body, request, services),
        )

    creation = services.subscriptions().create(request.tenant, make, by=by, idempotency=idempotency, now=now)
    headers = {"Location": f"/v1/subscriptions/{creation.item.id}"}
    if creation.replayed:
        headers["Idempotent-Replayed"] = "true"
    return _answer(creation.item, status=201, headers=headers)


def list_subscriptions(request: Request, services: Services) -> Answer:
    kept = sorted(services.subscriptions().store.all_of(request.tenant), key=lambda one: (one.created_at, one.id))
    return Answer(body={"items": [subscription_answer(one) for one in kept]})


def get_subscription(request: Request, services: Services, subscription_id: str) -> Answer:
    return _answer(services.subscriptions().store.get(request.tenant, _id(subscription_id)))


def change_subscription(request: Request, services: Services, subscription_id: str) -> Answer:
    now, wanted = services.clock.now(), wanted_content(request, NewSubscription, subscription_answer)

    def decide(current: Subscription) -> Subscription:
        asked = _asked_for(wanted(current), request, services)
        begins = current.status is SubscriptionStatus.PAUSED and asked["status"] is SubscriptionStatus.ACTIVE
        return replace(current, **asked, active_since=now if begins else current.active_since)

    return _answer(services.subscriptions().change(_which(request, subscription_id), decide, now=now))


def delete_subscription(request: Request, services: Services, subscription_id: str) -> Answer:
    request.refuse_body()
    return _answer(services.subscriptions().delete(_which(request, subscription_id)))


def _asked_for(body: Any, request: Request, services: Services) -> dict[str, Any]:
    """The fields of a subscription that a client decides.

    Raises:
        Refused: it is not of the shape, or there is no such channel.
    """
    asked, wanted = read_subscription(body)
    try:
        services.channels().store.get(request.tenant, asked.channel_id)
    except ItemNotFound:
        raise invalid_field("/channel_id", "unknown", "there is no such channel") from None
    return {
        "name": asked.name,
        "channel_id": asked.channel_id,
        "events": tuple(asked.events),
        "filter": wanted,
        "status": SubscriptionStatus(asked.status),
    }


def _which(request: Request, subscription_id: str) -> Asked:
    by = request.authenticated().key_id
    return Asked(tenant=request.tenant, item_id=_id(subscription_id), by=by, precondition=request.precondition())


def _id(subscription_id: str) -> str:
    if not _SUBSCRIPTION_ID.fullmatch(subscription_id):
        raise ItemNotFound("subscription", subscription_id)
    return subscription_id


def _answer(subscription: Subscription, *, status: int = 200, headers: dict[str, Any] | None = None) -> Answer:
    return Answer(
        status=status,
        body=subscription_answer(subscription),
        headers={"ETag": etag(subscription), **(headers or {})},
        facts={"subscription_id": subscription.id},
    )
