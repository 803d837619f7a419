"""The canary's template, apart from what is asked about it: who only asks need not read templates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from shared.model.canary import CANARY_ID, SYSTEM_TENANT
from shared.model.lanes import Priority
from shared.model.retry import RetryPolicy
from shared.model.template import (
    JobDefinition,
    Misfire,
    MisfirePolicy,
    Progress,
    Template,
    TemplateKey,
    expand_shard_of,
)

if TYPE_CHECKING:
    from datetime import datetime

CANARY: Final = TemplateKey(SYSTEM_TENANT, CANARY_ID)
_TIMEOUT_SECONDS: Final = 20


def canary(now: datetime) -> Template:
    """The template as it is planted at `now`. What it misses it does not make up for: only the present counts."""
    return Template(
        tenant=CANARY.tenant,
        id=CANARY.template_id,
        name="canary",
        schedule={"cron": "* * * * *", "timezone": "UTC"},
        job=JobDefinition(
            target={"type": "task", "name": "canary.sing"},
            priority=Priority.HIGH,
            timeout_seconds=_TIMEOUT_SECONDS,
            retry=RetryPolicy(max_attempts=1),
        ),
        misfire=Misfire(policy=MisfirePolicy.SKIP),
        created_at=now,
        changed_at=now,
        changed_by=CANARY.tenant,
        change="create",
        progress=Progress(expanded_until=now, since=now),
        expand_at=now,
        expand_shard=expand_shard_of(*CANARY),
    )
