"""What is worth an alert."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from functions.api.answer import Answer
from functions.api.create_job import Idempotency
from functions.api.keep_versioned import Asked
from functions.api.models.alert_rules import NewRule
from functions.api.models.faults import validated
from functions.api.refusals import invalid_field
from functions.api.request import fingerprint
from functions.api.wanted_content import wanted_content
from functions.api.wire.alert_answers import rule_answer
from functions.api.wire.answers import etag
from shared.model.alerts.rule import (
    ALL_JOBS,
    DEFAULT_STORM_CAP,
    UNDELIVERABLE_SECONDS,
    AlertRule,
    QuietHours,
    RuleKind,
    RuleScope,
    Severity,
    StormCap,
)
from shared.model.errors import ItemNotFound
from shared.ports.alerts import DueKind, DueLook

if TYPE_CHECKING:
    from datetime import datetime

    from functions.api.models.alert_rules import Quiet
    from functions.api.request import Request
    from functions.api.services import Services

_RULE_ID: Final = re.compile(r"[0-9a-z]{1,64}")
_MIN_SAMPLES: Final = 10


def create_rule(request: Request, services: Services) -> Answer:
    body, now, key = request.json_object(), services.clock.now(), request.idempotency_key()
    by, idempotency = request.authenticated().key_id, None if key is None else Idempotency(key, fingerprint(body))

    def make(rule_id: str) -> AlertRule:
        rule = AlertRule(
            tenant=request.tenant,
            id=rule_id,
            created_at=now,
            changed_at=now,
            changed_by=by,
            fingerprint=None if idempotency is None else idempotency.fingerprint,
            **_asked_for(body, request, services),
        )
        _plan_look(rule, services, now)
        return rule

    creation = services.alerts().rules.create(request.tenant, make, by=by, idempotency=idempotency, now=now)
    headers = {"Location": f"/v1/alert-rules/{creation.item.id}"}
    if creation.replayed:
        headers["Idempotent-Replayed"] = "true"
    return _answer(creation.item, status=201, headers=headers)


def list_rules(request: Request, services: Services) -> Answer:
    rules = sorted(services.alerts().rules.store.all_of(request.tenant), key=lambda rule: (rule.created_at, rule.id))
    return Answer(body={"items": [rule_answer(rule) for rule in rules]})


def get_rule(request: Request, services: Services, rule_id: str) -> Answer:
    return _answer(services.alerts().rules.store.get(request.tenant, _id(rule_id)))


def change_rule(request: Request, services: Services, rule_id: str) -> Answer:
    now, wanted = services.clock.now(), wanted_content(request, NewRule, rule_answer)

    def decide(rule: AlertRule) -> AlertRule:
        changed = replace(rule, **_asked_for(wanted(rule), request, services))
        if changed != rule:
            _plan_look(changed, services, now)
        return changed

    return _answer(services.alerts().rules.change(_which(request, rule_id), decide, now=now))


def delete_rule(request: Request, services: Services, rule_id: str) -> Answer:
    request.refuse_body()
    return _answer(services.alerts().rules.delete(_which(request, rule_id)))


def _asked_for(body: Any, request: Request, services: Services) -> dict[str, Any]:
    """The fields of a rule that a client decides.

    Raises:
        Refused: it is not of the shape, or its policy is not there.
    """
    asked = validated(NewRule, body)
    kind, quiet, cap = RuleKind(asked.kind), asked.quiet_hours, asked.storm_cap
    defaults = {RuleKind.UNDELIVERABLE: UNDELIVERABLE_SECONDS}
    _check_policy(asked.escalation_policy_id, request, services)
    return {
        "name": asked.name,
        "kind": kind,
        "scope": ALL_JOBS if asked.scope is None else _scope(asked),
        "severity": Severity(asked.severity),
        "is_enabled": asked.enabled,
        "count": asked.count,
        "seconds": asked.threshold or defaults.get(kind),
        "factor": asked.factor,
        "min_samples": (asked.min_samples or _MIN_SAMPLES) if kind is RuleKind.RUNNING_LONG else None,
        "policy_id": asked.escalation_policy_id,
        "quiet_hours": None if quiet is None else _quiet_hours(quiet),
        "storm_cap": DEFAULT_STORM_CAP if cap is None else StormCap(cap.alerts, cap.per),
        "grace_seconds": asked.grace,
        "resolve_after_seconds": asked.resolve_after,
    }


def _scope(asked: NewRule) -> RuleScope:
    scope = asked.scope
    if scope is None:
        return ALL_JOBS
    templates = None if scope.template_ids is None else tuple(dict.fromkeys(scope.template_ids))
    return RuleScope(templates, scope.group, scope.tags)


def _check_policy(policy_id: str | None, request: Request, services: Services) -> None:
    if policy_id is None:
        return
    try:
        services.alerts().policies.store.get(request.tenant, policy_id)
    except ItemNotFound:
        raise invalid_field("/escalation_policy_id", "unknown", "there is no such escalation policy") from None


def _plan_look(rule: AlertRule, services: Services, now: datetime) -> None:
    """Before the rule is there, so that it is never forgotten: a look at what is not does no harm."""
    if rule.kind.is_looked_at_each_minute and rule.is_enabled:
        services.alerts().alerts.plan_look(DueLook(now, rule.tenant, DueKind.RULE, rule.id))


def _quiet_hours(quiet: Quiet) -> QuietHours:
    return QuietHours(quiet.timezone, _minutes(quiet.begins), _minutes(quiet.ends))


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def _which(request: Request, rule_id: str) -> Asked:
    by = request.authenticated().key_id
    return Asked(tenant=request.tenant, item_id=_id(rule_id), by=by, precondition=request.precondition())


def _id(rule_id: str) -> str:
    if not _RULE_ID.fullmatch(rule_id):
        raise ItemNotFound("alert rule", rule_id)
    return rule_id


def _answer(rule: AlertRule, *, status: int = 200, headers: dict[str, Any] | None = None) -> Answer:
    return Answer(
        status=status,
        body=rule_answer(rule),
        headers={"ETag": etag(rule), **(headers or {})},
        facts={"rule_id": rule.id},
    )
