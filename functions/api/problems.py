"""The one place where exceptions become problem documents (RFC 9457)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from functions.api.refusals import FieldError, Reason, Refused, WrongState
from functions.api.wire.answers import etag
from shared.model.errors import (
    BackfillNotFound,
    CalendarNotFound,
    IdempotencyKeyReused,
    IllegalTransition,
    InvalidField,
    ItemNotFound,
    JobNotFound,
    PayloadUnavailable,
    StoreUnavailable,
    TemplateNotFound,
    VersionMismatch,
    WindowNotFound,
)
from shared.model.lifecycle import Move

if TYPE_CHECKING:
    from shared.model.lifecycle import Status

CONTENT_TYPE: Final = "application/problem+json"
_RETRY_AFTER: Final = {"Retry-After": "2"}

# Slug → status and title. The whole list; `docs/api.md` explains each.
PROBLEMS: Final = {
    "malformed-json": (400, "The body is not acceptable JSON"),
    "invalid-parameter": (400, "A query parameter or header is not acceptable"),
    "invalid-page-token": (400, "The cursor is not one of this list"),
    "unauthenticated": (401, "An API key is needed"),
    "forbidden": (403, "The API key has too few rights"),
    "not-found": (404, "There is no such thing"),
    "method-not-allowed": (405, "This path does not take that method"),
    "invalid-state": (409, "The state in which it is does not allow this"),
    "lease-lost": (409, "The attempt does not hold its job any more"),
    "conflict": (409, "It was changed by others at the same time"),
    "limit-reached": (409, "There are as many as there may be"),
    "external-key-taken": (409, "Another template has this external key"),
    "precondition-failed": (412, "It is at another version"),
    "payload-too-large": (413, "The body or the payload is too large"),
    "unsupported-media-type": (415, "The body is of another type than expected"),
    "validation-failed": (422, "The body is not of the expected shape"),
    "idempotency-key-reused": (422, "The Idempotency-Key was used with another body"),
    "target-url-forbidden": (422, "The target's URL may not be called"),
    "invalid-header": (422, "A header of the target is not acceptable"),
    "target-not-allowed": (422, "The target is not among those allowed"),
    "internal-error": (500, "Something went wrong on our side"),
    "unavailable": (503, "The store does not answer"),
    "not-ready": (503, "Not ready to serve"),
}

_THINGS: Final = {
    JobNotFound: "job",
    TemplateNotFound: "template",
    BackfillNotFound: "backfill",
    CalendarNotFound: "calendar",
    WindowNotFound: "maintenance window",
}
_ADVICE: Final = {
    True: "it has ended, and what has ended stays as it is",
    False: "only a job that waits can be changed; a running one can be cancelled",
}
_OF_DEAD_LETTERS: Final = {Move.REDRIVE, Move.DISCARD}
_ONLY_FAILED: Final = "only one that failed for good can be redriven or discarded"
_UNKNOWN: Final = (
    "it is not known whether this was done: try again, with the same Idempotency-Key if it was a create "
    "(without one, a second job may come of it)"
)
_NOTHING: Final = "nothing was done: try again"
_UNREAD: Final = "this cannot be read now: try again"


def problem(error: Exception, request_id: str, *, is_read: bool = False) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Status, document and headers of the answer to what an exception says. `is_read`: the request changes nothing."""
    reason = _reason(error)
    if is_read and isinstance(error, StoreUnavailable):
        reason = replace(reason, detail=_UNREAD)
    status, title = PROBLEMS[reason.slug]
    document = {
        "type": f"/problems/{reason.slug}",
        "title": title,
        "status": status,
        "detail": reason.detail,
        "instance": request_id,
        "errors": [{"pointer": one.pointer, "code": one.code, "detail": one.detail} for one in reason.errors],
        **_state_of(error),
    }
    return status, document, dict(reason.headers)


def is_expected(error: Exception) -> bool:
    """Whether the exception has an answer of its own; otherwise it is a defect, to be looked at by a person."""
    return _reason(error).slug != "internal-error"


def _reason(error: Exception) -> Reason:  # noqa: PLR0911 (one return per kind of error is the clearest table)
    match error:
        case Refused():
            return error.reason
        case JobNotFound() | TemplateNotFound() | BackfillNotFound() | CalendarNotFound() | WindowNotFound():
            # The same words for another tenant's as for none: not even the id comes back.
            return Reason("not-found", f"there is no such {_THINGS[type(error)]}")
        case ItemNotFound():
            return Reason("not-found", f"there is no such {error.kind}")
        case InvalidField():
            slug = error.slug if error.slug in PROBLEMS else "validation-failed"
            return Reason(slug, error.detail, [FieldError(error.pointer, slug, error.detail)])
        case IllegalTransition():
            advice = _ONLY_FAILED if error.move in _OF_DEAD_LETTERS else _ADVICE[error.job.status.is_terminal]
            return Reason("invalid-state", f"the job is {error.job.status}: {advice}")
        case VersionMismatch():
            detail = "it has changed since: read it, and decide again"
            stale = [FieldError("If-Match", "stale", detail)]
            return Reason("precondition-failed", detail, stale, headers={"ETag": etag(error.current)})
        case IdempotencyKeyReused():
            detail = "take a new key for something new, or send the same body as with the first call"
            return Reason("idempotency-key-reused", detail, [FieldError("Idempotency-Key", "reused", detail)])
        case StoreUnavailable():
            return Reason("unavailable", _UNKNOWN if error.outcome_unknown else _NOTHING, headers=_RETRY_AFTER)
        case PayloadUnavailable():
            return Reason("unavailable", "the payload cannot be read now: try again", headers=_RETRY_AFTER)
        case _:
            return Reason("internal-error", "the request id tells us what to look for")


def _state_of(error: Exception) -> dict[str, Status | str]:
    """The present status, where that is why the request was refused."""
    if isinstance(error, WrongState):
        return {"state": error.state}
    return {"state": error.job.status} if isinstance(error, IllegalTransition) else {}
