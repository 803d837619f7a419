from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.model.errors import InvalidField
from shared.model.parameters import MAX_PLACEHOLDERS, has_parameters, render
from shared.model.parameters_placeholder import MAX_PLACEHOLDER_LENGTH
from tests.unit.model.parameters_facts import FACTS

FIRST = replace(FACTS, number=1, previous_nominal_at=None)
LONGEST = f'{{{{ "{"x" * (MAX_PLACEHOLDER_LENGTH - 4)}" }}}}'


def fault(value: Any, pointer: str = "") -> InvalidField:
    with pytest.raises(InvalidField) as caught:
        render(value, FACTS, pointer)
    return caught.value


@pytest.mark.parametrize("value", ["", "plain", "}} { {", {"a": ["b", {"c": None}]}, [1, 2.5, True], None, 7])
def test_a_value_without_parameters_is_itself(value: Any) -> None:
    assert not has_parameters(value)
    assert render(value, FACTS) is value


def test_texts_are_rendered_wherever_they_stand_in_a_value() -> None:
    value = {"a": ["{{ tenant }}", {"b": "for {{ tenant }}!"}], "c": 1, "d": None}

    assert has_parameters(value)
    assert render(value, FACTS) == {"a": ["acme", {"b": "for acme!"}], "c": 1, "d": None}
    assert value["a"] == ["{{ tenant }}", {"b": "for {{ tenant }}!"}]


def test_any_mapping_and_tuples_are_values_as_well() -> None:
    assert render(OrderedDict(a=("{{ tenant }}",)), FACTS) == {"a": ["acme"]}


def test_the_names_of_members_are_left_as_they_are() -> None:
    value = {"{{ tenant }}": "{{ tenant }}"}

    assert render(value, FACTS) == {"{{ tenant }}": "acme"}
    assert not has_parameters({"{{ tenant }}": 1})


@pytest.mark.parametrize(
    "text",
    [
        "{{nominal_time|date}}",
        "{{  nominal_time\t|\n date  }}",
        "{{ nominal_time | format:'%Y-%m-%d' }}",
        '{{ nominal_time|format : "%Y-%m-%d"}}',
    ],
)
def test_spaces_and_the_kind_of_quotes_do_not_matter(text: str) -> None:
    assert render(text, FACTS) == "2026-11-20"


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("{{ occurrence_number }}", "42"),
        ("{{ occurrence_number | number }}", 42),
        ("{{ previous_nominal_time | unix | default:'0' | number }}", 1_795_075_200),
        ("No. {{ occurrence_number | number }}", "No. 42"),
        (" {{ occurrence_number | number }}", " 42"),
        ("{{ occurrence_number | number }}{{ template_version | number }}", "423"),
    ],
)
def test_a_number_is_one_only_where_it_is_all_of_a_text_and_asked_for(text: str, rendered: str | int) -> None:
    assert render(text, FACTS) == rendered


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("{{ previous_nominal_time | default:'' }}", ""),
        ("{{ previous_nominal_time | default:'never' }}", "never"),
        ("{{ previous_nominal_time | minus:'1h' | in:'Asia/Tokyo' | date | default:'never' }}", "never"),
        ("{{ previous_nominal_time | unix | default:'0' | number }}", 0),
        ("{{ previous_nominal_time | default:'never' | default:'again' }}", "never"),
    ],
)
def test_what_the_first_occurrence_has_not_is_what_default_says(text: str, rendered: str | int) -> None:
    assert render(text, FIRST) == rendered


def test_a_template_without_name_has_an_empty_one_unless_default_says_another() -> None:
    nameless = replace(FACTS, template_name=None)

    assert render("{{ template_name }}", nameless) == ""
    assert render("{{ template_name | default:'nobody' }}", nameless) == "nobody"


def test_the_day_is_that_of_the_schedules_zone() -> None:
    late = replace(FACTS, nominal_at=datetime(2026, 11, 20, 23, 30, tzinfo=UTC))

    assert render("{{ nominal_time }}", late) == "2026-11-20T23:30:00.000Z"
    assert render("{{ nominal_time | date }}", late) == "2026-11-21"
    assert render("{{ nominal_time | in:'UTC' | date }}", late) == "2026-11-20"
    assert render("{{ nominal_time | in:'America/Lima' | format:'%d. %H:%M' }}", late) == "20. 18:30"


def test_instants_are_shifted_by_the_clock_and_local_times_by_the_calendar() -> None:
    # Berlin's clocks went back an hour in the night to 25 October 2026, at 01:00 UTC.
    evening = replace(
        FACTS, nominal_at=datetime(2026, 10, 25, 22, 30, tzinfo=UTC), nominal_local=datetime(2026, 10, 25, 23, 30)
    )

    assert render("{{ nominal_time | minus:'1d' | date }}", evening) == "2026-10-25"
    assert render("{{ nominal_local_time | minus:'1d' | date }}", evening) == "2026-10-24"


def test_a_shift_across_a_change_of_the_clocks_is_as_long_as_it_says() -> None:
    before = replace(FACTS, nominal_at=datetime(2026, 10, 25, 0, 30, tzinfo=UTC))

    text = "{{ nominal_time | in:'Europe/Berlin' | plus:'1h' }}"

    assert render(text, before) == "2026-10-25T02:30:00.000+01:00"


def test_facts_may_be_in_any_zone() -> None:
    elsewhere = datetime(2026, 11, 20, 8, tzinfo=UTC).astimezone()

    assert render("{{ nominal_time }}", replace(FACTS, nominal_at=elsewhere)) == "2026-11-20T08:00:00.000Z"


def test_a_local_time_keeps_what_it_has_of_a_second() -> None:
    fine = replace(FACTS, nominal_local=FACTS.nominal_local + timedelta(milliseconds=250))

    assert render("{{ nominal_local_time }}", fine) == "2026-11-20T09:00:00.250000"


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ('{{ "{{" }}', "{{"),
        ("{{ '}}' }}", "}}"),
        ('{{ "" }}', ""),
        ("{{ '\"' }}{{ \"'\" }}", "\"'"),
        ('{{ "{{ tenant }}" }}', "{{ tenant }}"),
        ("}} {{ tenant }}} }", "}} acme} }"),
        ("{ {{ tenant }} }", "{ acme }"),
    ],
)
def test_braces_can_be_written(text: str, rendered: str) -> None:
    assert render(text, FACTS) == rendered


def test_what_is_rendered_is_not_read_again() -> None:
    assert render("{{ template_name }}", replace(FACTS, template_name="{{ tenant }}")) == "{{ tenant }}"


@pytest.mark.parametrize(
    "text",
    [
        "{{",
        "{{ tenant",
        "{{ tenant }",
        "{{ tenant } }",
        "{{{ tenant }}}",
        "{{ {{ tenant }} }}",
        "{{ 'tenant }}",
        '{{ tenant | default:"}}',
        "{{" + " " * MAX_PLACEHOLDER_LENGTH + " }}",
    ],
)
def test_a_placeholder_must_end(text: str) -> None:
    assert fault(f"secret: {text}").detail.startswith("the {{ at character 9 has no }} within 256 characters")


@pytest.mark.parametrize(
    "text",
    [
        "{{ tenant() }}",
        "{{ tenant.__class__ }}",
        "{{ tenant[0] }}",
        "{{ tenant + tenant }}",
        "{{ tenant tenant }}",
        "{{ tenant | }}",
        "{{ tenant || date }}",
        "{{ tenant | default: }}",
        "{{ nominal_time | format:%Y }}",
        "{{ nominal_time | in:'UTC':'UTC' }}",
        "{{ __class__ }}",
        "{{ facts }}",
        "{{ tenant | upper }}",
        "{{ tenant | __class__ }}",
        "{{ 7 }}",
        "{{ -tenant }}",
        "{{ ténant }}",
    ],
)
def test_nothing_but_names_and_filters_can_be_said(text: str) -> None:
    assert fault(text).detail.startswith(f"in {text}: ")


@pytest.mark.parametrize(
    "text",
    [
        "{{ tenant | date }}",
        "{{ occurrence_number | date }}",
        "{{ nominal_time | date | date }}",
        "{{ nominal_time | number }}",
        "{{ nominal_time | unix | plus:'1h' }}",
        "{{ nominal_local_time | in:'UTC' }}",
        "{{ nominal_local_time | unix_ms }}",
        "{{ occurrence_number | number | number }}",
        "{{ occurrence_number | number | default:'0' }}",
        "{{ occurrence_number | default:'none' | number }}",
        "{{ occurrence_number | default:'' | number }}",
        "{{ occurrence_number | default:'1234567890123456' | number }}",
        "{{ previous_nominal_time | default:'never' | date }}",
        "{{ 'text' | number }}",
    ],
)
def test_a_filter_takes_only_what_it_is_for(text: str) -> None:
    assert "before it there is" in fault(text).detail


@pytest.mark.parametrize(
    ("text", "first"), [("{{ nominal }}", "nominal_time"), ("{{ job }}", "job_id"), ("{{ zone }}", "timezone")]
)
def test_an_unknown_name_is_answered_with_the_nearest_first(text: str, first: str) -> None:
    assert f"; there are {first}, " in fault(text).detail


@pytest.mark.parametrize(
    "format_", ["%", "100%", "%Q", "%-d", "%é", "%\n", "%Y %", "", "YYYY-MM-DD", "%Y" * 51, "%5000000d"]
)
def test_a_format_has_known_directives_and_a_bound(format_: str) -> None:
    assert "format" in fault(f'{{{{ nominal_time | format:"{format_}" }}}}').detail.partition("}}: ")[2]


@pytest.mark.parametrize("zone", ["", "Berlin", "europe/berlin", "../UTC", "/etc/passwd", "UTC\x00", "UTC "])
def test_a_zone_is_a_name_of_the_database(zone: str) -> None:
    assert "IANA" in fault(f"{{{{ nominal_time | in:'{zone}' }}}}").detail


@pytest.mark.parametrize("span", ["3661d", "999999999999d", "999999999999d999999999999h"])
def test_a_shift_has_a_bound(span: str) -> None:
    assert "more than 3660d" in fault(f"{{{{ nominal_time | minus:'{span}' }}}}").detail
    assert render("{{ nominal_time | minus:'3660d' | date }}", FACTS) == "2016-11-12"


def test_a_fault_points_at_its_text() -> None:
    refusal = fault({"a/b~": [{"c": "fine"}, {"c": "{{ tenant }} {{ nothing }}"}]}, "/job/payload")

    assert refusal.pointer == "/job/payload/a~1b~0/1/c"
    assert refusal.detail.startswith("in {{ nothing }}: there is no nothing; there are ")
    assert refusal.slug == "validation-failed"


def test_a_value_has_a_bounded_number_of_placeholders_in_all() -> None:
    most = ["{{ tenant }}"] * (MAX_PLACEHOLDERS - 1) + [LONGEST]

    assert len(render(most, FACTS)) == MAX_PLACEHOLDERS
    assert "more than 100 placeholders" in fault([*most, "{{ tenant }}"]).detail
    assert "more than 100 placeholders" in fault("{{ tenant }}" * (MAX_PLACEHOLDERS + 1)).detail
