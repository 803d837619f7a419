"""What a seed means for alerts: each tenant's rules, and whom they tell when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.model.alerts.escalation import EscalationPolicy, Step
from shared.model.alerts.rule import ALL_JOBS, AlertRule, RuleKind, RuleScope, StormCap
from tests.simulation.ports import START

if TYPE_CHECKING:
    import random


def policy_of(tenant: str, chance: random.Random) -> EscalationPolicy:
    """The pager at once, and the boss some time later; perhaps all of it once more."""
    return EscalationPolicy(
        tenant=tenant,
        id="on-call",
        name="on call",
        steps=(Step(chance.choice((0, 0, 60)), ("pager",)), Step(chance.choice((120, 300)), ("pager", "boss"))),
        repeats=chance.choice((0, 1)),
        repeat_seconds=600,
        created_at=START,
        changed_at=START,
        changed_by="key",
    )


def rules_of(tenant: str, chance: random.Random) -> list[AlertRule]:
    """Some of those whose alerts come to an end by themselves."""

    def rule(kind: RuleKind, **facts: Any) -> AlertRule:
        known = {"tenant": tenant, "kind": kind, "name": kind, "policy_id": chance.choice((None, "on-call", "on-call"))}
        return AlertRule(
            id=f"{kind}-{facts.get('scope', ALL_JOBS).group or 'all'}".replace("_", "-"),
            created_at=START,
            changed_at=START,
            changed_by="key",
            storm_cap=StormCap(chance.choice((1, 1, 2, 20)), chance.choice((120, 600))),
            grace_seconds=chance.choice((0, 60, 300)),
            resolve_after_seconds=chance.choice((60, 300)),
            **known,
            **facts,
        )

    of_reports = RuleScope(group="reports")
    possible = [
        rule(RuleKind.FAILED_FOR_GOOD),
        rule(RuleKind.FAILED_FOR_GOOD, scope=of_reports),
        rule(RuleKind.DEADLINE_MISSED),
        rule(RuleKind.LATE_START, seconds=60),
        rule(RuleKind.DEAD_LETTER_COUNT, count=3),
        rule(RuleKind.FAILURES_IN_A_ROW, count=2, scope=of_reports),
        rule(RuleKind.BREAKER_OPEN),
        rule(RuleKind.UNDELIVERABLE, seconds=120),
    ]
    return [one for one in possible if chance.random() < 0.5]
