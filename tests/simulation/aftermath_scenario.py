"""What a seed means for what follows from jobs: many that fail, rules and subscriptions about them, items that go, and
what people do about it."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from shared.model.subscription import EventFilter
from tests.simulation.alert_scenario import policy_of, rules_of
from tests.simulation.faults import MINUTE, SECOND, Climate, Deed, Fault, Spell, Weather
from tests.simulation.people import Intent
from tests.simulation.ports import START
from tests.simulation.scenario import DEFAULT_BREAKERS, EARLY_BREAKERS, TENANTS, Scenario, Wish
from tests.subscriptions import a_subscription

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.model.alerts.escalation import EscalationPolicy
    from shared.model.alerts.rule import AlertRule
    from shared.model.subscription import Subscription

GROUPS: Final = ("reports", "billing")
_HOSTS: Final = ("example.com", "example.com", "example.org")
_ENDS: Final = ("ok", "http_404", "http_404", "http_503", "http_503,ok", "paper_jam", "out_of_ink", "dies", "ok,ok")
_OF_DEAD_LETTERS: Final = (
    *("redrive", "redrive", "redrive_twice", "discard"),
    *("redrive_many", "redrive_many", "discard_many"),
)
_OF_ALERTS: Final = ("acknowledge", "acknowledge", "silence", "resolve")
_LONGEST: Final = {
    Weather.JOURNAL_STALLED: 30 * MINUTE,
    Weather.BUCKET_AWAY: 10 * MINUTE,
    Weather.BUS_AWAY: 10 * MINUTE,
    Weather.STORE_AWAY: 5 * MINUTE,
    Weather.THROTTLING: 10 * MINUTE,
    Weather.INDEX_STALE: 10 * MINUTE,
    Weather.NO_SWEEPS: 20 * MINUTE,
    Weather.TARGET_DOWN: 10 * MINUTE,
    Weather.QUEUE_AWAY: 10 * MINUTE,
}


@dataclass(frozen=True, slots=True)
class Old:
    """A job that ended long ago, which was created by the request of `wish`, and whose item goes at `goes_at`."""

    wish: Wish
    goes_at: int


@dataclass(frozen=True, slots=True)
class AftermathScenario:
    """`rest` is what every run has. The rules, policies and subscriptions are there from the beginning."""

    rest: Scenario
    rules: Sequence[AlertRule] = ()
    policies: Sequence[EscalationPolicy] = ()
    subscriptions: Sequence[Subscription] = ()
    old: Sequence[Old] = ()
    intents: Sequence[Intent] = ()


def aftermath_scenario_of(seed: int) -> AftermathScenario:
    chance = random.Random(f"aftermath {seed}")
    faults_end = chance.choice((3, 6, 12, 25)) * MINUTE
    many = chance.choice((1, 3, 6, 12, 30))
    old = [_old(number, chance, faults_end) for number in range(chance.choice((0, 0, 1, 3)))]
    wishes = [_wish(number, chance, faults_end) for number in range(many)]
    wishes += [one.wish for one in old for _ in range(chance.choice((0, 1, 2)))]
    rest = Scenario(
        wishes,
        _climate(chance, faults_end),
        faults_end,
        skew_ms=chance.choice((0, 0, 2_500)),
        breakers=chance.choice((DEFAULT_BREAKERS, EARLY_BREAKERS)),
    )
    return AftermathScenario(
        rest=rest,
        rules=[one for tenant in TENANTS for one in rules_of(tenant, chance)],
        policies=[policy_of(tenant, chance) for tenant in TENANTS],
        subscriptions=[one for tenant in TENANTS for one in _subscriptions(tenant, chance)],
        old=old,
        intents=[_intent(chance, faults_end) for _ in range(chance.choice((0, 2, 5, 10)))],
    )


def _intent(chance: random.Random, faults_end: int) -> Intent:
    what = chance.choice(chance.choice((_OF_DEAD_LETTERS, _OF_ALERTS)))
    return Intent(chance.randrange(faults_end), chance.choice(TENANTS), what, chance.randrange(1_000))


def _climate(chance: random.Random, faults_end: int) -> Climate:
    return Climate(
        calls=chance.choice((0.0, 0.01, 0.05, 0.1, 0.2)),
        messages=chance.choice((0.0, 0.05, 0.3)),
        events=chance.choice((0.0, 0.1, 0.4)),
        kinds=chance.sample(tuple(Fault), chance.randint(1, 4)),
        spells=[_spell(chance, faults_end) for _ in range(chance.choice((0, 1, 1, 2)))],
        deeds=[Deed("kill", chance.randrange(faults_end)) for _ in range(chance.choice((0, 0, 3)))],
    )


def _spell(chance: random.Random, faults_end: int) -> Spell:
    weather = chance.choice(tuple(_LONGEST))
    begin = chance.randrange(faults_end) // SECOND * SECOND
    return Spell(weather, begin, begin + chance.randrange(10 * SECOND, _LONGEST[weather]))


def _wish(number: int, chance: random.Random, faults_end: int) -> Wish:
    host, duration = chance.choice(_HOSTS), chance.choice((20, 20, 900, 20_000))
    path = "" if chance.random() < 0.3 else f"{duration}/{chance.choice(_ENDS)}"
    body: dict[str, Any] = {
        "target": {"type": "http", "url": f"https://{host}/{path}"},
        "delay": f"{chance.choice((0, 0, 0, 5, 60, 150))}s",
        "timeout": f"{chance.choice((30, 60))}s",
        "retry": {"max_attempts": chance.choice((1, 1, 2, 3)), "initial": "1s", "max_delay": "20s"},
        "name": f"job {number}",
    }
    if chance.random() < 0.5:
        body["group"] = chance.choice(GROUPS)
    if chance.random() < 0.15:
        body["expires_after"] = f"{chance.choice((1, 30, 300))}s"
    if chance.random() < 0.15:
        body["delivery"] = "at_most_once"
        del body["retry"]
    if chance.random() < 0.4:
        body["payload"] = {"x": "x" * chance.choice((1, 1_000))}
    if chance.random() < 0.15:
        body |= {"completion": "callback", "timeout": "300s", "heartbeat_timeout": "30s"}
    at = chance.choice((0, 0, 0, chance.randrange(faults_end) // SECOND * SECOND))
    actions = [(chance.randrange(3 * MINUTE), chance.choice(("cancel", "edit", "run_now")))]
    return Wish(
        tenant=chance.choice((*TENANTS, TENANTS[0])),
        at=at,
        body=body,
        key=f"key {number}" if chance.random() < 0.7 else None,
        copies=1,
        actions=actions if chance.random() < 0.25 else (),
    )


def _old(number: int, chance: random.Random, faults_end: int) -> Old:
    body = {"target": {"type": "http", "url": "https://example.com/50/ok"}, "payload": {"x": "x" * 1_000}}
    goes_at = chance.randrange(faults_end)
    at = max(0, goes_at + chance.choice((0, 0, 100, -100, chance.randrange(-90 * SECOND, 90 * SECOND))))
    return Old(Wish(chance.choice(TENANTS), at, body, f"old {number}", 1, ()), goes_at)


def _subscriptions(tenant: str, chance: random.Random) -> list[Subscription]:
    return [
        a_subscription(
            tenant=tenant,
            id=f"{tenant}-{number}",
            channel_id=f"{tenant}-data-{number}",
            events=chance.choice((("job.*",), ("job.failed", "alert.*"), ("job.succeeded", "job.skipped"))),
            filter=EventFilter(group=chance.choice((None, None, "reports"))),
            active_since=START - timedelta(days=1),
        )
        for number in range(chance.choice((0, 0, 1, 2)))
    ]
