"""Each stage's template, synthesized once for all tests; with an empty layer, so that no wheel is fetched."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from infra.app import add_stage, new_app
from infra.bundling import bundle
from infra.settings import Dependencies, Function, Stage, settings_of
from tests.infra.template import StageTemplate

if TYPE_CHECKING:
    from infra.bundling import Bundles

ROOT = Path(__file__).parents[2]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.infra)


@pytest.fixture(scope="session")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Bundles:
    return bundle(ROOT, tmp_path_factory.mktemp("build"), Dependencies.HOST)


@pytest.fixture(scope="session", params=list(Stage), ids=str)
def template(
    request: pytest.FixtureRequest, bundles: Bundles, tmp_path_factory: pytest.TempPathFactory
) -> StageTemplate:
    """Each test that asks for it runs once for every stage."""
    settings = settings_of(request.param, {})
    outdir = tmp_path_factory.mktemp(f"cdk-{settings.stage}")
    app = new_app(outdir)
    add_stage(app, settings, bundles)
    app.synth()
    return StageTemplate(settings, outdir / f"punctual-{settings.stage}.template.json")


@pytest.fixture(params=list(Function), ids=str)
def function(request: pytest.FixtureRequest) -> Function:
    """Each test that asks for it runs once for every function."""
    name: Function = request.param
    return name
