"""Run past occurrences of a template anew, or see first which those are."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from functions.api.refusals import Refused, WrongState, invalid_field
from shared.expansion.timetables import timetable_of
from shared.model.backfill import Backfill, BackfillSpec
from shared.model.errors import BackfillNotFound, IdempotencyKeyReused
from shared.model.job import idempotent_job_id
from shared.model.template import TemplateKey, TemplateStatus, expand_shard_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from functions.api.create_job import Idempotency
    from shared.expansion.choose_occurrences import ChooseOccurrences
    from shared.model.template import Template
    from shared.ports.backfills import BackfillStore
    from shared.ports.calendars import Calendars
    from shared.ports.clock import Ids
    from shared.ports.telemetry import Telemetry
    from shared.ports.templates import TemplateStore

_SHOWN: Final = 10
# What is due at this moment belongs to the live work.
_LIVE: Final = timedelta(minutes=2)
_LAST_CHUNK_SECONDS: Final = 5


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a backfill would do: how many of the range's occurrences run, the first of them, and how many need not."""

    spec: BackfillSpec
    total: int
    first: tuple[datetime, ...]
    passed_over: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateBackfill:
    backfills: BackfillStore
    templates: TemplateStore
    calendars: Calendars
    choose: ChooseOccurrences
    ids: Ids
    telemetry: Telemetry

    def estimate(
        self,
        key: TemplateKey,
        spec_of: Callable[[Template], BackfillSpec],
        *,
        backfill_id: str,
        now: datetime,
        seconds_left: Callable[[], float],
    ) -> Estimate:
        """What the backfill that `spec_of` makes for the template would do; nothing is stored.

        Raises:
            TemplateNotFound: there is no such template.
            Refused: its range is not all past, too long, or being expanded; or it would take too long to look through.
        """
        template = self.templates.get_template(key)
        spec = spec_of(template)
        _check(template, spec, now)
        first: list[datetime] = []
        total = passed_over = 0
        timetable = timetable_of(template, self.calendars)
        for choice in self.choose(key, spec, timetable, backfill_id=backfill_id, after=None):
            if seconds_left() < _LAST_CHUNK_SECONDS:
                raise Refused("validation-failed", "the range takes too long to look through: take a shorter one")
            passed_over += not choice.is_wanted
            if choice.is_wanted:
                total += 1
                if len(first) < _SHOWN:
                    first.append(choice.occurrence.nominal_at)
        return Estimate(spec, total, tuple(first), passed_over)

    def __call__(
        self,
        key: TemplateKey,
        spec_of: Callable[[Template], BackfillSpec],
        *,
        by: str,
        now: datetime,
        idempotency: Idempotency | None,
        seconds_left: Callable[[], float],
    ) -> Backfill:
        """Store the backfill; its first jobs are made at the next tick.

        Raises:
            IdempotencyKeyReused: the key was used with another body.
            as `estimate`.
        """
        if idempotency is None:
            backfill_id, fingerprint = self.ids.job_id(now), None
        else:
            backfill_id = idempotent_job_id(key.tenant, f"backfill of {key.template_id}: {idempotency.key}")
            fingerprint = idempotency.fingerprint
            with suppress(BackfillNotFound):
                return _same(self.backfills.get_backfill(key.tenant, backfill_id), fingerprint)
        found = self.estimate(key, spec_of, backfill_id=backfill_id, now=now, seconds_left=seconds_left)
        backfill = Backfill(
            tenant=key.tenant,
            id=backfill_id,
            spec=found.spec,
            created_at=now,
            created_by=by,
            total=found.total,
            fingerprint=fingerprint,
            step_at=now,
            step_shard=expand_shard_of(key.tenant, backfill_id),
        )
        stored = _same(self.backfills.create_backfill(backfill), fingerprint)
        self.telemetry.note("backfill_created", by=by, total=found.total, **stored.identity())
        return stored


def _same(stored: Backfill, fingerprint: str | None) -> Backfill:
    if stored.fingerprint != fingerprint:
        raise IdempotencyKeyReused(stored.id)
    return stored


def _check(template: Template, spec: BackfillSpec, now: datetime) -> None:
    if template.status is TemplateStatus.DELETED:
        raise WrongState("deleted", "the template is deleted: what it did not run will not run any more")
    if spec.until < spec.since:
        raise invalid_field("/to", "out-of-range", "not before `from`")
    if spec.until > now - _LIVE:
        raise invalid_field("/to", "out-of-range", "at least two minutes ago: what comes later is the template's own")
    if template.status is TemplateStatus.ACTIVE and template.progress.expanded_until < spec.until:
        raise Refused("conflict", "the template itself is still catching up with this range: try again in some minutes")
