"""JSON pointers (RFC 6901): where in a request's body a value stands."""

from __future__ import annotations


def member_of(pointer: str, name: object) -> str:
    """The pointer to the member `name` of the object to which `pointer` points."""
    return f"{pointer}/{str(name).replace('~', '~0').replace('/', '~1')}"
