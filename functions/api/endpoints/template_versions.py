"""What templates were, and who changed what."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from functions.api.answer import Answer
from functions.api.endpoints.templates import key_of
from functions.api.query_parameters import limit_of, only
from functions.api.refusals import Refused
from functions.api.wire.differences import differences
from functions.api.wire.page_tokens import page_token, parse_page_token
from functions.api.wire.template_answers import state_document, template_document, version_answer, version_line

if TYPE_CHECKING:
    from functions.api.request import Request
    from functions.api.services import Services
    from shared.model.template import Template

_VERSION: Final = re.compile(r"[1-9][0-9]{0,7}", re.ASCII)


def list_versions(request: Request, services: Services, template_id: str) -> Answer:
    parameters = request.parameters("limit", "cursor")
    key = key_of(request, template_id)
    list_key = f"{request.tenant} GET versions {template_id}"
    cursor = only(parameters, "cursor")
    before = None if cursor is None else int(parse_page_token(cursor, list_key=list_key, shape=_VERSION))
    page = services.templates().find_version.page(key, before=before, limit=limit_of(parameters))
    body: dict[str, Any] = {"items": [version_line(one) for one in page.versions]}
    if page.next is not None:
        body["next_cursor"] = page_token(str(page.next), list_key=list_key)
    return Answer(body=body, facts={"template_id": template_id})


def get_version(request: Request, services: Services, template_id: str, version: str) -> Answer:
    found = services.templates().find_version(key_of(request, template_id), _number(version))
    return Answer(body=version_answer(found, _payload(found, services)), facts={"template_id": template_id})


def compare_versions(request: Request, services: Services, template_id: str, version: str, other: str) -> Answer:
    key, find = key_of(request, template_id), services.templates().find_version
    was, becomes = find(key, _number(version)), find(key, _number(other))
    items = differences(_compared(was, services), _compared(becomes, services))
    return Answer(body={"items": items}, facts={"template_id": template_id})


def _compared(template: Template, services: Services) -> dict[str, Any]:
    return {**template_document(template, _payload(template, services)), **state_document(template)}


def _payload(template: Template, services: Services) -> Any:
    text = services.templates().templates.load_template_payload(template)
    return None if text is None else json.loads(text)


def _number(text: str) -> int:
    if not _VERSION.fullmatch(text):
        raise Refused("not-found", "the template has no such version")
    return int(text)
