from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import pytest

from shared.settings import InvalidEnvironment, from_environment


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Settings:
    table: str
    shards: int
    ratio: float
    enabled: bool
    colour: Colour
    names: tuple[str, ...]
    scopes: frozenset[str]
    limit: int = 7
    hosts: tuple[str, ...] = field(default_factory=tuple)


COMPLETE = {
    "TABLE": "jobs",
    "SHARDS": "4",
    "RATIO": "0.5",
    "ENABLED": "enabled",
    "COLOUR": "red",
    "NAMES": "b, a,,c ",
    "SCOPES": "read,write,read",
}


def test_every_field_is_read_from_the_variable_of_its_name() -> None:
    assert from_environment(Settings, {**COMPLETE, "LIMIT": "9", "OTHER": "ignored"}) == Settings(
        table="jobs",
        shards=4,
        ratio=0.5,
        enabled=True,
        colour=Colour.RED,
        names=("b", "a", "c"),
        scopes=frozenset({"read", "write"}),
        limit=9,
    )


def test_a_field_with_a_default_may_be_missing() -> None:
    settings = from_environment(Settings, COMPLETE)

    assert (settings.limit, settings.hosts) == (7, ())


def test_the_processes_environment_is_read_when_no_other_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in COMPLETE.items():
        monkeypatch.setenv(name, value)

    assert from_environment(Settings).table == "jobs"


def test_everything_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(InvalidEnvironment) as invalid:
        from_environment(Settings, {"TABLE": "jobs", "NAMES": "", "SCOPES": "", "COLOUR": "red"})

    assert "Settings" in str(invalid.value)
    for name in ("SHARDS", "RATIO", "ENABLED"):
        assert f"{name} is not set" in str(invalid.value)
    assert "TABLE" not in str(invalid.value)


@pytest.mark.parametrize(
    ("name", "text"),
    [("SHARDS", "four"), ("SHARDS", ""), ("RATIO", "half"), ("ENABLED", "true"), ("COLOUR", "blue"), ("LIMIT", "1.5")],
)
def test_what_cannot_be_read_is_named_with_its_value(name: str, text: str) -> None:
    with pytest.raises(InvalidEnvironment, match=f"{name} is '{text}'"):
        from_environment(Settings, {**COMPLETE, name: text})


def test_a_list_may_be_empty() -> None:
    settings = from_environment(Settings, {**COMPLETE, "NAMES": "", "SCOPES": " , "})

    assert (settings.names, settings.scopes) == ((), frozenset())


def test_a_switch_is_on_or_off() -> None:
    assert not from_environment(Settings, {**COMPLETE, "ENABLED": "disabled"}).enabled


def test_a_type_that_settings_do_not_read_is_a_defect() -> None:
    @dataclass(frozen=True)
    class Odd:
        names: dict[str, str]

    with pytest.raises(TypeError, match="do not read"):
        from_environment(Odd, {"NAMES": "a"})


def test_variables_may_have_a_prefix_in_common() -> None:
    environment = {f"QUEUE_{name}": value for name, value in COMPLETE.items()}

    assert from_environment(Settings, environment, prefix="QUEUE_") == from_environment(Settings, COMPLETE)
