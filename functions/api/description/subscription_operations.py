"""What each route about subscriptions is for."""

from __future__ import annotations

from typing import Final

from functions.api.description import subscription_answers as answers
from functions.api.description.operation import CHANGE_PROBLEMS, IDEMPOTENCY_KEY, IF_MATCH, IF_NONE_MATCH, Operation
from functions.api.models import subscriptions
from functions.api.request import JSON, MERGE_PATCH
from shared.model import limits

_NEW: Final = {
    "name": "failures to the data team",
    "channel_id": "06c3v8n1r4t7x2z5b8d1f4h7",
    "events": ["job.failed", "alert.*"],
    "filter": {"tags": {"team": "data"}},
}
_CHANGE_PROBLEMS: Final = tuple(slug for slug in CHANGE_PROBLEMS if slug != "invalid-state")

SUBSCRIPTION_OPERATIONS: Final = {
    ("POST", "/v1/subscriptions"): Operation(
        id="createSubscription",
        summary="Subscribe a channel to events",
        description="Each event is told by a job of its own, at least once, in no particular order: "
        "see docs/events.md. It holds for what happens ten seconds later; "
        f"there are up to {limits.MAX_SUBSCRIPTIONS}.",
        body=subscriptions.NewSubscription,
        example=_NEW,
        parameters=(IDEMPOTENCY_KEY,),
        answer=answers.Subscription,
        statuses={201: "The subscription. `Idempotent-Replayed: true` when an earlier call had created it."},
        problems=("idempotency-key-reused", "limit-reached"),
    ),
    ("GET", "/v1/subscriptions"): Operation(
        id="listSubscriptions",
        summary="List subscriptions",
        description="All of them, in one answer.",
        answer=answers.SubscriptionList,
        statuses={200: "The subscriptions."},
    ),
    ("GET", "/v1/subscriptions/{subscription_id}"): Operation(
        id="getSubscription",
        summary="Get a subscription",
        parameters=(IF_NONE_MATCH,),
        answer=answers.Subscription,
        statuses={200: "The subscription."},
        problems=("not-found",),
    ),
    ("PATCH", "/v1/subscriptions/{subscription_id}"): Operation(
        id="editSubscription",
        summary="Change a subscription",
        description="A JSON merge patch (RFC 7396). It holds for what happens ten seconds later.",
        body=subscriptions.SubscriptionPatch,
        is_patch=True,
        example={"status": "paused"},
        body_types=(MERGE_PATCH, JSON),
        parameters=(IF_MATCH,),
        answer=answers.Subscription,
        statuses={200: "The subscription after the change."},
        problems=_CHANGE_PROBLEMS,
    ),
    ("PUT", "/v1/subscriptions/{subscription_id}"): Operation(
        id="replaceSubscription",
        summary="Replace a subscription",
        description="It holds for what happens ten seconds later. Resumed, it tells what happens from then on.",
        body=subscriptions.NewSubscription,
        example={**_NEW, "status": "paused"},
        parameters=(IF_MATCH,),
        answer=answers.Subscription,
        statuses={200: "The subscription after the change."},
        problems=_CHANGE_PROBLEMS,
    ),
    ("DELETE", "/v1/subscriptions/{subscription_id}"): Operation(
        id="deleteSubscription",
        summary="Delete a subscription",
        description="What is on its way already arrives.",
        parameters=(IF_MATCH,),
        answer=answers.Subscription,
        statuses={200: "The subscription as it was."},
        problems=_CHANGE_PROBLEMS,
    ),
}
