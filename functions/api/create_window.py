"""Create a maintenance window, once for an Idempotency-Key."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from functions.api.refusals import Refused
from shared.model import limits
from shared.model.errors import IdempotencyKeyReused, WindowChanged, WindowNotFound
from shared.model.job import idempotent_job_id
from shared.model.maintenance_window import MaintenanceWindow, WindowState, forgotten_at

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from functions.api.create_job import Idempotency
    from functions.api.models.window_spec import WindowSpec
    from shared.ports.clock import Ids
    from shared.ports.maintenance_windows import MaintenanceWindows
    from shared.ports.telemetry import Telemetry


@dataclass(frozen=True, slots=True)
class CreatedWindow:
    """`replayed` says that an earlier call with the same key created it, and it is answered as it is now."""

    window: MaintenanceWindow
    replayed: bool


@dataclass(frozen=True, slots=True)
class CreateWindow:
    windows: MaintenanceWindows
    ids: Ids
    telemetry: Telemetry

    def __call__(
        self,
        tenant: str,
        read_spec: Callable[[], WindowSpec],
        *,
        by: str,
        idempotency: Idempotency | None,
        now: datetime,
    ) -> CreatedWindow:
        """Store the window that `read_spec` returns, or find the one that the same call has stored before.

        Raises:
            IdempotencyKeyReused: the key was used with another body.
            Refused, InvalidField: it would not be a valid window, or one too many.
        """
        window_id = self.ids.job_id(now) if idempotency is None else idempotent_job_id(tenant, idempotency.key)
        earlier = None if idempotency is None else self._earlier(tenant, window_id)
        if earlier is not None and idempotency is not None:
            return _replayed(earlier, idempotency.fingerprint)
        draft = MaintenanceWindow(
            tenant=tenant,
            id=window_id,
            name="",
            spans=(),
            created_at=now,
            changed_at=now,
            changed_by=by,
            fingerprint=None if idempotency is None else idempotency.fingerprint,
        )
        window = specified(draft, read_spec(), now)
        self._make_room(tenant, now)
        creation = self.windows.create_window(window)
        # One that was there is our own, applied by a send whose answer was lost, unless it is of another call.
        if not creation.created and creation.window.created_at != now:
            return _replayed(creation.window, window.fingerprint)
        self.telemetry.note("window_created", tenant=tenant, window_id=window_id, effect=window.effect, by=by)
        return CreatedWindow(creation.window, replayed=False)

    def _earlier(self, tenant: str, window_id: str) -> MaintenanceWindow | None:
        try:
            return self.windows.get_window(tenant, window_id)
        except WindowNotFound:
            return None

    def _make_room(self, tenant: str, now: datetime) -> None:
        """Refuse one too many, and forget the oldest of those that are over: who runs jobs reads all that are kept.

        Looked at before the write, so that a few created at the same time may be more.
        """
        kept = self.windows.windows(tenant)
        past = sorted((one for one in kept if one.state(now) is WindowState.PAST), key=lambda one: one.changed_at)
        if len(kept) - len(past) >= limits.MAX_WINDOWS:
            detail = f"there are {limits.MAX_WINDOWS} windows that are not over: delete one first"
            raise Refused("limit-reached", detail)
        for one in past[: max(len(kept) - limits.MAX_WINDOWS + 1, 0)]:
            with suppress(WindowChanged):
                self.windows.delete_window(one)


def specified(window: MaintenanceWindow, spec: WindowSpec, now: datetime) -> MaintenanceWindow:
    """`window` as `spec` wants it. The spans of a schedule that stays as it was stay as well, one ended early too.

    Raises:
        InvalidField: the schedule has no time any more.
    """
    asked: dict[str, Any] = {
        "name": spec.name,
        "note": spec.note,
        "effect": spec.effect,
        "silences_alerts": spec.silences_alerts,
        "scope": spec.scope,
        "release_over_seconds": spec.release_over_seconds,
        "schedule": spec.schedule,
        "duration_seconds": spec.duration_seconds,
    }
    if spec.span is not None:
        asked |= {"spans": (spec.span,), "extend_at": None}
    elif (spec.schedule, spec.duration_seconds) != (window.schedule, window.duration_seconds):
        asked |= _spans(spec, window.id, now)
    changed = replace(window, **asked)
    return replace(changed, expire_item_at=forgotten_at(changed))


def _spans(spec: WindowSpec, window_id: str, now: datetime) -> dict[str, Any]:
    # Imported by the first who asks: no other request pays for the time zones and the rules.
    from shared.model.schedule.window_spans import first_spans  # noqa: PLC0415

    found = first_spans(spec.schedule or {}, spec.duration_seconds or 0, seed=window_id, now=now)
    return {"spans": found.spans, "extend_at": found.extend_at}


def _replayed(window: MaintenanceWindow, fingerprint: str | None) -> CreatedWindow:
    if window.fingerprint != fingerprint:
        raise IdempotencyKeyReused(window.id)
    return CreatedWindow(window, replayed=True)
