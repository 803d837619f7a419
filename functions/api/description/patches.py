"""The schemas of merge patches (RFC 7396): what is in one is merged with what there is, so none of it is complete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_PREFIX: Final = "Partial"
_PATH: Final = "#/components/schemas/"


def with_patches(schemas: Mapping[str, Any], patches: Iterable[str]) -> dict[str, Any]:
    """`schemas`, in which those that `patches` names lead to parts of objects: the same members, none of them needed,
    and any of them null. Of a union it may be a part of each member, whose `type` need not be said."""
    found = dict(schemas)
    patched = {name: found.pop(name) for name in patches}
    for name, schema in patched.items():
        found[name] = {**_part(schema), "description": schema["description"]}
    names = _parts_in(found)
    while names:
        name = names.pop()
        found[name] = _part(schemas[name.removeprefix(_PREFIX)])
        names |= _parts_in(found[name]) - found.keys()
    return found


def _part(schema: Mapping[str, Any]) -> dict[str, Any]:
    """What a patch says of an object. A member that only what it takes the place of has is set to null."""
    whole = _leading_to_parts(schema)
    described = f"{whole.get('description', '')} A part of it: what is left out stays as it is.".strip()
    part = {name: value for name, value in whole.items() if name != "required"}
    return {**part, "additionalProperties": {"type": "null"}, "description": described}


def _leading_to_parts(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_leading_to_parts(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {"anyOf" if name == "oneOf" else name: _leading_to_parts(value) for name, value in schema.items()}
    found.pop("discriminator", None)
    # Of a map, such as tags or headers, null takes one out.
    if isinstance(found.get("additionalProperties"), dict):
        found["additionalProperties"] = _or_null(found["additionalProperties"])
    if "patternProperties" in found:
        found["patternProperties"] = {name: _or_null(one) for name, one in found["patternProperties"].items()}
    if "$ref" in found:
        found["$ref"] = found["$ref"].replace(_PATH, f"{_PATH}{_PREFIX}")
    return found


def _or_null(schema: Any) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


def _parts_in(schema: Any) -> set[str]:
    """The names of the parts that a schema leads to."""
    if isinstance(schema, list):
        return set().union(*map(_parts_in, schema))
    if not isinstance(schema, dict):
        return set()
    reference = str(schema.get("$ref", ""))
    own = {reference.removeprefix(_PATH)} if reference.startswith(f"{_PATH}{_PREFIX}") else set()
    return own.union(*(_parts_in(value) for value in schema.values()))
