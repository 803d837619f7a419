"""Look at what failed for good, have it run again, or give it up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from functions.api.answer import Answer
from functions.api.endpoints.jobs import answer_of, key_of
from functions.api.models.dead_letters import DeadLetterSelection, DiscardJob, RedriveJob
from functions.api.models.faults import unknown_field, validated
from functions.api.query_parameters import limit_of, only, tag_of, time_of
from functions.api.refusals import InvalidParameter, Refused, ValidationFailed
from functions.api.wire.dead_letter_answers import advice_of, dead_letter_facts, groups_answer, listed_dead_letter
from functions.api.wire.json_text import pointer_to
from functions.api.wire.page_tokens import page_token, parse_page_token
from shared.model.bulk_action import DeadLetterFilter
from shared.model.lifecycle import Status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from functions.api.request import Request
    from functions.api.services import Services
    from shared.model.job import Job

_RANGE: Final = ("from", "to")
_NAMES: Final = ("fingerprint", "template_id", "target", "error_type")


def list_dead_letters(request: Request, services: Services) -> Answer:
    names = (*_NAMES, "tag", *_RANGE, "limit", "cursor")
    parameters = request.parameters(*names, repeatable=frozenset({"tag"}))
    wanted, limit = _filter_of(parameters), limit_of(parameters)
    list_key, after = _place_in(request, parameters, f"GET /v1/dead-letters {wanted}")
    page = services.dead_letters().list(request.tenant, wanted, limit=limit, after=after)
    body: dict[str, Any] = {"items": [listed_dead_letter(job) for job in page.jobs]}
    if page.next is not None:
        body["next_cursor"] = page_token(page.next, list_key=list_key)
    return Answer(body=body, facts={"listed": len(page.jobs)})


def count_dead_letters(request: Request, services: Services) -> Answer:
    parameters = request.parameters(*_RANGE, "cursor")
    wanted = _filter_of(parameters)
    list_key, after = _place_in(request, parameters, f"GET /v1/dead-letters/groups {wanted}")
    counts = services.dead_letters().list.count(request.tenant, wanted, after=after)
    body = groups_answer(counts)
    if counts.next is not None:
        body["next_cursor"] = page_token(counts.next, list_key=list_key)
    return Answer(body=body, facts={"groups": len(counts.groups), "looked_at": counts.looked_at})


def get_dead_letter(request: Request, services: Services, job_id: str) -> Answer:
    job = services.jobs.get(key_of(request, job_id))
    if job.status is not Status.FAILED:
        raise Refused("not-found", f"the job has not failed for good: it is {job.status}; see /v1/jobs/{job.id}")
    return _answer(job, services, {**dead_letter_facts(job), **advice_of(job)})


def redrive_job(request: Request, services: Services, job_id: str) -> Answer:
    body = request.json_object() if request.body.strip() else {}
    _refuse_unknown(body, RedriveJob.model_fields)
    confirmed = _confirmed(body)
    patch = {name: value for name, value in body.items() if name != "confirm_at_most_once"}
    job = services.dead_letters().redrive(
        key_of(request, job_id),
        patch,
        request.precondition(),
        services.clock.now(),
        by=request.authenticated().key_id,
        may_begin_again=confirmed,
    )
    return answer_of(job, services)


def discard_job(request: Request, services: Services, job_id: str) -> Answer:
    asked = validated(DiscardJob, request.json_object() if request.body.strip() else {})
    job = services.dead_letters().discard(
        key_of(request, job_id),
        asked.reason,
        request.precondition(),
        services.clock.now(),
        by=request.authenticated().key_id,
    )
    return _answer(job, services, dead_letter_facts(job))


def _answer(job: Job, services: Services, facts: dict[str, Any]) -> Answer:
    answer = answer_of(job, services)
    return Answer(
        body={**answer.body, **facts},
        headers=answer.headers,
        correlation_id=answer.correlation_id,
        facts=answer.facts,
    )


def _place_in(request: Request, parameters: dict[str, list[str]], what: str) -> tuple[str, str | None]:
    """The list's key, and where in it the page begins."""
    list_key, cursor = f"{request.tenant} {what}", only(parameters, "cursor")
    return list_key, None if cursor is None else parse_page_token(cursor, list_key=list_key)


def _filter_of(parameters: dict[str, list[str]]) -> DeadLetterFilter:
    named = {name: value for name in _NAMES if (value := only(parameters, name)) is not None}
    try:
        asked = validated(DeadLetterSelection, named)
    except ValidationFailed as refusal:
        error = refusal.reason.errors[0]
        raise InvalidParameter(error.pointer.removeprefix("/"), error.detail) from None
    since, until = time_of(parameters, "from"), time_of(parameters, "to")
    if since and until and since > until:
        raise InvalidParameter("from", "not later than `to`")
    return DeadLetterFilter(
        fingerprint=asked.fingerprint,
        template_id=asked.template_id,
        target=asked.target,
        error_type=asked.error_type,
        tags=dict(sorted(map(tag_of, parameters.get("tag", [])))),
        failed_from=since,
        failed_before=until,
    )


def _refuse_unknown(body: dict[str, Any], known: Iterable[str]) -> None:
    # The rest is a merge patch: it is judged together with the job that it changes.
    if unknown := [name for name in body if name not in known]:
        raise ValidationFailed([unknown_field(pointer_to(name[:64]), known) for name in unknown[:20]])


def _confirmed(body: dict[str, Any]) -> bool:
    member = {name: value for name, value in body.items() if name == "confirm_at_most_once"}
    return validated(RedriveJob, member).confirm_at_most_once
