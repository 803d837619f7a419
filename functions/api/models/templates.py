"""What clients send about templates. How a schedule is written is read by `shared.model.schedule.documents`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from functions.api.models.fields import ExternalKey, MisfireSpan, Name, Note, Shape, Time, refusal
from functions.api.models.jobs import DELIVERY, DeliveryName, Labelled, Work
from functions.api.models.targets import Target  # noqa: TC001 (pydantic reads the annotations)
from shared.model import limits

_SCHEDULE: Any = Field(
    description="When: one of `cron`, `every`, `rrule`, `at` or `any_of`, and `timezone`, `dst_gap`, `dst_overlap`, "
    "`start_at`, `end_at`, `max_occurrences`, `spread`, `calendars`, `on_excluded`; as for POST /v1/schedules/preview.",
)
_MISFIRE: Any = Field(default=None, description="What becomes of occurrences that could not begin in time.")
_EXTERNAL_KEY: Any = Field(
    default=None,
    description="A name of your own, unique among your templates: PUT /v1/templates/by-key/… goes by it. "
    "Fixed at creation.",
)
Missed = Literal["skip", "apply_misfire"]
MISSED_TEXT = "skip: none of them runs. apply_misfire: they are treated like those that an outage made late."


class Misfire(Shape):
    """An occurrence is missed when its first attempt has not begun `after` so long after its time."""

    policy: Literal["skip", "fire_latest", "fire_all"] = Field(
        default="fire_latest",
        description="skip: none of the missed ones runs. fire_latest: the latest does, until the next one is due. "
        "fire_all: all do.",
    )
    after: MisfireSpan | None = Field(default=None, description="How late is missed. Default: 60s.")
    max: int | None = Field(
        default=None,
        ge=1,
        le=limits.MAX_MISFIRE_RUNS,
        description="With fire_all: no more than so many of the latest missed ones run. Default: no bound.",
    )
    within: MisfireSpan | None = Field(
        default=None, description="With fire_all: none begins later than that. Default: no bound."
    )

    @model_validator(mode="after")
    def _bounds_of_fire_all(self) -> Misfire:
        for name in ("max", "within"):
            if self.policy != "fire_all" and getattr(self, name) is not None:
                raise refusal("contradiction", "belongs to fire_all: leave it out, or set it to null", name)
        return self


class TemplateJobPatch(Work):
    """What each occurrence does."""

    delivery: DeliveryName | None = DELIVERY


class TemplateJob(TemplateJobPatch):
    """What each occurrence does. Texts in `target` and `payload` may hold parameters, such as `{{ nominal_time }}`."""

    target: Target = Field(description="What is called when the job runs.")


_PAUSE_AFTER_FAILURES: Any = Field(
    default=None,
    ge=limits.MIN_PAUSE_AFTER_FAILURES,
    le=limits.MAX_PAUSE_AFTER_FAILURES,
    description="Paused when so many of its jobs in a row have failed for good, for a while that grows each time; then "
    "it runs again, and goes on if that goes well. Default: never.",
)


class TemplatePatch(Labelled):
    """What may be changed of a template. A merge patch: null takes a member back to its default."""

    schedule: dict[str, Any] | None = Field(
        default=None, description="As in a new template; another trigger takes the place of the old one."
    )
    misfire: Misfire | None = _MISFIRE
    pause_after_failures: int | None = _PAUSE_AFTER_FAILURES
    job: TemplateJobPatch | None = Field(default=None, description="What each occurrence does.")
    external_key: ExternalKey | None = Field(default=None, description="Fixed: the one that it has, if any.")


class NewTemplate(Labelled):
    """A template to create, or what one is to be from now on."""

    name: Name = Field(description="For people; need not be unique.")
    external_key: ExternalKey | None = _EXTERNAL_KEY
    schedule: dict[str, Any] = _SCHEDULE
    misfire: Misfire | None = _MISFIRE
    pause_after_failures: int | None = _PAUSE_AFTER_FAILURES
    job: TemplateJob = Field(description="What each occurrence does.")


class TemplateClone(TemplatePatch):
    """What is to be different in the copy: a merge patch."""

    external_key: ExternalKey | None = Field(default=None, description="The copy's own. Default: none.")


class PauseTemplate(Shape):
    """Why, until when, and what becomes of the time between."""

    note: Note | None = Field(default=None, description="Why, for people.")
    until: Time | None = Field(default=None, description="When it goes on by itself. Default: when it is resumed.")
    missed: Missed = Field(
        default="skip", description=f"What becomes of the pause's occurrences at `until`. {MISSED_TEXT}"
    )


class ResumeTemplate(Shape):
    """What becomes of the occurrences of the pause."""

    missed: Missed = Field(default="skip", description=MISSED_TEXT)
    dry_run: bool = Field(default=False, description="Only tell how many runs each choice would make.")


class OneOccurrence(Shape):
    """An occurrence, by its name."""

    nominal_at: Time = Field(description="Its nominal instant, as previews and lists of occurrences say it.")
