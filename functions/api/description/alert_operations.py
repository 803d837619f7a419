"""What each route about alerts is for."""

from __future__ import annotations

from typing import Any, Final

from functions.api.description import alert_answers as answers
from functions.api.description.operation import (
    CHANGE_PROBLEMS,
    CURSOR,
    IDEMPOTENCY_KEY,
    IF_MATCH,
    IF_NONE_MATCH,
    LIMIT,
    TIME,
    Operation,
    Parameter,
)
from functions.api.models import alert_rules, alerts
from functions.api.request import JSON, MERGE_PATCH
from shared.model import limits
from shared.model.alerts.alert import AlertState
from shared.model.alerts.rule import Severity

_RULE: Final = {
    "name": "payroll fails",
    "kind": "failed_for_good",
    "scope": {"tags": {"team": "payroll"}},
    "severity": "critical",
    "escalation_policy_id": "06c3v8n1r4t7x2z5b8d1f4h7",
}
_POLICY: Final = {
    "name": "on call",
    "steps": [
        {"after": "0s", "channels": ["06c3v8n1r4t7x2z5b8d1f4h7"]},
        {"after": "15m", "channels": ["06c3v8n1r4t7x2z5b8d1f4h8"]},
    ],
    "repeat": {"every": "1h", "times": 2},
}
_STATE: Final = Parameter(
    "state", "query", "Only these; live: all but resolved.", {"type": "string", "enum": [*AlertState, "live"]}
)
_SEVERITY: Final = Parameter("severity", "query", "Only these.", {"type": "string", "enum": [*Severity]})
_TEMPLATE: Final = Parameter("template_id", "query", "Only those about this template.", {"type": "string"})
_FROM: Final = Parameter("from", "query", "Only those that opened then or later.", TIME)
_NO_STATE: Final = tuple(slug for slug in CHANGE_PROBLEMS if slug != "invalid-state")


def _move(name: str, summary: str, description: str, **facts: Any) -> Operation:
    known = {"body": alerts.MoveAlert, "example": {"note": "on it"}, "needs_body": False, "parameters": (IF_MATCH,)}
    return Operation(
        id=f"{name}Alert",
        summary=summary,
        description=description,
        answer=answers.Alert,
        statuses={200: "The alert after it."},
        problems=CHANGE_PROBLEMS,
        **{**known, **facts},
    )


ALERT_OPERATIONS: Final = {
    ("GET", "/v1/alerts"): Operation(
        id="listAlerts",
        summary="List alerts",
        description="Newest first. One that is resolved is kept for 90 days.",
        parameters=(_STATE, _SEVERITY, _TEMPLATE, _FROM, LIMIT, CURSOR),
        answer=answers.AlertList,
        statuses={200: "A page of alerts."},
        problems=("invalid-page-token",),
    ),
    ("GET", "/v1/alerts/{alert_id}"): Operation(
        id="getAlert",
        summary="Get an alert",
        answer=answers.Alert,
        statuses={200: "The alert."},
        problems=("not-found",),
    ),
    ("POST", "/v1/alerts/{alert_id}/acknowledge"): _move(
        "acknowledge",
        "Acknowledge an alert",
        "Somebody looks after it: its escalation stops. That it is over will still be told. Repeatable.",
    ),
    ("POST", "/v1/alerts/{alert_id}/resolve"): _move(
        "resolve",
        "Resolve an alert by hand",
        "Whoever was told of it is told that it is over when the rule's grace period is. Repeatable.",
    ),
    ("POST", "/v1/alerts/{alert_id}/silence"): _move(
        "silence",
        "Silence an alert",
        "Nobody is told anything until then, but that it is over. Afterwards its escalation goes on where it was.",
        body=alerts.SilenceAlert,
        example={"for": "2h", "note": "known since the upgrade"},
        needs_body=True,
    ),
    ("POST", "/v1/alert-rules"): Operation(
        id="createAlertRule",
        summary="Create an alert rule",
        description="It is in force 10 s later. A tenant without a rule of the kinds failed_for_good and undeliverable "
        f"has a built-in one of each, of which nobody is told. There are up to {limits.MAX_ALERT_RULES}.",
        body=alert_rules.NewRule,
        example=_RULE,
        parameters=(IDEMPOTENCY_KEY,),
        answer=answers.AlertRule,
        statuses={201: "The rule. `Idempotent-Replayed: true` when an earlier call had created it."},
        problems=("idempotency-key-reused", "limit-reached"),
    ),
    ("GET", "/v1/alert-rules"): Operation(
        id="listAlertRules",
        summary="List alert rules",
        description="All of them, in one answer.",
        answer=answers.AlertRuleList,
        statuses={200: "The rules."},
    ),
    ("GET", "/v1/alert-rules/{rule_id}"): Operation(
        id="getAlertRule",
        summary="Get an alert rule",
        parameters=(IF_NONE_MATCH,),
        answer=answers.AlertRule,
        statuses={200: "The rule."},
        problems=("not-found",),
    ),
    ("PATCH", "/v1/alert-rules/{rule_id}"): Operation(
        id="editAlertRule",
        summary="Change an alert rule",
        description="A JSON merge patch (RFC 7396). Alerts that are open stay as the rule made them.",
        body=alert_rules.RulePatch,
        is_patch=True,
        example={"enabled": False},
        body_types=(MERGE_PATCH, JSON),
        parameters=(IF_MATCH,),
        answer=answers.AlertRule,
        statuses={200: "The rule after the change."},
        problems=_NO_STATE,
    ),
    ("PUT", "/v1/alert-rules/{rule_id}"): Operation(
        id="replaceAlertRule",
        summary="Replace an alert rule",
        description="What the body leaves out gets its default. Alerts that are open stay as the rule made them.",
        body=alert_rules.NewRule,
        example=_RULE,
        parameters=(IF_MATCH,),
        answer=answers.AlertRule,
        statuses={200: "The rule after the change."},
        problems=_NO_STATE,
    ),
    ("DELETE", "/v1/alert-rules/{rule_id}"): Operation(
        id="deleteAlertRule",
        summary="Delete an alert rule",
        description="Its alerts stay, and go on.",
        parameters=(IF_MATCH,),
        answer=answers.AlertRule,
        statuses={200: "The rule as it was."},
        problems=_NO_STATE,
    ),
    ("POST", "/v1/escalation-policies"): Operation(
        id="createEscalationPolicy",
        summary="Create an escalation policy",
        description=f"There are up to {limits.MAX_ESCALATION_POLICIES}.",
        body=alert_rules.NewPolicy,
        example=_POLICY,
        parameters=(IDEMPOTENCY_KEY,),
        answer=answers.EscalationPolicy,
        statuses={201: "The policy. `Idempotent-Replayed: true` when an earlier call had created it."},
        problems=("idempotency-key-reused", "limit-reached"),
    ),
    ("GET", "/v1/escalation-policies"): Operation(
        id="listEscalationPolicies",
        summary="List escalation policies",
        description="All of them, in one answer.",
        answer=answers.EscalationPolicyList,
        statuses={200: "The policies."},
    ),
    ("GET", "/v1/escalation-policies/{policy_id}"): Operation(
        id="getEscalationPolicy",
        summary="Get an escalation policy",
        parameters=(IF_NONE_MATCH,),
        answer=answers.EscalationPolicy,
        statuses={200: "The policy."},
        problems=("not-found",),
    ),
    ("PATCH", "/v1/escalation-policies/{policy_id}"): Operation(
        id="editEscalationPolicy",
        summary="Change an escalation policy",
        description="A JSON merge patch (RFC 7396): steps are replaced as a whole.",
        body=alert_rules.PolicyPatch,
        is_patch=True,
        example={"repeat": {"every": "1h", "times": 2}},
        body_types=(MERGE_PATCH, JSON),
        parameters=(IF_MATCH,),
        answer=answers.EscalationPolicy,
        statuses={200: "The policy after the change."},
        problems=_NO_STATE,
    ),
    ("PUT", "/v1/escalation-policies/{policy_id}"): Operation(
        id="replaceEscalationPolicy",
        summary="Replace an escalation policy",
        description="Alerts that are open take their next step by it.",
        body=alert_rules.NewPolicy,
        example=_POLICY,
        parameters=(IF_MATCH,),
        answer=answers.EscalationPolicy,
        statuses={200: "The policy after the change."},
        problems=_NO_STATE,
    ),
    ("DELETE", "/v1/escalation-policies/{policy_id}"): Operation(
        id="deleteEscalationPolicy",
        summary="Delete an escalation policy",
        description="Only one that no rule uses. Alerts that are open escalate no further.",
        parameters=(IF_MATCH,),
        answer=answers.EscalationPolicy,
        statuses={200: "The policy as it was."},
        problems=CHANGE_PROBLEMS,
    ),
}
