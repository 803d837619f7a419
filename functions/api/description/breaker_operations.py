"""What each route about circuit breakers is for."""

from __future__ import annotations

from typing import Final

from functions.api.description import breaker_answers as answers
from functions.api.description.operation import IF_MATCH, Operation, Parameter
from functions.api.models import breakers
from shared.model.breaker import BreakerState

_STATE: Final = Parameter(
    "state", "query", "Only these.", {"type": "string", "enum": [str(state) for state in BreakerState]}
)
_PROBLEMS: Final = ("not-found", "conflict", "precondition-failed")

BREAKER_OPERATIONS: Final = {
    ("GET", "/v1/breakers"): Operation(
        id="listBreakers",
        summary="List circuit breakers",
        description="Those of targets that have failed too often, up to 1,000. One that has closed is kept for a day.",
        parameters=(_STATE,),
        answer=answers.BreakerList,
        statuses={200: "The breakers."},
    ),
    ("GET", "/v1/breakers/{target}"): Operation(
        id="getBreaker",
        summary="Get a circuit breaker",
        answer=answers.Breaker,
        statuses={200: "The breaker. A target that has not failed lately has none."},
        problems=("not-found",),
    ),
    ("POST", "/v1/breakers/{target}/open"): Operation(
        id="openBreaker",
        summary="Open a circuit breaker by hand",
        description="Jobs that call the target wait, at the latest 5 s from now; they lose no attempt. When the time "
        "is over, one of them is let through: if that goes well, the others follow.",
        body=breakers.OpenBreaker,
        needs_body=False,
        example={"for": "30m", "note": "the vendor is migrating"},
        parameters=(IF_MATCH,),
        answer=answers.Breaker,
        statuses={200: "The breaker, open."},
        problems=_PROBLEMS,
    ),
    ("POST", "/v1/breakers/{target}/close"): Operation(
        id="closeBreaker",
        summary="Close a circuit breaker by hand",
        description="Jobs call the target again, at the latest 5 s from now; those that waited come back within the "
        "longest cool-down, spread. Repeatable.",
        body=breakers.CloseBreaker,
        needs_body=False,
        example={"note": "the vendor says that it is back"},
        parameters=(IF_MATCH,),
        answer=answers.Breaker,
        statuses={200: "The breaker, closed."},
        problems=_PROBLEMS,
    ),
}
