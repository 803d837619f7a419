"""What is kept beside a template goes with it once it is deleted, and not before."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.adapters.dynamodb.calendars import DynamoCalendars
from shared.adapters.dynamodb.templates import DynamoTemplateStore
from shared.model.job import Payload
from shared.model.template import Template, TemplateStatus
from tests.aws import TEMPLATES_TABLE
from tests.templates import CREATED, EACH_MINUTE, TENANT, a_template, minutes

GONE_AT = minutes(50_000)
WITH_CALENDAR = {**EACH_MINUTE, "calendars": ["c"]}
NEIGHBOUR = a_template(id=a_template().id[:-1])


@pytest.fixture
def templates(dynamodb: Any) -> DynamoTemplateStore:
    return DynamoTemplateStore(dynamodb, TEMPLATES_TABLE)


@pytest.fixture
def deleted(dynamodb: Any, templates: DynamoTemplateStore) -> Template:
    """With two versions of which the older one used a calendar, a payload of its own, and a neighbour in all of it."""
    calendars = DynamoCalendars(dynamodb, TEMPLATES_TABLE)
    template = a_template(WITH_CALENDAR, external_key="payroll")
    for one in (template, NEIGHBOUR):
        templates.archive_version(one)
        large = replace(one, job=replace(one.job, payload=Payload(b'"' + b"x" * 9_000 + b'"')))
        templates.place_template_payload(large)
        calendars.note_use(TENANT, one.id, ["c"])
    templates.archive_version(replace(template, version=2, schedule=EACH_MINUTE))
    last = replace(template, version=3, schedule=EACH_MINUTE, status=TemplateStatus.DELETED, expire_item_at=GONE_AT)
    templates.create_template(last)
    templates.claim_external_key(TENANT, "payroll", last.id, instead_of=None)
    return last


def expiries(dynamodb: Any) -> dict[str, int | None]:
    """When each item goes, in seconds since 1970, by its sort key with what a payload is named for left out."""
    items = dynamodb.scan(TableName=TEMPLATES_TABLE)["Items"]
    return {
        "#".join(item["sk"]["S"].split("#")[: 2 if item["sk"]["S"].startswith("payload") else 3]): (
            int(item["ttl"]["N"]) if "ttl" in item else None
        )
        for item in items
    }


def test_all_that_a_deleted_template_leaves_goes_when_it_goes_and_its_key_at_once(
    dynamodb: Any, templates: DynamoTemplateStore, deleted: Template
) -> None:
    for _ in range(2):
        templates.expire_remains(deleted)

    gone_at = int(GONE_AT.timestamp())
    assert expiries(dynamodb) == {
        f"template#{deleted.id}": gone_at,
        f"version#{deleted.id}#00000001": gone_at,
        f"version#{deleted.id}#00000002": gone_at,
        f"payload#{deleted.id}": gone_at,
        f"use#c#{deleted.id}": gone_at,
        "key#payroll": int(CREATED.timestamp()),
        f"version#{NEIGHBOUR.id}#00000001": None,
        f"payload#{NEIGHBOUR.id}": None,
        f"use#c#{NEIGHBOUR.id}": None,
    }
    assert [one.version for one in templates.archived_versions(deleted.key, before=None, limit=9)] == [2, 1]


def test_a_key_that_another_template_has_claimed_since_stays(
    dynamodb: Any, templates: DynamoTemplateStore, deleted: Template
) -> None:
    templates.claim_external_key(TENANT, "payroll", "new", instead_of=deleted.id)

    templates.expire_remains(deleted)

    assert expiries(dynamodb)["key#payroll"] is None
    assert templates.named_by(TENANT, "payroll") == "new"


def test_a_key_that_is_claimed_anew_after_it_was_let_go_stays(
    dynamodb: Any, templates: DynamoTemplateStore, deleted: Template
) -> None:
    templates.expire_remains(deleted)

    assert templates.claim_external_key(TENANT, "payroll", "new", instead_of=deleted.id) == "new"
    assert expiries(dynamodb)["key#payroll"] is None


def test_of_a_template_that_is_kept_nothing_goes(
    dynamodb: Any, templates: DynamoTemplateStore, deleted: Template
) -> None:
    before = expiries(dynamodb)

    templates.expire_remains(replace(deleted, expire_item_at=None))

    assert expiries(dynamodb) == before


def test_a_key_that_is_to_be_known_until_a_time_goes_then_and_another_stays(
    dynamodb: Any, templates: DynamoTemplateStore
) -> None:
    for instead_of in (None, "t1"):
        templates.claim_external_key(
            TENANT, "create x", f"t{1 + bool(instead_of)}", instead_of=instead_of, keep_until=GONE_AT
        )
    templates.claim_external_key(TENANT, "payroll", "t1", instead_of=None)

    assert expiries(dynamodb) == {"key#create x": int(GONE_AT.timestamp()), "key#payroll": None}
    assert templates.named_by(TENANT, "create x") == "t2"
