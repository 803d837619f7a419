"""The shapes of answers about alerts, for the description and the tests."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from functions.api.description.answers import Duration, Time  # noqa: TC001 (pydantic reads the annotations)
from functions.api.models.alert_rules import (  # noqa: TC001 (pydantic reads the annotations)
    KindName,
    PolicyStep,
    Quiet,
    Repeat,
    Scope,
    SeverityName,
)

StateName = Literal["open", "escalated", "acknowledged", "silenced", "resolved"]


class AlertSubject(BaseModel):
    """What an alert is about."""

    type: Literal["template", "group", "error", "jobs", "tenant", "target", "storm"] = Field(
        description="error: jobs with neither template nor group, by the fingerprint of their error. storm: what was "
        "above a rule's cap."
    )
    id: str


class ListedAlert(BaseModel):
    """An alert."""

    id: str
    summary: str = Field(description="One line for people.")
    state: StateName
    severity: SeverityName
    kind: KindName
    rule_id: str
    rule_name: str
    subject: AlertSubject
    count: int = Field(description="How much was found; exact.")
    opened_at: Time
    last_at: Time = Field(description="When the latest of it happened.")
    acknowledged_at: Time | None
    acknowledged_by: str | None = Field(description="The API key's id.")
    silenced_until: Time | None
    resolved_at: Time | None
    escalation_policy_id: str | None = Field(description="null: nobody is told.")
    next_step_at: Time | None = Field(description="When the next step of the policy is taken, if nothing is done.")
    notifications: int = Field(description="How often somebody was told.")
    told: list[str] = Field(description="The channels that know of it and have not been told that it is over.")
    version: int = Field(description="Rises with each change of its state, not with each count; the ETag.")


class AlertError(BaseModel):
    """How a job ended."""

    type: str
    message: str


class AlertJob(BaseModel):
    """A job that the alert is about."""

    id: str
    name: str | None
    at: Time
    error: AlertError | None


class AlertTransition(BaseModel):
    """Something that was done about an alert."""

    move: Literal["open", "acknowledge", "escalate", "silence", "unsilence", "resolve", "reopen"]
    state: StateName
    at: Time
    by: str = Field(description="The API key's id, or punctual.")
    note: str | None


class Alert(ListedAlert):
    """An alert with its latest jobs and its history."""

    jobs: list[AlertJob] = Field(description="The latest 10.")
    history: list[AlertTransition] = Field(description="The latest 30, oldest first.")


class AlertList(BaseModel):
    """A page of alerts, newest first."""

    items: list[ListedAlert]
    next_cursor: str | None = Field(default=None, description="Left out at the end.")


class StormCap(BaseModel):
    """How many alerts may open in a while."""

    alerts: int
    per: Duration


class AlertRule(BaseModel):
    """An alert rule."""

    id: str
    name: str
    kind: KindName
    scope: Scope | None = Field(description="null: all jobs.")
    severity: SeverityName
    enabled: bool
    count: int | None
    threshold: Duration | None
    factor: float | None
    min_samples: int | None
    escalation_policy_id: str | None
    quiet_hours: Quiet | None
    storm_cap: StormCap
    grace: Duration
    resolve_after: Duration
    version: int = Field(description="Rises with each change; the ETag.")
    created_at: Time
    changed_at: Time
    changed_by: str = Field(description="The API key's id.")


class AlertRuleList(BaseModel):
    """All rules, oldest first."""

    items: list[AlertRule]


class EscalationPolicy(BaseModel):
    """An escalation policy."""

    id: str
    name: str
    steps: list[PolicyStep]
    repeat: Repeat | None
    version: int = Field(description="Rises with each change; the ETag.")
    created_at: Time
    changed_at: Time
    changed_by: str = Field(description="The API key's id.")


class EscalationPolicyList(BaseModel):
    """All escalation policies, oldest first."""

    items: list[EscalationPolicy]
