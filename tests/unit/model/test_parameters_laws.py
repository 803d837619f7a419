"""Laws of parameters, over texts that are arbitrary and texts that are nearly right."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from shared.model.errors import InvalidField
from shared.model.occurrence_facts import OccurrenceFacts
from shared.model.parameters import MAX_PLACEHOLDERS, has_parameters, render
from shared.model.parameters_filters import DIRECTIVES, FILTERS
from shared.model.parameters_placeholder import NAMES
from shared.model.time_zones import zone
from shared.model.times import parse_time
from tests.strategies import COUNTS, JSON_OBJECTS, TEXT, TIMES, maybe
from tests.strategies import NAMES as IDS
from tests.unit.model.parameters_facts import FACTS as EXAMPLE

ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"])
FACTS = st.builds(
    OccurrenceFacts,
    tenant=IDS,
    template_id=IDS,
    template_name=maybe(st.text(max_size=128)),
    template_version=COUNTS,
    nominal_at=TIMES,
    nominal_local=TIMES.map(lambda time: time.replace(tzinfo=None)),
    timezone=ZONES,
    run_at=TIMES,
    number=COUNTS,
    previous_nominal_at=maybe(TIMES),
    job_id=IDS,
)

PARTS = st.sampled_from(
    [
        *("{{", "}}", "{{ ", " }}", "{", "}", "|", " | ", ":", '"', "'", " ", ".", "%", "x", "\n", '"{{"'),
        *NAMES,
        *FILTERS,
        *('"%Y-%m-%d"', "'%H %z'", '"1d"', "'3660d'", "'UTC'", '"Europe/Berlin"', "'0'", '""'),
    ]
)
NEARLY = st.lists(PARTS | TEXT, max_size=12).map("".join)
ARGUMENTS = {
    "format": ["%Y/%m/%d", "%A %B" * 10, "%H:%M %z", "week %V of %G"],
    "in": ["UTC", "Asia/Tokyo", "America/St_Johns"],
    "plus": ["1d", "90s", "3660d", "PT1H"],
    "minus": ["1d", "1h30m", "3660d", "0s"],
    "default": ["", "0", "never", "{{"],
}
STEPS = st.sampled_from(
    [f" | {name}" for name in FILTERS if name not in ARGUMENTS]
    + [f" | {name}:'{argument}'" for name, arguments in ARGUMENTS.items() for argument in arguments]
)
PLACEHOLDERS = st.builds(
    lambda name, steps: f"{{{{ {name}{''.join(steps)} }}}}", st.sampled_from(list(NAMES)), st.lists(STEPS, max_size=4)
)
WRITTEN = st.lists(PLACEHOLDERS | TEXT, min_size=1, max_size=5).map("".join)
ANY_TEXT = TEXT | NEARLY | WRITTEN


def outcome(value: Any, facts: OccurrenceFacts) -> Any:
    """What is rendered, or the refusal."""
    try:
        return render(value, facts)
    except InvalidField as refusal:
        return refusal


def can_be_rendered(value: Any, facts: OccurrenceFacts) -> bool:
    return not isinstance(outcome(value, facts), InvalidField)


@given(JSON_OBJECTS, FACTS)
def test_a_value_without_braces_is_itself(value: dict[str, Any], facts: OccurrenceFacts) -> None:
    assume("{{" not in str(value))

    assert not has_parameters(value)
    assert render(value, facts) is value


@given(ANY_TEXT, FACTS)
def test_a_text_is_rendered_or_refused_and_nothing_else(text: str, facts: OccurrenceFacts) -> None:
    rendered = outcome(text, facts)

    assert isinstance(rendered, (str, int, InvalidField))
    if isinstance(rendered, InvalidField):
        assert rendered.detail
        assert len(rendered.detail) < 1_000


@given(ANY_TEXT, FACTS, FACTS)
def test_whether_a_text_can_be_rendered_does_not_depend_on_the_occurrence(
    text: str, one: OccurrenceFacts, other: OccurrenceFacts
) -> None:
    assert can_be_rendered(text, one) == can_be_rendered(text, other)
    if can_be_rendered(text, one):
        assert type(render(text, one)) is type(render(text, other))


@given(ANY_TEXT, FACTS)
def test_each_placeholder_adds_at_most_512_bytes(text: str, facts: OccurrenceFacts) -> None:
    rendered = outcome(text, facts)

    if isinstance(rendered, str):
        assert size(rendered) <= size(text) + 512 * text.count("{{")


def test_the_most_that_placeholders_can_add_is_bounded() -> None:
    facts = replace(EXAMPLE, template_name="\U0001f570" * 128, nominal_at=datetime(2026, 9, 30, tzinfo=UTC))
    widest = ["{{ template_name }}", "{{ nominal_time | format:'" + "%A" * 50 + "' }}"]

    for text in widest:
        value = [text] * MAX_PLACEHOLDERS
        assert sum(map(size, render(value, facts))) <= sum(map(size, value)) + 512 * MAX_PLACEHOLDERS


@given(WRITTEN, FACTS)
def test_what_is_rendered_is_rendered_no_further(text: str, facts: OccurrenceFacts) -> None:
    rendered = outcome(text, facts)
    assume(not isinstance(rendered, InvalidField) and not has_parameters(rendered))

    assert render(rendered, facts) is rendered


@given(st.lists(PLACEHOLDERS, max_size=4), st.lists(TEXT, min_size=5, max_size=5), FACTS)
def test_a_text_is_its_parts_one_after_the_other(
    placeholders: list[str], between: list[str], facts: OccurrenceFacts
) -> None:
    assume("{" not in "".join(between))
    assume(can_be_rendered(placeholders, facts))
    parts = [part for pair in zip(between, [*placeholders, ""], strict=False) for part in pair]

    rendered = render("".join(parts), facts)

    assert str(rendered) == "".join(str(render(part, facts)) for part in parts)


@given(FACTS)
def test_instants_are_read_as_what_they_were(facts: OccurrenceFacts) -> None:
    for text in ("{{ nominal_time }}", "{{ nominal_time | in:'Asia/Kathmandu' }}", "{{ nominal_time | plus:'0s' }}"):
        assert parse_time(render(text, facts)) == facts.nominal_at
    assert render("{{ nominal_time | unix_ms | number }}", facts) == round(facts.nominal_at.timestamp() * 1000)
    assert render("{{ nominal_time | unix | number }}", facts) == int(facts.nominal_at.timestamp())


@given(FACTS)
def test_directives_mean_what_strftime_means(facts: OccurrenceFacts) -> None:
    local = facts.nominal_at.astimezone(zone(facts.timezone))

    for directive in DIRECTIVES:
        assert render(f"{{{{ nominal_time | format:'{directive}' }}}}", facts) == local.strftime(directive)


@given(st.sampled_from(["{{", "{{ ", "{{ x", '{{ "', "{{ a | b", "{", "}}{{", '{{ "" }}']), st.integers(1, 2_000))
def test_repetition_is_refused_or_rendered_like_anything_else(text: str, times: int) -> None:
    assert isinstance(outcome(text * times, EXAMPLE), (str, InvalidField))


def size(text: str) -> int:
    return len(re.sub("[\ud800-\udfff]", "???", text).encode())
