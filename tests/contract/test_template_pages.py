"""`ports.templates.TemplateStore`: where lists are cut, what is hidden by what, and who comes at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from shared.model.errors import PayloadUnavailable
from shared.model.gap import Gap
from shared.model.job import Payload
from shared.model.template import TemplateKey
from tests.templates import CREATED, TENANT, a_template, at, minutes

if TYPE_CHECKING:
    from shared.ports.templates import TemplateStore

KEY = a_template().key
# Of another tenant, and of this one with an id that the first one begins with.
OTHERS = (TemplateKey("acm", KEY.template_id), TemplateKey(TENANT, KEY.template_id[:-1]))
# One answer of DynamoDB holds 1 MB at the most.
LARGE = 200_000


def create_numbered(templates: TemplateStore, count: int, **fields: Any) -> list[str]:
    """So many templates of one tenant; their ids, newest first."""
    ids = [f"06c3v8n1{number:02d}" for number in range(count)]
    for template_id in ids:
        templates.create_template(a_template(id=template_id, **fields))
    return ids[::-1]


def test_the_same_creation_again_finds_that_it_was_there(templates: TemplateStore) -> None:
    template = a_template()

    assert [templates.create_template(template).created for _ in range(2)] == [True, False]


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 6, 7])
def test_a_list_has_no_page_behind_its_last_template(templates: TemplateStore, limit: int) -> None:
    ids = create_numbered(templates, 6)
    found: list[str] = []
    pages, before = 0, None

    while pages == 0 or before is not None:
        page = templates.list_templates(TENANT, before=before, limit=limit)
        found += [one.id for one in page.templates]
        pages, before = pages + 1, page.next

    assert (found, pages) == (ids, -(-6 // limit))


def test_a_list_goes_on_below_an_id_that_no_template_has(templates: TemplateStore) -> None:
    ids = create_numbered(templates, 4)

    page = templates.list_templates(TENANT, before="06c3v8n102z", limit=2)

    assert ([one.id for one in page.templates], page.next) == (ids[1:3], ids[2])


def test_large_templates_are_listed_to_the_end(templates: TemplateStore) -> None:
    ids = create_numbered(templates, 8, tags={"notes": "x" * LARGE})

    page = templates.list_templates(TENANT, before=None, limit=7)

    assert ([one.id for one in page.templates], page.next) == (ids[:7], ids[6])


def test_a_place_in_the_expand_index_stays_good_when_its_template_has_moved(templates: TemplateStore) -> None:
    first, second = (a_template(id=name, expand_at=at(seconds)) for name, seconds in (("a", 1), ("b", 2)))
    shard = first.expand_shard
    assert shard is not None
    for template in (first, second):
        templates.create_template(template)
    page = templates.to_expand(shard, until=at(9), after=None, limit=1)
    templates.replace_template(replace(first, revision=2, expand_at=at(300)))

    rest = templates.to_expand(shard, until=at(9), after=page.next, limit=9)

    assert [[one.id for one in entries] for entries in (page.entries, rest.entries)] == [["a"], ["b"]]


@pytest.mark.parametrize("key", OTHERS)
def test_what_belongs_to_one_template_is_not_found_by_another(templates: TemplateStore, key: TemplateKey) -> None:
    payload = Payload(b'"' + b"x" * 2_000 + b'"')
    placed = templates.place_template_payload(a_template(job=replace(a_template().job, payload=payload)))
    templates.archive_version(placed)
    record(templates, gap(1, 5))

    assert templates.archived_versions(key, before=None, limit=9) == []
    assert templates.gaps(key, since=CREATED, until=minutes(9)) == []
    with pytest.raises(PayloadUnavailable, match=key.template_id):
        templates.load_template_payload(replace(placed, tenant=key.tenant, id=key.template_id))


def test_another_payload_lies_elsewhere_so_that_older_versions_keep_theirs(templates: TemplateStore) -> None:
    payloads = [b'"' + letter * 2_000 + b'"' for letter in (b"x", b"y")]

    placed = [
        templates.place_template_payload(a_template(job=replace(a_template().job, payload=Payload(data))))
        for data in payloads
    ]

    assert [templates.load_template_payload(template) for template in placed] == payloads


def test_all_versions_that_are_wanted_come_however_large_they_are(templates: TemplateStore) -> None:
    for version in range(1, 9):
        templates.archive_version(a_template(version=version, tags={"notes": "x" * LARGE}))

    versions = templates.archived_versions(KEY, before=None, limit=7)

    assert [one.version for one in versions] == [8, 7, 6, 5, 4, 3, 2]


def test_below_the_first_version_there_is_none(templates: TemplateStore) -> None:
    templates.archive_version(a_template())

    assert templates.archived_versions(KEY, before=1, limit=9) == []


def test_of_many_that_claim_a_key_at_once_all_are_told_the_same_one(templates: TemplateStore) -> None:
    def claim(number: int) -> str:
        return templates.claim_external_key(TENANT, "nightly", f"t{number}", instead_of=None)

    with ThreadPoolExecutor(8) as pool:
        told = set(pool.map(claim, range(8)))

    assert told == {templates.named_by(TENANT, "nightly")}


def test_who_takes_a_key_over_may_ask_for_it_again(templates: TemplateStore) -> None:
    templates.claim_external_key(TENANT, "nightly", "t1", instead_of=None)

    told = [templates.claim_external_key(TENANT, "nightly", "t2", instead_of="t1") for _ in range(2)]

    assert told == ["t2", "t2"]


def gap(first: int, last: int, reason: str = "missed") -> Gap:
    return Gap(first=minutes(first), last=minutes(last), count=3, reason=reason, recorded_at=CREATED)


def record(templates: TemplateStore, *gaps: Gap) -> None:
    for one in gaps:
        templates.record_gap(KEY, one, keep_until=minutes(9_999))


def test_a_gap_within_another_hides_nothing(templates: TemplateStore) -> None:
    # One is of an expansion that had begun before a client's change, one of the expansion after it.
    record(templates, gap(1, 60), gap(10, 20))

    assert templates.gaps(KEY, since=minutes(50), until=minutes(90)) == [gap(1, 60)]


def test_many_gaps_all_come(templates: TemplateStore) -> None:
    gaps = [gap(2 * number, 2 * number + 1, reason="r" * 60_000) for number in range(20)]
    record(templates, *gaps)

    assert templates.gaps(KEY, since=CREATED, until=minutes(99)) == gaps
