"""Do one thing to many dead letters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from functions.api.answer import Answer
from functions.api.create_job import Idempotency
from functions.api.endpoints.pages_by_id import page_by_id
from functions.api.models.dead_letters import NewBulkAction
from functions.api.models.faults import validated
from functions.api.models.spec import payload_text
from functions.api.refusals import invalid_field
from functions.api.request import fingerprint
from functions.api.wire.dead_letter_answers import bulk_action_answer, estimate_answer
from shared.model.bulk_action import BulkKind, BulkSpec, DeadLetterFilter
from shared.model.errors import ItemNotFound

if TYPE_CHECKING:
    from functions.api.request import Request
    from functions.api.services import Services

_ACTION_ID: Final = re.compile(r"[0-9a-z]{1,64}")
_RATE_PER_SECOND: Final = 10.0


def create_bulk_action(request: Request, services: Services) -> Answer:
    body, now = request.json_object(), services.clock.now()
    asked = validated(NewBulkAction, body)
    spec, begin = _spec_of(asked), services.dead_letters().begin
    # By what the filter means: {"tags": {}} and {"tags": null} ask for nothing either.
    if spec.wanted == DeadLetterFilter() and not asked.all:
        raise invalid_field("/all", "required", "true, to mean every dead letter; or give a filter")
    if asked.dry_run:
        return Answer(body=estimate_answer(spec, begin.estimate(request.tenant, spec)))
    key = request.idempotency_key()
    action = begin(
        request.tenant,
        spec,
        by=request.authenticated().key_id,
        now=now,
        idempotency=None if key is None else Idempotency(key, fingerprint(body)),
        seconds_left=request.seconds_left,
    )
    headers = {"Location": f"/v1/bulk-actions/{action.id}"}
    if action.created_at != now:
        headers["Idempotent-Replayed"] = "true"
    facts = {"bulk_action_id": action.id, "matched": action.matched, "done": action.done}
    return Answer(status=201, body=bulk_action_answer(action), headers=headers, facts=facts)


def list_bulk_actions(request: Request, services: Services) -> Answer:
    kept = services.dead_letters().actions
    return page_by_id(
        request,
        "/v1/bulk-actions",
        lambda before, limit: kept.list_bulk_actions(request.tenant, before=before, limit=limit),
        bulk_action_answer,
    )


def get_bulk_action(request: Request, services: Services, action_id: str) -> Answer:
    found = services.dead_letters().actions.get_bulk_action(request.tenant, _id(action_id))
    return Answer(body=bulk_action_answer(found), facts={"bulk_action_id": action_id})


def abort_bulk_action(request: Request, services: Services, action_id: str) -> Answer:
    request.refuse_body()
    aborted = services.dead_letters().abort(request.tenant, _id(action_id), services.clock.now())
    return Answer(body=bulk_action_answer(aborted), facts={"bulk_action_id": action_id})


def _spec_of(asked: NewBulkAction) -> BulkSpec:
    """
    Raises:
        Refused: no job may have such a payload.
    """
    payload_text(asked.payload)
    chosen = asked.filter
    return BulkSpec(
        kind=BulkKind(asked.action),
        wanted=DeadLetterFilter(
            fingerprint=chosen.fingerprint,
            template_id=chosen.template_id,
            target=chosen.target,
            error_type=chosen.error_type,
            tags=chosen.tags or {},
            failed_from=chosen.failed_from,
            failed_before=chosen.failed_before,
            job_ids=tuple(dict.fromkeys(chosen.ids or ())),
        ),
        rate_per_second=asked.rate_per_second or _RATE_PER_SECOND,
        has_canary=asked.canary,
        payload_patch=asked.payload,
        may_begin_again=asked.confirm_at_most_once,
        reason=asked.reason,
    )


def _id(action_id: str) -> str:
    if not _ACTION_ID.fullmatch(action_id):
        raise ItemNotFound("bulk action", action_id)
    return action_id
