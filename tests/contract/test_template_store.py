"""`ports.templates.TemplateStore`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from shared.adapters.dynamodb.codec import item_bytes
from shared.adapters.dynamodb.template_codec import decode_template, encode_template
from shared.adapters.dynamodb.templates import DynamoTemplateStore
from shared.adapters.memory.templates import MemoryTemplateStore
from shared.model.errors import PayloadUnavailable, TemplateChanged, TemplateNotFound, UnreadableTemplate
from shared.model.gap import Gap
from shared.model.job import Delivery, Payload
from shared.model.lanes import Priority
from shared.model.retry import RetryPolicy
from shared.model.template import (
    ExpansionFailure,
    FailingRow,
    JobDefinition,
    Misfire,
    MisfirePolicy,
    Missed,
    Pause,
    Progress,
    Template,
    TemplateKey,
    TemplateStatus,
)
from shared.ports.templates import ExpandEntry, Planned
from tests.aws import TEMPLATES_TABLE, aws, client, create_tables
from tests.templates import CREATED, TENANT, a_template, at, minutes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.ports.templates import TemplateStore

FULL = a_template(
    status=TemplateStatus.PAUSED,
    version=7,
    revision=9,
    name="Lohn é 🕰",
    external_key="payroll",
    tags={"team": "finance"},
    job=JobDefinition(
        target={"type": "http", "url": "https://example.com/{{ nominal_time }}", "headers": {"X-A": "é"}},
        payload=Payload(b'{"a":[1,2,3]}'),
        priority=Priority.HIGH,
        timeout_seconds=120,
        expires_after_seconds=60,
        retry=RetryPolicy(max_attempts=7, retry_on=("http_5xx",)),
        delivery=Delivery.AT_MOST_ONCE,
    ),
    pause_after_failures=5,
    failing=FailingRow(version=3, runs=7, error="http_503"),
    misfire=Misfire(policy=MisfirePolicy.FIRE_ALL, after_seconds=5, max_runs=3, within_seconds=900),
    pause=Pause(at=at(5), note="a note", until=at(500), missed=Missed.APPLY_MISFIRE),
    skipped=(minutes(3), minutes(4)),
    progress=Progress(
        expanded_until=minutes(30),
        since=at(5),
        number=30,
        previous_at=minutes(30),
        ran=12,
        lag_seconds=7,
        counted_from=at(1),
        is_stale=True,
        stale_since=at(2),
        settle_at=minutes(2),
        failure=ExpansionFailure(detail="no calendar", since=at(9), count=2),
    ),
    fingerprint="f" * 32,
    expire_item_at=datetime(2027, 1, 1, tzinfo=UTC),
)


@pytest.fixture(params=["memory", "dynamodb"])
def store(request: pytest.FixtureRequest) -> Iterator[TemplateStore]:
    if request.param == "memory":
        yield MemoryTemplateStore()
        return
    with aws():
        dynamodb = client("dynamodb")
        create_tables(dynamodb)
        yield DynamoTemplateStore(dynamodb, TEMPLATES_TABLE)


def numbered(number: int, **fields: Any) -> Template:
    return a_template(id=f"{number:024d}", **fields)


def written(template: Template, **fields: Any) -> Template:
    """The template with the next revision."""
    return replace(template, revision=template.revision + 1, **fields)


@pytest.mark.parametrize("template", [a_template(), FULL], ids=["plain", "full"])
def test_a_template_is_read_as_it_was_put(store: TemplateStore, template: Template) -> None:
    creation = store.create_template(template)

    assert (creation.template, creation.created) == (template, True)
    assert store.get_template(template.key) == template


def test_a_template_is_never_put_over_another(store: TemplateStore) -> None:
    store.create_template(a_template())

    creation = store.create_template(a_template(name="another"))

    assert (creation.template, creation.created) == (a_template(), False)
    assert store.get_template(a_template().key) == a_template()


def test_there_is_no_template_of_another_tenant(store: TemplateStore) -> None:
    store.create_template(a_template())

    with pytest.raises(TemplateNotFound):
        store.get_template(TemplateKey("other", a_template().id))
    assert store.list_templates("other", before=None, limit=10).templates == []


def test_a_template_is_replaced_at_the_revision_that_was_seen(store: TemplateStore) -> None:
    template = store.create_template(a_template()).template
    changed = written(template, name="renamed", expand_at=None, expand_shard=None)

    store.replace_template(changed)

    assert store.get_template(template.key) == changed


def test_who_has_seen_an_older_revision_replaces_nothing(store: TemplateStore) -> None:
    template = store.create_template(a_template()).template
    winner = written(template, name="first")
    store.replace_template(winner)

    with pytest.raises(TemplateChanged) as refusal:
        store.replace_template(written(template, name="second"))

    assert refusal.value.current == winner
    assert store.get_template(template.key) == winner


def test_ones_own_replacement_that_is_sent_twice_counts_as_done(store: TemplateStore) -> None:
    template = store.create_template(a_template()).template
    changed = written(template, tags={"a": "b"})
    store.replace_template(changed)

    store.replace_template(changed)

    assert store.get_template(template.key) == changed


def test_what_is_gone_is_not_replaced(store: TemplateStore) -> None:
    with pytest.raises(TemplateChanged) as refusal:
        store.replace_template(written(a_template()))

    assert refusal.value.current is None


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_lists_are_newest_first_and_pages_hold_each_template_once(store: TemplateStore, limit: int) -> None:
    templates = [store.create_template(numbered(number)).template for number in range(1, 7)]
    store.create_template(numbered(3, tenant="other"))
    store.replace_template(written(templates[1], status=TemplateStatus.DELETED))
    found: list[Template] = []
    before = None

    while True:
        page = store.list_templates(TENANT, before=before, limit=limit)
        assert len(page.templates) <= limit
        found += page.templates
        before = page.next
        if before is None:
            break

    assert [one.id for one in found] == [f"{number:024d}" for number in range(6, 0, -1)]
    assert found[4].status is TemplateStatus.DELETED


def test_versions_and_keys_are_no_templates(store: TemplateStore) -> None:
    template = store.create_template(a_template()).template
    store.archive_version(template)
    store.claim_external_key(TENANT, "payroll", template.id, instead_of=None)
    store.record_gap(template.key, a_gap(1, 2), keep_until=minutes(9))

    assert store.list_templates(TENANT, before=None, limit=10).templates == [template]


def entry(template: Template) -> ExpandEntry:
    assert template.expand_at is not None
    return ExpandEntry(template.expand_at, template.tenant, Planned.TEMPLATE, template.id)


def test_what_is_to_be_expanded_comes_in_the_order_of_its_time_and_no_sooner(store: TemplateStore) -> None:
    due = [numbered(number, expand_at=minutes(10 - number), expand_shard=2) for number in range(1, 5)]
    for template in (*due, numbered(7, expand_at=minutes(1), expand_shard=3), numbered(8, expand_at=None)):
        store.create_template(template)

    page = store.to_expand(2, until=minutes(8), after=None, limit=10)

    assert list(page.entries) == [entry(due[number]) for number in (3, 2, 1)]
    assert page.next is None


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_pages_of_what_is_to_be_expanded_hold_each_once(store: TemplateStore, limit: int) -> None:
    for number in range(5):
        store.create_template(numbered(number, expand_at=minutes(1), expand_shard=2))
    found: list[ExpandEntry] = []
    after = None

    while True:
        page = store.to_expand(2, until=minutes(1), after=after, limit=limit)
        found += page.entries
        after = page.next
        if after is None:
            break

    assert sorted(one.id for one in found) == [f"{number:024d}" for number in range(5)]


def test_a_position_behind_the_end_finds_nothing(store: TemplateStore) -> None:
    template = store.create_template(a_template(expand_at=minutes(5), expand_shard=2)).template

    page = store.to_expand(2, until=minutes(4), after=entry(template), limit=10)

    assert (list(page.entries), page.next) == ([], None)


def test_who_was_expanded_is_found_at_its_next_time(store: TemplateStore) -> None:
    template = store.create_template(a_template(expand_at=minutes(1), expand_shard=2)).template
    store.replace_template(written(template, expand_at=minutes(20)))

    assert list(store.to_expand(2, until=minutes(19), after=None, limit=10).entries) == []
    assert len(store.to_expand(2, until=minutes(20), after=None, limit=10).entries) == 1


def test_a_small_payload_stays_with_its_template(store: TemplateStore) -> None:
    template = with_payload(b'{"a":1}')

    placed = store.place_template_payload(template)

    assert placed == template
    assert store.load_template_payload(placed) == b'{"a":1}'


def test_a_large_payload_has_an_item_of_its_own(store: TemplateStore) -> None:
    data = b'"' + b"p" * 100_000 + b'"'

    placed = store.place_template_payload(with_payload(data))

    assert placed.job.payload.data is None
    assert store.place_template_payload(with_payload(data)) == placed
    assert store.load_template_payload(placed) == data
    assert store.load_template_payload(a_template()) is None


def test_a_payload_that_is_not_there_says_so(store: TemplateStore) -> None:
    template = a_template(job=replace(a_template().job, payload=Payload(ref="0" * 64)))

    with pytest.raises(PayloadUnavailable):
        store.load_template_payload(template)


def with_payload(data: bytes) -> Template:
    return a_template(job=replace(a_template().job, payload=Payload(data)))


def test_archived_versions_are_listed_newest_first_and_are_not_to_be_expanded(store: TemplateStore) -> None:
    versions = [a_template(version=number, revision=2 * number, name=f"name {number}") for number in range(1, 12)]
    for version in versions:
        store.archive_version(version)
    store.archive_version(a_template(id="0" * 24))

    found = store.archived_versions(a_template().key, before=None, limit=3)
    older = store.archived_versions(a_template().key, before=9, limit=100)

    assert [one.version for one in found] == [11, 10, 9]
    assert [one.version for one in older] == [8, 7, 6, 5, 4, 3, 2, 1]
    assert found[0] == replace(versions[-1], expand_at=None, expand_shard=None)
    assert list(store.to_expand(a_template().expand_shard or 0, until=minutes(9), after=None, limit=9).entries) == []


def test_a_single_archived_version_is_found_by_its_number(store: TemplateStore) -> None:
    for number in (1, 2):
        store.archive_version(a_template(version=number, name=f"name {number}"))

    assert store.archived_version(a_template().key, 1).name == "name 1"
    with pytest.raises(TemplateNotFound):
        store.archived_version(a_template().key, 3)


def test_a_version_that_is_archived_twice_is_there_once(store: TemplateStore) -> None:
    store.archive_version(a_template())
    store.archive_version(a_template())

    assert len(store.archived_versions(a_template().key, before=None, limit=10)) == 1


def test_an_external_key_names_the_template_that_claimed_it_first(store: TemplateStore) -> None:
    first = store.claim_external_key(TENANT, "payroll", "a", instead_of=None)
    second = store.claim_external_key(TENANT, "payroll", "b", instead_of=None)
    again = store.claim_external_key(TENANT, "payroll", "a", instead_of=None)
    others = store.claim_external_key("other", "payroll", "c", instead_of=None)

    assert (first, second, again, others) == ("a", "a", "a", "c")
    assert store.named_by(TENANT, "payroll") == "a"
    assert store.named_by(TENANT, "nothing") is None


def test_an_external_key_is_taken_over_from_the_template_that_it_named(store: TemplateStore) -> None:
    store.claim_external_key(TENANT, "payroll", "a", instead_of=None)

    taken = store.claim_external_key(TENANT, "payroll", "b", instead_of="a")
    late = store.claim_external_key(TENANT, "payroll", "c", instead_of="a")

    assert (taken, late) == ("b", "b")


def test_a_key_that_names_nothing_is_claimed_also_instead_of_another(store: TemplateStore) -> None:
    assert store.claim_external_key(TENANT, "payroll", "b", instead_of="a") == "b"
    assert store.named_by(TENANT, "payroll") == "b"


def a_gap(first: int, last: int, **facts: Any) -> Gap:
    facts = {"count": last - first + 1, "reason": "missed", "recorded_at": minutes(60), **facts}
    return Gap(first=minutes(first), last=minutes(last), **facts)


def test_gaps_that_touch_a_span_are_found_oldest_first(store: TemplateStore) -> None:
    gaps = [a_gap(1, 3), a_gap(5, 9), a_gap(12, 12), a_gap(20, 30, reason="paused")]
    for gap in reversed(gaps):
        store.record_gap(a_template().key, gap, keep_until=minutes(99))
    store.record_gap(TemplateKey(TENANT, "0" * 24), a_gap(1, 40), keep_until=minutes(99))

    def found(since: float, until: float) -> list[Gap]:
        return store.gaps(a_template().key, since=minutes(since), until=minutes(until))

    assert found(0, 99) == gaps
    assert found(3, 20) == gaps
    assert found(3.5, 19) == gaps[1:3]
    assert found(9, 12) == gaps[1:3]
    assert found(13, 19) == []
    assert found(25, 26) == gaps[3:]


def test_a_gap_that_is_recorded_twice_is_there_once(store: TemplateStore) -> None:
    store.record_gap(a_template().key, a_gap(1, 3), keep_until=minutes(99))
    store.record_gap(a_template().key, a_gap(1, 3), keep_until=minutes(99))

    assert store.gaps(a_template().key, since=minutes(0), until=minutes(9)) == [a_gap(1, 3)]


def test_a_typical_template_fits_into_one_write_unit() -> None:
    typical = a_template(
        {"cron": "30 9 * * 1-5", "dialect": "unix", "timezone": "Europe/Berlin"},
        name="rotate-logs",
        tags={"team": "ops", "env": "production"},
        job=JobDefinition(
            target={
                "type": "http",
                "url": "https://".ljust(60, "x"),
                "method": "POST",
                "headers": {"X-Team": "operations"},
            }
        ),
        progress=replace(a_template().progress, number=1_000_000, previous_at=CREATED, lag_seconds=60),
    )

    assert item_bytes(encode_template(typical)) <= 1_024


@pytest.mark.parametrize("attribute", ["status", "mis", "prog", "prio", "c_at"])
def test_a_template_of_a_newer_release_says_that_it_cannot_be_read(attribute: str) -> None:
    item = encode_template(FULL)
    item[attribute] = {"S": '{"policy":"of the future","expanded_until":"never"}'}

    with pytest.raises(UnreadableTemplate):
        decode_template(item)


def test_what_a_newer_release_adds_is_left_out() -> None:
    item = encode_template(FULL) | {"of_the_future": {"S": "new"}}

    assert decode_template(item) == FULL


def test_times_are_kept_to_the_millisecond(store: TemplateStore) -> None:
    template = a_template(expand_at=CREATED + timedelta(milliseconds=1), expand_shard=1)
    store.create_template(template)

    assert list(store.to_expand(1, until=CREATED, after=None, limit=1).entries) == []
    assert len(store.to_expand(1, until=template.expand_at or CREATED, after=None, limit=1).entries) == 1
