"""Create, read and change single templates."""

from __future__ import annotations

import json
import re
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from functions.api.answer import Answer
from functions.api.change_template import Change
from functions.api.check_template import present_timetable
from functions.api.create_job import Idempotency
from functions.api.create_template import Create
from functions.api.models.fields import EXTERNAL_KEY
from functions.api.models.template_spec import read_template
from functions.api.next_run import next_run_at
from functions.api.refusals import Refused
from functions.api.request import JSON, MERGE_PATCH, fingerprint
from functions.api.wire.answers import delays_answer, etag
from functions.api.wire.template_answers import last_run_answer, template_answer
from shared.model.errors import StoreUnavailable, TemplateNotFound
from shared.model.template import TemplateKey

if TYPE_CHECKING:
    from functions.api.create_template import CreatedTemplate
    from functions.api.request import Request
    from functions.api.services import Services
    from shared.model.template import Template

_TEMPLATE_ID: Final = re.compile(r"[0-9a-z]{1,64}")


def create_template(request: Request, services: Services) -> Answer:
    body = request.json_object()
    created = services.templates().create_template(_create(request, services, body), partial(read_template, body))
    return _created(created, services)


def get_template(request: Request, services: Services, template_id: str) -> Answer:
    return answer_of(services.templates().templates.get_template(key_of(request, template_id)), services)


def edit_template(request: Request, services: Services, template_id: str) -> Answer:
    patch = request.json_object(content_types=(MERGE_PATCH, JSON))
    change = change_of(request, services)
    template = services.templates().edit_template.patch(key_of(request, template_id), patch, change)
    return answer_of(template, services)


def replace_template(request: Request, services: Services, template_id: str) -> Answer:
    body = request.json_object()
    change = change_of(request, services)
    template = services.templates().edit_template.replace(key_of(request, template_id), body, change)
    return answer_of(template, services)


def delete_template(request: Request, services: Services, template_id: str) -> Answer:
    request.refuse_body()
    change = change_of(request, services)
    return answer_of(services.templates().delete_template(key_of(request, template_id), change), services)


def clone_template(request: Request, services: Services, template_id: str) -> Answer:
    patch = request.json_object(content_types=(MERGE_PATCH, JSON)) if request.body.strip() else {}
    known = services.templates()
    original = known.templates.get_template(key_of(request, template_id))

    def document() -> dict[str, Any]:
        return known.edit_template.patched(original, {"external_key": None, **patch})

    asked = _create(request, services, {"clone": template_id, "patch": patch})
    return _created(known.create_template(asked, lambda: read_template(document())), services)


def get_template_by_key(request: Request, services: Services, external_key: str) -> Answer:
    found = services.templates().put_template.find(request.tenant, _external_key(external_key))
    if found is None:
        raise TemplateNotFound(external_key)
    return answer_of(found, services)


def put_template(request: Request, services: Services, external_key: str) -> Answer:
    body = request.json_object()
    asked, change = _create(request, services, None), change_of(request, services)
    declared = services.templates().put_template(_external_key(external_key), body, asked, change)
    headers = {"Location": f"/v1/templates/{declared.template.id}"}
    return answer_of(declared.template, services, status=201 if declared.created else 200, headers=headers)


def key_of(request: Request, template_id: str) -> TemplateKey:
    """The key of the template that a path names.

    Raises:
        TemplateNotFound: no template has such an id.
    """
    if not _TEMPLATE_ID.fullmatch(template_id):
        raise TemplateNotFound(template_id)
    return TemplateKey(request.tenant, template_id)


def change_of(request: Request, services: Services) -> Change:
    """The change that a request asks for, beside what it is."""
    return Change(
        by=request.authenticated().key_id,
        now=services.clock.now(),
        precondition=request.precondition(),
        seconds_left=request.seconds_left,
    )


def answer_of(
    template: Template,
    services: Services,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    **more: Any,
) -> Answer:
    """A template with all that is known of it, and what else the answer says."""
    known, now = services.templates(), services.clock.now()
    try:
        text = known.templates.load_template_payload(template)
        timetable = present_timetable(template, known.calendars)
        last_run = known.find_last_run(template, now)
    except StoreUnavailable as error:
        # What was asked for is stored by now: it would be untrue that nothing was done.
        raise StoreUnavailable(str(error), outcome_unknown=True) from error
    body = template_answer(template, None if text is None else json.loads(text), next_run_at(template, timetable, now))
    return Answer(
        status=status,
        body={
            **body,
            "last_run": last_run_answer(last_run),
            "retry_delays": delays_answer(template.job.retry),
            **more,
        },
        headers={"ETag": etag(template), **(headers or {})},
        facts={"template_id": template.id},
        outlives_etag=True,  # last_run, next_run_at, expansion
    )


def _created(created: CreatedTemplate, services: Services) -> Answer:
    headers = {"Location": f"/v1/templates/{created.template.id}"}
    if created.replayed:
        headers["Idempotent-Replayed"] = "true"
    return answer_of(created.template, services, status=201, headers=headers)


def _create(request: Request, services: Services, body: Any) -> Create:
    """A request for a new template; `body` is what a repetition must have as well."""
    key = None if body is None else request.idempotency_key()
    return Create(
        tenant=request.tenant,
        by=request.authenticated().key_id,
        now=services.clock.now(),
        idempotency=None if key is None else Idempotency(key, fingerprint({"key": key, "body": body})),
        seconds_left=request.seconds_left,
    )


def _external_key(text: str) -> str:
    if not EXTERNAL_KEY.fits(text):
        raise Refused("not-found", f"there is no such key: {EXTERNAL_KEY.expected} make one")
    return text
