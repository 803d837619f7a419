"""From a merge patch to the fields of a job that it changes."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Final

from functions.api.models.completion import check_times
from functions.api.models.faults import validated
from functions.api.models.jobs import JobPatch, NewJob
from functions.api.models.retries import retry_policy
from functions.api.models.spec import moment, payload_text
from functions.api.refusals import FieldError, ValidationFailed, invalid_field
from functions.api.wire.answers import editable_answer
from functions.api.wire.json_text import pointer_to
from shared.model.job import Completion, JobSpec, Payload
from shared.model.lanes import Priority
from shared.model.merge_patch import merged
from shared.model.retry import DEFAULT_RETRY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from functions.api.models.spec import SpecReader
    from shared.model.job import Job

_FIXED: Final = frozenset(NewJob.model_fields) - frozenset(JobPatch.model_fields)
_LEFT_OVER: Final = "left from the old target, and no member of the new one: set it to null"
_DEFAULTS: Final[Mapping[str, Any]] = {field.name: field.default for field in fields(JobSpec)}


@dataclass(frozen=True, slots=True)
class EditReader:
    """Reads merge patches (RFC 7396) of jobs."""

    specs: SpecReader

    def changes(self, job: Job, payload: Any, patch: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        """Those fields of `job` that `patch` changes, with their new values; empty when it changes nothing.

        `payload` is the job's as a value; the new one is a `Payload` that still has to be placed.

        Raises:
            Refused: the patched job is not of the shape, or not within the bounds.
            InvalidField: its target may not be called.
        """
        _refuse_fixed(patch)
        _refuse_no_time(patch)
        document = merged(_what_is_patched(job, payload, patch), patch)
        asked = _validated(job, document, patch)
        wanted: dict[str, Any] = {}
        if not {"run_at", "delay"}.isdisjoint(patch):
            wanted["run_at"] = job.run_at if asked.run_at == job.run_at else moment(asked, now)
        if "target" in patch:
            if asked.target is None:
                raise invalid_field("/target", "required", "a job needs a target")
            # An unchanged target stays valid, whatever the rules have become since.
            wanted["target"] = job.target if document["target"] == job.target else self.specs.target(asked.target)
        if "payload" in patch:
            text = payload_text(asked.payload)
            wanted["payload"] = job.payload if text == payload_text(payload) else Payload(text)
        if "retry" in patch:
            wanted["retry"] = DEFAULT_RETRY if asked.retry is None else retry_policy(asked.retry, job.delivery)
        wanted |= _plain_fields(asked, patch)
        completion, timeout = (wanted.get(name, getattr(job, name)) for name in ("completion", "timeout_seconds"))
        check_times(completion, timeout, asked.heartbeat_timeout if "heartbeat_timeout" in patch else None)
        return {field: value for field, value in wanted.items() if value != getattr(job, field)}


def _validated(job: Job, document: Mapping[str, Any], patch: Mapping[str, Any]) -> JobPatch:
    """A target of another type is merged with the old one: what is left of that is not the client's slip."""
    try:
        return validated(JobPatch, document)
    except ValidationFailed as refusal:
        sent = patch.get("target")
        left = {pointer_to("target", name) for name in job.target if isinstance(sent, dict) and name not in sent}
        errors = [
            replace(error, detail=_LEFT_OVER) if error.code == "unknown-field" and error.pointer in left else error
            for error in refusal.reason.errors
        ]
        raise ValidationFailed(errors) from None


def _plain_fields(asked: JobPatch, patch: Mapping[str, Any]) -> dict[str, Any]:
    """New values of the fields that take what was sent, or their default."""
    values = {
        "name": ("name", asked.name),
        "tags": ("tags", asked.tags or {}),
        "priority": ("priority", Priority(asked.priority or _DEFAULTS["priority"])),
        "timeout": ("timeout_seconds", asked.timeout or _DEFAULTS["timeout_seconds"]),
        "expires_after": ("expires_after_seconds", asked.expires_after),
        "completion": ("completion", Completion(asked.completion or _DEFAULTS["completion"])),
        "heartbeat_timeout": (
            "heartbeat_timeout_seconds",
            asked.heartbeat_timeout or _DEFAULTS["heartbeat_timeout_seconds"],
        ),
    }
    return {field: value for member, (field, value) in values.items() if member in patch}


def _what_is_patched(job: Job, payload: Any, patch: Mapping[str, Any]) -> dict[str, Any]:
    """The present document, of those members that the patch speaks about: the others need not be judged again."""
    document = {name: value for name, value in editable_answer(job, payload).items() if name in patch}
    if "delay" in patch and "run_at" not in patch:
        document.pop("run_at", None)
    return document


def _refuse_fixed(patch: Mapping[str, Any]) -> None:
    fixed = [
        FieldError(pointer_to(name), "not-editable", "fixed when the job is created")
        for name in patch
        if name in _FIXED
    ]
    if fixed:
        raise ValidationFailed(fixed)


def _refuse_no_time(patch: Mapping[str, Any]) -> None:
    """The default of a time is now: a client that writes null for what it does not set must not run the job by that."""
    times = {name: patch[name] for name in ("run_at", "delay") if name in patch}
    if times and all(time is None for time in times.values()):
        detail = "leave it out to keep the job's time; POST to its /run runs it now"
        raise ValidationFailed([FieldError(pointer_to(name), "required", detail) for name in times])
