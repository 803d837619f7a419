"""From a request's body to what the model asks for: bounds that depend on the time, and the rules for targets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from functions.api.models.completion import completion_of
from functions.api.models.faults import validated
from functions.api.models.jobs import NewJob
from functions.api.models.retries import retry_policy
from functions.api.models.targets import as_stored
from functions.api.refusals import TooLarge, invalid_field
from functions.api.wire.json_text import compact, pointer_to
from shared.model import limits
from shared.model.errors import InvalidField
from shared.model.hidden import HIDDEN, is_secret
from shared.model.job import Delivery, JobSpec
from shared.model.lanes import Priority

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from functions.api.models.fields import Shape
    from functions.api.models.jobs import When


@dataclass(frozen=True, slots=True)
class SpecReader:
    """`check_target` raises `InvalidField` for a target that may not be called."""

    check_target: Callable[[Mapping[str, Any]], None]

    def new(self, body: Any, *, now: datetime, correlation_id: str | None, pointer: str = "") -> JobSpec:
        """What a create asks for; `pointer` says where in the request it stands.

        Raises:
            Refused: it is not of the shape, or not within the bounds.
            InvalidField: its target may not be called.
        """
        asked = validated(NewJob, body, pointer)
        delivery = Delivery(asked.delivery or Delivery.AT_LEAST_ONCE)
        optional: dict[str, Any] = {
            "name": asked.name,
            "tags": asked.tags,
            "priority": None if asked.priority is None else Priority(asked.priority),
            "timeout_seconds": asked.timeout,
            "heartbeat_timeout_seconds": asked.heartbeat_timeout,
            "expires_after_seconds": asked.expires_after,
            "group": asked.group,
            "correlation_id": asked.correlation_id or correlation_id,
        }
        return JobSpec(
            target=self.target(asked.target, pointer),
            run_at=moment(asked, now, pointer),
            payload=payload_text(asked.payload, pointer),
            retry=retry_policy(asked.retry, delivery, pointer),
            delivery=delivery,
            completion=completion_of(asked, pointer),
            **{name: value for name, value in optional.items() if value is not None},
        )

    def target(self, target: Shape, pointer: str = "") -> dict[str, Any]:
        """The target as it is stored, once it has been found permissible."""
        stored = unmasked(target, pointer)
        self.permit(stored, pointer)
        return stored

    def permit(self, target: Mapping[str, Any], pointer: str = "") -> None:
        """
        Raises:
            InvalidField: the target may not be called.
        """
        try:
            self.check_target(target)
        except InvalidField as error:
            raise InvalidField(pointer + error.pointer, error.detail, slug=error.slug) from None


def unmasked(target: Shape, pointer: str = "") -> dict[str, Any]:
    """The target as it is stored.

    Raises:
        Refused: a header's value is the mask behind which answers hide it.
    """
    stored = as_stored(target)
    for name, value in stored.get("headers", {}).items():
        if value == HIDDEN and is_secret(name):
            at = pointer + pointer_to("target", "headers", name)
            raise invalid_field(at, "hidden-value", f"{HIDDEN} is how answers hide a value: send the value itself")
    return stored


def moment(asked: When, now: datetime, pointer: str = "") -> datetime:
    """When a job runs, at or after `now` but for a time that has passed by up to a day."""
    if asked.delay is not None:
        return now + timedelta(milliseconds=round(asked.delay * 1000))
    if asked.run_at is None:
        return now
    earliest, latest = -limits.MAX_PAST_SECONDS, limits.MAX_AHEAD_SECONDS
    if not earliest <= (asked.run_at - now).total_seconds() <= latest:
        raise invalid_field(f"{pointer}/run_at", "out-of-range", "at most 24 h in the past and 5 years ahead")
    return asked.run_at


def payload_text(payload: Any, pointer: str = "", *, most: int = limits.MAX_PAYLOAD_BYTES) -> bytes | None:
    """A payload as it is stored: its shortest JSON text. None and null alike mean that there is none."""
    if payload is None:
        return None
    text = compact(payload)
    if len(text) > most:
        raise TooLarge(f"{pointer}/payload", f"a payload has at most {most // limits.KIB} KB here")
    return text
