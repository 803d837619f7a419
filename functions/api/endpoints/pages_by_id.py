"""Lists whose pages go by the ids of what they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from functions.api.answer import Answer
from functions.api.query_parameters import limit_of, only
from functions.api.wire.page_tokens import page_token, parse_page_token

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from functions.api.request import Request


class HasId(Protocol):
    @property
    def id(self) -> str: ...


Listed = TypeVar("Listed", bound=HasId)


def page_by_id(
    request: Request,
    path: str,
    read: Callable[[str | None, int], Sequence[Listed]],
    shown: Callable[[Listed], dict[str, Any]],
) -> Answer:
    """A page of the tenant's list at `path`, each thing as `shown`. `read` gives what follows an id (None: the first)
    in the list's own order, and how many of it at the most."""
    parameters = request.parameters("limit", "cursor")
    limit, cursor = limit_of(parameters), only(parameters, "cursor")
    list_key = f"{request.tenant} GET {path}"
    found = read(None if cursor is None else parse_page_token(cursor, list_key=list_key), limit)
    body: dict[str, Any] = {"items": [shown(one) for one in found]}
    if len(found) == limit:
        body["next_cursor"] = page_token(found[-1].id, list_key=list_key)
    return Answer(body=body, facts={"listed": len(found)})
