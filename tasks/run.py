"""What a task may ask of its own run: the checkpoint that an earlier attempt left, to leave one, whether to go on.

    from tasks import run

    done = run.checkpoint() or 0
    for page in range(done, pages):
        import_page(page)
        run.save_checkpoint(page + 1)

It talks to the scheduler's API with the token of the attempt's lease, which a run finds in its environment as
`PUNCTUAL_LEASE_TOKEN`, beside `PUNCTUAL_API_URL` and, if there is a checkpoint, `PUNCTUAL_CHECKPOINT_FILE`.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from urllib.error import HTTPError

_TRIES: Final = 4
_TIMEOUT_SECONDS: Final = 10
_CONFLICT: Final = 409
# Of that status, too, is one that is not about the lease: another report was written at the same time.
_LEASE_LOST: Final = '"/problems/lease-lost"'
_BEGINNING_BYTES: Final = 300
_TOO_MANY: Final = 429


class LeaseLost(Exception):
    """The attempt has ended, or another one has begun: nothing that it does counts any more."""


class ReportFailed(Exception):
    """The API refused a report, or could not be reached in several tries."""


class Lease(NamedTuple):
    """What stands for the attempt where it is reported on. The token is a secret."""

    token: str
    api_url: str


def lease() -> Lease:
    """For whoever goes on with the work: of a job with `completion: callback` the task only begins it.

    Raises:
        RuntimeError: this is no run of the scheduler's, or of one that hands over no token.
    """
    try:
        return Lease(os.environ["PUNCTUAL_LEASE_TOKEN"], os.environ["PUNCTUAL_API_URL"])
    except KeyError as missing:
        raise RuntimeError(f"there is no {missing} in the environment") from None


def checkpoint() -> Any:
    """What an earlier attempt of this job left last; None when none has left anything."""
    file = os.environ.get("PUNCTUAL_CHECKPOINT_FILE")
    return None if file is None else json.loads(Path(file).read_bytes())


def save_checkpoint(value: Any) -> None:
    """Leave `value`, which JSON can hold, for the next attempt; it takes the place of the former one. At most 200 KB.

    Raises:
        LeaseLost: another attempt may have begun.
        ReportFailed: it was not kept, as far as is known.
    """
    _report("checkpoint", {"checkpoint": value})


def cancel_requested() -> bool:
    """Whether the job is to be cancelled, so that the task had better end.

    Raises:
        LeaseLost, ReportFailed: as of `save_checkpoint`.
    """
    return bool(_report("heartbeat", {})["cancel_requested"])


def _report(what: str, body: dict[str, Any]) -> dict[str, Any]:
    # Slow to import, and few runs report anything.
    import http.client  # noqa: PLC0415
    import urllib.error  # noqa: PLC0415
    import urllib.request  # noqa: PLC0415

    holder = lease()
    request = urllib.request.Request(
        f"{holder.api_url}/v1/executions/{holder.token}/{what}",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
        method="POST",
    )
    fault = ""
    for number in range(_TRIES):
        time.sleep(number**2)
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:
                said: dict[str, Any] = json.load(answer)
                return said
        except urllib.error.HTTPError as error:
            fault = f"{error.code} {_beginning(error)}"
            if error.code == _CONFLICT and _LEASE_LOST in fault:
                raise LeaseLost(fault) from None
            if error.code < 500 and error.code not in (_CONFLICT, _TOO_MANY):
                break
        except (OSError, http.client.HTTPException, ValueError) as error:
            # No answer, or none that is whole. Its text may hold the path, and so the token.
            fault = type(error).__name__
    raise ReportFailed(f"{what}: {fault}")


def _beginning(refusal: HTTPError) -> str:
    """Of what the API says with a refusal; empty where that breaks off."""
    import http.client  # noqa: PLC0415

    try:
        with refusal:
            return refusal.read(_BEGINNING_BYTES).decode(errors="replace")
    except (OSError, http.client.HTTPException):
        return ""
