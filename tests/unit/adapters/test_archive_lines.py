from __future__ import annotations

import json
import re
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from shared.adapters.archive_lines import BESIDE, COLUMNS, read_line, write_line
from shared.model.archived_job import NOT_ARCHIVED, archived
from shared.model.job import Job, Payload
from tests import strategies
from tests.jobs import a_job, after, cancel_of, claimed, failed_once

if TYPE_CHECKING:
    from collections.abc import Mapping

PAGE = (Path(__file__).parents[3] / "docs" / "archive.md").read_text()
REQUIRED = ("tenant", "id", "version", "status", "run_at", "created_at", "updated_at", "target", "executions")


def documented_columns() -> Mapping[str, str]:
    """Name to type of the columns that the page's table has."""
    return dict(re.findall(r"^  `(\w+)` ([^\n]+?),?$", PAGE, re.MULTILINE))


def schema_of(kind: str) -> dict[str, Any]:
    """The JSON schema of what Athena reads as `kind`, and nothing else."""
    if kind.startswith("array<struct<"):
        members = dict(member.split(":") for member in kind[len("array<struct<") : -2].split(","))
        return {"type": "array", "items": object_of(members)}
    if kind == "map<string,string>":
        return {"type": "object", "additionalProperties": {"type": "string"}}
    return {"type": {"string": "string", "bigint": "integer"}[kind]}


def object_of(members: Mapping[str, str], **more: Any) -> dict[str, Any]:
    properties = {name: schema_of(kind) for name, kind in members.items()}
    return {"type": "object", "properties": properties, "additionalProperties": False, **more}


# To Athena the tenant is a partition, and so cannot be a column; it is in the line for whoever reads that alone.
LINE = Draft202012Validator(object_of({"tenant": "string", **documented_columns()}, required=REQUIRED))


def test_the_page_s_table_has_the_columns_of_the_lines() -> None:
    columns = {name: column.kind for name, column in COLUMNS.items()} | BESIDE

    assert {"tenant": "string", **documented_columns()} == columns


@given(strategies.JOBS)
def test_any_job_is_a_line_of_the_documented_schema_and_comes_back_from_it(job: Job) -> None:
    kept = archived(job)

    line = write_line(kept)

    assert "\n" not in line
    LINE.validate(json.loads(line))
    assert read_line(line) == kept


def test_every_field_of_a_job_is_archived_or_it_is_said_that_it_is_not() -> None:
    assert {field.name for field in fields(Job)} == {*COLUMNS, *NOT_ARCHIVED, "tenant", "payload"}


def test_a_payload_that_is_at_hand_is_in_the_line() -> None:
    job = after(a_job(payload='{"größe":\u2028 1}'.encode()), cancel_of(a_job()))

    line = write_line(archived(job))

    assert json.loads(line)["payload"] == '{"größe":\u2028 1}'
    assert read_line(line).payload == job.payload


def test_a_payload_that_lies_elsewhere_is_named() -> None:
    job = replace(a_job(), payload=Payload(ref="payload#0123"))

    assert read_line(write_line(archived(job))).payload == Payload(ref="payload#0123")


def test_a_line_that_is_no_job_s_is_refused() -> None:
    with pytest.raises(KeyError):
        read_line("{}")


def test_a_line_of_a_newer_version_is_read_as_far_as_it_is_known() -> None:
    running = claimed()
    job = archived(after(running, failed_once(running)))
    document = json.loads(write_line(job))

    assert read_line(json.dumps({**document, "mood": "good"})) == job
