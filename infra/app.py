"""`python -m infra.app` synthesizes one stage into `cdk.out/`, without Docker and without the CDK's command line.

The stage comes from the CDK context (`-c stage=dev`), else from the variable `STAGE`, else it is dev.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Final

from aws_cdk import App

from infra.bundling import Bundles, bundle
from infra.nag import check_with_nag
from infra.settings import Settings, settings_of
from infra.stack import PunctualStack

_ROOT: Final = Path(__file__).parent.parent

# Said here and not in cdk.json, which only CDK's command line reads: both ways must give the same template.
_FEATURES: Final = {
    "@aws-cdk/aws-iam:minimizePolicies": True,  # statements that differ in one thing become one
    "@aws-cdk/core:enablePartitionLiterals": True,
    "@aws-cdk/core:target-partitions": ["aws"],
}


def new_app(outdir: Path) -> App:
    """An app that writes into `outdir`. No analytics: they would add a resource to the template."""
    return App(outdir=str(outdir), context=_FEATURES, analytics_reporting=False, tree_metadata=False)


def add_stage(app: App, settings: Settings, bundles: Bundles) -> PunctualStack:
    """Give `app` the stack of one stage, checked with cdk-nag when it is synthesized."""
    stack = PunctualStack(app, settings=settings, bundles=bundles)
    check_with_nag(app)
    return stack


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    # CDK's command line names its own folder.
    outdir = Path(os.environ.get("CDK_OUTDIR", _ROOT / "cdk.out"))
    app = new_app(outdir)
    stage = app.node.try_get_context("stage") or os.environ.get("STAGE") or "dev"
    settings = settings_of(stage, os.environ)
    stack = add_stage(app, settings, bundle(_ROOT, _ROOT / "build", settings.dependencies))
    app.synth()
    logging.getLogger(__name__).info("%s is in %s", stack.stack_name, outdir)


if __name__ == "__main__":
    main()
