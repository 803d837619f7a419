"""A stack on tables that were restored beside its own, and the page that says how."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from infra.app import add_stage, new_app
from infra.settings import Function, RestoredTables, Stage, settings_of
from shared.adapters.dynamodb import schema
from tests.infra.template import StageTemplate

if TYPE_CHECKING:
    from infra.bundling import Bundles

PAGE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text().partition("## Restoring the tables")[2]
STREAM = "arn:aws:dynamodb:eu-west-1:123456789012:table/jobs-2/stream/2026-11-21T12:00:00.000"
RESTORED = RestoredTables(jobs="jobs-2", templates="templates-2", control="control-2", jobs_stream_arn=STREAM)


@pytest.fixture(scope="module")
def template(bundles: Bundles, tmp_path_factory: pytest.TempPathFactory) -> StageTemplate:
    settings = replace(settings_of(Stage.PROD, {}), restored_tables=RESTORED)
    outdir = tmp_path_factory.mktemp("cdk-restored")
    app = new_app(outdir)
    add_stage(app, settings, bundles)
    app.synth()
    return StageTemplate(settings, outdir / "punctual-prod.template.json")


def test_its_own_tables_leave_the_stack(template: StageTemplate) -> None:
    assert template.of_type("AWS::DynamoDB::Table") == {}


def test_functions_and_outputs_name_the_restored_ones(template: StageTemplate) -> None:
    named = {
        (variable, value)
        for function in Function
        for variable, value in template.environment(function).items()
        if variable.endswith("_TABLE")
    }
    outputs = {name: output["Value"] for name, output in template.body["Outputs"].items() if name.endswith("Table")}

    assert named == {("JOBS_TABLE", "jobs-2"), ("TEMPLATES_TABLE", "templates-2"), ("CONTROL_TABLE", "control-2")}
    assert outputs == {"JobsTable": "jobs-2", "TemplatesTable": "templates-2", "ControlTable": "control-2"}


def test_both_readers_of_the_stream_read_the_new_one(template: StageTemplate) -> None:
    sources = [mapping["EventSourceArn"] for mapping in template.of_type("AWS::Lambda::EventSourceMapping").values()]

    assert [source for source in sources if "dynamodb" in str(source)] == [STREAM, STREAM]
    for reader in (Function.JOURNAL, Function.POPULATOR_STREAM):
        assert template.rights(reader)["dynamodb:GetRecords"] == {STREAM}


@pytest.mark.parametrize("function", Function)
def test_rights_are_those_on_the_restored_tables(template: StageTemplate, function: Function) -> None:
    resources = {one for statement in template.statements(function) for one in statement["resources"]}

    tables = {one.partition(":table/")[2].partition("/")[0] for one in resources if ":table/" in one}
    assert tables <= {"jobs-2", "templates-2", "control-2"}


def test_the_page_stops_all_functions_and_sets_what_the_tables_have(template: StageTemplate) -> None:
    assert re.findall(r'functions="([^"]+)"', PAGE) == [" ".join(Function)]
    assert f"Enabled=true,AttributeName={schema.TTL}\n" in PAGE
    assert "StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES\n" in PAGE
    assert f"'{schema.PK} = :pk'" in PAGE
    assert {f"{name}Table" for name in ("Jobs", "Templates", "Control")} <= set(template.body["Outputs"])
    assert "restored_tables" in PAGE
