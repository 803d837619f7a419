"""What clients send about channels."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, StringConstraints

from functions.api.models.faults import validated
from functions.api.models.fields import Matching, Name, Shape
from functions.api.models.targets import Arn, HeaderName, HeaderValue  # noqa: TC001 (pydantic reads the annotations)
from shared.model import limits
from shared.model.channel import SECRETS, Channel, ChannelKind
from shared.model.errors import InvalidField
from shared.model.hidden import HIDDEN
from shared.model.outbound import origin_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_ROUTING_KEY: Final = Matching(r"[0-9A-Za-z]{32}|\*\*\*", "32 of 0-9, A-Z and a-z")
_ADDRESS: Final = Matching(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){1,8}",
    "addresses like ops@example.com",
)
_Url = Annotated[str, StringConstraints(min_length=1, max_length=limits.MAX_URL_LENGTH)]


class WebhookService(Shape):
    """An HTTPS endpoint, called with the event itself, signed after Standard Webhooks."""

    type: Literal["webhook"] = Field(description="The kind of service.")
    url: _Url = Field(description="https, at a public address.", examples=["https://example.com/news"])
    headers: dict[HeaderName, HeaderValue] = Field(
        default_factory=dict,
        max_length=limits.MAX_HEADERS,
        description="Sent as they are. Those whose names sound like secrets are answered as ***. Default: none.",
    )


class SlackService(Shape):
    """An incoming webhook of Slack, or of a service that takes the same messages."""

    type: Literal["slack"] = Field(description="The kind of service.")
    url: _Url = Field(description="The webhook's URL, a secret: answered as ***, which sent back keeps it.")


class PagerDutyService(Shape):
    """An integration of PagerDuty's Events API v2: an alert is an incident, which its end resolves."""

    type: Literal["pagerduty"] = Field(description="The kind of service.")
    routing_key: Annotated[str, AfterValidator(_ROUTING_KEY), _ROUTING_KEY.schema()] = Field(
        description="The integration's key, a secret: answered as ***, which sent back keeps it."
    )
    region: Literal["us", "eu"] = Field(default="us", description="Where PagerDuty keeps the account.")


class SnsService(Shape):
    """A topic, which passes it on to its subscribers."""

    type: Literal["sns"] = Field(description="The kind of service.")
    topic_arn: Arn = Field(description="The topic's ARN, among those that jobs may call.")


class EmailService(Shape):
    """E-mail by SES, where this environment has an address to send from."""

    type: Literal["email"] = Field(description="The kind of service.")
    addresses: Annotated[
        list[Annotated[str, AfterValidator(_ADDRESS), _ADDRESS.schema()]],
        Field(min_length=1, max_length=limits.MAX_CHANNEL_ADDRESSES),
    ] = Field(description="To whom.", examples=[["ops@example.com"]])


Service = Annotated[
    WebhookService | SlackService | PagerDutyService | SnsService | EmailService, Field(discriminator="type")
]


class NewChannel(Shape):
    """A channel to create, or what one is to be from now on."""

    name: Name = Field(description="For people; need not be unique.")
    service: Service = Field(description="By which service news goes out.")


class ChannelPatch(NewChannel):
    """What may be changed of a channel: a merge patch. A secret that it does not speak of stays as it is."""


def read_channel(
    body: Any, check_target: Callable[[Mapping[str, Any]], None], current: Channel | None = None
) -> tuple[str, ChannelKind, dict[str, Any]]:
    """The name, the kind and the settings that a channel is to have; a hidden secret is the one that `current` has.

    Raises:
        Refused, InvalidField: it is not of the shape, or what it leads to may not be called.
    """
    asked = validated(NewChannel, body)
    settings = asked.service.model_dump(exclude={"type"}, exclude_defaults=True)
    kind = ChannelKind(asked.service.type)
    for name in sorted(SECRETS[kind]):
        if settings[name] == HIDDEN:
            if current is None or current.kind is not kind:
                raise InvalidField(f"/service/{name}", "*** stands for a secret that is known already: send it")
            settings[name] = current.settings[name]
    hidden = {name for name, value in (settings.get("headers") or {}).items() if value == HIDDEN}
    known = {} if current is None else _headers_for(current, settings.get("url"))
    for name in sorted(hidden):
        if name not in known:
            detail = "*** stands for a value that is known already, for this host and port: send it"
            raise InvalidField(f"/service/headers/{name}", detail)
        settings["headers"][name] = known[name]
    _check(kind, settings, check_target)
    return asked.name, kind, settings


def _headers_for(current: Channel, url: str | None) -> Mapping[str, str]:
    """The headers that are known for where `url` leads: whoever may move a channel, but does not know its secrets, must
    not have them sent to a host of their own."""
    told = current.settings.get("url")
    if told is None or url is None or origin_of(told) != origin_of(url):
        return {}
    known: Mapping[str, str] = current.settings.get("headers") or {}
    return known


def _check(kind: ChannelKind, settings: Mapping[str, Any], check_target: Callable[[Mapping[str, Any]], None]) -> None:
    match kind:
        case ChannelKind.WEBHOOK | ChannelKind.SLACK:
            target = {"type": "http", "url": settings["url"], "headers": settings.get("headers") or {}}
        case ChannelKind.SNS:
            target = {"type": "sns", "topic_arn": settings["topic_arn"]}
        case ChannelKind.EMAIL:
            target = {"type": "email"}
        case ChannelKind.PAGERDUTY:
            return
    try:
        check_target(target)
    except InvalidField as error:
        pointer = re.sub(r"^/target", "/service", error.pointer)
        raise InvalidField(pointer, error.detail, slug=error.slug) from None
