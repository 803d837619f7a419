"""One template for a key, whoever dies or races in between."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from functions.api.check_template import CheckTemplate
from functions.api.create_job import Idempotency
from functions.api.create_template import Create, CreatedTemplate, CreateTemplate, ExternalKeyTaken, _name_of
from functions.api.models.spec import SpecReader
from functions.api.models.template_spec import read_template
from shared.adapters.memory.calendars import MemoryCalendars
from shared.adapters.memory.clock import SeededIds
from shared.adapters.memory.telemetry import RecordedTelemetry
from shared.adapters.memory.templates import MemoryTemplateStore
from shared.model.errors import IdempotencyKeyReused, InvalidField, StoreUnavailable
from shared.model.schedule.documents import read_schedule
from shared.model.schedule.timetable import Timetable
from shared.model.template import TemplateStatus, expand_shard_of
from tests.jobs import SHARDING
from tests.templates import CREATED, TENANT

if TYPE_CHECKING:
    from datetime import datetime

    from shared.model.template import Template
    from shared.ports.templates import TemplateCreation

BODY: dict[str, Any] = {
    "name": "payroll",
    "schedule": {"every": "1h"},
    "job": {"target": {"type": "http", "url": "https://example.com/"}},
}
KEYED = {**BODY, "external_key": "payroll"}
ONCE = Idempotency("k", "fingerprint")
LATER = CREATED + timedelta(seconds=1)


class Faulty(MemoryTemplateStore):
    """A store whose next `dies` creations do not happen, and whose next `mute` ones do without an answer."""

    def __init__(self, *, dies: int = 0, mute: int = 0) -> None:
        super().__init__()
        self.dies, self.mute = dies, mute

    def create_template(self, template: Template) -> TemplateCreation:
        if self.dies:
            self.dies -= 1
            raise StoreUnavailable("create template", outcome_unknown=True)
        if self.mute:
            # The client library sends again what was not answered.
            self.mute -= 1
            super().create_template(template)
        return super().create_template(template)

    def all(self) -> list[Template]:
        return list(self.list_templates(TENANT, before=None, limit=100).templates)


class Creator:
    """Creates on a store, each with ids of its own."""

    def __init__(self, store: MemoryTemplateStore, seed: int = 0) -> None:
        self.create = CreateTemplate(
            templates=store,
            calendars=MemoryCalendars(),
            ids=SeededIds(seed),
            check=CheckTemplate(calendars=MemoryCalendars(), specs=SpecReader(lambda target: None), sharding=SHARDING),
            expand=lambda template, left: template,  # type: ignore[arg-type]
            telemetry=RecordedTelemetry(),
        )

    def __call__(
        self, body: dict[str, Any], idempotency: Idempotency | None = None, now: Any = CREATED
    ) -> CreatedTemplate:
        asked = Create(tenant=TENANT, by="me", now=now, idempotency=idempotency, seconds_left=lambda: 20)
        return self.create(asked, lambda: read_template(body))


@pytest.mark.parametrize("body", [BODY, KEYED])
def test_a_call_that_died_is_repeated_and_makes_one_template(body: dict[str, Any]) -> None:
    store = Faulty(dies=1)
    create = Creator(store)
    with pytest.raises(StoreUnavailable):
        create(body, ONCE)

    second = create(body, ONCE, LATER)
    third = create(body, ONCE, LATER + timedelta(seconds=1))

    assert not second.replayed
    assert third.replayed
    assert store.all() == [second.template] == [third.template]


def test_a_key_whose_creator_died_names_the_template_of_the_next() -> None:
    store = Faulty(dies=1)
    with pytest.raises(StoreUnavailable):
        Creator(store, 1)(KEYED)

    created = Creator(store, 2)(KEYED, now=LATER)

    assert store.named_by(TENANT, "payroll") == created.template.id
    assert store.all() == [created.template]


def test_an_answer_that_was_lost_is_no_other_creation() -> None:
    store = Faulty(mute=3)
    create = Creator(store)
    large = {**BODY, "job": {**BODY["job"], "payload": "a" * 5_000}}

    created = [create(body, key) for body, key in ((large, None), (BODY, ONCE), (KEYED, None))]

    assert [one.replayed for one in created] == [False] * 3
    assert len(store.all()) == 3


@pytest.mark.parametrize("seed", range(1, 9))
def test_the_template_of_a_key_is_expanded_by_its_own_id(seed: int) -> None:
    store, now = Faulty(dies=1), CREATED + timedelta(minutes=30)
    schedule = {"cron": "H * * * *", "start_at": "2026-03-01T00:00:00Z", "max_occurrences": 1_000}
    with pytest.raises(StoreUnavailable):
        Creator(store, seed)({**KEYED, "schedule": schedule})

    template = Creator(store, 100)({**KEYED, "schedule": schedule}, now=now).template

    assert template.progress.ran == Timetable(read_schedule(schedule), {}, template.id).ran(now)
    assert (template.expand_at, template.expand_shard) == (now, expand_shard_of(TENANT, template.id))


def test_a_key_that_a_refused_call_left_behind_goes_to_the_next_call() -> None:
    store = Faulty(dies=1)
    create = Creator(store)
    with pytest.raises(StoreUnavailable):
        create(BODY, ONCE)
    other = Idempotency("k", "other")

    second = create(KEYED, other, LATER)

    assert not second.replayed
    assert create(KEYED, other, LATER).template == second.template
    store.replace_template(replace(second.template, status=TemplateStatus.DELETED, revision=2))
    assert create(KEYED, other, LATER).template.id == second.template.id


def test_of_two_who_send_the_same_call_at_once_one_creates_and_both_are_told() -> None:
    store = Faulty()
    told = []

    class Overtaken(MemoryTemplateStore):
        """After it was asked what the key names, and before more, the same call comes in elsewhere."""

        def __init__(self) -> None:
            self.__dict__ = store.__dict__

        def named_by(self, tenant: str, external_key: str) -> str | None:
            found = super().named_by(tenant, external_key)
            told.append(Creator(store, 2)(KEYED, ONCE, LATER))
            return found

    first = Creator(Overtaken(), 1)(KEYED, ONCE)

    assert (first.replayed, told[0].replayed) == (True, False)
    assert store.all() == [first.template] == [told[0].template]


@pytest.mark.parametrize("then", [LATER, CREATED])
def test_of_two_who_create_under_a_key_at_once_one_wins(then: datetime) -> None:
    store = Faulty()
    first, second = Creator(store, 1), Creator(store, 2)

    class Overtaken(MemoryTemplateStore):
        """Between a claim of the key and the creation another does both."""

        def __init__(self) -> None:
            self.__dict__ = store.__dict__

        def create_template(self, template: Template) -> TemplateCreation:
            second({**KEYED, "schedule": {"every": "2h"}}, now=then)
            return store.create_template(template)

    first.create = Creator(Overtaken(), 1).create

    with pytest.raises(ExternalKeyTaken):
        first(KEYED)
    assert [(one.created_at, one.schedule["every"]) for one in store.all()] == [(then, "2h")]


def test_a_key_with_another_body_is_refused_whatever_else_would_be_wrong_with_it() -> None:
    store = Faulty()
    Creator(store)(BODY, ONCE)

    with pytest.raises(IdempotencyKeyReused):
        Creator(store)({"name": 5}, Idempotency("k", "other"), LATER)


def test_what_is_refused_claims_no_key() -> None:
    store = Faulty()
    with pytest.raises(InvalidField):
        Creator(store)({**KEYED, "schedule": {"at": ["2026-01-01T00:00:00Z"]}}, ONCE)

    assert store._external_keys == {}
    assert not Creator(store)(KEYED, Idempotency("k", "other")).replayed


class Remembering(MemoryTemplateStore):
    """Notes until when each key is to be known."""

    def __init__(self) -> None:
        super().__init__()
        self.until: dict[str, datetime | None] = {}

    def claim_external_key(
        self,
        tenant: str,
        external_key: str,
        template_id: str,
        *,
        instead_of: str | None,
        keep_until: datetime | None = None,
    ) -> str:
        self.until[external_key.partition(" ")[0]] = keep_until
        return super().claim_external_key(tenant, external_key, template_id, instead_of=instead_of)


def test_an_idempotency_key_is_known_for_as_long_as_is_promised_and_not_for_ever() -> None:
    store = Remembering()

    Creator(store)(KEYED, ONCE)

    # Longer than promised, and no longer than the template is there: a key must not bring the id of one back.
    assert store.until == {"create": CREATED + timedelta(days=2), "payroll": None}


def test_it_is_known_for_so_long_from_the_call_that_creates_the_template_on() -> None:
    store = Remembering()
    store.claim_external_key(TENANT, _name_of(ONCE), "left-by-one-that-died", instead_of=None)

    created = Creator(store)(BODY, ONCE, LATER)

    assert (created.template.id, created.replayed) == ("left-by-one-that-died", False)
    assert store.until == {"create": LATER + timedelta(days=2)}
