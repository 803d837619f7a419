"""The templates table: every write is judged, and the expand index lags behind."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from shared.adapters.memory.templates import MemoryTemplateStore
from shared.ports.templates import ExpandEntry, ExpandPage, Planned, TemplateCreation
from tests.simulation.faults import MINUTE, Faults, Weather
from tests.simulation.store import USUAL_LAG_MS

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from shared.model.template import Template, TemplateKey
    from tests.simulation.kernel import Kernel


class SimulatedTemplateStore(MemoryTemplateStore):
    """`on_write` is told each write: the template before (None: it is new) and after it."""

    def __init__(self, kernel: Kernel, faults: Faults, on_write: Callable[[Template | None, Template], None]) -> None:
        super().__init__()
        self._kernel = kernel
        self._faults = faults
        self._on_write = on_write
        self._lagging: deque[tuple[int, Template]] = deque()
        self._indexed: dict[TemplateKey, Template] = {}

    def create_template(self, template: Template) -> TemplateCreation:
        creation = super().create_template(template)
        if creation.created:
            self._written(None, template)
        return creation

    def replace_template(self, template: Template) -> None:
        before = self.get_template(template.key)
        super().replace_template(template)
        if before != template:
            self._written(before, template)

    def to_expand(self, shard: int, *, until: datetime, after: ExpandEntry | None, limit: int) -> ExpandPage:
        """A page may end early, as one does at 1 MB."""
        while self._lagging and self._lagging[0][0] <= self._kernel.now:
            _, template = self._lagging.popleft()
            self._indexed[template.key] = template
        entries = sorted(
            ExpandEntry(one.expand_at, one.tenant, Planned.TEMPLATE, one.id)
            for one in self._indexed.values()
            if one.expand_shard == shard and one.expand_at is not None and one.expand_at <= until
        )
        entries = [entry for entry in entries if after is None or entry > after]
        limit = limit if self._faults.are_over else 1
        return ExpandPage(entries[:limit], entries[limit - 1] if len(entries) > limit else None)

    def all_templates(self) -> list[Template]:
        return list(self._templates.values())

    def _written(self, before: Template | None, after: Template) -> None:
        self._on_write(before, after)
        now = self._kernel.now
        lag = MINUTE if self._faults.is_weather(Weather.INDEX_STALE, now) else USUAL_LAG_MS
        visible_at = max(now + lag, self._lagging[-1][0] if self._lagging else 0)
        self._lagging.append((visible_at, after))
