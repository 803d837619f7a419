from __future__ import annotations

from datetime import timedelta

import pytest

from functions.api.models.spec import SpecReader
from functions.api.refusals import ValidationFailed
from shared.model.errors import InvalidField
from shared.model.job import JobSpec
from tests.jobs import START

TASK = {"type": "task", "name": "a"}


def read(**members: object) -> JobSpec:
    return SpecReader(lambda target: None).new({"target": TASK, **members}, now=START, correlation_id=None)


def test_the_defaults_of_a_request_are_those_of_the_model() -> None:
    assert read() == JobSpec(target=TASK, run_at=START)
    assert read(retry={}) == read(retry={"max_attempts": 3, "initial": "5s", "jitter": "full"}) == read()


def test_defaults_of_a_target_are_not_stored() -> None:
    target = {"type": "http", "url": "https://example.com/"}

    assert read(target=target).target == target


@pytest.mark.parametrize(
    ("run_at", "is_accepted"),
    [
        (START - timedelta(hours=24), True),
        (START - timedelta(hours=24, milliseconds=1), False),
        (START + timedelta(days=5 * 366), True),
        (START + timedelta(days=5 * 366, milliseconds=1), False),
    ],
)
def test_the_bounds_of_time_count_themselves(run_at: object, is_accepted: bool) -> None:
    text = f"{run_at:%Y-%m-%dT%H:%M:%S.%fZ}"

    if is_accepted:
        assert read(run_at=text).run_at == run_at
    else:
        with pytest.raises(ValidationFailed):
            read(run_at=text)


def test_a_payload_is_stored_as_its_shortest_text() -> None:
    assert read(payload={"b": 1, "a": ["ü", 1.10, 10**60]}).payload == '{"b":1,"a":["ü",1.1,1%s]}'.encode() % (
        b"0" * 60
    )
    assert read(payload=False).payload == b"false"
    assert read(payload=None).payload is None


def test_a_refused_target_is_pointed_at_where_it_stands_in_the_body() -> None:
    def refuse(target: object) -> None:
        raise InvalidField("/target/url", "no", slug="target-url-forbidden")

    with pytest.raises(InvalidField) as refusal:
        SpecReader(refuse).new({"target": TASK}, now=START, correlation_id=None, pointer="/jobs/7")

    assert refusal.value.pointer == "/jobs/7/target/url"
    assert refusal.value.slug == "target-url-forbidden"


def test_all_errors_are_told_at_once() -> None:
    with pytest.raises(ValidationFailed) as refusal:
        read(name="", priority="urgent", timeout=5, retry={"initial": "x"}, extra=1)

    assert {(error.pointer, error.code) for error in refusal.value.reason.errors} == {
        ("/name", "out-of-range"),
        ("/priority", "not-one-of"),
        ("/timeout", "wrong-type"),
        ("/retry/initial", "invalid-duration"),
        ("/extra", "unknown-field"),
    }
