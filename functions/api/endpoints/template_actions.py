"""What is done to a template by a word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.api.answer import Answer
from functions.api.endpoints.templates import answer_of, change_of, key_of
from functions.api.models.faults import validated
from functions.api.models.templates import PauseTemplate, ResumeTemplate
from shared.model.template import Missed

if TYPE_CHECKING:
    from functions.api.request import Request
    from functions.api.services import Services


def pause_template(request: Request, services: Services, template_id: str) -> Answer:
    asked = validated(PauseTemplate, request.json_object() if request.body.strip() else {})
    change = change_of(request, services)
    return answer_of(services.templates().pause_template(key_of(request, template_id), asked, change), services)


def resume_template(request: Request, services: Services, template_id: str) -> Answer:
    asked = validated(ResumeTemplate, request.json_object() if request.body.strip() else {})
    key, change = key_of(request, template_id), change_of(request, services)
    resume = services.templates().resume_template
    if asked.dry_run:
        return Answer(body={"dry_run": True, "runs": resume.would_run(key, change.now)})
    resumed = resume(key, Missed(asked.missed), change)
    return answer_of(resumed.template, services, runs=resumed.runs)
