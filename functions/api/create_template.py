"""Create a template, once for an Idempotency-Key and once for an external key."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from functions.api.refusals import Refused
from shared.model import limits
from shared.model.errors import IdempotencyKeyReused, TemplateNotFound
from shared.model.template import Progress, Template, TemplateKey, TemplateStatus, expand_shard_of
from shared.model.template_changes import first_progress

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from functions.api.check_template import CheckTemplate
    from functions.api.create_job import Idempotency
    from functions.api.expand_at_once import ExpandAtOnce
    from functions.api.models.template_spec import TemplateSpec
    from shared.ports.calendars import CalendarStore
    from shared.ports.clock import Ids
    from shared.ports.telemetry import Telemetry
    from shared.ports.templates import TemplateStore

# Longer than is promised, and no longer than the item of a template that was deleted at once: a key that outlived it
# would bring its id back.
_KEY_KEPT_SECONDS: Final = 2 * limits.IDEMPOTENCY_SECONDS
_AS_SENT: Final = ("created_at", "fingerprint", "name", "schedule", "job", "misfire", "pause_after_failures", "tags")


@dataclass(frozen=True, slots=True, kw_only=True)
class Create:
    """Who asks for a new template, when, and how long it may take."""

    tenant: str
    by: str
    now: datetime
    idempotency: Idempotency | None
    seconds_left: Callable[[], float]


@dataclass(frozen=True, slots=True)
class CreatedTemplate:
    """`replayed` says that an earlier call with the same key created it, and it is answered as it is now."""

    template: Template
    replayed: bool


class ExternalKeyTaken(Refused):
    """Another template has the external key; `template_id` says which."""

    def __init__(self, template_id: str) -> None:
        detail = f"the template {template_id} has this external key: PUT to /v1/templates/by-key/… changes that one"
        super().__init__("external-key-taken", detail)
        self.template_id = template_id


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateTemplate:
    """A key names an id before the template of that id exists. Who finds a key that names nothing creates what it
    names: of two at once, or after a crash in between, one template comes of it."""

    templates: TemplateStore
    calendars: CalendarStore
    ids: Ids
    check: CheckTemplate
    expand: ExpandAtOnce
    telemetry: Telemetry

    def __call__(self, asked: Create, read_spec: Callable[[], TemplateSpec]) -> CreatedTemplate:
        """Store and expand the template that `read_spec` returns, or find the one that the same call stored before.

        Raises:
            IdempotencyKeyReused: the key was used with another body.
            ExternalKeyTaken: a template that is not deleted has the external key.
            Refused, InvalidField: it would not be a valid template.
        """
        earlier = self._earlier(asked)
        if earlier is not None:
            return CreatedTemplate(earlier, replayed=True)
        spec = read_spec()
        draft = self._draft(asked, spec, self.ids.job_id(asked.now))
        # Before any key is claimed. The id may still change, which moves nothing but `H` and the spread.
        timetable = self.check(draft, asked.now)
        template_id = self._claimed_id(asked, spec.external_key, draft.id)
        template = self.templates.place_template_payload(
            replace(
                draft,
                id=template_id,
                progress=first_progress(replace(timetable, seed=template_id), asked.now),
                expand_shard=expand_shard_of(asked.tenant, template_id),
            )
        )
        self.calendars.note_use(asked.tenant, template_id, template.calendars)
        creation = self.templates.create_template(template)
        if not creation.created and not _is_own(creation.template, template):
            if asked.idempotency is not None and creation.template.fingerprint == template.fingerprint:
                return CreatedTemplate(creation.template, replayed=True)
            raise IdempotencyKeyReused(template_id) if spec.external_key is None else ExternalKeyTaken(template_id)
        self.telemetry.note("template_created", by=asked.by, **template.identity())
        return CreatedTemplate(self.expand(creation.template, asked.seconds_left), replayed=False)

    def _earlier(self, asked: Create) -> Template | None:
        """The template that the same call has created before."""
        if asked.idempotency is None:
            return None
        named = self.templates.named_by(asked.tenant, _name_of(asked.idempotency))
        earlier = None if named is None else self._found(asked.tenant, named)
        if earlier is not None and earlier.fingerprint != asked.idempotency.fingerprint:
            raise IdempotencyKeyReused(earlier.id)
        return earlier

    def _draft(self, asked: Create, spec: TemplateSpec, template_id: str) -> Template:
        return Template(
            tenant=asked.tenant,
            id=template_id,
            name=spec.name,
            schedule=spec.schedule,
            job=spec.job,
            misfire=spec.misfire,
            pause_after_failures=spec.pause_after_failures,
            tags=spec.tags,
            external_key=spec.external_key,
            created_at=asked.now,
            changed_at=asked.now,
            changed_by=asked.by,
            change="create",
            progress=Progress(expanded_until=asked.now, since=asked.now),
            fingerprint=None if asked.idempotency is None else asked.idempotency.fingerprint,
            expand_at=asked.now,
        )

    def _claimed_id(self, asked: Create, external_key: str | None, template_id: str) -> str:
        """The id of the template to create: the minted one, or one that a key names already without there being one."""
        if external_key is not None:
            template_id = self._claim_external_key(asked, external_key, template_id)
        if asked.idempotency is None:
            return template_id
        claim = partial(
            self.templates.claim_external_key,
            asked.tenant,
            _name_of(asked.idempotency),
            keep_until=asked.now + timedelta(seconds=_KEY_KEPT_SECONDS),
        )
        named = claim(template_id, instead_of=None)
        if named != template_id:
            # Left by a call that was refused, or died, before it created anything.
            template_id = named if external_key is None else template_id
            claim(template_id, instead_of=named)
        return template_id

    def _claim_external_key(self, asked: Create, external_key: str, template_id: str) -> str:
        claim = partial(self.templates.claim_external_key, asked.tenant, external_key, template_id)
        named = claim(instead_of=None)
        existing = None if named == template_id else self._found(asked.tenant, named)
        if existing is None:
            return named
        if existing.status is TemplateStatus.DELETED:
            return claim(instead_of=named)
        if asked.idempotency is not None and existing.fingerprint == asked.idempotency.fingerprint:
            return named
        raise ExternalKeyTaken(named)

    def _found(self, tenant: str, template_id: str) -> Template | None:
        try:
            return self.templates.get_template(TemplateKey(tenant, template_id))
        except TemplateNotFound:
            return None


def _is_own(stored: Template, sent: Template) -> bool:
    """Whether the template that is there is the one sent: applied by a send whose answer was lost."""
    return all(getattr(stored, name) == getattr(sent, name) for name in _AS_SENT)


def _name_of(idempotency: Idempotency) -> str:
    """An Idempotency-Key among the external keys, none of which has a blank."""
    return f"create {hashlib.sha256(idempotency.key.encode()).hexdigest()}"
