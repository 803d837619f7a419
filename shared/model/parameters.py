"""Parameters: what a template's target and payload may say about the occurrence that a job is made for.

    {"day": "{{ nominal_local_time | minus:'1d' | date }}", "run": "{{ occurrence_number | number }}"}

Values come from `OccurrenceFacts` alone: from what the scheduler itself knows of the template and its schedule, never
from a request, a response or another tenant. Nothing is evaluated, and nothing reached but the names and filters of two
fixed tables. What is rendered is judged like what a client writes out: the rules for URLs, headers and ARNs hold for
the result (when the template is created, and again when the job calls its target), so a name with a letter outside of
ASCII is refused in a header.

Whether a text can be rendered depends on the text, not on the occurrence: what was rendered once always can be.
`docs/parameters.md` is the page for clients.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from shared.model.errors import InvalidField
from shared.model.json_pointer import member_of
from shared.model.parameters_placeholder import MAX_PLACEHOLDER_LENGTH, read_placeholder

if TYPE_CHECKING:
    from shared.model.occurrence_facts import OccurrenceFacts

MAX_PLACEHOLDERS: Final = 100
"""In one payload, or one target. Each adds at most 512 bytes to it (a name of 128 characters, a format spelled out)."""

_OPEN: Final = "{{"
_CLOSE: Final = "}}"
# No brace outside of quotes. It is matched against a slice of bounded length, so its cost is bounded as well.
_PLACEHOLDER: Final = re.compile(r"""\{\{((?:[^"'{}]|"[^"]*"|'[^']*')*)\}\}""")


def has_parameters(value: Any) -> bool:
    """Whether any text in a JSON value may hold a placeholder. Never False when one does."""
    if isinstance(value, str):
        return _OPEN in value
    if isinstance(value, Mapping):
        return any(map(has_parameters, value.values()))
    return isinstance(value, (list, tuple)) and any(map(has_parameters, value))


def render(value: Any, facts: OccurrenceFacts, pointer: str = "") -> Any:
    """A JSON value with the placeholders in its texts replaced; keys of objects stay as they are.

    Without a placeholder it is `value` itself. A placeholder gives text, and a number only where it is all of its text
    and ends in the filter `number`. Time and space are linear in the value's size. `pointer` is where `value` stands in
    the request.

    Raises:
        InvalidField: pointing at the text; it names the placeholder, what is wrong with it and what would be right.
    """
    return _Rendering(facts).value(value, pointer) if has_parameters(value) else value


@dataclass(slots=True)
class _Rendering:
    facts: OccurrenceFacts
    count: int = 0

    def value(self, value: Any, pointer: str) -> Any:
        if isinstance(value, str):
            return self.text(value, pointer)
        if isinstance(value, Mapping):
            return {name: self.value(inner, member_of(pointer, name)) for name, inner in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(inner, f"{pointer}/{index}") for index, inner in enumerate(value)]
        return value

    def text(self, text: str, pointer: str) -> str | int:
        pieces: list[str] = []
        end = 0
        while (start := text.find(_OPEN, end)) >= 0:
            match = _PLACEHOLDER.match(text, start, start + len(_OPEN) + MAX_PLACEHOLDER_LENGTH + len(_CLOSE))
            if match is None:
                raise InvalidField(pointer, _unclosed(start))
            value = self.placeholder(match[1].strip(), pointer)
            if match.span() == (0, len(text)):
                return value
            pieces += text[end:start], str(value)
            end = match.end()
        return "".join((*pieces, text[end:])) if pieces else text

    def placeholder(self, inner: str, pointer: str) -> str | int:
        self.count += 1
        if self.count > MAX_PLACEHOLDERS:
            raise InvalidField(pointer, f"must not be more than {MAX_PLACEHOLDERS} placeholders in all")
        try:
            return read_placeholder(inner).value(self.facts)
        except ValueError as error:
            raise InvalidField(pointer, f"in {{{{ {inner} }}}}: {error}") from None


def _unclosed(start: int) -> str:
    # The text around is not repeated: it may be half of a secret.
    return (
        f"the {_OPEN} at character {start + 1} has no {_CLOSE} within {MAX_PLACEHOLDER_LENGTH} characters, or there is "
        f'a brace or an open quote between them; to write {_OPEN} itself, write {_OPEN} "{_OPEN}" {_CLOSE}'
    )
