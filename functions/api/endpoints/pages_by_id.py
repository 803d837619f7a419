"""Lists whose pages go by the ids of what they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from functions.api.answer import Answer
from functions.api.query_parameters import limit_of, only
from functions.api.wire.json_text import compact
from functions.api.wire.page_tokens import page_token, parse_page_token

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from functions.api.request import Request


# A page is closed when its things take so much: an answer has at most 6 MB, and is quoted once more on its way.
_PAGE_BYTES: Final = 2_500_000
_READ_AT_ONCE: Final = 50


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
    after = None if cursor is None else parse_page_token(cursor, list_key=list_key)
    items, last = _read_on(read, shown, after, limit)
    body: dict[str, Any] = {"items": items}
    if last is not None:
        body["next_cursor"] = page_token(last, list_key=list_key)
    return Answer(body=body, facts={"listed": len(items)})


def _read_on(
    read: Callable[[str | None, int], Sequence[Listed]],
    shown: Callable[[Listed], dict[str, Any]],
    after: str | None,
    limit: int,
) -> tuple[list[dict[str, Any]], str | None]:
    """What follows `after`, up to `limit`, and the last id where the list may go on; None at its end."""
    items: list[dict[str, Any]] = []
    size = 0
    while True:
        asked = min(limit - len(items), _READ_AT_ONCE)
        found = read(after, asked)
        for one in found:
            items.append(shown(one))
            after, size = one.id, size + len(compact(items[-1]))
            if len(items) == limit or size >= _PAGE_BYTES:
                return items, after
        if len(found) < asked:
            return items, None
