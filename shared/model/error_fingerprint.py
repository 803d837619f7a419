"""One short text for each cause of failure: errors that differ only in ids, numbers and times have the same one."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final

from shared.model import limits
from shared.model.execution import clip
from shared.model.job import encode_id

if TYPE_CHECKING:
    from collections.abc import Callable

FINGERPRINT_LENGTH: Final = 10


def error_fingerprint(error_type: str | None, message: str | None, target_identity: str) -> str:
    """The fingerprint of an error of that type and message that a call of `target_identity` ended with.

    Ten characters of lower-case base 32. It is made of what a job keeps of an error, so that the whole error and the
    kept one have the same. Stored in index keys: another rule of normalisation splits the groups of what failed before.
    """
    kind = clip(error_type or "", limits.ERROR_TYPE_LENGTH)
    cause = "\0".join((kind, normalised(message or ""), target_identity))
    return encode_id(hashlib.sha256(cause.encode("utf-8", "replace")).digest()[:6])


def normalised(message: str) -> str:
    """What is the same in `message` whenever its cause is: in lower case, each id, number, time and address is `0` and
    what stood in quotes is empty. At most `_WORDS` words, since ids of other lengths leave more or less of the rest
    when a message is clipped."""
    kept = clip(message, limits.ERROR_MESSAGE_LENGTH)
    is_clipped = kept != message or len(kept.encode()) > limits.ERROR_MESSAGE_LENGTH - _LONGEST_CHARACTER
    text = kept.lower()
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    words = text.split()
    if is_clipped and len(words) > 1:
        words.pop()
    return " ".join(words[:_WORDS])


def _without_id(match: re.Match[str]) -> str:
    """A word with digits in it. `utf8` and `30ms` are terms with a number, anything longer or more mixed is an id."""
    word = match[0]
    if len(word) < _ID_LENGTH:
        if term := _TERM.fullmatch(word):
            return f"{term[1]}0"
        if unit := _UNIT.fullmatch(word):
            return f"0{unit[1]}"
    return "0"


_WORDS: Final = 16
_ID_LENGTH: Final = 12
# A text clipped to a number of bytes may be so much shorter than it: its last character did not fit.
_LONGEST_CHARACTER: Final = 4

_TERM: Final = re.compile(r"([^\W\d]+)\d+")
_UNIT: Final = re.compile(r"\d+([^\W\d]{1,3})")
_MONTH: Final = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_DAY: Final = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? )?"
_CLOCK: Final = r"\d\d?:\d\d(?::\d\d(?:[.,]\d+)?)?"
_ZONE: Final = r"(?: ?(?:z|utc|gmt|[+-]\d\d:?\d\d)\b)?"

# In this order: what is longer goes before its parts.
_RULES: Final[tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...]] = (
    (re.compile(r"""(?<!\w)(["'`]).*?(?:\1(?!\w)|$)""", re.DOTALL), '""'),
    (re.compile(r"(https?://[^\s?#]*)[?#]\S*"), r"\1"),
    (re.compile(rf"\d{{4}}-\d\d-\d\d(?:[t ]{_CLOCK}{_ZONE})?"), "0"),
    (re.compile(rf"\b{_DAY}(?:\d\d? {_MONTH}|{_MONTH} +\d\d?),?(?: {_CLOCK})? \d{{4}}(?: {_CLOCK})?{_ZONE}"), "0"),
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "0"),
    (re.compile(r"(?<![\w:])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:])"), "0"),
    (re.compile(r"\b(?:0x[0-9a-f]+|(?=[a-f]*\d)[0-9a-f]{6,}|[0-9a-f]{8,})\b"), "0"),
    (re.compile(r"(?<!\w)[+-]?\d+(?:[.,]\d+)+"), "0"),
    (re.compile(r"[^\W_]*\d[^\W_]*"), _without_id),
    (re.compile(r"(?<!\w)[+-]?0(?:\s*[-,;:./+]\s*[+-]?0)*(?!\w)"), "0"),
)
