"""Alert rules and escalation policies, as `ports.versioned` keeps them."""

from __future__ import annotations

import pytest

from shared.adapters.dynamodb.alert_rules import ALERT_RULES, ESCALATION_POLICIES
from shared.adapters.dynamodb.versioned import DynamoVersionedStore
from shared.model.alerts.escalation import EscalationPolicy, Step
from shared.model.alerts.rule import AlertRule, QuietHours, RuleKind, RuleScope, Severity, StormCap
from tests.alerting import a_policy, a_rule
from tests.aws import CONTROL_TABLE, aws, client, create_tables
from tests.jobs import TENANT, at


@pytest.mark.parametrize(
    "rule",
    [
        *(a_rule(kind) for kind in RuleKind),
        a_rule(scope=RuleScope(template_ids=("a", "b")), severity=Severity.CRITICAL, policy_id="p1", version=7),
        a_rule(scope=RuleScope(group="é"), quiet_hours=QuietHours("Europe/Berlin", 1_320, 420), is_enabled=False),
        a_rule(scope=RuleScope(tags={"team": "ops", "": "#"}), storm_cap=StormCap(3, 60), fingerprint="f"),
        a_rule(RuleKind.RUNNING_LONG, factor=1.5, min_samples=20, grace_seconds=0, resolve_after_seconds=60),
        a_rule(RuleKind.LATE_START, seconds=60, changed_at=at(1.125), count=3),
    ],
)
def test_a_rule_is_read_as_it_was_put(rule: AlertRule) -> None:
    with aws():
        dynamodb = client("dynamodb")
        create_tables(dynamodb)
        store = DynamoVersionedStore(dynamodb, CONTROL_TABLE, ALERT_RULES)

        store.create(rule)

        assert store.get(TENANT, rule.id) == rule


@pytest.mark.parametrize(
    "policy",
    [
        a_policy(),
        a_policy(Step(0, ("a", "b")), Step(60, ("c",)), repeats=3, repeat_seconds=600, version=2, fingerprint="f"),
    ],
)
def test_a_policy_is_read_as_it_was_put(policy: EscalationPolicy) -> None:
    with aws():
        dynamodb = client("dynamodb")
        create_tables(dynamodb)
        store = DynamoVersionedStore(dynamodb, CONTROL_TABLE, ESCALATION_POLICIES)

        store.create(policy)

        assert store.get(TENANT, policy.id) == policy
