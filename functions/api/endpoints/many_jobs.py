"""Create and list many jobs."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from functions.api.answer import Answer
from functions.api.create_job import Created
from functions.api.create_jobs import Wish, counted
from functions.api.list_jobs import JobFilter
from functions.api.models.faults import unknown_field
from functions.api.models.jobs import NewJobs
from functions.api.problems import problem
from functions.api.query_parameters import limit_of, only, tag_of, time_of
from functions.api.refusals import InvalidParameter, ValidationFailed, invalid_field
from functions.api.request import fingerprint
from functions.api.wire.answers import listed_answer
from functions.api.wire.json_text import pointer_to
from functions.api.wire.page_tokens import page_token, parse_page_token
from shared.model import limits
from shared.model.lifecycle import Status

if TYPE_CHECKING:
    from functions.api.request import Request
    from functions.api.services import Services
    from shared.model.errors import SchedulerError

_GROUP: Final = re.compile(rf"[A-Za-z0-9_.-]{{1,{limits.MAX_GROUP_LENGTH}}}")
# A thousand refused items must still fit into one answer.
_ERRORS_PER_ITEM: Final = 3
_TEMPLATE_ID: Final = re.compile(r"[0-9a-z]{1,64}")
_LIST_PARAMETERS: Final = ("status", "template_id", "group", "name", "tag", "from", "to", "limit", "cursor")


def create_jobs(request: Request, services: Services) -> Answer:
    items = _items_of(request.json_object(max_bytes=limits.MAX_BULK_BODY_BYTES))
    now = services.clock.now()
    correlation_id = request.correlation_id()
    key = request.idempotency_key()
    read = services.specs.new
    wishes = [
        Wish(
            partial(read, item, now=now, correlation_id=correlation_id, pointer=pointer_to("jobs", index)),
            "" if key is None else fingerprint(item),
        )
        for index, item in enumerate(items)
    ]
    results = services.create_jobs(request.tenant, wishes, key, now, request.seconds_left)
    answers = [_result(index, result, request.request_id) for index, result in enumerate(results)]
    facts = counted(results)
    services.telemetry.note("created_in_bulk", tenant=request.tenant, request_id=request.request_id, **facts)
    return Answer(body={"results": answers}, facts=facts)


def list_jobs(request: Request, services: Services) -> Answer:
    parameters = request.parameters(*_LIST_PARAMETERS, repeatable=frozenset({"tag"}))
    wanted = _filter_of(parameters)
    list_key = f"{request.tenant} GET /v1/jobs {wanted}"
    cursor = only(parameters, "cursor")
    after = None if cursor is None else parse_page_token(cursor, list_key=list_key)
    page = services.list_jobs(request.tenant, wanted, limit=limit_of(parameters), after=after)
    body: dict[str, Any] = {"items": [listed_answer(job) for job in page.jobs]}
    if page.next is not None:
        body["next_cursor"] = page_token(page.next, list_key=list_key)
    return Answer(body=body, facts={"listed": len(page.jobs)})


def _items_of(body: dict[str, Any]) -> list[Any]:
    unknown = [name for name in body if name != "jobs"]
    if unknown:
        raise ValidationFailed([unknown_field(pointer_to(name[:64]), NewJobs.model_fields) for name in unknown[:20]])
    items = body.get("jobs")
    if not isinstance(items, list) or not 1 <= len(items) <= limits.MAX_BULK_JOBS:
        raise invalid_field("/jobs", "out-of-range", f"an array of 1 to {limits.MAX_BULK_JOBS} jobs is expected")
    return items


def _result(index: int, result: Created | SchedulerError, request_id: str) -> dict[str, Any]:
    if isinstance(result, Created):
        answer = {"index": index, "status": 201, "id": result.job.id}
        return {**answer, "replayed": True} if result.replayed else answer
    status, document, _ = problem(result, request_id)
    document["errors"] = document["errors"][:_ERRORS_PER_ITEM]
    return {"index": index, "status": status, "problem": document}


def _filter_of(parameters: dict[str, list[str]]) -> JobFilter:
    group = only(parameters, "group")
    if group is not None and not _GROUP.fullmatch(group):
        raise InvalidParameter("group", f"1 to {limits.MAX_GROUP_LENGTH} of A-Z, a-z, 0-9, _, . and - are expected")
    template_id = only(parameters, "template_id")
    if template_id is not None and (group is not None or not _TEMPLATE_ID.fullmatch(template_id)):
        raise InvalidParameter("template_id", "the id of a template is expected, and no group beside it")
    name = only(parameters, "name")
    if name is not None and not 0 < len(name) <= limits.MAX_NAME_LENGTH:
        raise InvalidParameter("name", f"1 to {limits.MAX_NAME_LENGTH} characters are expected")
    wanted = JobFilter(
        template_id=template_id,
        group=group,
        status=_status_of(only(parameters, "status")),
        name=name,
        tags=dict(sorted(map(tag_of, parameters.get("tag", [])))),
        created_from=time_of(parameters, "from"),
        created_before=time_of(parameters, "to"),
    )
    if wanted.created_from and wanted.created_before and wanted.created_from > wanted.created_before:
        raise InvalidParameter("from", "not later than `to`")
    return wanted


def _status_of(text: str | None) -> Status | None:
    if text is None:
        return None
    if text not in set(Status):
        raise InvalidParameter("status", f"one of {', '.join(Status)} is expected")
    return Status(text)
