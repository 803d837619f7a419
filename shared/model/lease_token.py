"""What proves, without an API key, that somebody does the work of one attempt: the token that its target was handed."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from shared.model.job import JobKey, encode_id
from shared.model.lifecycle import Status

if TYPE_CHECKING:
    from shared.model.job import Job

# The first letters mark a token as one, for whoever looks for secrets in a log.
PREFIX: Final = "pxt1"
_RECEIPT_BYTES: Final = 8
_TOKEN: Final = re.compile(rf"{PREFIX}\.([a-z0-9-]{{1,40}})\.([0-9a-z]{{1,64}})\.([0-9]{{1,18}})\.([0-9a-z-]{{1,64}})")


@dataclass(frozen=True, slots=True)
class LeaseToken:
    """It names the job and the attempt by its fence. What nobody can guess is the id of the claim, which is random, is
    stored in the job while the attempt lasts, and goes with it: what stays is a digest of it, the receipt."""

    key: JobKey
    fence: int
    claim_id: str = field(repr=False)

    @classmethod
    def of(cls, job: Job) -> LeaseToken | None:
        """The token of the attempt that holds `job`; None when none does."""
        return None if job.claim_id is None else cls(job.key, job.fence, job.claim_id)

    @classmethod
    def parse(cls, text: str) -> LeaseToken | None:
        """The token that `text` is; None when it is not of the form."""
        match = _TOKEN.fullmatch(text)
        return None if match is None else cls(JobKey(match[1], match[2]), int(match[3]), match[4])

    def text(self) -> str:
        """The token as it is handed out. A secret: it goes into no log."""
        return ".".join((PREFIX, *self.key, str(self.fence), self.claim_id))

    def holds(self, job: Job) -> bool:
        """Whether the attempt that the token was made for still holds `job`. The comparison takes as long for a claim
        that is nearly right as for any other."""
        claim_id = job.claim_id or ""
        is_claim = hmac.compare_digest(claim_id.encode(), self.claim_id.encode())
        return is_claim and job.status is Status.RUNNING and job.fence == self.fence

    @property
    def receipt(self) -> str:
        """What the attempt's execution keeps of the token: whoever finds it there cannot make a token of it."""
        return encode_id(hashlib.sha256(self.claim_id.encode()).digest()[:_RECEIPT_BYTES])
