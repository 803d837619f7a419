"""Create, change and delete small things of a tenant: each write on the condition that nobody was faster."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, Protocol, TypeVar

from functions.api.refusals import Refused
from shared.model.errors import IdempotencyKeyReused, ItemChanged
from shared.model.job import idempotent_job_id
from shared.ports.versioned import Versioned

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from functions.api.create_job import Idempotency
    from functions.api.preconditions import Precondition
    from shared.ports.clock import Ids
    from shared.ports.telemetry import Telemetry
    from shared.ports.versioned import VersionedStore


class Kept(Versioned, Protocol):
    """`fingerprint` is a digest of the request that created it under an Idempotency-Key; `changed_at` and `changed_by`
    say when and by whom its version was made."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def created_at(self) -> datetime: ...
    @property
    def fingerprint(self) -> str | None: ...


T = TypeVar("T", bound=Kept)

_TRIES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which thing a client wants to change or delete, who that is, and which versions it has seen."""

    tenant: str
    item_id: str
    by: str
    precondition: Precondition


@dataclass(frozen=True, slots=True)
class Creation(Generic[T]):
    """`replayed` says that an earlier call with the same key created it, and it is answered as it is now."""

    item: T
    replayed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepVersioned(Generic[T]):
    """`kind` names the things in logs (`channel`); a tenant may have `at_most` of them."""

    store: VersionedStore[T]
    ids: Ids
    telemetry: Telemetry
    kind: str
    at_most: int

    def create(
        self, tenant: str, make: Callable[[str], T], *, by: str, idempotency: Idempotency | None, now: datetime
    ) -> Creation[T]:
        """Store what `make` returns for an id, or find what the same call has stored before.

        Raises:
            IdempotencyKeyReused: the key was used with another body.
            Refused, InvalidField: what `make` raises; there are as many as there may be.
        """
        item_id = self.ids.job_id(now) if idempotency is None else idempotent_job_id(tenant, idempotency.key)
        others = self.store.all_of(tenant)
        earlier = next((one for one in others if one.id == item_id), None)
        if earlier is not None and idempotency is not None:
            return _replayed(earlier, idempotency)
        item = make(item_id)
        if len(others) >= self.at_most:
            detail = f"of the kind {self.kind} there may be {self.at_most}: delete one that is not needed"
            raise Refused("limit-reached", detail)
        creation = self.store.create(item)
        # One that was there is our own, applied by a send whose answer was lost, unless it is of another call.
        if not creation.created and creation.item.created_at != now and idempotency is not None:
            return _replayed(creation.item, idempotency)
        self._tell("created", item, by)
        return Creation(creation.item, replayed=False)

    def change(self, asked: Asked, decide: Callable[[T], T], *, now: datetime) -> T:
        """The thing as `decide` wants it, at the next version. What changes nothing makes no version.

        Raises:
            ItemNotFound: there is none.
            VersionMismatch: the client has not seen the present version.
            Refused: others change it all the time.
        """
        for _ in range(_TRIES):
            item = self._seen(asked)
            decided = decide(item)
            if decided == item:
                return item
            decided = replace(decided, version=item.version + 1, changed_at=now, changed_by=asked.by)
            try:
                self.store.replace(decided)
            except ItemChanged:
                continue
            self._tell("changed", decided, asked.by)
            return decided
        raise _moving(self.kind)

    def delete(self, asked: Asked) -> T:
        """The thing as it was. Raises what `change` raises."""
        for _ in range(_TRIES):
            item = self._seen(asked)
            try:
                self.store.delete(item)
            except ItemChanged:
                continue
            self._tell("deleted", item, asked.by)
            return item
        raise _moving(self.kind)

    def _seen(self, asked: Asked) -> T:
        item = self.store.get(asked.tenant, asked.item_id)
        asked.precondition.check(item)
        return item

    def _tell(self, what: str, item: T, by: str) -> None:
        facts = {"tenant": item.tenant, f"{self.kind}_id": item.id, "version": item.version, "by": by}
        self.telemetry.note(f"{self.kind}_{what}", **facts)


def _replayed(item: T, idempotency: Idempotency) -> Creation[T]:
    if item.fingerprint != idempotency.fingerprint:
        raise IdempotencyKeyReused(item.id)
    return Creation(item, replayed=True)


def _moving(kind: str) -> Refused:
    return Refused("conflict", f"the {kind} was changed by others at the same time: read it, and try again")
