"""Which jobs a window is about, which of several windows decides, and until when a job is held."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model import limits
from shared.model.allowed_targets import Place
from shared.model.maintenance_window import (
    EVERYTHING,
    Effect,
    Scope,
    Span,
    TargetScope,
    WindowState,
    ended_early,
    forgotten_at,
    held_until,
    ruling,
)
from tests.jobs import START, a_job, at
from tests.windows import a_window

if TYPE_CHECKING:
    from shared.model.maintenance_window import MaintenanceWindow

PLACE = Place("123456789012", "eu-central-1")
HOOK = {"type": "http", "url": "https://api.example.com/hook"}
LAMBDA = {"type": "lambda", "function": "orders-sync"}
QUEUE = {"type": "sqs", "queue_url": "https://sqs.eu-central-1.amazonaws.com/123456789012/orders"}

# From the widest scope to the narrowest; all of them cover PAYROLL.
PAYROLL = replace(a_job(target=LAMBDA, tags={"team": "payroll", "env": "prod"}), template_id="monthly")
SCOPES = (
    EVERYTHING,
    Scope(tags={"team": "payroll"}),
    Scope(target=TargetScope(arn="arn:aws:lambda:*:*:function:orders-*")),
    Scope(template_ids=("monthly",)),
)


@pytest.mark.parametrize(
    ("scope", "covered"),
    [
        (EVERYTHING, True),
        (Scope(tags={"team": "payroll"}), True),
        (Scope(tags={"team": "payroll", "env": "prod"}), True),
        (Scope(tags={"team": "payroll", "env": "test"}), False),
        (Scope(tags={"owner": "payroll"}), False),
        (Scope(template_ids=("weekly", "monthly")), True),
        (Scope(template_ids=("weekly",)), False),
    ],
)
def test_a_scope_covers_the_jobs_with_all_its_tags_or_of_one_of_its_templates(scope: Scope, *, covered: bool) -> None:
    assert scope.covers(PAYROLL, PLACE) is covered


def test_a_job_of_no_template_is_in_no_scope_of_templates() -> None:
    assert not Scope(template_ids=("monthly",)).covers(a_job(), PLACE)


@pytest.mark.parametrize(
    ("scope", "target", "covered"),
    [
        (TargetScope(type="http"), HOOK, True),
        (TargetScope(type="http"), LAMBDA, False),
        (TargetScope(host="api.example.com"), HOOK, True),
        (TargetScope(host="api.example.com"), {**HOOK, "url": "https://API.Example.com:8443/x?y"}, True),
        (TargetScope(host="example.com"), HOOK, False),
        (TargetScope(host="*.example.com"), HOOK, True),
        (TargetScope(host="*.example.com"), {**HOOK, "url": "https://example.com/"}, False),
        (TargetScope(host="*.example.com"), {**HOOK, "url": "https://badexample.com/"}, False),
        (TargetScope(host="api.example.com"), LAMBDA, False),
        (TargetScope(host="api.example.com"), {"type": "http"}, False),
        (TargetScope(arn="arn:aws:lambda:*:*:function:orders-*"), LAMBDA, True),
        (TargetScope(arn="arn:aws:lambda:eu-central-1:123456789012:function:orders-sync"), LAMBDA, True),
        (TargetScope(arn="arn:aws:lambda:*:*:function:orders"), LAMBDA, False),
        (TargetScope(arn="arn:aws:lambda:*:*:function:*"), {**LAMBDA, "function": "orders-sync:live"}, False),
        (TargetScope(arn="arn:aws:sqs:*:*:orders"), QUEUE, True),
        (TargetScope(arn="arn:aws:sqs:*:*:*"), HOOK, False),
        (TargetScope(arn="arn:aws:lambda:*:*:function:*"), {"type": "lambda", "function": "no such name"}, False),
    ],
)
def test_a_scope_covers_the_targets_of_a_type_a_host_or_a_pattern_of_resources(
    scope: TargetScope, target: dict[str, Any], *, covered: bool
) -> None:
    assert Scope(target=scope).covers(a_job(target=target), PLACE) is covered


@pytest.mark.parametrize(("seconds", "decides"), [(-0.001, False), (0, True), (3_599.999, True), (3_600, False)])
def test_a_window_decides_from_its_start_until_just_before_its_end(seconds: float, *, decides: bool) -> None:
    window = a_window(Span(START, at(3_600)))

    assert (ruling([window], PAYROLL, now=at(seconds), place=PLACE) is window) is decides


@pytest.mark.parametrize("effects", [(wide, narrow) for wide in Effect for narrow in Effect])
@pytest.mark.parametrize(("wide", "narrow"), [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)])
def test_the_narrowest_scope_decides_whatever_the_effects(wide: int, narrow: int, effects: tuple[Effect, ...]) -> None:
    windows = [
        a_window(id="a", scope=SCOPES[wide], effect=effects[0]),
        a_window(id="b", scope=SCOPES[narrow], effect=effects[1]),
    ]

    assert ruling(windows, PAYROLL, now=START, place=PLACE) is windows[1]


@pytest.mark.parametrize(("wins", "loses"), [("hold", "skip"), ("hold", "run"), ("skip", "run")])
@pytest.mark.parametrize("scope", SCOPES)
def test_of_windows_of_equal_scope_the_more_careful_decides(scope: Scope, wins: str, loses: str) -> None:
    careful, other = (a_window(id=effect, scope=scope, effect=Effect(effect)) for effect in (wins, loses))

    assert ruling([other, careful], PAYROLL, now=START, place=PLACE) is careful


def test_a_window_that_is_not_about_a_job_says_nothing_about_it() -> None:
    window = a_window(scope=Scope(tags={"team": "sales"}))

    assert ruling([window], PAYROLL, now=START, place=PLACE) is None


SPANS = st.tuples(st.integers(0, 5_000), st.integers(1, 5_000)).map(lambda it: Span(at(it[0]), at(it[0] + it[1])))
WINDOWS = st.lists(
    st.builds(
        lambda spans, scope, effect, release: a_window(
            *spans, scope=scope, effect=effect, release_over_seconds=release
        ),
        st.lists(SPANS, min_size=1, max_size=3),
        st.sampled_from(SCOPES),
        st.sampled_from(Effect),
        st.integers(0, 600),
    ),
    max_size=6,
).map(lambda windows: [replace(window, id=f"w{number}") for number, window in enumerate(windows)])


@given(WINDOWS, st.integers(0, 10_000))
def test_a_job_that_asks_again_whenever_it_is_told_to_is_let_go_outside_every_hold_that_decides(
    windows: list[MaintenanceWindow], second: int
) -> None:
    now, asked = at(second), 0
    while (window := ruling(windows, PAYROLL, now=now, place=PLACE)) is not None and window.effect is Effect.HOLD:
        later = held_until(window, PAYROLL, now)
        assert now < later <= now + timedelta(seconds=limits.WINDOW_LOOK_AGAIN_SECONDS + window.release_over_seconds)
        now, asked = later, asked + 1
        assert asked <= 100, "a job is held for ever"

    # Written out once more, without the code that decides: of the windows of this moment, the narrowest.
    active = [one for one in windows if any(span.starts_at <= now < span.ends_at for span in one.spans)]
    narrowest = max((SCOPES.index(one.scope) for one in active), default=None)
    assert Effect.HOLD not in {one.effect for one in active if SCOPES.index(one.scope) == narrowest}


@given(WINDOWS, st.integers(0, 10_000), st.randoms(use_true_random=False))
def test_the_order_in_which_windows_are_read_does_not_matter(windows: list[Any], second: int, random: Any) -> None:
    shuffled = random.sample(windows, len(windows))

    decided = ruling(windows, PAYROLL, now=at(second), place=PLACE)

    assert ruling(shuffled, PAYROLL, now=at(second), place=PLACE) == decided


def test_a_held_job_asks_again_when_the_window_is_over_or_after_five_minutes() -> None:
    window = a_window(Span(START, at(3_600)), release_over_seconds=0)

    assert held_until(window, PAYROLL, at(10)) == at(310)
    assert held_until(window, PAYROLL, at(3_400)) == at(3_600)


def test_held_jobs_are_let_go_evenly_over_the_time_that_the_window_says_and_always_at_the_same_place() -> None:
    window = a_window(Span(START, at(60)), release_over_seconds=100)
    jobs = [a_job(job_id=f"job-{number}") for number in range(1_000)]

    let_go = [(held_until(window, job, START) - at(60)).total_seconds() for job in jobs]

    assert let_go == [(held_until(window, job, at(59)) - at(60)).total_seconds() for job in jobs]
    assert min(let_go) >= 0
    assert max(let_go) < 100
    for tenth in range(10):
        assert 60 <= sum(10 * tenth <= second < 10 * tenth + 10 for second in let_go) <= 140


def test_ending_a_window_early_takes_what_is_left_of_its_present_span_and_no_later_one() -> None:
    window = a_window(Span(at(-60), at(60)), Span(at(-30), at(90)), Span(at(600), at(700)))

    ended = ended_early(window, by="key", now=START)

    assert ended.spans == (Span(at(-60), START), Span(at(-30), START), Span(at(600), at(700)))
    assert (ended.version, ended.ended_at, ended.changed_by) == (2, START, "key")
    assert not ended.is_active(START)
    assert ended.state(START) is WindowState.UPCOMING


def test_a_window_that_is_ended_as_it_begins_has_had_no_span() -> None:
    ended = ended_early(a_window(Span(START, at(60))), by="key", now=START)

    assert ended.spans == ()
    assert ended.state(START) is WindowState.PAST


@pytest.mark.parametrize(
    ("seconds", "state"),
    [(-1, "upcoming"), (0, "active"), (9, "active"), (10, "upcoming"), (20, "active"), (30, "past")],
)
def test_a_window_is_active_in_its_spans_and_past_after_the_last(seconds: float, state: str) -> None:
    assert a_window(Span(START, at(10)), Span(at(20), at(30))).state(at(seconds)) == state


def test_a_window_that_is_to_get_more_spans_is_never_past_and_never_forgotten() -> None:
    window = a_window(Span(START, at(10)), extend_at=at(5))

    assert window.state(at(1_000)) is WindowState.UPCOMING
    assert forgotten_at(window) is None


def test_a_window_is_kept_for_thirty_days_after_its_end() -> None:
    assert forgotten_at(a_window(Span(START, at(10.5)))) == at(11 + limits.WINDOW_KEPT_SECONDS)


@pytest.mark.parametrize(
    ("effect", "asked", "silent"),
    [
        (Effect.HOLD, None, True),
        (Effect.SKIP, None, True),
        (Effect.RUN, None, False),
        *((effect, asked, asked) for effect in Effect for asked in (True, False)),
    ],
)
def test_what_keeps_jobs_from_running_silences_their_alerts_unless_it_is_said_otherwise(
    effect: Effect, asked: bool | None, silent: bool
) -> None:
    assert a_window(effect=effect, silences_alerts=asked).is_silencing is silent
