"""Clients who own templates: they create one, change their minds about it, and delete it in the end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from functions.api.change_template import Change
from functions.api.create_job import CreateJob, Idempotency
from functions.api.create_template import Create
from functions.api.models.spec import SpecReader
from functions.api.models.template_spec import read_template
from functions.api.models.templates import PauseTemplate
from functions.api.preconditions import ANY_VERSION
from functions.api.template_services import TemplateServices, template_services_on
from shared.adapters.memory.backfills import MemoryBackfillStore
from shared.adapters.memory.calendars import MemoryCalendars
from shared.model.errors import SchedulerError, StoreUnavailable
from shared.model.template import Missed, TemplateKey, TemplateStatus
from tests.simulation.cloud import API_TIMEOUT_MS, Unanswered
from tests.simulation.faults import SECOND
from tests.simulation.functions import RETENTION, SHARDING
from tests.simulation.naive_schedule import due_between

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from shared.model.template import Template
    from tests.simulation.cloud import Cloud
    from tests.simulation.functions import World
    from tests.simulation.kernel import Process
    from tests.simulation.observed import Observed
    from tests.simulation.template_store import SimulatedTemplateStore

_TRIES: Final = 6
_TRY_AGAIN_MS: Final = 5 * SECOND


@dataclass(frozen=True, slots=True, eq=False)
class TemplateWish:
    """A template that a client creates at `at`, under a key: the request's body. `actions`: what is done with it when,
    in milliseconds after `at`: a word, and what it needs to know."""

    tenant: str
    at: int
    body: Mapping[str, Any]
    actions: Sequence[tuple[int, str, Any]]


def template_services(world: World, store: SimulatedTemplateStore, process: Process) -> TemplateServices:
    """The API's use cases about templates. Every target may be called; there are no calendars and no backfills."""
    jobs, clock = world.store_port(process, world.jobs), world.clock(process)
    return template_services_on(
        jobs=jobs,
        templates=world.store_port(process, store),
        calendars=MemoryCalendars(store),
        backfills=MemoryBackfillStore(store),
        clock=clock,
        ids=world.ids,
        telemetry=world.telemetry(process),
        sharding=SHARDING,
        retention=RETENTION,
        specs=SpecReader(lambda target: None),
        create_job=CreateJob(jobs, world.ids, SHARDING),
    )


@dataclass(frozen=True, slots=True)
class TemplateClient:
    cloud: Cloud
    store: SimulatedTemplateStore
    observed: Observed

    def wish(self, number: int, wish: TemplateWish) -> None:
        """Create the template, and do with it what was planned, each action in its time."""
        kernel = self.cloud.kernel
        begun_at = kernel.now
        key = self._create(number, wish)
        if key is None:
            return
        for after, action, detail in wish.actions:
            kernel.sleep(max(0, begun_at + after - kernel.now))
            self._act(key, action, detail)

    def delete_all(self) -> None:
        """In fair weather: nothing stays that goes on making jobs."""
        for template in self.store.all_templates():
            while self.store.get_template(template.key).status is not TemplateStatus.DELETED:
                self._act(template.key, "delete", None)

    def _create(self, number: int, wish: TemplateWish) -> TemplateKey | None:
        def create(services: TemplateServices, change: Change) -> Template:
            asked = Create(
                tenant=wish.tenant,
                by="key",
                now=change.now,
                idempotency=Idempotency(f"template {number}", str(wish.body)),
                seconds_left=change.seconds_left,
            )
            return services.create_template(asked, lambda: read_template(wish.body)).template

        for _ in range(_TRIES):
            try:
                template: Template = self._call(create)
            except (Unanswered, StoreUnavailable):
                self.cloud.kernel.sleep(_TRY_AGAIN_MS)
                continue
            except SchedulerError:
                break  # by now its schedule has no run any more
            return template.key
        return None

    def _act(self, key: TemplateKey, action: str, detail: Any) -> None:
        if action == "trigger":
            self.observed.unknown[key.tenant].add((key, detail))
        try:
            self._call(partial(_ACTIONS[action], key, detail))
        except (Unanswered, SchedulerError) as error:
            # It is not in a state for that, or does not hold still, or nobody knows: a client is told so.
            self.cloud.kernel.note("client", action, type(error).__name__)

    def _call(self, ask: Callable[[TemplateServices, Change], Any]) -> Any:
        def work(world: World, process: Process, ends_at: int) -> Any:
            services = template_services(world, self.store, process)
            change = Change(
                by="key",
                now=world.clock(process).now(),
                precondition=ANY_VERSION,
                seconds_left=lambda: world.seconds_until(ends_at),
            )
            return ask(services, change)

        return self.cloud.call("api", work, timeout_ms=API_TIMEOUT_MS)


def _edit(key: TemplateKey, patch: Any, services: TemplateServices, change: Change) -> None:
    services.edit_template.patch(key, patch, change)


def _pause(key: TemplateKey, detail: Any, services: TemplateServices, change: Change) -> None:
    seconds, missed = detail
    until = None if seconds is None else change.now + timedelta(seconds=seconds)
    services.pause_template(key, PauseTemplate.model_construct(note=None, until=until, missed=missed), change)


def _resume(key: TemplateKey, missed: str, services: TemplateServices, change: Change) -> None:
    services.resume_template(key, Missed(missed), change)


def _skip(key: TemplateKey, ahead: int, services: TemplateServices, change: Change) -> None:
    services.skip_occurrence.skip(key, _next(services.templates.get_template(key), change, ahead), change)


def _unskip(key: TemplateKey, ahead: int, services: TemplateServices, change: Change) -> None:
    template = services.templates.get_template(key)
    skipped = [one for one in template.skipped if one > change.now]
    services.skip_occurrence.unskip(key, skipped[0] if skipped else _next(template, change, ahead), change)


def _next(template: Template, change: Change, ahead: int) -> datetime:
    """The first occurrence that is so many seconds ahead."""
    since = change.now + timedelta(seconds=ahead)
    return min(due_between(template.schedule, since, since + timedelta(hours=1)), default=since)


def _delete(key: TemplateKey, _: Any, services: TemplateServices, change: Change) -> None:
    services.delete_template(key, change)


def _trigger(key: TemplateKey, word: str, services: TemplateServices, change: Change) -> None:
    services.trigger_template(key, Idempotency(word, word), change.now, None)


_ACTIONS: Final = {
    "edit": _edit,
    "pause": _pause,
    "resume": _resume,
    "skip": _skip,
    "unskip": _unskip,
    "delete": _delete,
    "trigger": _trigger,
}
