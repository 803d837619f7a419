"""Subscriptions to test with."""

from __future__ import annotations

from typing import Any

from shared.model.subscription import Subscription
from tests.jobs import START, TENANT


def a_subscription(**facts: Any) -> Subscription:
    """One to all that happens to jobs, by the webhook `c0ffee`, unless `facts` say otherwise."""
    known = {
        "tenant": TENANT,
        "id": "5ub5cr1be",
        "name": "to the data team",
        "channel_id": "c0ffee",
        "events": ("job.*",),
        "active_since": START,
        "created_at": START,
        "changed_at": START,
        "changed_by": "key-1",
    }
    return Subscription(**{**known, **facts})
