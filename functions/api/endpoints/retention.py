"""How long a tenant's ended jobs stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.api.answer import Answer
from functions.api.models.retention import read_retention
from functions.api.wire.answers import etag
from functions.api.wire.retention_answers import retention_answer

if TYPE_CHECKING:
    from functions.api.request import Request
    from functions.api.services import Services
    from shared.model.tenant_retention import TenantRetention


def get_retention(request: Request, services: Services) -> Answer:
    return _answer(services.retention().find(request.tenant), services)


def put_retention(request: Request, services: Services) -> Answer:
    change = services.retention()
    days = read_retention(request.json_object(), change.ports.bounds)
    by, precondition = request.authenticated().key_id, request.precondition()
    said = change(request.tenant, days, by=by, precondition=precondition, now=services.clock.now())
    return _answer(said, services)


def _answer(said: TenantRetention, services: Services) -> Answer:
    body = retention_answer(said, services.retention().ports)
    # Defaults and bounds are the deployment's, which may change them at any version.
    return Answer(body=body, headers={"ETag": etag(said)}, facts={"version": said.version}, outlives_etag=True)
