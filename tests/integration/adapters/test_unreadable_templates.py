"""What becomes of templates that a newer version has written, while an older one still runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shared.adapters.dynamodb.template_codec import encode_template
from shared.adapters.dynamodb.templates import DynamoTemplateStore
from shared.model.errors import UnreadableTemplate
from tests.aws import TEMPLATES_TABLE
from tests.templates import TENANT, a_template

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
