"""The gates that a template passes, and that each of them can also be shut: a check that cannot fail proves nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs

from infra.app import add_stage, new_app
from infra.nag import check_with_nag
from infra.settings import settings_of
from tests.infra.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from infra.bundling import Bundles
    from tests.infra.template import StageTemplate


def cfn_lint(template: Path) -> str:
    """What cfn-lint finds, with the exceptions that are written down; nothing when the template is clean."""
    program = "import sys; from cfnlint.runner import main; sys.exit(main())"
    options = ["--config-file", str(ROOT / "infra/cfnlint.yaml"), "--template", str(template)]
    done = subprocess.run([sys.executable, "-c", program, *options], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_cfn_lint_finds_nothing(template: StageTemplate) -> None:
    assert cfn_lint(template.path) == ""


def test_cfn_lint_finds_what_is_wrong(tmp_path: Path) -> None:
    bad = {"Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": "soon"}}}}
    (tmp_path / "bad.json").write_text(json.dumps(bad))

    assert "E3012" in cfn_lint(tmp_path / "bad.json")


def test_every_exception_from_cdk_nag_has_its_reason(template: StageTemplate) -> None:
    # Had it found more than what is acknowledged, there would be no template.
    (report,) = json.loads((template.path.parent / "validation-report.json").read_text())["pluginReports"]

    assert (report["pluginName"], report["conclusion"], report["violations"]) == ("AwsSolutions", "success", [])
    assert report["suppressedViolations"]
    for exception in report["suppressedViolations"]:
        assert len(exception["reason"]) > 30


def test_cdk_nag_stops_the_synthesis_of_a_bad_stack(tmp_path: Path) -> None:
    app = new_app(tmp_path)
    sqs.Queue(Stack(app, "bad"), "without-tls")
    check_with_nag(app)

    with pytest.raises(RuntimeError, match="AwsSolutions-SQS4"):
        app.synth()


def test_cdk_nag_stops_a_wildcard_that_has_no_reason(bundles: Bundles, tmp_path: Path) -> None:
    app = new_app(tmp_path)
    stack = add_stage(app, settings_of("dev", {}), bundles)
    stack.watcher.allow("s3:GetObject", on=[stack.data.outputs])

    with pytest.raises(RuntimeError, match=r"AwsSolutions-IAM5\[Resource::.*/outputs/\*"):
        app.synth()


def test_cdk_nag_stops_a_wildcard_of_actions_whatever_reason_is_given(bundles: Bundles, tmp_path: Path) -> None:
    app = new_app(tmp_path)
    stack = add_stage(app, settings_of("dev", {}), bundles)
    stack.watcher.allow("s3:*", on=[stack.data.outputs], wildcard_because="It is convenient.")

    with pytest.raises(RuntimeError, match=r"AwsSolutions-IAM5\[Action::s3:\*"):
        app.synth()


def test_cdk_nag_stops_a_managed_policy(bundles: Bundles, tmp_path: Path) -> None:
    app = new_app(tmp_path)
    stack = add_stage(app, settings_of("dev", {}), bundles)
    stack.runner.role.add_managed_policy(iam.ManagedPolicy.from_aws_managed_policy_name("AmazonSQSFullAccess"))

    with pytest.raises(RuntimeError, match="AwsSolutions-IAM4"):
        app.synth()
