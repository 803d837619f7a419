"""Signs of life of what runs each minute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

POPULATOR: Final = "populator"
RECURRENCE: Final = "recurrence"
WATCHER: Final = "watcher"
VITAL: Final = (POPULATOR, RECURRENCE, WATCHER)
"""Those without whom jobs do not start. Others may note here how far they got, too."""


class Beats(Protocol):
    """When each function last got through each of its shards. Both methods raise `StoreUnavailable`."""

    def note(self, function: str, shards: Iterable[str], at: datetime) -> None:
        """`function` got through these of its shards at `at`. Of two that tell it of one shard, either may stay."""
        ...

    def beats(self) -> Mapping[str, Mapping[str, datetime]]:
        """For each function that ever got through a shard: when that was last, by shard. Read consistently."""
        ...
