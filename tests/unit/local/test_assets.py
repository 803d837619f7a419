from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from local.assets import Asset, assets_of

if TYPE_CHECKING:
    from pathlib import Path


def write_manifest(folder: Path, packaging: str) -> None:
    asset = {
        "source": {"path": "asset.1.zip", "packaging": packaging},
        "destinations": {
            "here": {"bucketName": "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}", "objectKey": "1.zip"}
        },
    }
    (folder / "punctual-local.assets.json").write_text(json.dumps({"files": {"1": asset}}))


def test_an_asset_goes_to_the_bucket_of_account_and_region(tmp_path: Path) -> None:
    write_manifest(tmp_path, "file")

    assert assets_of(tmp_path, "punctual-local") == [
        Asset(tmp_path / "asset.1.zip", "cdk-hnb659fds-assets-123456789012-us-east-1", "1.zip")
    ]


def test_a_folder_is_refused_instead_of_uploaded_wrongly(tmp_path: Path) -> None:
    write_manifest(tmp_path, "zip")

    with pytest.raises(ValueError, match=r"asset\.1\.zip"):
        assets_of(tmp_path, "punctual-local")
