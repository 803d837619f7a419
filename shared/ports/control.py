"""The control table: small things that change slowly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from shared.model.api_key import ApiKey
    from shared.model.cursor import SweepCursor
    from shared.model.lanes import DueShard
    from shared.ports.jobs import DueEntry


class CursorStore(Protocol):
    """How far the populator's ticks and the watcher's sweeps have got, per shard of the due index."""

    def tick_cursors(self) -> Mapping[DueShard, DueEntry]:
        """The last entry sent of each shard that has one, read consistently."""
        ...

    def advance_tick(self, shard: DueShard, *, seen: DueEntry | None, to: DueEntry) -> bool:
        """Move a shard's cursor from `seen` (None: there was none) to `to`. False when another has moved it since."""
        ...

    def sweep_cursors(self) -> Mapping[DueShard, SweepCursor]:
        """Where the sweep of each shard stands, of those that were swept before."""
        ...

    def advance_sweep(self, shard: DueShard, *, seen: SweepCursor | None, to: SweepCursor) -> bool:
        """Like `advance_tick`, for the sweep."""
        ...


class ApiKeyStore(Protocol):
    """API keys, of which only a digest of the secret is kept."""

    def put_api_key(self, key: ApiKey) -> None:
        """Store a new key. Putting the very same again changes nothing.

        Raises:
            ValueError: another key of that id exists, or this one as it has become since.
        """
        ...

    def get_api_key(self, key_id: str) -> ApiKey | None:
        """The key of that id, revoked or expired ones too; None when there is none or the id is not of our form."""
        ...

    def list_api_keys(self, tenant: str) -> list[ApiKey]:
        """All keys of a tenant, oldest first, those of the same moment by their ids."""
        ...

    def revoke_api_key(self, key_id: str, now: datetime) -> bool:
        """Mark a key as revoked; False when there is none. Revoking twice keeps the first time."""
        ...

    def is_reachable(self) -> bool:
        """Whether the table answers a read."""
        ...
