"""What a job calls: one shape per kind of target.

Shapes only. Which URLs, headers and ARNs a tenant may name is decided once, by the model's rules for targets.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, StringConstraints

from functions.api.models.fields import Matching, Shape, refusal
from shared.model import limits

Arn = Annotated[str, StringConstraints(min_length=1, max_length=limits.MAX_URL_LENGTH)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=256)]
_TASK_NAME: Final = Matching(
    r"[A-Za-z_][A-Za-z0-9_.-]{0,127}", "1 to 128 of A-Z, a-z, 0-9, _, . and -, a letter or _ first,"
)
_CHANNEL_ID: Final = Matching(r"[0-9a-z]{1,64}", "ids of channels")
HeaderName = Annotated[str, StringConstraints(min_length=1, max_length=limits.MAX_HEADER_NAME_LENGTH)]
HeaderValue = Annotated[str, StringConstraints(max_length=limits.MAX_HEADER_VALUE_LENGTH)]


def _runnable(argv: list[str]) -> list[str]:
    if not argv[0]:
        raise refusal("invalid-format", "the first is the program's name")
    if sum(len(argument.encode()) for argument in argv) > limits.MAX_ARGV_BYTES:
        raise refusal("out-of-range", f"at most {limits.MAX_ARGV_BYTES // limits.KIB} KB in all")
    return argv


class HttpTarget(Shape):
    """An HTTPS endpoint. The payload is the body."""

    type: Literal["http"] = Field(description="The kind of target.")
    url: Annotated[str, StringConstraints(min_length=1, max_length=limits.MAX_URL_LENGTH)] = Field(
        description="https, at a public address.", examples=["https://example.com/hook"]
    )
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] = Field(
        default="POST", description="How it is called."
    )
    headers: dict[HeaderName, HeaderValue] = Field(
        default_factory=dict,
        max_length=limits.MAX_HEADERS,
        description="Sent as they are. Those whose names sound like secrets are answered as ***. Default: none.",
    )


class AwsTarget(Shape):
    """`role_arn`: the role to call it under, with the tenant as external id, instead of the scheduler's own."""

    role_arn: Arn | None = Field(default=None, description="The role to call it under. Default: the scheduler's own.")


class LambdaTarget(AwsTarget):
    """A Lambda function, by name or ARN, invoked synchronously with the payload."""

    type: Literal["lambda"] = Field(description="The kind of target.")
    function: Arn = Field(description="Its name or ARN.", examples=["rotate-logs"])


class SqsTarget(AwsTarget):
    """A queue. The payload is the message's body."""

    type: Literal["sqs"] = Field(description="The kind of target.")
    queue_url: Arn = Field(description="The queue's URL, as SQS gives it.")


class SnsTarget(AwsTarget):
    """A topic. The payload is the message."""

    type: Literal["sns"] = Field(description="The kind of target.")
    topic_arn: Arn = Field(description="The topic's ARN.")


class EventBridgeTarget(AwsTarget):
    """An event on a bus. The payload, an object, is its detail."""

    type: Literal["eventbridge"] = Field(description="The kind of target.")
    bus: Arn = Field(description="The bus's name or ARN.", examples=["default"])
    source: Text = Field(description="Who speaks, for the bus's rules.", examples=["my.app"])
    detail_type: Annotated[str, StringConstraints(min_length=1, max_length=128)] = Field(
        description="What happened, for the bus's rules.", examples=["Invoice due"]
    )


class StepFunctionsTarget(AwsTarget):
    """The start of a state machine's execution. The payload is its input."""

    type: Literal["step_functions"] = Field(description="The kind of target.")
    state_machine_arn: Arn = Field(description="The state machine's ARN.")


class TaskTarget(Shape):
    """A registered Python function, called with the payload."""

    type: Literal["task"] = Field(description="The kind of target.")
    name: Annotated[str, AfterValidator(_TASK_NAME), _TASK_NAME.schema()] = Field(
        description="The name under which it is registered.", examples=["examples.echo"]
    )


class CommandTarget(Shape):
    """A program in the sandbox, where the environment turns that on. The payload is its standard input."""

    type: Literal["command"] = Field(description="The kind of target.")
    argv: Annotated[
        list[Annotated[str, StringConstraints(max_length=limits.MAX_ARGV_BYTES)]],
        Field(min_length=1, max_length=limits.MAX_ARGV),
        AfterValidator(_runnable),
    ] = Field(description="The program and its arguments; no shell reads them.", examples=[["/bin/echo", "hi"]])


class ChannelTarget(Shape):
    """A channel, which tells the payload's `summary`, or the payload itself, by Slack, e-mail and the like."""

    type: Literal["channel"] = Field(description="The kind of target.")
    channel_id: Annotated[str, AfterValidator(_CHANNEL_ID), _CHANNEL_ID.schema()] = Field(
        description="The channel's id."
    )


Target = Annotated[
    HttpTarget
    | LambdaTarget
    | SqsTarget
    | SnsTarget
    | EventBridgeTarget
    | StepFunctionsTarget
    | TaskTarget
    | CommandTarget
    | ChannelTarget,
    Field(discriminator="type"),
]


def as_stored(target: Shape) -> dict[str, Any]:
    """A target as the job keeps it: what was sent, without defaults."""
    return target.model_dump(exclude_unset=True, exclude_none=True)
