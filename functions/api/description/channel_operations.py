"""What each route about channels is for."""

from __future__ import annotations

from typing import Final

from functions.api.description import channel_answers as answers
from functions.api.description.answers import Job
from functions.api.description.operation import (
    CHANGE_PROBLEMS,
    IDEMPOTENCY_KEY,
    IF_MATCH,
    IF_NONE_MATCH,
    TARGET_PROBLEMS,
    Operation,
)
from functions.api.models import channels
from functions.api.request import JSON, MERGE_PATCH
from shared.model import limits

_NEW: Final = {
    "name": "on call",
    "service": {"type": "slack", "url": "https://example.com/services/T0/B0/secret"},
}
_CHANGE_PROBLEMS: Final = tuple(slug for slug in CHANGE_PROBLEMS if slug != "invalid-state")

CHANNEL_OPERATIONS: Final = {
    ("POST", "/v1/channels"): Operation(
        id="createChannel",
        summary="Create a channel",
        description="By it news goes out: alerts, events, and what a job's target `channel` says. "
        f"There are up to {limits.MAX_CHANNELS}.",
        body=channels.NewChannel,
        example=_NEW,
        parameters=(IDEMPOTENCY_KEY,),
        answer=answers.Channel,
        statuses={201: "The channel. `Idempotent-Replayed: true` when an earlier call had created it."},
        problems=("idempotency-key-reused", "limit-reached", *TARGET_PROBLEMS),
    ),
    ("GET", "/v1/channels"): Operation(
        id="listChannels",
        summary="List channels",
        description="All of them, in one answer.",
        answer=answers.ChannelList,
        statuses={200: "The channels."},
    ),
    ("GET", "/v1/channels/{channel_id}"): Operation(
        id="getChannel",
        summary="Get a channel",
        parameters=(IF_NONE_MATCH,),
        answer=answers.Channel,
        statuses={200: "The channel."},
        problems=("not-found",),
    ),
    ("PATCH", "/v1/channels/{channel_id}"): Operation(
        id="editChannel",
        summary="Change a channel",
        description="A JSON merge patch (RFC 7396): secrets that it does not speak of stay as they are. It holds for "
        "all that has not been sent yet.",
        body=channels.ChannelPatch,
        is_patch=True,
        example={"name": "on call, renamed"},
        body_types=(MERGE_PATCH, JSON),
        parameters=(IF_MATCH,),
        answer=answers.Channel,
        statuses={200: "The channel after the change."},
        problems=(*_CHANGE_PROBLEMS, *TARGET_PROBLEMS),
    ),
    ("PUT", "/v1/channels/{channel_id}"): Operation(
        id="replaceChannel",
        summary="Replace a channel",
        description="It holds for all that has not been sent yet. A secret that is sent as *** stays as it is.",
        body=channels.NewChannel,
        example={"name": "on call, renamed", "service": {"type": "slack", "url": "***"}},
        parameters=(IF_MATCH,),
        answer=answers.Channel,
        statuses={200: "The channel after the change."},
        problems=(*_CHANGE_PROBLEMS, *TARGET_PROBLEMS),
    ),
    ("DELETE", "/v1/channels/{channel_id}"): Operation(
        id="deleteChannel",
        summary="Delete a channel",
        description="Refused while a subscription or an escalation policy uses it. What was to go out by it and has "
        "not been sent fails for good, and shows among the dead letters.",
        parameters=(IF_MATCH,),
        answer=answers.Channel,
        statuses={200: "The channel as it was."},
        problems=CHANGE_PROBLEMS,
    ),
    ("POST", "/v1/channels/{channel_id}/test"): Operation(
        id="testChannel",
        summary="Try a channel",
        description="Sends a message that says that it is a test, by a job like any other: ask for it to see how it "
        "went.",
        answer=Job,
        statuses={202: "The job that sends it."},
        problems=("not-found",),
    ),
}
