"""Small things of a tenant that clients create, change and delete: channels, subscriptions and their like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence


class Versioned(Protocol):
    """What such a thing has at least. `version` begins at 1 and rises by one with each change."""

    @property
    def tenant(self) -> str: ...
    @property
    def id(self) -> str: ...
    @property
    def version(self) -> int: ...


T = TypeVar("T", bound=Versioned)


@dataclass(frozen=True, slots=True)
class VersionedCreation(Generic[T]):
    """`item` as it is stored; `created` is false when there was one of that id before."""

    item: T
    created: bool


class VersionedStore(Protocol[T]):
    """One item per thing; every write of it is conditional on the version that the writer has seen.

    Every method raises `StoreUnavailable` as those of the job store do.
    """

    def all_of(self, tenant: str) -> Sequence[T]:
        """All of the tenant's, by their ids, read consistently. What this version cannot read is left out."""
        ...

    def get(self, tenant: str, item_id: str) -> T:
        """Read consistently.

        Raises:
            ItemNotFound: there is none.
        """
        ...

    def create(self, item: T) -> VersionedCreation[T]:
        """Put `item` unless one of its id exists."""
        ...

    def replace(self, item: T) -> None:
        """Put `item` in the place of the one whose version is one less. Its very own earlier write, whose answer was
        lost, counts as done.

        Raises:
            ItemChanged: another has written since, or it is gone; nothing was written.
        """
        ...

    def delete(self, item: T) -> None:
        """Delete it if it is still at the version of `item`. One that is gone already counts as deleted.

        Raises:
            ItemChanged: another has written since; nothing was deleted.
        """
        ...
