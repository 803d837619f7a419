"""What stands between `{{` and `}}`: a name or a text in quotes, and filters, each `| name` or `| name:"argument"`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from shared.model.parameters_filters import Kind, Step, nearest_first, read_filter, written

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.model.occurrence_facts import OccurrenceFacts

MAX_PLACEHOLDER_LENGTH: Final = 256
"""Characters between the braces."""

_QUOTED: Final = r"""(?:"([^"]*)"|'([^']*)')"""
_HEAD: Final = re.compile(rf"\s*(?:(\w+)|{_QUOTED})\s*", re.ASCII)
_FILTER: Final = re.compile(rf"\|\s*(\w+)\s*(?::\s*{_QUOTED}\s*)?", re.ASCII)


class _Name(NamedTuple):
    kind: Kind
    read: Callable[[OccurrenceFacts], Any]
    always: bool = True  # whether every occurrence has it


NAMES: Final = {
    "nominal_time": _Name(Kind.INSTANT, lambda facts: facts.nominal_at.astimezone(UTC)),
    "nominal_local_time": _Name(Kind.LOCAL_TIME, lambda facts: facts.nominal_local),
    "run_time": _Name(Kind.INSTANT, lambda facts: facts.run_at.astimezone(UTC)),
    "previous_nominal_time": _Name(
        Kind.INSTANT,
        lambda facts: None if facts.previous_nominal_at is None else facts.previous_nominal_at.astimezone(UTC),
        always=False,
    ),
    "occurrence_number": _Name(Kind.DIGITS, lambda facts: str(facts.number)),
    "template_id": _Name(Kind.TEXT, lambda facts: facts.template_id),
    "template_name": _Name(Kind.TEXT, lambda facts: facts.template_name),
    "template_version": _Name(Kind.DIGITS, lambda facts: str(facts.template_version)),
    "tenant": _Name(Kind.TEXT, lambda facts: facts.tenant),
    "job_id": _Name(Kind.TEXT, lambda facts: facts.job_id),
    "timezone": _Name(Kind.TEXT, lambda facts: facts.timezone),
}


@dataclass(frozen=True, slots=True)
class Placeholder:
    read: Callable[[OccurrenceFacts], Any]
    steps: tuple[Step, ...]

    def value(self, facts: OccurrenceFacts) -> str | int:
        """What it stands for: text, or a number if its last filter is `number`."""
        value = self.read(facts)
        for step in self.steps:
            if value is not None or step.fills:
                value = step.apply(value, facts)
        return value if isinstance(value, int) else written(value)


# A template's texts are rendered for each of its occurrences, and are mostly the same few.
@lru_cache(maxsize=1024)
def read_placeholder(inner: str) -> Placeholder:
    """The placeholder of `inner`, of at most `MAX_PLACEHOLDER_LENGTH` characters.

    Raises:
        ValueError: what is wrong and what would be right, in words for the client.
    """
    head = _HEAD.match(inner)
    if head is None:
        raise ValueError(f"a name is expected ({', '.join(NAMES)}), or a text in quotes")
    name = _literal(head[2] or head[3] or "") if head[1] is None else NAMES.get(head[1])
    if name is None:
        raise ValueError(f"there is no {head[1]}; there are {nearest_first(head[1], NAMES)}")
    steps: list[Step] = []
    kind, position = name.kind, head.end()
    while position < len(inner):
        match = _FILTER.match(inner, position)
        if match is None:
            raise ValueError(
                f'filters are expected, each as | name or | name:"argument", where there is {inner[position:]}'
            )
        step = read_filter(match[1], match[2] if match[3] is None else match[3], kind)
        steps.append(step)
        kind, position = step.gives, match.end()
    if not name.always and not any(step.fills for step in steps):
        raise ValueError(f'the first occurrence has no {head[1]}: say what is to stand there, such as | default:""')
    return Placeholder(name.read, tuple(steps))


def _literal(text: str) -> _Name:
    return _Name(Kind.TEXT, lambda _: text)
