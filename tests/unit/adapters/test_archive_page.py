"""The table that `docs/archive.md` makes of the archive finds the objects where they are put."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from shared.adapters.archive import BucketArchive
from shared.model import moves
from shared.model.execution import Output
from tests.jobs import RETENTION, a_job, after, at, claimed

PAGE = (Path(__file__).parents[3] / "docs" / "archive.md").read_text()
PROPERTIES = dict(re.findall(r"^  '([\w.]+)' = '([^\n]+)'", PAGE, re.MULTILINE))


class Bucket:
    def __init__(self) -> None:
        self.names: list[str] = []

    def put_object(self, **put: Any) -> None:
        self.names.append(put["Key"])


def test_each_object_lies_in_the_partition_of_its_tenant_and_day() -> None:
    bucket = Bucket()
    running = [claimed(a_job(tenant=tenant)) for tenant in ("acme", "a-b-c")]
    ended = [after(one, moves.succeed(one, output=Output("", 0), now=at(1), retention=RETENTION)) for one in running]

    BucketArchive(lambda: bucket, "bucket").keep(ended)

    location = PROPERTIES["storage.location.template"].removeprefix("s3://<DataBucket>/")
    folders = {location.replace("${tenant}", one.tenant).replace("${day}", f"{at(1):%Y-%m-%d}") for one in ended}
    assert {name[: name.rindex("/") + 1] for name in bucket.names} == folders


def test_what_the_table_is_partitioned_by_is_computed() -> None:
    (partitions,) = re.findall(r"^PARTITIONED BY \(([^\n]+)\)$", PAGE, re.MULTILINE)

    names = re.findall(r"`(\w+)` string", partitions)

    assert names == re.findall(r"\$\{(\w+)\}", PROPERTIES["storage.location.template"])
    assert {name: PROPERTIES[f"projection.{name}.type"] for name in names} == {"tenant": "injected", "day": "date"}
    assert PROPERTIES["projection.day.format"] == "yyyy-MM-dd"
