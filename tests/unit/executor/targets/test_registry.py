from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from functions.executor.targets.registry import TargetSettings, targets
from shared.adapters.memory.versioned import MemoryVersionedStore
from shared.settings import from_environment
from tests.calls import ACCOUNT, REGION

if TYPE_CHECKING:
    from shared.model.channel import Channel
    from shared.ports.versioned import VersionedStore

ENVIRONMENT = {
    "RUNNER_FUNCTION": "punctual-dev-runner",
    "COMMAND_TARGET": "disabled",
    "SIGNING_SECRET_PREFIX": "/punctual/dev/signing/",
    "ALLOWED_TARGET_HOSTS": "",
    "ALLOWED_TARGET_ARNS": f"arn:aws:sqs:{REGION}:{ACCOUNT}:a*, arn:aws:sns:{REGION}:{ACCOUNT}:b",
    "ACCOUNT_ID": ACCOUNT,
    "AWS_REGION": REGION,
}
KINDS = ("http", "lambda", "sqs", "sns", "eventbridge", "step_functions", "task", "command", "channel", "email")


def no_channels() -> VersionedStore[Channel]:
    return MemoryVersionedStore("channel")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_one_target(kind: str) -> None:
    target_of = targets(from_environment(TargetSettings, ENVIRONMENT), no_channels)

    assert target_of(kind) is not None
    assert target_of(kind) is target_of(kind)


def test_a_kind_of_a_later_version_has_none() -> None:
    assert targets(from_environment(TargetSettings, ENVIRONMENT), no_channels)("carrier-pigeon") is None


def test_settings_become_rules() -> None:
    rules = from_environment(TargetSettings, ENVIRONMENT).rules()

    assert rules.allowed_arns == (f"arn:aws:sqs:{REGION}:{ACCOUNT}:a*", f"arn:aws:sns:{REGION}:{ACCOUNT}:b")
    assert (rules.account, rules.region, rules.endpoint, rules.command_enabled) == (ACCOUNT, REGION, "", False)


def test_no_target_is_imported_before_a_job_of_its_kind_comes() -> None:
    program = (
        "import sys; from functions.executor.targets.registry import targets\n"
        "loaded = {name.rpartition('.')[2] for name in sys.modules if name.startswith('functions.executor.targets.')}\n"
        "assert loaded <= {'registry', 'protocol'}, loaded\n"
        "assert not {'pydantic', 'requests', 'boto3', 'ssl', 'botocore'} & set(sys.modules)"
    )

    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
