"""Who is told when."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from functions.api.answer import Answer
from functions.api.create_job import Idempotency
from functions.api.keep_versioned import Asked
from functions.api.models.alert_rules import NewPolicy
from functions.api.models.faults import validated
from functions.api.refusals import FieldError, ValidationFailed, WrongState
from functions.api.request import fingerprint
from functions.api.wanted_content import wanted_content
from functions.api.wire.alert_answers import policy_answer
from functions.api.wire.answers import etag
from shared.model.alerts.escalation import EscalationPolicy, Step
from shared.model.errors import ItemNotFound

if TYPE_CHECKING:
    from functions.api.request import Request
    from functions.api.services import Services

_POLICY_ID: Final = re.compile(r"[0-9a-z]{1,64}")
_REPEAT_SECONDS: Final = 3_600


def create_policy(request: Request, services: Services) -> Answer:
    body, now, key = request.json_object(), services.clock.now(), request.idempotency_key()
    by, idempotency = request.authenticated().key_id, None if key is None else Idempotency(key, fingerprint(body))

    def make(policy_id: str) -> EscalationPolicy:
        return EscalationPolicy(
            tenant=request.tenant,
            id=policy_id,
            created_at=now,
            changed_at=now,
            changed_by=by,
            fingerprint=None if idempotency is None else idempotency.fingerprint,
            **_asked_for(body, request, services),
        )

    creation = services.alerts().policies.create(request.tenant, make, by=by, idempotency=idempotency, now=now)
    headers = {"Location": f"/v1/escalation-policies/{creation.item.id}"}
    if creation.replayed:
        headers["Idempotent-Replayed"] = "true"
    return _answer(creation.item, status=201, headers=headers)


def list_policies(request: Request, services: Services) -> Answer:
    kept = sorted(services.alerts().policies.store.all_of(request.tenant), key=lambda one: (one.created_at, one.id))
    return Answer(body={"items": [policy_answer(one) for one in kept]})


def get_policy(request: Request, services: Services, policy_id: str) -> Answer:
    return _answer(services.alerts().policies.store.get(request.tenant, _id(policy_id)))


def change_policy(request: Request, services: Services, policy_id: str) -> Answer:
    wanted = wanted_content(request, NewPolicy, policy_answer)

    def decide(policy: EscalationPolicy) -> EscalationPolicy:
        return replace(policy, **_asked_for(wanted(policy), request, services))

    return _answer(services.alerts().policies.change(_which(request, policy_id), decide, now=services.clock.now()))


def delete_policy(request: Request, services: Services, policy_id: str) -> Answer:
    request.refuse_body()
    which = _which(request, policy_id)
    users = [rule.id for rule in services.alerts().rules.store.all_of(request.tenant) if rule.policy_id == policy_id]
    if users:
        raise WrongState("in_use", f"{len(users)} rules use it, {users[0]} among them: give them another first")
    return _answer(services.alerts().policies.delete(which))


def _asked_for(body: Any, request: Request, services: Services) -> dict[str, Any]:
    """The fields of a policy that a client decides.

    Raises:
        Refused: it is not of the shape, or its channels are not there.
    """
    asked = validated(NewPolicy, body)
    known = {channel.id for channel in services.channels().store.all_of(request.tenant)}
    missing = [
        FieldError(f"/steps/{place}/channels/{number}", "unknown", "there is no such channel")
        for place, step in enumerate(asked.steps)
        for number, channel_id in enumerate(step.channels)
        if channel_id not in known
    ]
    if missing:
        raise ValidationFailed(missing[:20])
    repeat = asked.repeat
    return {
        "name": asked.name,
        "steps": tuple(Step(step.after, tuple(dict.fromkeys(step.channels))) for step in asked.steps),
        "repeats": 0 if repeat is None else repeat.times,
        "repeat_seconds": _REPEAT_SECONDS if repeat is None else repeat.every,
    }


def _which(request: Request, policy_id: str) -> Asked:
    by = request.authenticated().key_id
    return Asked(tenant=request.tenant, item_id=_id(policy_id), by=by, precondition=request.precondition())


def _id(policy_id: str) -> str:
    if not _POLICY_ID.fullmatch(policy_id):
        raise ItemNotFound("escalation policy", policy_id)
    return policy_id


def _answer(policy: EscalationPolicy, *, status: int = 200, headers: dict[str, Any] | None = None) -> Answer:
    return Answer(
        status=status,
        body=policy_answer(policy),
        headers={"ETag": etag(policy), **(headers or {})},
        facts={"policy_id": policy.id},
    )
