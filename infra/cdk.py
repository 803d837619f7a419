"""`python -m infra.cdk <arguments>` is CDK's command line, on the node that a Python package brings.

It is fetched by npm when it is first used. Only deploying, comparing and removing need it; synthesis does not.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Final

from infra.node import packaged_node

# npm's tag `latest` is an older line, which cannot read what this CDK library writes.
_COMMAND_LINE: Final = "aws-cdk@^2.1148"


def main(arguments: list[str]) -> int:
    """Run CDK's command line; returns its exit code."""
    node = packaged_node()
    npx = node.parent.parent / "lib/node_modules/npm/bin/npx-cli.js"
    # CDK's script begins with `env node`, which must find the same one.
    environment = {**os.environ, "PATH": os.pathsep.join((str(node.parent), os.environ.get("PATH", "")))}
    command = [str(node), str(npx), "--yes", _COMMAND_LINE, *arguments]
    return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
