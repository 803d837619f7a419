"""What clients send about maintenance windows."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, PlainValidator, model_validator

from functions.api.models.fields import DurationBetween, Matching, Name, Note, Shape, TagKey, TagValue, Time, refusal
from shared.model import limits

_DURATION: Final = DurationBetween(limits.MIN_WINDOW_SECONDS, limits.MAX_WINDOW_SECONDS)
_RELEASE: Final = DurationBetween(0, limits.MAX_WINDOW_RELEASE_SECONDS)
_TEMPLATE_ID: Final = Matching(r"[0-9a-z]{1,64}", "ids of templates")
_HOST: Final = Matching(
    r"(\*\.)?[a-z0-9_:][a-z0-9._:-]{0,252}",
    "a name in lower case or an address, without a port, or *. and a name (every name below it),",
)
_ARN: Final = Matching(
    r"arn:[a-z*-]{1,20}:[a-z0-9*-]{1,30}:[a-z0-9*-]{0,40}:[0-9*]{0,12}:[A-Za-z0-9*:_./-]{1,400}",
    "ARNs in which * stands for any text without a colon, such as arn:aws:lambda:*:*:function:orders-*,",
)

WindowSpan = Annotated[int, PlainValidator(_DURATION), _DURATION.schema()]
ReleaseSpan = Annotated[int, PlainValidator(_RELEASE), _RELEASE.schema()]
TemplateId = Annotated[str, AfterValidator(_TEMPLATE_ID), _TEMPLATE_ID.schema()]
Host = Annotated[str, AfterValidator(_HOST), _HOST.schema()]
ArnPattern = Annotated[str, AfterValidator(_ARN), _ARN.schema()]
EffectName = Literal["hold", "skip", "run"]


def _exactly_one(shape: Shape) -> None:
    names = list(type(shape).model_fields)
    given = [name for name in names if getattr(shape, name) is not None]
    if len(given) != 1:
        raise refusal("contradiction" if given else "required", f"exactly one of {', '.join(names)} is expected")


class WindowTarget(Shape):
    """Jobs by what they call: exactly one member."""

    type: Literal["http", "lambda", "sqs", "sns", "eventbridge", "step_functions", "task", "command"] | None = Field(
        default=None, description="All targets of this kind."
    )
    host: Host | None = Field(
        default=None,
        description="HTTP targets at this host, whatever the port. `*.` in front: at every name below it.",
        examples=["api.example.com"],
    )
    arn: ArnPattern | None = Field(
        default=None,
        description="AWS targets whose resource has such an ARN; `*` stands for any text without a colon.",
        examples=["arn:aws:lambda:*:*:function:orders-*"],
    )

    @model_validator(mode="after")
    def _one(self) -> WindowTarget:
        _exactly_one(self)
        return self


class WindowScope(Shape):
    """Which jobs: exactly one member."""

    tags: Annotated[dict[TagKey, TagValue], Field(min_length=1, max_length=limits.MAX_TAGS)] | None = Field(
        default=None, description="Those with all of these tags."
    )
    template_ids: Annotated[list[TemplateId], Field(min_length=1, max_length=limits.MAX_WINDOW_TEMPLATES)] | None = (
        Field(default=None, description="Those of these templates.")
    )
    target: WindowTarget | None = Field(default=None, description="Those that call such targets.")

    @model_validator(mode="after")
    def _one(self) -> WindowScope:
        _exactly_one(self)
        return self


class NewWindow(Shape):
    """A maintenance window to create, or what one is to be from now on. null is the same as leaving a member out."""

    name: Name = Field(description="For people; need not be unique.")
    note: Note | None = Field(default=None, description="Why, for people.")
    effect: EffectName = Field(
        default="hold",
        description="hold: jobs wait until it is over. skip: they end as skipped; one that has begun waits. run: they "
        "run, although a window with a wider scope says otherwise.",
    )
    silences_alerts: bool | None = Field(
        default=None,
        description="Whether alerts about jobs in its scope open silenced while it is active, and are told when it is "
        "over if they still go on. Default: true for hold and skip, false for run.",
    )
    scope: WindowScope | None = Field(
        default=None, description="Which jobs. Of several windows the narrowest decides. Default: all jobs."
    )
    starts_at: Time | None = Field(default=None, description="When a one-off window begins. Default: now.")
    ends_at: Time | None = Field(
        default=None, description="When a one-off window ends, at most 31 days after its start. In the future."
    )
    schedule: dict[str, Any] | None = Field(
        default=None,
        description="When a recurring window begins, instead of the two: a schedule as in a template, without "
        "`calendars` and `spread`.",
    )
    duration: WindowSpan | None = Field(default=None, description="How long a recurring window is, each time.")
    release_over: ReleaseSpan | None = Field(
        default=None, description="Jobs that it held are let go over so long, not all at once. Default: 1m."
    )

    @model_validator(mode="after")
    def _once_or_again(self) -> NewWindow:
        if self.schedule is None:
            if self.ends_at is None or self.duration is not None:
                code = "required" if self.duration is None else "contradiction"
                raise refusal(code, "ends_at is needed, or both schedule and duration", "ends_at")
        elif self.starts_at is not None or self.ends_at is not None or self.duration is None:
            raise refusal("contradiction", "goes with duration, and without starts_at and ends_at", "schedule")
        return self
