"""What clients send about alert rules and escalation policies."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, PlainValidator, model_validator

from functions.api.models.fields import DurationBetween, Group, Matching, Name, Shape, TagKey, TagValue, refusal
from shared.model import limits
from shared.model.alerts.rule import RuleKind
from shared.model.time_zones import zone_names

_ID: Final = Matching(r"[0-9a-z]{1,64}", "ids as they were answered")
_CLOCK: Final = Matching(r"([01][0-9]|2[0-3]):[0-5][0-9]", "times of day such as 22:00")
_THRESHOLD: Final = DurationBetween(10, limits.MAX_ALERT_SECONDS)
_STEP: Final = DurationBetween(0, limits.MAX_ALERT_SECONDS)
_REPEAT: Final = DurationBetween(60, limits.MAX_ALERT_SECONDS)
_GRACE: Final = DurationBetween(0, limits.DAY_SECONDS)
_QUIET: Final = DurationBetween(60, limits.MAX_ALERT_SECONDS)
_WINDOW: Final = DurationBetween(60, limits.DAY_SECONDS)

Id = Annotated[str, AfterValidator(_ID), _ID.schema()]
ClockTime = Annotated[str, AfterValidator(_CLOCK), _CLOCK.schema()]
Threshold = Annotated[int, PlainValidator(_THRESHOLD), _THRESHOLD.schema()]
StepSpan = Annotated[int, PlainValidator(_STEP), _STEP.schema()]
RepeatSpan = Annotated[int, PlainValidator(_REPEAT), _REPEAT.schema()]
GraceSpan = Annotated[int, PlainValidator(_GRACE), _GRACE.schema()]
QuietSpan = Annotated[int, PlainValidator(_QUIET), _QUIET.schema()]
WindowSpan = Annotated[int, PlainValidator(_WINDOW), _WINDOW.schema()]
KindName = Literal[
    "failed_for_good",
    "failures_in_a_row",
    "deadline_missed",
    "late_start",
    "running_long",
    "undeliverable",
    "dead_letter_count",
    "nothing_succeeded",
    "breaker_open",
]
SeverityName = Literal["info", "warning", "critical"]


def _time_zone(name: str) -> str:
    if name not in zone_names():
        raise refusal("invalid-timezone", "an IANA name is expected, such as Europe/Berlin")
    return name


class PolicyStep(Shape):
    """Whom to tell, and when."""

    after: StepSpan = Field(description="How long after the alert opened, while nobody has acknowledged it.")
    channels: Annotated[list[Id], Field(min_length=1, max_length=limits.MAX_STEP_CHANNELS)] = Field(
        description="The ids of channels."
    )


class Repeat(Shape):
    """That the steps begin anew."""

    every: RepeatSpan = Field(description="From the beginning of one round to that of the next: longer than the steps.")
    times: int = Field(ge=1, le=limits.MAX_ROUNDS, description="How many more rounds there are.")


class NewPolicy(Shape):
    """An escalation policy to create, or what one is to be from now on."""

    name: Name = Field(description="For people; need not be unique.")
    steps: Annotated[list[PolicyStep], Field(min_length=1, max_length=limits.MAX_STEPS)] = Field(
        description="In the order of their times."
    )
    repeat: Repeat | None = Field(default=None, description="Default: there is one round.")

    @model_validator(mode="after")
    def _rising(self) -> NewPolicy:
        times = [step.after for step in self.steps]
        for place, (earlier, later) in enumerate(pairwise(times), start=1):
            if later <= earlier:
                raise refusal("contradiction", "later than the step before it", "steps", place, "after")
        if self.repeat is not None and self.repeat.every <= times[-1]:
            raise refusal("contradiction", "longer than the last step's after", "repeat", "every")
        return self


class PolicyPatch(NewPolicy):
    """What may be changed of an escalation policy: a merge patch. Steps are replaced as a whole."""


class Scope(Shape):
    """Which jobs: exactly one member."""

    template_ids: Annotated[list[Id], Field(min_length=1, max_length=limits.MAX_RULE_TEMPLATES)] | None = Field(
        default=None, description="Those of these templates."
    )
    group: Group | None = Field(default=None, description="Those of this group.")
    tags: Annotated[dict[TagKey, TagValue], Field(min_length=1, max_length=limits.MAX_TAGS)] | None = Field(
        default=None, description="Those with all of these tags."
    )

    @model_validator(mode="after")
    def _one(self) -> Scope:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            code = "contradiction" if given else "required"
            raise refusal(code, "exactly one of template_ids, group, tags is expected")
        return self


class Quiet(Shape):
    """When people are not to be disturbed, each day."""

    timezone: Annotated[str, AfterValidator(_time_zone)] = Field(description="An IANA name.")
    begins: ClockTime = Field(alias="from", description="By the clock on the wall.", examples=["22:00"])
    ends: ClockTime = Field(alias="to", description="On the next day when it is earlier.", examples=["07:00"])

    @model_validator(mode="after")
    def _differ(self) -> Quiet:
        if self.begins == self.ends:
            raise refusal("contradiction", "another time than from", "to")
        return self


class Storm(Shape):
    """How many alerts may open in a while; all above are one overflow alert."""

    alerts: int = Field(ge=1, le=limits.MAX_STORM_ALERTS, description="How many alerts.")
    per: WindowSpan = Field(description="In how long.")


class NewRule(Shape):
    """An alert rule to create, or what one is to be from now on. null is the same as leaving a member out."""

    name: Name = Field(description="For people; need not be unique.")
    kind: KindName = Field(description="What it finds; see docs/alerts.md.")
    scope: Scope | None = Field(
        default=None,
        description="Which jobs. Of several rules of one kind the narrowest scope decides, and of as narrow ones the "
        "first ten that were made. Default: all jobs.",
    )
    severity: SeverityName = Field(default="warning", description="critical: told in quiet hours too.")
    enabled: bool = Field(default=True, description="false: it finds nothing.")
    count: int | None = Field(
        default=None,
        ge=1,
        le=limits.MAX_DEAD_LETTER_COUNT,
        description="failures_in_a_row: how many, up to 20. dead_letter_count: how many dead letters are an alert.",
    )
    threshold: Threshold | None = Field(
        default=None,
        description="late_start: how late. nothing_succeeded: for how long. undeliverable: for how long, default 15m.",
    )
    factor: float | None = Field(
        default=None, gt=1, le=1_000, description="running_long: how many times the usual 95th percentile."
    )
    min_samples: int | None = Field(
        default=None, ge=1, le=50, description="running_long: of how many runs that must be known. Default: 10."
    )
    escalation_policy_id: Id | None = Field(default=None, description="Who is told. Default: nobody.")
    quiet_hours: Quiet | None = Field(
        default=None, description="Notifications wait for their end, but for critical ones. Default: none."
    )
    storm_cap: Storm | None = Field(default=None, description="Default: 20 alerts in 10m.")
    grace: GraceSpan = Field(
        default=300,
        json_schema_extra={"default": "5m"},
        description="What comes back so soon after its recovery is the same alert; the recovery is told afterwards.",
    )
    resolve_after: QuietSpan = Field(
        default=900,
        json_schema_extra={"default": "15m"},
        description="For how long nothing more must be found, where that is what recovery means.",
    )

    @model_validator(mode="after")
    def _of_its_kind(self) -> NewRule:
        kind = RuleKind(self.kind)
        needed, optional = _MEMBERS.get(kind, _NO_MEMBERS)
        for name in ("count", "threshold", "factor", "min_samples"):
            value = getattr(self, name)
            if value is None and name in needed:
                raise refusal("required", f"a rule of the kind {kind} needs {name}", name)
            if value is not None and name not in needed | optional:
                raise refusal("contradiction", f"a rule of the kind {kind} has no {name}", name)
        if kind is RuleKind.FAILURES_IN_A_ROW and (self.count or 0) > limits.MAX_FAILURES_IN_A_ROW:
            raise refusal("out-of-range", f"at most {limits.MAX_FAILURES_IN_A_ROW} for the kind {kind}", "count")
        _check_scope(kind, self.scope)
        return self


class RulePatch(NewRule):
    """What may be changed of an alert rule: a merge patch."""


def _check_scope(kind: RuleKind, scope: Scope | None) -> None:
    names_jobs = scope is not None and scope.tags is None
    if kind in (RuleKind.RUNNING_LONG, RuleKind.NOTHING_SUCCEEDED) and not names_jobs:
        raise refusal("required", f"a rule of the kind {kind} needs a scope with template_ids or a group", "scope")
    if kind in (RuleKind.DEAD_LETTER_COUNT, RuleKind.BREAKER_OPEN) and scope is not None:
        raise refusal("contradiction", f"a rule of the kind {kind} has no scope: it is about the whole tenant", "scope")


_NONE: Final[frozenset[str]] = frozenset()
_NO_MEMBERS: Final = (_NONE, _NONE)
# Kind → the members that it needs, and those that it may have.
_MEMBERS: Final = {
    RuleKind.FAILURES_IN_A_ROW: (frozenset({"count"}), _NONE),
    RuleKind.DEAD_LETTER_COUNT: (frozenset({"count"}), _NONE),
    RuleKind.LATE_START: (frozenset({"threshold"}), _NONE),
    RuleKind.NOTHING_SUCCEEDED: (frozenset({"threshold"}), _NONE),
    RuleKind.UNDELIVERABLE: (_NONE, frozenset({"threshold"})),
    RuleKind.RUNNING_LONG: (frozenset({"factor"}), frozenset({"min_samples"})),
}
