"""Numbers that look random and are always the same."""

from __future__ import annotations

import hashlib


def stable_number(seed: str, purpose: str, below: int) -> int:
    """A number in [0, below), the same for the same seed and purpose in every process and release."""
    digest = hashlib.blake2b(f"{seed}\0{purpose}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % below
