"""How channels are stored."""

from __future__ import annotations

from typing import Any, Final

from shared.adapters.dynamodb import schema
from shared.adapters.dynamodb.versioned import Form
from shared.model.channel import Channel, ChannelKind
from shared.model.job import epoch_ms, from_epoch_ms


def _encode(channel: Channel) -> dict[str, Any]:
    return {
        "name": channel.name,
        "kind": channel.kind,
        "settings": dict(channel.settings),
        "created_at": epoch_ms(channel.created_at),
        "changed_at": epoch_ms(channel.changed_at),
        "changed_by": channel.changed_by,
        "fingerprint": channel.fingerprint,
    }


def _decode(tenant: str, item_id: str, version: int, document: dict[str, Any]) -> Channel:
    return Channel(
        tenant=tenant,
        id=item_id,
        version=version,
        name=document["name"],
        kind=ChannelKind(document["kind"]),
        settings=document["settings"],
        created_at=from_epoch_ms(document["created_at"]),
        changed_at=from_epoch_ms(document["changed_at"]),
        changed_by=document["changed_by"],
        fingerprint=document["fingerprint"],
    )


CHANNELS: Final = Form("channel", schema.CHANNELS_PK, _encode, _decode)
