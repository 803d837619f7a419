"""An answer, before it becomes what API Gateway expects."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from functions.api.request import JSON

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`body` is text or bytes as they are, or else a value to be written as JSON. `correlation_id` is that of the job
    that was made, when the request named none; `facts` go into the request's log line. `outlives_etag`: the body has
    members that change while its ETag does not."""

    status: int = 200
    body: Any = None
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    correlation_id: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    outlives_etag: bool = False
