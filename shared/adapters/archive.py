"""`ports.archive` in the data bucket: `archive/tenant=<t>/day=<yyyy-mm-dd>/<hhmmss>-<digest>-<ends of ids>.jsonl.gz`.

An object's name is made of what is in it: of the time at which the last of its jobs ended, of a digest, so that the
same jobs put again take the same object's place, and of the last three characters of the id of each job in it, which
are chance in every kind of id. So a listing, which brings a thousand names, tells which objects may have a job, and
there is no index to keep beside them.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from shared.adapters.archive_lines import read_line, write_line
from shared.adapters.aws import translated_errors
from shared.model.archived_job import archived, end_of, is_final, latest
from shared.model.job import encode_id
from shared.ports.archive import Look
from shared.side_by_side import side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date

    from shared.model.job import Job, JobKey
    from shared.side_by_side import Together

SUFFIX: Final = ".jsonl.gz"
# The name of a file has at most 255 characters where somebody may copy the archive to: 7 + 17 + 3 · 64 + 9 = 225.
JOBS_PER_OBJECT: Final = 64
_MARK: Final = 3
_DIGEST_BYTES: Final = 10


@dataclass(frozen=True, slots=True)
class BucketArchive:
    """`bucket_client` makes the S3 client, when the first job is to be put or looked for. A page
    holds `page_size` objects, of which S3 lists a thousand at a time at the most."""

    bucket_client: Callable[[], Any]
    bucket: str
    page_size: int = 1_000
    together: Together = side_by_side

    def keep(self, jobs: Sequence[Job]) -> None:
        self.together(self._put, _objects(jobs))

    def look(self, key: JobKey, *, since: datetime, until: datetime, pages: int) -> Look:
        found: Job | None = None
        position, end = _position(key.tenant, since), f"{_position(key.tenant, until)}~"
        for page in range(1, pages + 1):
            with translated_errors("list archive"):
                answer = self.bucket_client().list_objects_v2(
                    Bucket=self.bucket,
                    Prefix=f"archive/tenant={key.tenant}/",
                    StartAfter=position,
                    MaxKeys=self.page_size,
                )
            names = [one["Key"] for one in answer.get("Contents", ())]
            for name in names:
                if name < end and _may_hold(name, key.job_id):
                    found = self._newest(name, key, found)
            if not answer["IsTruncated"] or names[-1] >= end or (found is not None and is_final(found)):
                return Look(found, page, None)
            position = names[-1]
        return Look(found, pages, _time_of(position))

    def _put(self, named: tuple[str, bytes]) -> None:
        name, data = named
        with translated_errors("put archive"):
            self.bucket_client().put_object(
                Bucket=self.bucket, Key=name, Body=gzip.compress(data, mtime=0), ContentType="application/gzip"
            )

    def _newest(self, name: str, key: JobKey, known: Job | None) -> Job | None:
        """The latest of `known` and of what an object says of the job."""
        with translated_errors("get archive"):
            try:
                body = self.bucket_client().get_object(Bucket=self.bucket, Key=name)["Body"].read()
            except ClientError as error:
                if error.response["Error"]["Code"] != "NoSuchKey":
                    raise
                return known  # its time was over since it was listed
        mark = f'"{key.job_id}"'
        for line in gzip.decompress(body).decode().split("\n"):
            # Most lines are another job's: only one that names this id is worth being read.
            job = read_line(line) if mark in line else None
            if job is not None and job.key == key:
                known = job if known is None else latest(known, job)
        return known


def _objects(jobs: Sequence[Job]) -> Iterator[tuple[str, bytes]]:
    """Name and lines of each object that it takes."""
    partitions: dict[tuple[str, date], list[Job]] = {}
    for job in jobs:
        partitions.setdefault((job.tenant, end_of(job).date()), []).append(job)
    for (tenant, _), filed in partitions.items():
        for start in range(0, len(filed), JOBS_PER_OBJECT):
            part = filed[start : start + JOBS_PER_OBJECT]
            data = "".join(f"{write_line(archived(job))}\n" for job in part).encode()
            digest = encode_id(hashlib.sha256(data).digest()[:_DIGEST_BYTES])
            marks = "".join(job.id[-_MARK:] for job in part)
            # The last end, so that who looks from a time on passes over no job that ended after it.
            yield f"{_position(tenant, max(map(end_of, part)))}-{digest}-{marks}{SUFFIX}", data


def _position(tenant: str, time: datetime) -> str:
    """How the names begin of a tenant's objects whose last job ended in this second."""
    return f"archive/tenant={tenant}/day={time:%Y-%m-%d/%H%M%S}"


def _time_of(name: str) -> datetime:
    """The second in which the last job of an object ended."""
    return datetime.strptime(name.partition("/day=")[2][:17], "%Y-%m-%d/%H%M%S").replace(tzinfo=UTC)


def _may_hold(name: str, job_id: str) -> bool:
    marks = name.rpartition("-")[2].removesuffix(SUFFIX)
    return job_id[-_MARK:] in (marks[start : start + _MARK] for start in range(0, len(marks), _MARK))
