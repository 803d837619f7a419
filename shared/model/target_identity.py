"""What a target calls, as one short text: what fails together has the same one."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any, Final

from shared.model.outbound import origin_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_IDENTITY_LENGTH: Final = 256

# What stands in a path of the API as it is, and the brackets of an IPv6 address.
_FOREIGN: Final = re.compile(r"[^A-Za-z0-9._:@+=,\[\]-]")
_DIGEST_LENGTH: Final = 12
_IDENTITY: Final = re.compile(rf"(?P<kind>[a-z_]+):[A-Za-z0-9._:@+=,\[\]~-]{{1,{MAX_IDENTITY_LENGTH}}}")


def target_identity(target: Mapping[str, Any]) -> str:
    """`http:<host>:<port>`, `lambda:<function>`, `sqs:<queue>`, `sns:<topic>`, `eventbridge:<bus>`,
    `step_functions:<state machine>`, `task:<name>`, `command:<program>`, `channel:<id>`; for any other kind, or a
    target that does not say what it calls, the kind alone.

    Paths, queries, versions, aliases and arguments are left out, since an outage takes them all. Printable ASCII
    without spaces and slashes, at most 256 characters: other characters become `_`, and of a longer text the end
    becomes a digest. Total: no target raises.
    """
    kind = str(target.get("type") or "unknown")
    name = _NAMES.get(kind, _nothing)(target)
    text = _FOREIGN.sub("_", f"{kind}:{name}" if name else kind)
    if len(text) <= MAX_IDENTITY_LENGTH:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_LENGTH]
    return f"{text[: MAX_IDENTITY_LENGTH - _DIGEST_LENGTH - 1]}~{digest}"


def parse_target_identity(text: str) -> str | None:
    """The identity that a person means by `text`, of a target that says what it calls, of a kind that is known here;
    None when no target could have it. Of an HTTP host, whose port is 443 unless it is said, case does not matter."""
    match = _IDENTITY.fullmatch(text) if len(text) <= MAX_IDENTITY_LENGTH else None
    if match is None or match["kind"] not in _NAMES:
        return None
    if match["kind"] != "http":
        return text
    identity = target_identity({"type": "http", "url": f"https://{text.partition(':')[2]}"})
    return identity if identity != "http" else None


def _nothing(target: Mapping[str, Any]) -> str:
    del target
    return ""


def _origin(target: Mapping[str, Any]) -> str:
    origin = origin_of(str(target.get("url")))
    if origin is None:
        return ""
    host, port = origin
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _field(name: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda target: str(target.get(name) or "")


def _last(name: str, separator: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda target: str(target.get(name) or "").rstrip(separator).rpartition(separator)[2]


def _of_arn(name: str, service_noun: str) -> Callable[[Mapping[str, Any]], str]:
    """A resource by name or by ARN; its version or alias follows another colon."""

    def read(target: Mapping[str, Any]) -> str:
        text = str(target.get(name) or "")
        if text.startswith("arn:"):
            text = text.partition(service_noun)[2]
        return text.partition(":")[0]

    return read


def _program(target: Mapping[str, Any]) -> str:
    argv = target.get("argv")
    return str(argv[0]).rpartition("/")[2] if isinstance(argv, (list, tuple)) and argv else ""


_NAMES: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "http": _origin,
    "lambda": _of_arn("function", ":function:"),
    "sqs": _last("queue_url", "/"),
    "sns": _last("topic_arn", ":"),
    "eventbridge": _of_arn("bus", ":event-bus/"),
    "step_functions": _of_arn("state_machine_arn", ":stateMachine:"),
    "task": _field("name"),
    "command": _program,
    "channel": _field("channel_id"),
}
