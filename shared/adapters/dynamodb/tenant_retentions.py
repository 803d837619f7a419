"""How what a tenant says about its retention is stored."""

from __future__ import annotations

from typing import Any, Final

from shared.adapters.dynamodb import schema
from shared.adapters.dynamodb.versioned import Form
from shared.model.job import epoch_ms, from_epoch_ms
from shared.model.lifecycle import Status
from shared.model.tenant_retention import RetentionChange, TenantRetention


def _encode(said: TenantRetention) -> dict[str, Any]:
    changes = [
        {"version": one.version, "at": epoch_ms(one.at), "by": one.by, "days": dict(one.days)} for one in said.changes
    ]
    return {"changes": changes}


def _decode(tenant: str, item_id: str, version: int, document: dict[str, Any]) -> TenantRetention:
    del item_id, version  # the one that there is, and the latest change's
    changes = (
        RetentionChange(
            version=one["version"],
            at=from_epoch_ms(one["at"]),
            by=one["by"],
            days={Status(end): days for end, days in one["days"].items()},
        )
        for one in document["changes"]
    )
    return TenantRetention(tenant=tenant, changes=tuple(changes))


TENANT_RETENTIONS: Final = Form("retention", schema.RETENTIONS_PK, _encode, _decode)
