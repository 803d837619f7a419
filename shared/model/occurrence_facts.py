"""What the parameters of a template may say about the occurrence that a job is made for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OccurrenceFacts:
    """What parameters may refer to.

    `nominal_at`: what the rule says, as an instant; `nominal_local`: the same as the rule says it, on the clocks of
    `timezone` (an IANA name), without offset. `run_at`: when it runs, after roll and spread. `number` counts the
    template's occurrences from 1; 0 for one that the count passes by (triggered, or in a backfill).
    `previous_nominal_at`: of the occurrence before, None when there is none, so that a job can handle the span between
    the two.
    """

    tenant: str
    template_id: str
    template_name: str | None
    template_version: int
    nominal_at: datetime
    nominal_local: datetime
    timezone: str
    run_at: datetime
    number: int
    previous_nominal_at: datetime | None
    job_id: str
