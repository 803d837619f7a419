"""`ports.outputs` in the data bucket."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from shared.adapters.aws import translated_errors
from shared.model import limits
from shared.model.execution import Output

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.model.job import Job


@dataclass(frozen=True, slots=True)
class BucketOutputs:
    """`bucket_client` makes the S3 client, when the first long output comes."""

    bucket_client: Callable[[], Any]
    bucket: str

    def keep(self, job: Job, output: bytes, *, inline_bytes: int = limits.LAST_OUTPUT_BYTES) -> Output:
        beginning = Output.beginning_of(output)
        if len(output) <= inline_bytes:
            return beginning
        # The fence makes the name this attempt's own: a zombie cannot overwrite what its successor put.
        ref = f"outputs/{job.tenant}/{job.id}/{job.fence}"
        with translated_errors("put output"):
            self.bucket_client().put_object(Bucket=self.bucket, Key=ref, Body=output, ContentType="text/plain")
        return replace(beginning, ref=ref)

    def read(self, output: Output) -> bytes:
        if output.ref is None:
            return output.text.encode()
        with translated_errors("get output"):
            body: bytes = self.bucket_client().get_object(Bucket=self.bucket, Key=output.ref)["Body"].read()
        return body
