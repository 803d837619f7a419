"""What a PUT or a PATCH wants a thing to be, as the body by which it would be created."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from functions.api.request import JSON, MERGE_PATCH
from shared.model.merge_patch import merged

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from functions.api.models.fields import Shape
    from functions.api.request import Request

T = TypeVar("T")


def wanted_content(
    request: Request, shape: type[Shape], answer: Callable[[T], Mapping[str, Any]]
) -> Callable[[T], Any]:
    """For a thing as it is: the body of a PUT, or what a merge patch (RFC 7396) makes of those members of its `answer`
    that are a client's, which are those of `shape`.

    Raises:
        Refused: the request has no object as its body.
    """
    if request.method == "PUT":
        body = request.json_object()
        return lambda current: body
    patch = request.json_object(content_types=(MERGE_PATCH, JSON))
    names = {field.alias or name for name, field in shape.model_fields.items()}
    return lambda current: merged({name: value for name, value in answer(current).items() if name in names}, patch)
