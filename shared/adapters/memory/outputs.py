"""`ports.outputs` in memory."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from shared.model import limits
from shared.model.errors import StoreUnavailable
from shared.model.execution import Output

if TYPE_CHECKING:
    from shared.model.job import Job


@dataclass
class MemoryOutputs:
    """Long outputs by name."""

    objects: dict[str, bytes] = field(default_factory=dict)

    def keep(self, job: Job, output: bytes, *, inline_bytes: int = limits.LAST_OUTPUT_BYTES) -> Output:
        beginning = Output.beginning_of(output)
        if len(output) <= inline_bytes:
            return beginning
        ref = f"{job.tenant}/{job.id}/{job.fence}"
        self.objects[ref] = output
        return replace(beginning, ref=ref)

    def read(self, output: Output) -> bytes:
        if output.ref is None:
            return output.text.encode()
        try:
            return self.objects[output.ref]
        except KeyError:
            raise StoreUnavailable(f"output {output.ref} is gone", outcome_unknown=False) from None
