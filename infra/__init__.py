"""The AWS resources of one stage, as a CDK app: `app` builds it, `settings` says how stages differ, `stack` wires and
grants, and each other file holds one construct, named for what it makes (the functions' files mirror `functions/`).

What does not live here: anything that runs in Lambda. Of `shared` only the table schema's names are imported.
"""

from infra.node import use_packaged_node

# CDK starts node when `aws_cdk` is first imported, so the one to use must be known before any module of this package.
use_packaged_node()
