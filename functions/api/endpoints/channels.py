"""Where news goes to."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from functions.api.answer import Answer
from functions.api.create_job import Idempotency
from functions.api.endpoints.jobs import answer_of
from functions.api.keep_versioned import Asked
from functions.api.models.channels import NewChannel, read_channel
from functions.api.refusals import WrongState
from functions.api.request import fingerprint
from functions.api.wanted_content import wanted_content
from functions.api.wire.answers import etag
from functions.api.wire.channel_answers import channel_answer
from shared.model.alerts.notification import channel_job, trial_document
from shared.model.channel import Channel
from shared.model.errors import ItemNotFound
from shared.model.job import JobKey

if TYPE_CHECKING:
    from functions.api.request import Request
    from functions.api.services import Services

_CHANNEL_ID: Final = re.compile(r"[0-9a-z]{1,64}")


def create_channel(request: Request, services: Services) -> Answer:
    body, now, key = request.json_object(), services.clock.now(), request.idempotency_key()
    by, idempotency = request.authenticated().key_id, None if key is None else Idempotency(key, fingerprint(body))

    def make(channel_id: str) -> Channel:
        name, kind, settings = read_channel(body, services.specs.check_target)
        return Channel(
            tenant=request.tenant,
            id=channel_id,
            name=name,
            kind=kind,
            settings=settings,
            created_at=now,
            changed_at=now,
            changed_by=by,
            fingerprint=None if idempotency is None else idempotency.fingerprint,
        )

    creation = services.channels().create(request.tenant, make, by=by, idempotency=idempotency, now=now)
    headers = {"Location": f"/v1/channels/{creation.item.id}"}
    if creation.replayed:
        headers["Idempotent-Replayed"] = "true"
    return _answer(creation.item, status=201, headers=headers)


def list_channels(request: Request, services: Services) -> Answer:
    channels = services.channels().store.all_of(request.tenant)
    return Answer(body={"items": [channel_answer(one) for one in sorted(channels, key=lambda one: one.created_at)]})


def get_channel(request: Request, services: Services, channel_id: str) -> Answer:
    return _answer(services.channels().store.get(request.tenant, _id(channel_id)))


def change_channel(request: Request, services: Services, channel_id: str) -> Answer:
    wanted = wanted_content(request, NewChannel, channel_answer)

    def decide(current: Channel) -> Channel:
        name, kind, settings = read_channel(wanted(current), services.specs.check_target, current)
        return replace(current, name=name, kind=kind, settings=settings)

    return _answer(services.channels().change(_asked(request, channel_id), decide, now=services.clock.now()))


def delete_channel(request: Request, services: Services, channel_id: str) -> Answer:
    request.refuse_body()
    asked = _asked(request, channel_id)
    users = [one.id for one in services.subscriptions().store.all_of(request.tenant) if one.channel_id == channel_id]
    if users:
        raise WrongState("in_use", f"{len(users)} subscriptions use it, {users[0]} among them: delete them first")
    # News of alerts is no news itself: nobody would be told that whoever is on call hears nothing any more.
    policies = services.alerts().policies.store.all_of(request.tenant)
    users = [one.id for one in policies if any(channel_id in step.channels for step in one.steps)]
    if users:
        raise WrongState("in_use", f"{len(users)} escalation policies use it, {users[0]} among them: change them first")
    return _answer(services.channels().delete(asked))


def test_channel(request: Request, services: Services, channel_id: str) -> Answer:
    """A job that tells the channel that it is a test: what becomes of it is what becomes of that job."""
    request.refuse_body()
    now = services.clock.now()
    channel = services.channels().store.get(request.tenant, _id(channel_id))
    job_id = services.channels().ids.job_id(now)
    job = channel_job(
        trial_document(request.tenant, event_id=job_id, now=now),
        channel.id,
        key=JobKey(request.tenant, job_id),
        correlation_id=request.correlation_id() or job_id,
        now=now,
        sharding=services.create_job.sharding,
    )
    created = services.create_job.put(job)
    return answer_of(created.job, services, status=202, headers={"Location": f"/v1/jobs/{created.job.id}"})


def _asked(request: Request, channel_id: str) -> Asked:
    by = request.authenticated().key_id
    return Asked(tenant=request.tenant, item_id=_id(channel_id), by=by, precondition=request.precondition())


def _id(channel_id: str) -> str:
    if not _CHANNEL_ID.fullmatch(channel_id):
        raise ItemNotFound("channel", channel_id)
    return channel_id


def _answer(channel: Channel, *, status: int = 200, headers: dict[str, Any] | None = None) -> Answer:
    return Answer(
        status=status,
        body=channel_answer(channel),
        headers={"ETag": etag(channel), **(headers or {})},
        facts={"channel_id": channel.id},
    )
