"""Run past occurrences of templates anew."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from functions.api.answer import Answer
from functions.api.create_job import Idempotency
from functions.api.endpoints.pages_by_id import page_by_id
from functions.api.endpoints.templates import key_of
from functions.api.models.backfills import NewBackfill
from functions.api.models.faults import validated
from functions.api.request import fingerprint
from functions.api.wire.backfill_answers import backfill_answer, estimate_answer
from shared.model.backfill import BackfillOnly, BackfillOrder, BackfillSpec
from shared.model.errors import BackfillNotFound
from shared.model.lanes import Priority

if TYPE_CHECKING:
    from functions.api.request import Request
    from functions.api.services import Services
    from shared.model.template import Template

_BACKFILL_ID: Final = re.compile(r"[0-9a-z]{1,64}")


def create_backfill(request: Request, services: Services, template_id: str) -> Answer:
    body, now = request.json_object(), services.clock.now()
    asked = validated(NewBackfill, body)

    def spec_of(template: Template) -> BackfillSpec:
        return BackfillSpec(
            template_id=template.id,
            template_version=template.version,
            since=asked.since,
            until=asked.until,
            only=BackfillOnly(asked.only),
            order=BackfillOrder(asked.order),
            per_minute=asked.per_minute,
            at_once=asked.at_once,
            priority=Priority(asked.priority),
        )

    key, create = key_of(request, template_id), services.templates().create_backfill
    if asked.dry_run:
        found = create.estimate(key, spec_of, backfill_id="", now=now, seconds_left=request.seconds_left)
        return Answer(body=estimate_answer(found), facts={"template_id": template_id})
    token = request.idempotency_key()
    backfill = create(
        key,
        spec_of,
        by=request.authenticated().key_id,
        now=now,
        idempotency=None if token is None else Idempotency(token, fingerprint(body)),
        seconds_left=request.seconds_left,
    )
    headers = {"Location": f"/v1/backfills/{backfill.id}"}
    if backfill.created_at != now:
        headers["Idempotent-Replayed"] = "true"
    return Answer(status=201, body=backfill_answer(backfill), headers=headers, facts={"backfill_id": backfill.id})


def get_backfill(request: Request, services: Services, backfill_id: str) -> Answer:
    found = services.templates().backfills.get_backfill(request.tenant, _id(backfill_id))
    return Answer(body=backfill_answer(found), facts={"backfill_id": backfill_id})


def list_backfills(request: Request, services: Services) -> Answer:
    kept = services.templates().backfills
    return page_by_id(
        request,
        "/v1/backfills",
        lambda before, limit: kept.list_backfills(request.tenant, before=before, limit=limit),
        backfill_answer,
    )


def abort_backfill(request: Request, services: Services, backfill_id: str) -> Answer:
    request.refuse_body()
    aborted = services.templates().abort_backfill(request.tenant, _id(backfill_id), services.clock.now())
    return Answer(body=backfill_answer(aborted), facts={"backfill_id": backfill_id})


def _id(backfill_id: str) -> str:
    if not _BACKFILL_ID.fullmatch(backfill_id):
        raise BackfillNotFound(backfill_id)
    return backfill_id
