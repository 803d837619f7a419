"""What becomes of templates that a newer version has written, while an older one still runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from functions.api.find_version import FindVersion
from functions.api.refusals import Refused
from functions.recurrence.expand_due_templates import ExpandDueTemplates, TickReport
from shared.adapters.dynamodb.template_codec import encode_template, version_item_key
from shared.adapters.dynamodb.templates import DynamoTemplateStore
from shared.adapters.memory.clock import VirtualClock
from shared.adapters.memory.telemetry import RecordedTelemetry
from shared.expansion.expand_template import Expanded
from shared.model.errors import UnreadableTemplate
from shared.model.job import epoch_ms
from tests.aws import TEMPLATES_TABLE
from tests.templates import CREATED, TENANT, a_template

if TYPE_CHECKING:
    from shared.model.template import Template

IDS = [f"06c3v8n1{number:02d}" for number in range(5)]


@pytest.fixture
def templates(dynamodb: Any) -> DynamoTemplateStore:
    return DynamoTemplateStore(dynamodb, TEMPLATES_TABLE)


@pytest.fixture
def unreadable(dynamodb: Any) -> Template:
    template = a_template(id=IDS[2])
    dynamodb.put_item(TableName=TEMPLATES_TABLE, Item={**encode_template(template), "status": {"S": "hibernating"}})
    return template


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 9])
def test_it_does_not_keep_others_from_being_listed(
    templates: DynamoTemplateStore, unreadable: Template, limit: int
) -> None:
    for template_id in IDS:
        if template_id != unreadable.id:
            templates.create_template(a_template(id=template_id))
    found: list[str] = []
    pages, before = 0, None

    while pages == 0 or before is not None:
        page = templates.list_templates(TENANT, before=before, limit=limit)
        found += [one.id for one in page.templates]
        pages, before = pages + 1, page.next

    assert (found, pages) == ([IDS[4], IDS[3], IDS[1], IDS[0]], -(-4 // limit))


def test_it_is_not_taken_for_one_that_is_not_there(templates: DynamoTemplateStore, unreadable: Template) -> None:
    with pytest.raises(UnreadableTemplate):
        templates.get_template(unreadable.key)


def test_what_a_newer_version_plans_does_not_hide_templates_that_are_due(
    templates: DynamoTemplateStore, dynamodb: Any
) -> None:
    due = a_template(id=IDS[0], expand_shard=3)
    templates.create_template(due)
    item = encode_template(due)
    dynamodb.put_item(TableName=TEMPLATES_TABLE, Item={**item, "sk": {"S": "dream#d1"}})

    page = templates.to_expand(3, until=due.created_at, after=None, limit=10)

    assert sorted((one.kind, one.id) for one in page.entries) == [("dream", "d1"), ("template", due.id)]


def test_a_version_that_cannot_be_read_hides_no_other_and_says_what_it_is(
    dynamodb: Any, templates: DynamoTemplateStore
) -> None:
    templates.create_template(a_template(version=4))
    for number in (1, 2, 3):
        templates.archive_version(a_template(version=number))
    key = a_template().key
    newer = {**encode_template(a_template()), **version_item_key(key, 2), "status": {"S": "hibernating"}}
    dynamodb.put_item(TableName=TEMPLATES_TABLE, Item=newer)

    versions = FindVersion(templates)

    page = versions.page(key, before=None, limit=2)
    rest = versions.page(key, before=page.next, limit=2)
    assert [one.version for one in (*page.versions, *rest.versions)] == [4, 3, 1]
    assert versions(key, 1).version == 1
    with pytest.raises(Refused, match="a newer version of Punctual"):
        versions(key, 2)


@pytest.mark.parametrize("limit", [1, 2, 9])
def test_an_entry_of_an_unknown_kind_is_a_position_like_any_other(
    dynamodb: Any, templates: DynamoTemplateStore, limit: int
) -> None:
    due_with_one_of_an_unknown_kind(dynamodb, templates)
    found: list[str] = []
    after, is_first = None, True

    while is_first or after is not None:
        page = templates.to_expand(2, until=CREATED, after=after, limit=limit)
        found += [one.kind for one in page.entries]
        after, is_first = page.next, False

    assert sorted(found) == ["orbit", "template", "template"]


def test_what_is_of_an_unknown_kind_is_left_alone_with_a_warning_and_the_others_have_their_turn(
    dynamodb: Any, templates: DynamoTemplateStore
) -> None:
    before = due_with_one_of_an_unknown_kind(dynamodb, templates)
    telemetry = RecordedTelemetry()
    tick = ExpandDueTemplates(
        templates=templates,
        expand=lambda template, seconds_left: Expanded(template),  # type: ignore[arg-type]
        clock=VirtualClock(CREATED),
        telemetry=telemetry,
    )

    assert tick([2], lambda: 60) == TickReport(expanded=2)

    assert ("turn_left_to_newer_version", "o1") in [(action, facts.get("id")) for action, facts in telemetry.notes]
    stored = dynamodb.get_item(TableName=TEMPLATES_TABLE, Key={"pk": before["pk"], "sk": before["sk"]})["Item"]
    assert stored == before


def due_with_one_of_an_unknown_kind(dynamodb: Any, templates: DynamoTemplateStore) -> dict[str, Any]:
    """Two templates in shard 2, due with a thing that a newer version planned: its item."""
    for template_id in IDS[:2]:
        templates.create_template(a_template(id=template_id, expand_shard=2, expand_at=CREATED))
    item = {
        "pk": {"S": TENANT},
        "sk": {"S": "orbit#o1"},
        "expand_shard": {"S": "02"},
        "expand_at": {"N": str(epoch_ms(CREATED))},
    }
    dynamodb.put_item(TableName=TEMPLATES_TABLE, Item=item)
    return item
