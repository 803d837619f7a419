"""How long each tenant's ended jobs stay, as the use cases that end them ask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import timedelta

    from shared.model.retention import Retention


class Retentions(Protocol):
    """Never raises: that a job has ended must be written down, whether or not anybody knows how long it is to stay.

    (A `Retention` is one as well: the same for all tenants.)
    """

    def of_tenant(self, tenant: str) -> Retention:
        """What holds for jobs of the tenant that end now."""
        ...

    def shortest_of(self, tenant: str) -> timedelta:
        """How long a job of the tenant has been kept at the least, however it ended, by what held when it ended."""
        ...
