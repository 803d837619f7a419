"""The import rules in `pyproject.toml` hold, and each of them can fail."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grimp
import pytest
from importlinter.api import read_configuration
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.independence import IndependenceContract
from importlinter.contracts.layers import LayersContract
from importlinter.contracts.protected import ProtectedContract

if TYPE_CHECKING:
    from grimp import ImportGraph

CONFIGURATION = read_configuration(str(Path(__file__).parents[2] / "pyproject.toml"))
CONTRACTS = {contract["name"]: contract for contract in CONFIGURATION["contracts_options"]}
KINDS = {
    "forbidden": ForbiddenContract,
    "independence": IndependenceContract,
    "layers": LayersContract,
    "protected": ProtectedContract,
}

LAYERS = "Within shared, adapters stand on ports and ports on the model"
PURE = "Model and ports know no AWS"
SDKS = "AWS SDKs are imported by adapters, targets and what runs on a developer's machine"
ADAPTERS = "Only handlers and their wiring know adapters"
HANDLERS = "Nobody imports a handler but another part of its wiring"
APART = "Functions never import one another"
COMMON = "The common package knows none of its users"
DEPLOYED = "What runs in Lambda knows nothing of how it is deployed"
INFRA = "The infrastructure takes names, bounds and lanes from shared, and no code of the functions"
RUNNER = "Users' tasks are known to the runner alone"
SCHEDULES = "Who sends or runs a job computes no schedule"
TASKS = "Tasks know nothing of the scheduler"

WRONG = [
    ("shared.model.job", "shared.ports.clock", {LAYERS}),
    ("shared.ports.jobs", "shared.settings", {LAYERS}),
    ("shared.ports.jobs", "shared.adapters.system", {LAYERS, ADAPTERS}),
    ("shared.model.job", "botocore", {PURE, SDKS}),
    ("shared.ports.jobs", "boto3", {PURE, SDKS}),
    ("shared.model.job", "aws_lambda_powertools", {PURE}),
    ("shared.telemetry", "boto3", {SDKS}),
    ("functions.watcher.sweep", "botocore", {SDKS}),
    ("functions.executor.execute_job", "shared.adapters.system", {ADAPTERS}),
    ("functions.executor.execute_job", "functions.executor.wiring", {HANDLERS}),
    ("functions.watcher.sweep", "functions.watcher.handler", {HANDLERS}),
    ("functions.watcher.sweep", "functions.populator.queue_due_jobs", {APART}),
    ("shared.dispatch", "functions.populator.queue_due_jobs", {COMMON}),
    ("shared.dispatch", "infra.settings", {COMMON}),
    ("functions.watcher.sweep", "infra.settings", {DEPLOYED}),
    ("functions.watcher.handler", "local.settings", {DEPLOYED}),
    ("infra.tables", "shared.adapters.dynamodb.codec", {INFRA, ADAPTERS}),
    ("infra.tables", "shared.model.moves", {INFRA}),
    ("infra.watcher", "functions.watcher.sweep", {INFRA}),
    ("functions.executor.execute_job", "tasks.registry", {RUNNER}),
    ("tasks.registry", "shared.model.limits", {TASKS}),
    ("functions.executor.execute_job", "shared.model.schedule.occurrences", {SCHEDULES}),
]


@pytest.fixture(scope="module")
def graph() -> ImportGraph:
    return grimp.build_graph(
        *CONFIGURATION["session_options"]["root_packages"], include_external_packages=True, cache_dir=None
    )


def is_kept(contract: dict[str, Any], graph: ImportGraph) -> bool:
    kind = KINDS[contract["type"]]
    check = kind(contract["name"], CONFIGURATION["session_options"], contract).check(graph, verbose=False)
    return bool(check.kept)


@pytest.mark.parametrize("name", CONTRACTS)
def test_a_rule_holds(graph: ImportGraph, name: str) -> None:
    assert is_kept(CONTRACTS[name], copy.deepcopy(graph))


@pytest.mark.parametrize(("importer", "imported", "broken"), WRONG, ids=lambda value: value if "." in value else None)
def test_a_wrong_import_breaks_the_rules_that_it_is_against(
    graph: ImportGraph, importer: str, imported: str, broken: set[str]
) -> None:
    assert {importer, imported} <= graph.modules
    spoilt = copy.deepcopy(graph)
    spoilt.add_import(importer=importer, imported=imported)

    kept = {name for name, contract in CONTRACTS.items() if is_kept(contract, copy.deepcopy(spoilt))}

    assert broken <= set(CONTRACTS) - kept


def test_every_rule_has_an_import_that_breaks_it() -> None:
    assert set().union(*(broken for _, _, broken in WRONG)) == set(CONTRACTS)


def test_a_new_part_of_the_common_package_must_find_its_layer(graph: ImportGraph) -> None:
    spoilt = copy.deepcopy(graph)
    spoilt.add_module("shared.odds_and_ends")

    assert not is_kept(CONTRACTS[LAYERS], spoilt)
