"""JSON as it is accepted: RFC 8259, UTF-8, and nothing on which two parsers could disagree.

Python's parser takes NaN, keeps the last of two equal keys, and runs out of stack near a depth of 1,000. Here the
depth is counted before parsing, duplicate keys are refused, and numbers are bounded. Integers are kept exactly;
fractions are IEEE doubles (RFC 8259 §6), so that 1.10 becomes 1.1.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, Final

from functions.api.refusals import MalformedJson, invalid_field
from shared.model import limits

# Possessive, so that a string without an end is passed over once and not once for each quote in it.
_BRACKETS: Final = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[{]|[\]}]', re.DOTALL)
_LOST: Final = "\ufffd"
_SUSPICIOUS: Final = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_UNACCEPTABLE: Final = re.compile("[\x00\ud800-\udfff]")


def parse_json(raw: bytes) -> Any:
    """The value of a JSON text.

    Raises:
        MalformedJson: it is not one, or not one that every parser reads alike.
        ValidationFailed: a string holds NUL or half a surrogate pair, which cannot be stored.
    """
    if not raw:
        raise MalformedJson("a body is needed: a JSON object")
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise MalformedJson(f"the body is not UTF-8: byte {error.start} does not belong there") from None
    if _LOST in text:
        # The gateway decodes text itself, and puts this where bytes were not UTF-8: what was sent is gone.
        raise MalformedJson(r"the body is not UTF-8, or holds U+FFFD as it is: write \ufffd to mean that")
    _check_depth(text)
    try:
        value = json.loads(
            text,
            object_pairs_hook=_without_duplicates,
            parse_int=_bounded_int,
            parse_float=_finite_float,
            parse_constant=_refuse_constant,
        )
    except json.JSONDecodeError as error:
        raise MalformedJson(f"line {error.lineno}, column {error.colno}: {error.msg}") from None
    if _SUSPICIOUS.search(text):
        _check_strings(value, "")
    return value


def compact(value: Any) -> bytes:
    """The shortest JSON text of a value, members in their order: how payloads are stored and answers are sent."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def canonical(value: Any) -> bytes:
    """A JSON text that is the same for equal values, whatever the order of their members."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False, sort_keys=True).encode()


def pointer_to(*path: str | int) -> str:
    """The JSON pointer (RFC 6901) of a place in a document."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path)


def _check_depth(text: str) -> None:
    depth = 0
    for match in _BRACKETS.finditer(text):
        start = text[match.start()]
        if start in "[{":
            depth += 1
            if depth > limits.MAX_JSON_DEPTH:
                raise MalformedJson(f"nested more than {limits.MAX_JSON_DEPTH} deep at character {match.start()}")
        elif start != '"':
            depth -= 1


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise MalformedJson(f"the member {_shown(twice)} occurs twice in one object")
    return members


def _bounded_int(text: str) -> int:
    if len(text) > limits.MAX_JSON_DIGITS:
        raise MalformedJson(f"a number has more than {limits.MAX_JSON_DIGITS} digits")
    return int(text)


def _finite_float(text: str) -> float:
    value = float(text)
    if len(text) > limits.MAX_JSON_DIGITS or not math.isfinite(value):
        raise MalformedJson(f"a number has more than {limits.MAX_JSON_DIGITS} digits or is beyond a double's range")
    return value


def _refuse_constant(name: str) -> Any:
    raise MalformedJson(f"{name} is not JSON")


def _check_strings(value: Any, pointer: str) -> None:
    """Refuse NUL and half surrogate pairs. Only called when the text has an escape that may be one of them."""
    if isinstance(value, str):
        if _UNACCEPTABLE.search(value):
            raise invalid_field(pointer, "unacceptable-character", "NUL and unpaired surrogates are not accepted")
    elif isinstance(value, dict):
        for name, member in value.items():
            # The name itself cannot be shown in a pointer before it is known to be harmless.
            _check_strings(name, pointer)
            _check_strings(member, pointer + pointer_to(name))
    elif isinstance(value, list):
        for index, member in enumerate(value):
            _check_strings(member, f"{pointer}/{index}")


def _shown(name: str) -> str:
    return json.dumps(name[:64])
