"""The kinds of values that request models are made of, each with its bounds and its JSON schema."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from shared.model import limits
from shared.model.durations import EXPECTED, format_seconds, parse_duration
from shared.model.groups import RESERVED_PREFIX, is_reserved
from shared.model.times import EXAMPLE, parse_time

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema


_ABOUT: Final = frozenset({"default", "description", "examples", "title"})


class Shape(BaseModel):
    """An object of a request: unknown members are refused, no value is turned into another type, and null is the same
    as leaving a member out. Where a member is needed, null is its value."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, value: Any) -> Any:
        if not isinstance(value, dict) or None not in value.values():
            return value
        optional = {field.alias or name for name, field in cls.model_fields.items() if not field.is_required()}
        return {name: member for name, member in value.items() if member is not None or name not in optional}

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        described = handler(schema)
        shape = handler.resolve_ref_schema(described)
        for name, member in shape.get("properties", {}).items():
            if name not in shape.get("required", ()):
                shape["properties"][name] = _or_null(member)
        return described


def refusal(code: str, detail: str, *at: str | int) -> PydanticCustomError:
    """An error of a validator, with the code and the words that the client gets. `at` leads from what was validated to
    the member that is to blame."""
    # Braces would be read as a template.
    return PydanticCustomError(code, "{detail}", {"detail": detail, "at": at})


def _or_null(schema: JsonSchemaValue) -> JsonSchemaValue:
    """A member's schema that takes null, too. What is said about the member stays beside the choice."""
    null = {"type": "null"}
    takes_anything = not schema.keys() - _ABOUT
    if takes_anything or null in schema.get("anyOf", ()):
        return schema
    about = {word: value for word, value in schema.items() if word in _ABOUT}
    return {"anyOf": [{word: value for word, value in schema.items() if word not in _ABOUT}, null], **about}


@dataclass(frozen=True, slots=True)
class DurationBetween:
    """Reads a duration into seconds, within bounds given in seconds; `whole` seconds only where the model says so."""

    minimum: float
    maximum: float
    whole: bool = True

    def __call__(self, value: Any) -> float:
        if not isinstance(value, str):
            raise refusal("wrong-type", EXPECTED)
        try:
            milliseconds = parse_duration(value)
        except ValueError as error:
            raise refusal("invalid-duration", str(error)) from None
        if not self.minimum * 1000 <= milliseconds <= self.maximum * 1000:
            raise refusal("out-of-range", f"from {format_seconds(self.minimum)} to {format_seconds(self.maximum)}")
        if self.whole and milliseconds % 1000:
            raise refusal("out-of-range", "whole seconds only")
        return milliseconds // 1000 if self.whole else milliseconds / 1000

    def schema(self) -> WithJsonSchema:
        bounds = f"from {format_seconds(self.minimum)} to {format_seconds(self.maximum)}"
        return WithJsonSchema(
            {"type": "string", "description": f"A duration with a unit, {bounds}.", "examples": ["30s"]}
        )


@dataclass(frozen=True, slots=True)
class Matching:
    """Accepts the strings that match `pattern` as a whole; `expected` says in words which those are."""

    pattern: str
    expected: str

    def __call__(self, value: str) -> str:
        if not self.fits(value):
            raise refusal("invalid-format", f"{self.expected} are expected")
        return value

    def fits(self, value: str) -> bool:
        return re.fullmatch(self.pattern, value) is not None

    def schema(self) -> Any:
        return Field(json_schema_extra={"pattern": f"^{self.pattern}$"})


def _time(value: Any) -> datetime:
    if not isinstance(value, str):
        raise refusal("wrong-type", f"an RFC 3339 time with an offset is expected, such as {EXAMPLE}")
    try:
        return parse_time(value)
    except ValueError as error:
        raise refusal("invalid-time", str(error)) from None


def _printable(value: str) -> str:
    if not value.isprintable():
        raise refusal("unacceptable-character", "printable characters only")
    return value


def _printable_ascii(value: str) -> str:
    if not (value.isascii() and value.isprintable()):
        raise refusal("unacceptable-character", "printable ASCII characters only")
    return value


def _of_clients(group: str) -> str:
    if is_reserved(group):
        raise refusal("reserved-name", f"another name: {RESERVED_PREFIX}* are the scheduler's own")
    return group


_DELAY: Final = DurationBetween(0, limits.MAX_AHEAD_SECONDS, whole=False)
_TIMEOUT: Final = DurationBetween(limits.MIN_TIMEOUT_SECONDS, limits.MAX_CALLBACK_TIMEOUT_SECONDS)
_HEARTBEAT_TIMEOUT: Final = DurationBetween(limits.MIN_HEARTBEAT_TIMEOUT_SECONDS, limits.MAX_CALLBACK_TIMEOUT_SECONDS)
_EXPIRES_AFTER: Final = DurationBetween(1, limits.MAX_EXPIRES_AFTER_SECONDS)
_INITIAL: Final = DurationBetween(0.1, limits.MAX_INITIAL_DELAY_SECONDS, whole=False)
_MAX_DELAY: Final = DurationBetween(0.1, limits.MAX_RETRY_DELAY_SECONDS, whole=False)
_GIVE_UP_AFTER: Final = DurationBetween(1, limits.MAX_GIVE_UP_AFTER_SECONDS)
_MISFIRE: Final = DurationBetween(1, limits.MAX_MISFIRE_SECONDS)
_TAG_KEY: Final = Matching(
    rf"[A-Za-z0-9_./-]{{1,{limits.MAX_TAG_KEY_LENGTH}}}",
    f"1 to {limits.MAX_TAG_KEY_LENGTH} of A-Z, a-z, 0-9, _, ., / and -",
)
_GROUP: Final = Matching(
    rf"[A-Za-z0-9_.-]{{1,{limits.MAX_GROUP_LENGTH}}}", f"1 to {limits.MAX_GROUP_LENGTH} of A-Z, a-z, 0-9, _, . and -"
)
# `.` and `..` are parts of a path that clients resolve before they send it: nobody could ask for such a key.
EXTERNAL_KEY: Final = Matching(
    rf"(?!\.\.?$)[A-Za-z0-9_.:-]{{1,{limits.MAX_EXTERNAL_KEY_LENGTH}}}",
    f"1 to {limits.MAX_EXTERNAL_KEY_LENGTH} of A-Z, a-z, 0-9, _, ., : and - (but neither . nor ..)",
)
_ERROR_NAME: Final = Matching(
    rf"[a-z][a-z0-9_]{{0,{limits.ERROR_TYPE_LENGTH - 1}}}",
    f"1 to {limits.ERROR_TYPE_LENGTH} of a-z, 0-9 and _, a letter first, such as timed_out or http_5xx,",
)

Time = Annotated[
    datetime, PlainValidator(_time), WithJsonSchema({"type": "string", "format": "date-time", "examples": [EXAMPLE]})
]
Delay = Annotated[float, PlainValidator(_DELAY), _DELAY.schema()]
Timeout = Annotated[int, PlainValidator(_TIMEOUT), _TIMEOUT.schema()]
HeartbeatTimeout = Annotated[int, PlainValidator(_HEARTBEAT_TIMEOUT), _HEARTBEAT_TIMEOUT.schema()]
ExpiresAfter = Annotated[int, PlainValidator(_EXPIRES_AFTER), _EXPIRES_AFTER.schema()]
InitialDelay = Annotated[float, PlainValidator(_INITIAL), _INITIAL.schema()]
MaxDelay = Annotated[float, PlainValidator(_MAX_DELAY), _MAX_DELAY.schema()]
GiveUpAfter = Annotated[int, PlainValidator(_GIVE_UP_AFTER), _GIVE_UP_AFTER.schema()]
MisfireSpan = Annotated[int, PlainValidator(_MISFIRE), _MISFIRE.schema()]

Name = Annotated[str, StringConstraints(min_length=1, max_length=limits.MAX_NAME_LENGTH), AfterValidator(_printable)]
TagKey = Annotated[str, AfterValidator(_TAG_KEY), _TAG_KEY.schema()]
TagValue = Annotated[str, StringConstraints(max_length=limits.MAX_TAG_VALUE_LENGTH), AfterValidator(_printable)]
ExternalKey = Annotated[str, AfterValidator(EXTERNAL_KEY), EXTERNAL_KEY.schema()]
Note = Annotated[str, StringConstraints(min_length=1, max_length=limits.MAX_NOTE_LENGTH), AfterValidator(_printable)]
Group = Annotated[str, AfterValidator(_GROUP), AfterValidator(_of_clients), _GROUP.schema()]
CorrelationId = Annotated[
    str,
    StringConstraints(min_length=1, max_length=limits.MAX_CORRELATION_ID_LENGTH),
    AfterValidator(_printable_ascii),
]
ErrorName = Annotated[str, AfterValidator(_ERROR_NAME), _ERROR_NAME.schema()]
PriorityName = Literal["high", "normal", "low"]
