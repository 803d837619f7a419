"""What a response means: success, or a failure that another attempt may or may not mend."""

from __future__ import annotations

import email.utils
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from functions.executor.targets.protocol import Answer
from shared.model import limits
from shared.model.execution import Failure

if TYPE_CHECKING:
    from datetime import datetime

    from functions.executor.targets.http_exchange import Response

# The receiver asks for patience (RFC 9110 §15.5.9, RFC 8470 §5.2, RFC 6585 §4), or failed itself. It will be no wiser
# about a method or a version that it does not know (501, 505) in a minute.
_RETRYABLE: Final = frozenset({408, 425, 429})
_NOT_RETRYABLE: Final = frozenset({501, 505})
_LOCATION_HOST: Final = re.compile(
    r"(?:https?:)?//(?:[^/?#@\\]*@)?([A-Za-z0-9.:\[\]-]{1,100})(?=[/?#]|$)", re.IGNORECASE
)


def answer_of(response: Response, host: str, now: datetime) -> Answer:
    """The answer of a target that responded. The failure's text names hosts, never paths, queries or headers: they may
    hold secrets."""
    output, status = bytes(response.body), response.status
    if 200 <= status < 300:
        return Answer(output)
    if 300 <= status < 400:
        return Answer(output, Failure(f"http_{status}", _redirect(response, host), retryable=False))
    if not 400 <= status < 600:
        return Answer(output, Failure("response_invalid", f"{host} answered with the status {status}"))
    failure = Failure(
        f"http_{status}",
        f"{host} answered {status} {_phrase(status)}".rstrip(),
        retryable=status in _RETRYABLE or (status >= 500 and status not in _NOT_RETRYABLE),
        retry_after_seconds=retry_after_seconds(response.headers.get("Retry-After"), now),
    )
    return Answer(output, failure)


def retry_after_seconds(text: str | None, now: datetime) -> float | None:
    """Seconds from `now` that a Retry-After header asks for (RFC 9110 §10.2.3): a number, or a date. None when there
    is none, or none that can be read."""
    if text is None:
        return None
    text = text.strip()
    if re.fullmatch(r"[0-9]+", text, re.ASCII):
        return float(min(int(text[:10]), limits.MAX_RETRY_AFTER_SECONDS))
    try:
        time = email.utils.parsedate_to_datetime(text)
        seconds = (time - now).total_seconds()
    except (ValueError, TypeError, OverflowError):
        # A TypeError: a date without a zone cannot be compared with an aware one.
        return None
    return min(max(seconds, 0.0), float(limits.MAX_RETRY_AFTER_SECONDS))


def _redirect(response: Response, host: str) -> str:
    location = str(response.headers.get("Location") or "")
    match = _LOCATION_HOST.match(location)
    elsewhere = "another path of the same host" if location else "nowhere"
    where = match[1].lower() if match else elsewhere
    return f"{host} redirects to {where} ({response.status}); redirects are not followed"


def _phrase(status: int) -> str:
    """The status's name by the standard; the receiver's own text could be anything."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
