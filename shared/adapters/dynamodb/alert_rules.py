"""How alert rules and escalation policies are stored."""

from __future__ import annotations

from typing import Any, Final

from shared.adapters.dynamodb import schema
from shared.adapters.dynamodb.versioned import Form
from shared.model.alerts.escalation import EscalationPolicy, Step
from shared.model.alerts.rule import AlertRule, QuietHours, RuleKind, RuleScope, Severity, StormCap
from shared.model.job import epoch_ms, from_epoch_ms

# Fields that are JSON as they are.
_RULE_FIELDS: Final = (
    "name",
    "changed_by",
    "is_enabled",
    "count",
    "seconds",
    "factor",
    "min_samples",
    "policy_id",
    "grace_seconds",
    "resolve_after_seconds",
    "fingerprint",
)
_POLICY_FIELDS: Final = ("name", "changed_by", "repeats", "repeat_seconds", "fingerprint")
_TIMES: Final = ("created_at", "changed_at")


def _encode_rule(rule: AlertRule) -> dict[str, Any]:
    quiet, cap, scope = rule.quiet_hours, rule.storm_cap, rule.scope
    return {
        **{name: getattr(rule, name) for name in _RULE_FIELDS},
        **{name: epoch_ms(getattr(rule, name)) for name in _TIMES},
        "kind": rule.kind,
        "severity": rule.severity,
        "scope": [scope.template_ids, scope.group, scope.tags],
        "quiet_hours": None if quiet is None else [quiet.timezone, quiet.starts, quiet.ends],
        "storm_cap": [cap.alerts, cap.window_seconds],
    }


def _decode_rule(tenant: str, item_id: str, version: int, document: dict[str, Any]) -> AlertRule:
    templates, group, tags = document["scope"]
    quiet = document["quiet_hours"]
    return AlertRule(
        tenant=tenant,
        id=item_id,
        version=version,
        kind=RuleKind(document["kind"]),
        severity=Severity(document["severity"]),
        scope=RuleScope(None if templates is None else tuple(templates), group, tags),
        quiet_hours=None if quiet is None else QuietHours(*quiet),
        storm_cap=StormCap(*document["storm_cap"]),
        **{name: document[name] for name in _RULE_FIELDS},
        **_times(document),
    )


def _encode_policy(policy: EscalationPolicy) -> dict[str, Any]:
    return {
        **{name: getattr(policy, name) for name in _POLICY_FIELDS},
        **{name: epoch_ms(getattr(policy, name)) for name in _TIMES},
        "steps": [[step.after_seconds, list(step.channels)] for step in policy.steps],
    }


def _decode_policy(tenant: str, item_id: str, version: int, document: dict[str, Any]) -> EscalationPolicy:
    return EscalationPolicy(
        tenant=tenant,
        id=item_id,
        version=version,
        steps=tuple(Step(after, tuple(channels)) for after, channels in document["steps"]),
        **{name: document[name] for name in _POLICY_FIELDS},
        **_times(document),
    )


def _times(document: dict[str, Any]) -> dict[str, Any]:
    return {name: from_epoch_ms(document[name]) for name in _TIMES}


ALERT_RULES: Final = Form("alert rule", schema.ALERT_RULES_PK, _encode_rule, _decode_rule)
ESCALATION_POLICIES: Final = Form("escalation policy", schema.ESCALATION_POLICIES_PK, _encode_policy, _decode_policy)
