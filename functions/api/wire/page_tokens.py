"""Page tokens: where a list goes on, bound to the list that it belongs to."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from typing import Final

from functions.api.refusals import FieldError, Refused

# An id; or a sort key of jobs: milliseconds, in the list of dead letters a fingerprint, and the end of the job's id.
_POSITION: Final = re.compile(r"(\d{13}#([0-9a-z]{10}#)?)?[0-9A-Za-z_.-]{1,64}", re.ASCII)
_DIGEST_BYTES: Final = 12
_MAX_TOKEN: Final = 128


def page_token(position: str, *, list_key: str) -> str:
    """A token for the entries that follow `position` (a sort key, an id, a number) in the list that `list_key` names.

    `list_key` holds tenant, route and filters. The digest is keyed by it alone, not by a secret: whoever could forge a
    token would only name another place in a list of their own.
    """
    return base64.urlsafe_b64encode(_digest(position, list_key) + position.encode()).rstrip(b"=").decode()


def parse_page_token(token: str, *, list_key: str, shape: re.Pattern[str] = _POSITION, pointer: str = "cursor") -> str:
    """The position in a token that `page_token` made for the same list; `shape` is what its positions look like, and
    `pointer` says where the token stood.

    Raises:
        Refused: it is another list's, or not as it was handed out.
    """
    try:
        if len(token) > _MAX_TOKEN:
            raise ValueError("longer than any token")
        raw = base64.b64decode(token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
        digest, position = raw[:_DIGEST_BYTES], raw[_DIGEST_BYTES:].decode("ascii")
    except (ValueError, binascii.Error):
        raise _refusal(pointer) from None
    if not shape.fullmatch(position) or not hmac.compare_digest(digest, _digest(position, list_key)):
        raise _refusal(pointer)
    if page_token(position, list_key=list_key) != token:
        raise _refusal(pointer)
    return position


def _digest(position: str, list_key: str) -> bytes:
    key = hashlib.sha256(list_key.encode()).digest()
    return hashlib.blake2b(position.encode(), key=key, digest_size=_DIGEST_BYTES).digest()


def _refusal(pointer: str) -> Refused:
    detail = "take next_cursor as it was answered, and repeat the list's other parameters with it"
    return Refused("invalid-page-token", f"cursor: {detail}", [FieldError(pointer, "invalid-page-token", detail)])
