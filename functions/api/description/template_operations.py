"""What each route about templates is for."""

from __future__ import annotations

from typing import Final

from functions.api.description import template_answers as answers
from functions.api.description.answers import Job
from functions.api.description.operation import (
    CHANGE_PROBLEMS,
    CURSOR,
    IDEMPOTENCY_KEY,
    IF_MATCH,
    LIMIT,
    TAG,
    TARGET_PROBLEMS,
    TIME,
    Operation,
    Parameter,
)
from functions.api.models import template_bulk, templates
from functions.api.request import JSON, MERGE_PATCH
from shared.model import limits
from shared.model.template import TemplateStatus

_NEW: Final = {
    "name": "payroll",
    "external_key": "payroll",
    "schedule": {"cron": "30 9 * * 1-5", "timezone": "Europe/Berlin"},
    "misfire": {"policy": "fire_latest"},
    "job": {
        "target": {"type": "http", "url": "https://example.com/payroll", "method": "POST"},
        "payload": {"month": "{{ nominal_local_time | format:'%Y-%m' }}"},
        "timeout": "30s",
    },
    "tags": {"team": "finance"},
}
_DECLARED: Final = {name: value for name, value in _NEW.items() if name != "external_key"}

_FILTERS: Final = (
    Parameter("name", "query", "How names begin.", {"type": "string"}),
    TAG,
    Parameter(
        "status",
        "query",
        "Default: all but deleted ones.",
        {"type": "string", "enum": [str(status) for status in TemplateStatus]},
    ),
    Parameter("due_after", "query", "They run next at this time or later.", TIME),
    Parameter("due_before", "query", "They run next before this time.", TIME),
    Parameter(
        "last_outcome",
        "query",
        "The status of the last run.",
        {"type": "string", "enum": ["running", "succeeded", "failed", "cancelled"]},
    ),
    LIMIT,
    CURSOR,
)

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
    ("GET", "/v1/templates"): Operation(
        id="listTemplates",
        summary="List templates, newest first",
        description=f"Looks at up to {limits.MAX_ENTRIES_READ} templates a call (100 with `last_outcome`), so a page "
        "may be short, even empty, and still go on: the list ends where there is no `next_cursor`.",
        parameters=_FILTERS,
        answer=answers.TemplateList,
        statuses={200: "A page."},
        problems=("invalid-page-token",),
    ),
    ("POST", "/v1/templates/bulk-actions"): Operation(
        id="changeTemplates",
        summary="Pause, resume, delete or tag many templates",
        description=f"Up to {limits.MAX_BULK_TEMPLATES} a call, as many as its time allows; each is judged and changed "
        "on its own. To be called again with `next_cursor` until there is none.",
        body=template_bulk.BulkTemplateAction,
        example={"action": "pause", "filter": {"tags": {"team": "finance"}}, "note": "while the bank migrates"},
        answer=answers.BulkTemplateResults,
        statuses={200: "What became of each."},
        problems=("invalid-page-token",),
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
    ("POST", "/v1/templates/{template_id}/trigger"): Operation(
        id="triggerTemplate",
        summary="Run a template now, beside its schedule",
        description="Also while it is paused. Parameters are rendered with now as the nominal time and the number 0.",
        parameters=(IDEMPOTENCY_KEY,),
        answer=Job,
        statuses={201: "The job. `Idempotent-Replayed: true` when an earlier call had created it."},
        problems=("not-found", "invalid-state", "idempotency-key-reused"),
    ),
    ("POST", "/v1/templates/{template_id}/skip"): Operation(
        id="skipOccurrence",
        summary="Take one occurrence out",
        description="One that is ahead. Its job is withdrawn, or never made.",
        body=templates.OneOccurrence,
        example={"nominal_at": "2026-12-24T08:30:00Z"},
        parameters=(IF_MATCH,),
        answer=answers.Template,
        statuses={200: "The template after the change."},
        problems=CHANGE_PROBLEMS,
    ),
    ("POST", "/v1/templates/{template_id}/unskip"): Operation(
        id="unskipOccurrence",
        summary="Put an occurrence back",
        body=templates.OneOccurrence,
        example={"nominal_at": "2026-12-24T08:30:00Z"},
        parameters=(IF_MATCH,),
        answer=answers.Template,
        statuses={200: "The template after the change."},
        problems=CHANGE_PROBLEMS,
    ),
    ("GET", "/v1/templates/{template_id}/versions"): Operation(
        id="listVersions",
        summary="Who changed what of a template",
        parameters=(LIMIT, CURSOR),
        answer=answers.VersionList,
        statuses={200: "Its versions, newest first."},
        problems=("not-found", "invalid-page-token"),
    ),
    ("GET", "/v1/templates/{template_id}/versions/{version}"): Operation(
        id="getVersion",
        summary="Get a template as it was",
        answer=answers.TemplateVersion,
        statuses={200: "The template at that version."},
        problems=("not-found",),
    ),
    ("GET", "/v1/templates/{template_id}/versions/{version}/diff/{other}"): Operation(
        id="compareVersions",
        summary="What differs between two versions",
        description="From `version` to `other`.",
        answer=answers.Differences,
        statuses={200: "Each value that differs."},
        problems=("not-found",),
    ),
}
