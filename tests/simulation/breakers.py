"""The breakers of the control table, and what each was at every time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.adapters.memory.breakers import MemoryBreakers

if TYPE_CHECKING:
    from shared.model.breaker import Breaker
    from tests.simulation.kernel import Kernel


class SimulatedBreakers(MemoryBreakers):
    """`history`: of each tenant and target when it was written and what was, in order."""

    def __init__(self, kernel: Kernel) -> None:
        super().__init__()
        self._kernel = kernel
        self.history: dict[tuple[str, str], list[tuple[int, Breaker]]] = {}

    def open_ones(self) -> dict[tuple[str, str], Breaker]:
        return {key: breaker for key, breaker in self._breakers.items() if not breaker.is_closed}

    def put_breaker(self, breaker: Breaker, *, is_news: bool) -> None:
        key = (breaker.tenant, breaker.target)
        is_repeated = self._breakers.get(key) == breaker
        super().put_breaker(breaker, is_news=is_news)
        if not is_repeated:
            self.history.setdefault(key, []).append((self._kernel.now, breaker))
