"""The occurrence that the examples of `docs/parameters.md` are of."""

from __future__ import annotations

from datetime import UTC, datetime

from shared.model.occurrence_facts import OccurrenceFacts

FACTS = OccurrenceFacts(
    tenant="acme",
    template_id="0d4h8m2q6s0w4y8b2f6j0n4r",
    template_name="Daily report",
    template_version=3,
    nominal_at=datetime(2026, 11, 20, 8, tzinfo=UTC),
    nominal_local=datetime(2026, 11, 20, 9),
    timezone="Europe/Berlin",
    run_at=datetime(2026, 11, 20, 8, 2, 30, tzinfo=UTC),
    number=42,
    previous_nominal_at=datetime(2026, 11, 19, 8, tzinfo=UTC),
    job_id="7k1p5t9x3z7c1g5k9p3t7x1v",
)
