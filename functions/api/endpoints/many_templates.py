"""List and change many templates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from functions.api.answer import Answer
from functions.api.endpoints.templates import change_of
from functions.api.list_templates import ListedTemplate, TemplateFilter
from functions.api.models.faults import validated
from functions.api.models.template_bulk import BulkTemplateAction
from functions.api.models.templates import PauseTemplate
from functions.api.pause_template import check_end
from functions.api.problems import problem
from functions.api.query_parameters import limit_of, only, tag_of, time_of
from functions.api.refusals import InvalidParameter, invalid_field
from functions.api.request import fingerprint
from functions.api.wire.page_tokens import page_token, parse_page_token
from functions.api.wire.template_answers import last_run_answer, listed_template
from shared.model import limits
from shared.model.errors import SchedulerError
from shared.model.lifecycle import Status
from shared.model.template import Missed, TemplateStatus

if TYPE_CHECKING:
    from enum import StrEnum

    from functions.api.change_templates import Action, Changed
    from functions.api.request import Request
    from functions.api.services import Services

_PARAMETERS: Final = ("name", "tag", "status", "due_after", "due_before", "last_outcome", "limit", "cursor")
_OUTCOMES: Final = (Status.RUNNING, Status.SUCCEEDED, Status.FAILED, Status.CANCELLED)


def list_templates(request: Request, services: Services) -> Answer:
    parameters = request.parameters(*_PARAMETERS, repeatable=frozenset({"tag"}))
    wanted = _filter_of(parameters)
    list_key = f"{request.tenant} GET /v1/templates {wanted}"
    cursor = only(parameters, "cursor")
    after = None if cursor is None else parse_page_token(cursor, list_key=list_key)
    page = services.templates().list_templates(
        request.tenant, wanted, limit=limit_of(parameters), after=after, now=services.clock.now()
    )
    body: dict[str, Any] = {"items": [listed_answer(one, wanted) for one in page.items]}
    if page.next is not None:
        body["next_cursor"] = page_token(page.next, list_key=list_key)
    return Answer(body=body, facts={"listed": len(page.items)})


def listed_answer(listed: ListedTemplate, wanted: TemplateFilter) -> dict[str, Any]:
    """A template in a list, with its last run where that was looked at anyway."""
    answer = listed_template(listed.template, listed.next_run_at)
    if wanted.last_outcome is not None:
        answer["last_run"] = last_run_answer(listed.last_run)
    return answer


def change_templates(request: Request, services: Services) -> Answer:
    body = request.json_object()
    asked = validated(BulkTemplateAction, body)
    wanted = TemplateFilter(
        name=asked.filter.name,
        tags=asked.filter.tags or {},
        status=None if asked.filter.status is None else TemplateStatus(asked.filter.status),
    )
    if wanted == TemplateFilter() and not asked.all:
        raise invalid_field("/all", "required", "true, to mean every template; or give a filter")
    check_end(asked.until, services.clock.now())
    repeated = {name: value for name, value in body.items() if name != "cursor"}
    list_key = f"{request.tenant} POST /v1/templates/bulk-actions {fingerprint(repeated)}"
    after = None if asked.cursor is None else parse_page_token(asked.cursor, list_key=list_key, pointer="/cursor")
    action = None if asked.dry_run else _action_of(asked, services)
    change = change_of(request, services)
    page = services.templates().change_templates(request.tenant, wanted, action, change, after=after)
    failed = sum(isinstance(one.after, SchedulerError) for one in page.results)
    counts = {
        "matched": len(page.results),
        "changed": sum(one.is_changed for one in page.results),
        "failed": failed,
    }
    answer: dict[str, Any] = {
        "action": asked.action,
        "dry_run": asked.dry_run,
        **counts,
        "results": [_result(one, request.request_id) for one in page.results],
    }
    if page.next is not None:
        answer["next_cursor"] = page_token(page.next, list_key=list_key)
    return Answer(body=answer, facts={"bulk_action": asked.action, **counts})


def _action_of(asked: BulkTemplateAction, services: Services) -> Action:
    known = services.templates()
    match asked.action:
        case "pause":
            pause = PauseTemplate.model_construct(note=asked.note, until=asked.until, missed=asked.missed)
            return lambda key, change: known.pause_template(key, pause, change)
        case "resume":
            return lambda key, change: known.resume_template(key, Missed(asked.missed), change).template
        case "delete":
            return known.delete_template
        case "tag":
            return lambda key, change: known.edit_template.patch(key, {"tags": asked.tags}, change)


def _result(one: Changed, request_id: str) -> dict[str, Any]:
    if not isinstance(one.after, SchedulerError):
        return {"id": one.before.id, "status": 200, "version": one.after.version, "changed": one.is_changed}
    status, document, _ = problem(one.after, request_id)
    return {"id": one.before.id, "status": status, "problem": document}


def _filter_of(parameters: dict[str, list[str]]) -> TemplateFilter:
    name = only(parameters, "name")
    if name is not None and not 0 < len(name) <= limits.MAX_NAME_LENGTH:
        raise InvalidParameter("name", f"1 to {limits.MAX_NAME_LENGTH} characters are expected")
    status = _one_of(parameters, "status", tuple(TemplateStatus))
    outcome = _one_of(parameters, "last_outcome", _OUTCOMES)
    wanted = TemplateFilter(
        name=name,
        tags=dict(sorted(map(tag_of, parameters.get("tag", [])))),
        status=None if status is None else TemplateStatus(status),
        due_after=time_of(parameters, "due_after"),
        due_before=time_of(parameters, "due_before"),
        last_outcome=None if outcome is None else Status(outcome),
    )
    if wanted.due_after and wanted.due_before and wanted.due_after > wanted.due_before:
        raise InvalidParameter("due_after", "not later than `due_before`")
    return wanted


def _one_of(parameters: dict[str, list[str]], name: str, values: tuple[StrEnum, ...]) -> str | None:
    text = only(parameters, name)
    if text is not None and text not in values:
        raise InvalidParameter(name, f"one of {', '.join(values)} is expected")
    return text
