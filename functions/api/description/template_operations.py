"""What each route about templates is for."""

from __future__ import annotations

from typing import Final

from functions.api.description import template_answers as answers
from functions.api.description.operation import (
    CHANGE_PROBLEMS,
    IDEMPOTENCY_KEY,
    IF_MATCH,
    TARGET_PROBLEMS,
    Operation,
)
from functions.api.models import templates
from functions.api.request import JSON, MERGE_PATCH

_NEW: Final = {
    "name": "payroll",
    "external_key": "payroll",
    "schedule": {"cron": "30 9 * * 1-5", "timezone": "Europe/Berlin"},
    "misfire": {"policy": "fire_latest"},
    "job": {
        "target": {"type": "http", "url": "https://example.com/payroll", "method": "POST"},
        "payload": {"month": "all"},
        "timeout": "30s",
    },
    "tags": {"team": "finance"},
}
_DECLARED: Final = {name: value for name, value in _NEW.items() if name != "external_key"}

TEMPLATE_OPERATIONS: Final = {
    ("POST", "/v1/templates"): Operation(
        id="createTemplate",
        summary="Create a template",
        description="Each occurrence of its schedule becomes a job, the next ones at once.",
        body=templates.NewTemplate,
        example=_NEW,
        parameters=(IDEMPOTENCY_KEY,),
        answer=answers.Template,
        statuses={201: "The template. `Idempotent-Replayed: true` when an earlier call had created it."},
        problems=(*TARGET_PROBLEMS, "idempotency-key-reused", "external-key-taken"),
    ),
    ("GET", "/v1/templates/by-key/{external_key}"): Operation(
        id="getTemplateByKey",
        summary="Get a template by its external key",
        answer=answers.Template,
        statuses={200: "The template."},
        problems=("not-found",),
    ),
    ("PUT", "/v1/templates/by-key/{external_key}"): Operation(
        id="putTemplate",
        summary="Create a template, or make it what it is to be",
        description="The same body again changes nothing.",
        body=templates.NewTemplate,
        example=_DECLARED,
        parameters=(IF_MATCH,),
        answer=answers.Template,
        statuses={200: "The template after the change.", 201: "The new template."},
        problems=(*CHANGE_PROBLEMS, *TARGET_PROBLEMS),
    ),
    ("GET", "/v1/templates/{template_id}"): Operation(
        id="getTemplate",
        summary="Get a template",
        description="A deleted one too, as long as its jobs are kept.",
        answer=answers.Template,
        statuses={200: "The template."},
        problems=("not-found",),
    ),
    ("PATCH", "/v1/templates/{template_id}"): Operation(
        id="editTemplate",
        summary="Change a template",
        description="A JSON merge patch (RFC 7396). Jobs that have not begun follow; those that have do not.",
        body=templates.TemplatePatch,
        example={"schedule": {"cron": "0 8 * * 1-5"}, "tags": {"team": "hr"}},
        body_types=(MERGE_PATCH, JSON),
        parameters=(IF_MATCH,),
        answer=answers.Template,
        statuses={200: "The template after the change."},
        problems=(*CHANGE_PROBLEMS, *TARGET_PROBLEMS),
    ),
    ("PUT", "/v1/templates/{template_id}"): Operation(
        id="replaceTemplate",
        summary="Replace a template",
        description="What the body leaves out gets its default, but the external key, which stays.",
        body=templates.NewTemplate,
        example=_DECLARED,
        parameters=(IF_MATCH,),
        answer=answers.Template,
        statuses={200: "The template after the change."},
        problems=(*CHANGE_PROBLEMS, *TARGET_PROBLEMS),
    ),
    ("DELETE", "/v1/templates/{template_id}"): Operation(
        id="deleteTemplate",
        summary="Delete a template",
        description="Jobs that have not begun are withdrawn. What is left explains the past. Repeatable.",
        parameters=(IF_MATCH,),
        answer=answers.Template,
        statuses={200: "What is left of it."},
        problems=CHANGE_PROBLEMS,
    ),
    ("POST", "/v1/templates/{template_id}/clone"): Operation(
        id="cloneTemplate",
        summary="Create a template like another",
        body=templates.TemplateClone,
        example={"name": "payroll, new", "external_key": "payroll-2"},
        body_types=(MERGE_PATCH, JSON),
        parameters=(IDEMPOTENCY_KEY,),
        answer=answers.Template,
        statuses={201: "The new template."},
        problems=("not-found", *TARGET_PROBLEMS, "idempotency-key-reused", "external-key-taken"),
    ),
    ("POST", "/v1/templates/{template_id}/pause"): Operation(
        id="pauseTemplate",
        summary="Pause a template",
        description="None of its occurrences runs until it is resumed. Repeatable, with another note or end.",
        body=templates.PauseTemplate,
        example={"note": "while the bank migrates", "until": "2027-01-04T00:00:00Z"},
        parameters=(IF_MATCH,),
        answer=answers.Template,
        statuses={200: "The paused template."},
        problems=CHANGE_PROBLEMS,
    ),
    ("POST", "/v1/templates/{template_id}/resume"): Operation(
        id="resumeTemplate",
        summary="Let a paused template go on",
        description='With `dry_run` the answer is `{"dry_run": true, "runs": {"skip": 0, "apply_misfire": 12}}`, and '
        "nothing is changed.",
        body=templates.ResumeTemplate,
        example={"missed": "apply_misfire"},
        parameters=(IF_MATCH,),
        answer=answers.ResumedTemplate,
        statuses={200: "The active template, and how many runs that makes."},
        problems=CHANGE_PROBLEMS,
    ),
}
