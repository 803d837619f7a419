"""A template as an item, and back."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from shared.adapters.dynamodb import schema, template_codec
from shared.adapters.dynamodb.template_codec import (
    decode_gap,
    decode_template,
    encode_gap,
    encode_template,
    version_item_key,
)
from shared.model.errors import UnreadableTemplate
from shared.model.job import epoch_ms
from shared.model.template import JobDefinition, Template
from tests.strategies import GAPS, TEMPLATES
from tests.templates import CREATED, a_template

if TYPE_CHECKING:
    from shared.model.gap import Gap


@given(TEMPLATES)
def test_a_template_is_read_as_it_was_written(template: Template) -> None:
    assert decode_template(encode_template(template)) == template


@given(TEMPLATES)
def test_written_again_it_is_the_same_item(template: Template) -> None:
    # By this a writer knows its own earlier write.
    assert encode_template(decode_template(encode_template(template))) == encode_template(template)


@given(TEMPLATES)
def test_what_a_newer_version_wrote_is_left_out(template: Template) -> None:
    item = {**encode_template(template), "from_the_future": {"SS": ["a"]}, "another": {"NULL": True}}

    assert decode_template(item) == template


@given(TEMPLATES)
def test_an_archived_version_is_read_as_the_template_that_it_was(template: Template) -> None:
    item = {**encode_template(template), **version_item_key(template.key, template.version)}

    assert decode_template(item) == template


@given(GAPS)
def test_a_gap_is_read_as_it_was_written(gap: Gap) -> None:
    assert decode_gap(encode_gap(gap)) == gap


@pytest.mark.parametrize(
    "written",
    [
        {"status": {"S": "hibernating"}},
        {"mis": {"S": '{"policy":"coalesce"}'}},
        {"mis": {"S": '{"grace":7}'}},
        {"mis": {"S": "[]"}},
        {"pause": {"S": '{"at":1,"missed":"later"}'}},
        {"prog": {"S": '{"expanded_until":1}'}},
        {"prog": {"S": '{"expanded_until":1,"since":1,"failure":"what"}'}},
        {"prog": {"S": "null"}},
        {"skip": {"S": '["2026-03-01"]'}},
        {"sched": {"M": {}}},
        {"expand_shard": {"S": "ab"}},
        {"retry": {"S": '{"backoff":"fibonacci"}'}},
    ],
    ids=str,
)
def test_a_value_of_a_newer_version_makes_a_template_unreadable(written: dict) -> None:
    with pytest.raises(UnreadableTemplate):
        decode_template({**encode_template(a_template()), **written})


def test_every_field_of_a_template_has_an_attribute_of_its_own() -> None:
    own = {name: attribute for name, (attribute, _) in template_codec._ATTRIBUTES.items()}
    jobs = {name: template_codec.JOB_ATTRIBUTES[name][0] for name in (one.name for one in fields(JobDefinition))}
    attributes = [*own.values(), *jobs.values()]

    assert set(own) == {field.name for field in fields(Template)} - {"tenant", "id", "job"}
    assert len(attributes) == len(set(attributes))
    assert not {schema.PK, schema.SK} & set(attributes)


def test_the_names_that_the_index_and_ttl_know_are_the_schemas() -> None:
    item = encode_template(a_template(expand_shard=7, expire_item_at=CREATED))

    assert item[schema.EXPAND_SHARD] == {"S": "07"}
    assert item[schema.EXPAND_AT] == {"N": str(epoch_ms(CREATED))}
    assert item[schema.TTL] == {"N": str(int(CREATED.timestamp()))}


def test_defaults_are_not_stored() -> None:
    item = encode_template(a_template(expand_at=None, expand_shard=None))

    assert set(item) == {"pk", "sk", "status", "v", "rev", "name", "sched", "prog", "c_at", "ch_at", "ch_by", "ch"} | {
        template_codec.JOB_ATTRIBUTES["target"][0]
    }


@pytest.mark.parametrize("attribute", ["prog", "sched", "name"])
def test_an_item_that_lacks_what_every_template_has_is_unreadable(attribute: str) -> None:
    item = encode_template(a_template())
    del item[attribute]

    with pytest.raises(UnreadableTemplate):
        decode_template(item)
