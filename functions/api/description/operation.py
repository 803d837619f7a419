"""What is said of one route, and what several say alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from functions.api.request import JSON
from shared.model import limits

if TYPE_CHECKING:
    from pydantic import BaseModel


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query parameter or header of the request."""

    name: str
    place: str
    description: str
    schema: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """`problems` are the slugs that are this operation's own; what any refuses alike is added. `answer` is a shape, or
    the content type of an answer that has none. `example` is one of the body, which may be left out unless
    `needs_body`, and is a JSON merge patch with `is_patch`. `dry_run` is the answer, 200, to one that only asks.
    `answer_types` are other content types that the answer may have."""

    id: str
    summary: str
    description: str = ""
    body: type[BaseModel] | None = None
    body_types: tuple[str, ...] = (JSON,)
    needs_body: bool = True
    is_patch: bool = False
    dry_run: type[BaseModel] | None = None
    example: Any = None
    parameters: tuple[Parameter, ...] = ()
    answer: type[BaseModel] | str
    answer_types: tuple[str, ...] = ()
    statuses: dict[int, str]
    problems: tuple[str, ...] = ()


IDEMPOTENCY_KEY: Final = Parameter(
    "Idempotency-Key",
    "header",
    "The same key with the same body answers with what the first call created, for at least 24 h.",
    {"type": "string", "minLength": 1, "maxLength": limits.MAX_IDEMPOTENCY_KEY_LENGTH},
)
IF_MATCH: Final = Parameter("If-Match", "header", "Change only this version: an ETag, or *.", {"type": "string"})
IF_NONE_MATCH: Final = Parameter(
    "If-None-Match", "header", "The ETag that you have: 304 without a body while it is still that.", {"type": "string"}
)
TIME: Final = {"type": "string", "format": "date-time"}
LIMIT: Final = Parameter(
    "limit",
    "query",
    "How many to answer at most.",
    {"type": "integer", "minimum": 1, "maximum": limits.MAX_LIST_LIMIT, "default": limits.DEFAULT_LIST_LIMIT},
)
CURSOR: Final = Parameter(
    "cursor", "query", "`next_cursor` of the page before, with the same other parameters.", {"type": "string"}
)
TAG: Final = Parameter(
    "tag",
    "query",
    "key:value; given several times, all must be there.",
    {"type": "array", "items": {"type": "string"}},
)
TARGET_PROBLEMS: Final = ("target-url-forbidden", "invalid-header", "target-not-allowed")
CHANGE_PROBLEMS: Final = ("not-found", "invalid-state", "conflict", "precondition-failed")
