"""From the body of a request about a template to what the model asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from functions.api.models.completion import completion_of
from functions.api.models.faults import validated
from functions.api.models.retries import retry_policy
from functions.api.models.spec import payload_text, unmasked
from functions.api.models.templates import NewTemplate
from shared.model import limits
from shared.model.job import Delivery, Payload
from shared.model.lanes import Priority
from shared.model.schedule.documents import read_schedule, write_schedule
from shared.model.template import DEFAULT_MISFIRE, JobDefinition, Misfire, MisfirePolicy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions.api.models.templates import Misfire as AskedMisfire
    from functions.api.models.templates import TemplateJob


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateSpec:
    """What a client wants a template to be. `schedule` is the document in its stored form, the payload inline."""

    name: str
    schedule: Mapping[str, Any]
    job: JobDefinition
    misfire: Misfire
    pause_after_failures: int | None
    tags: Mapping[str, str]
    external_key: str | None


def read_template(body: Any) -> TemplateSpec:
    """What a body asks for. Whether its target may be called is decided once its parameters are rendered.

    Raises:
        Refused: it is not of the shape, or not within the bounds.
        InvalidField: its schedule cannot be read, or never fires.
    """
    asked = validated(NewTemplate, body)
    return TemplateSpec(
        name=asked.name,
        schedule=write_schedule(read_schedule(asked.schedule, "/schedule")),
        job=_job(asked.job, "/job"),
        misfire=_misfire(asked.misfire),
        pause_after_failures=asked.pause_after_failures,
        tags=asked.tags or {},
        external_key=asked.external_key,
    )


def _job(asked: TemplateJob, pointer: str) -> JobDefinition:
    delivery = Delivery(asked.delivery or Delivery.AT_LEAST_ONCE)
    optional: dict[str, Any] = {
        "priority": None if asked.priority is None else Priority(asked.priority),
        "timeout_seconds": asked.timeout,
        "heartbeat_timeout_seconds": asked.heartbeat_timeout,
        "expires_after_seconds": asked.expires_after,
    }
    return JobDefinition(
        target=unmasked(asked.target, pointer),
        payload=Payload(payload_text(asked.payload, pointer, most=limits.MAX_TEMPLATE_PAYLOAD_BYTES)),
        retry=retry_policy(asked.retry, delivery, pointer),
        delivery=delivery,
        completion=completion_of(asked, pointer),
        **{name: value for name, value in optional.items() if value is not None},
    )


def _misfire(asked: AskedMisfire | None) -> Misfire:
    if asked is None:
        return DEFAULT_MISFIRE
    return Misfire(
        policy=MisfirePolicy(asked.policy),
        after_seconds=DEFAULT_MISFIRE.after_seconds if asked.after is None else asked.after,
        max_runs=asked.max,
        within_seconds=asked.within,
    )
