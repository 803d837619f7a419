"""The machine's clock, sleep and randomness."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime

from shared.model.job import encode_id, epoch_ms, from_epoch_ms
from shared.model.minted_id import RANDOM_BYTES, minted_id

# A private generator would have to be seeded once per sandbox, and Lambda may restore one snapshot many times.
_UNIT = 1 / (1 << 53)


class SystemClock:
    """`ports.clock.Clock` on the machine's clock."""

    def now(self) -> datetime:
        return from_epoch_ms(epoch_ms(datetime.now(UTC)))

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            time.sleep(seconds)


class SystemIds:
    """`ports.clock.Ids` from the operating system's randomness."""

    def job_id(self, now: datetime) -> str:
        return minted_id(now, secrets.token_bytes(RANDOM_BYTES))

    def claim_id(self) -> str:
        # It is the secret part of a lease token as well.
        return encode_id(secrets.token_bytes(16))

    def chance(self) -> float:
        return secrets.randbits(53) * _UNIT
