"""What is deployed: which files, which wheels, and the same zip from the same input."""

from __future__ import annotations

import sys
import zipfile
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import pytest

from infra import bytecode, layer
from infra.bundling import bundle
from infra.lock import NotLocked, locked_requirements
from infra.settings import Dependencies
from infra.targets import target_rights
from tests.infra.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from infra.bundling import Bundle, Bundles

RUNTIME = {
    *("annotated-types", "aws-lambda-powertools", "boto3", "botocore", "jmespath", "pydantic", "pydantic-core"),
    *("holidays", "icalendar", "python-dateutil", "s3transfer", "six", "tzdata"),
    *("typing-extensions", "typing-inspection", "urllib3"),
}


def files(made: Bundle) -> set[PurePosixPath]:
    with zipfile.ZipFile(made.path) as archive:
        return {PurePosixPath(name) for name in archive.namelist()}


def a_tree(root: Path) -> Path:
    """A work tree with all that is looked for in one."""
    for name in ("shared/a.py", "functions/__init__.py", "functions/api/b.py", "functions/runner/c.py", "tasks/d.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"NAME = '{name}'\n")
    return root


def test_functions_are_deployed_without_the_runner_and_its_tasks(bundles: Bundles) -> None:
    deployed = files(bundles.functions)

    assert PurePosixPath("shared/settings.py") in deployed
    assert PurePosixPath("functions/populator/handler.py") in deployed
    assert not [path for path in deployed if path.parts[:2] == ("functions", "runner") or path.parts[0] == "tasks"]


def test_runner_is_deployed_with_the_tasks_and_nothing_of_the_scheduler(bundles: Bundles) -> None:
    deployed = files(bundles.runner)

    assert PurePosixPath("tasks/registry.py") in deployed
    assert {path.parts[0] for path in deployed} == {"functions", "tasks"}
    others = {path for path in deployed if path.parts[0] == "functions" and path.parts[1] != "runner"}
    assert others == {PurePosixPath("functions/__init__.py")}


def test_the_emulators_layer_is_empty(bundles: Bundles) -> None:
    assert files(bundles.layer) == {PurePosixPath("python/README")}


def test_the_same_files_make_the_same_zips_wherever_they_lie(tmp_path: Path) -> None:
    # A hidden folder above the work tree is none of its hidden files.
    one, other = a_tree(tmp_path / "one"), a_tree(tmp_path / ".hidden/other")
    (other / "shared/__pycache__").mkdir()
    (other / "shared/__pycache__/a.pyc").write_bytes(b"left over")
    (other / "shared/.DS_Store").write_bytes(b"hidden")

    first = bundle(one, tmp_path / "first", Dependencies.HOST)
    second = bundle(other, tmp_path / "second", Dependencies.HOST)

    for left, right in zip(
        (first.functions, first.runner, first.layer), (second.functions, second.runner, second.layer), strict=True
    ):
        assert left.digest == right.digest
        assert left.path.read_bytes() == right.path.read_bytes()


def test_a_changed_file_makes_another_zip_of_its_own_bundle_only(tmp_path: Path) -> None:
    tree = a_tree(tmp_path / "tree")
    before = bundle(tree, tmp_path / "build", Dependencies.HOST)
    (tree / "functions/api/b.py").write_text("NAME = 'another'\n")

    after = bundle(tree, tmp_path / "build", Dependencies.HOST)

    assert after.functions.digest != before.functions.digest
    assert after.runner == before.runner


def test_the_layer_holds_what_functions_import_and_each_of_it_locked() -> None:
    requirements = locked_requirements(ROOT / "pyproject.toml", ROOT / "requirements.lock")
    entries = [line for line in requirements.splitlines() if "==" in line]

    assert {entry.partition("==")[0] for entry in entries} == RUNTIME
    for entry in requirements.split("\n\n"):
        assert "--hash=sha256:" in entry
    assert requirements.count("--hash=sha256:") >= 2 * len(entries)


def test_a_dependency_that_is_not_locked_is_told(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\ndependencies = ["boto3", "six"]\n')
    (tmp_path / "requirements.lock").write_text("boto3==1.0 \\\n    --hash=sha256:0\n")

    with pytest.raises(NotLocked, match="no botocore, jmespath, python-dateutil, s3transfer, six, urllib3"):
        locked_requirements(tmp_path / "pyproject.toml", tmp_path / "requirements.lock")


def test_dependencies_of_other_platforms_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        """[project]\ndependencies = ["six", "boto3; sys_platform == 'win32'"]\n"""
    )
    (tmp_path / "requirements.lock").write_text("six==1.17.0 \\\n    --hash=sha256:0\n    # via nobody\n")

    requirements = locked_requirements(tmp_path / "pyproject.toml", tmp_path / "requirements.lock")

    assert requirements == "six==1.17.0 \\\n    --hash=sha256:0\n"


def test_pruning_keeps_the_services_that_functions_call(tmp_path: Path) -> None:
    for service in ("dynamodb", "ec2", "sqs"):
        (tmp_path / "botocore/data" / service).mkdir(parents=True)
        (tmp_path / "botocore/data" / service / "service-2.json.gz").write_bytes(b"")
    (tmp_path / "botocore/data/endpoints.json").write_text("{}")
    (tmp_path / "bin").mkdir()
    (tmp_path / "icalendar/tests").mkdir(parents=True)

    layer.prune(tmp_path)

    assert sorted(path.name for path in (tmp_path / "botocore/data").iterdir()) == ["dynamodb", "endpoints.json", "sqs"]
    assert not (tmp_path / "bin").exists()
    assert not (tmp_path / "icalendar/tests").exists()


def test_bytecode_is_used_without_a_look_at_its_source(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text("VALUE = 1\n")

    bytecode.add_bytecode(sys.executable, tmp_path, shown_as="/var/task")

    (compiled,) = (tmp_path / "__pycache__").iterdir()
    flags = int.from_bytes(compiled.read_bytes()[4:8], "little")
    assert flags == 0b01  # made from a hash, which is not checked
    assert b"/var/task/module.py" in compiled.read_bytes()


def test_a_launcher_without_its_python_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    launcher = tmp_path / "python3.13"
    launcher.write_text("#!/bin/sh\necho 'python3.13: command not found' >&2\nexit 127\n")
    launcher.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(launcher))
    bytecode.find_python.cache_clear()

    assert bytecode.find_python() is None

    bytecode.find_python.cache_clear()


@pytest.mark.parametrize(
    "pattern",
    [
        "*",
        "arn:aws:dynamodb:eu-west-1:123456789012:table/jobs",
        "arn:aws:lambda:eu-west-1:123456789012:*",
        "arn:aws:lambda:eu-west-1",
        "function:demo-*",
    ],
)
def test_a_pattern_that_opens_more_than_targets_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="is not a pattern of a target"):
        target_rights([pattern])


def test_patterns_become_the_one_right_of_their_service() -> None:
    rights = target_rights(["arn:aws:sqs:eu-west-1:123456789012:orders", "arn:aws:sqs:eu-west-1:123456789012:bills"])

    assert rights == {
        "sqs:SendMessage": [
            "arn:aws:sqs:eu-west-1:123456789012:orders",
            "arn:aws:sqs:eu-west-1:123456789012:bills",
        ]
    }
