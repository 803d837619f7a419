"""The assets of a cloud assembly, uploaded to where its template looks for them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.settings import ACCOUNT, REGION

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of the assembly, and where it belongs."""

    path: Path
    bucket: str
    key: str


def assets_of(assembly: Path, stack: str) -> list[Asset]:
    """Every asset of a stack, the template itself included.

    Raises:
        ValueError: one is a folder that would have to be zipped; our bundles are zips already.
    """
    manifest = json.loads((assembly / f"{stack}.assets.json").read_text())
    found = []
    for asset in manifest["files"].values():
        if asset["source"]["packaging"] != "file":
            raise ValueError(f"the asset {asset['source']['path']} is not a file")
        for destination in asset["destinations"].values():
            bucket = _filled_in(destination["bucketName"])
            found.append(Asset(assembly / asset["source"]["path"], bucket, destination["objectKey"]))
    return found


def upload(assets: list[Asset], s3: Any) -> None:
    """Bring what is not there yet. Keys name their content, so what is there is right."""
    for bucket in {asset.bucket for asset in assets}:
        # Creating one's own bucket again does nothing in this region.
        s3.create_bucket(Bucket=bucket)
        there = {entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket).get("Contents", ())}
        for asset in assets:
            if asset.bucket == bucket and asset.key not in there:
                s3.put_object(Bucket=bucket, Key=asset.key, Body=asset.path.read_bytes())


def _filled_in(text: str) -> str:
    values = {"AWS::AccountId": ACCOUNT, "AWS::Region": REGION, "AWS::Partition": "aws"}
    for name, value in values.items():
        text = text.replace(f"${{{name}}}", value)
    return text
