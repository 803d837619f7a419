"""An alert as an item of the control table, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from shared.adapters.dynamodb import schema
from shared.adapters.dynamodb.codec import INTEGER, JSON, TEXT, TIME, TIME_IN_SECONDS, Kind
from shared.model.alerts.alert import (
    Alert,
    AlertMove,
    AlertState,
    NotificationKind,
    Occurrence,
    Pending,
    Subject,
    SubjectKind,
    Transition,
)
from shared.model.alerts.rule import QuietHours, RuleKind, Severity
from shared.model.job import epoch_ms, from_epoch_ms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.adapters.dynamodb.codec import Item


def _text(kind: Callable[[str], Any]) -> Kind:
    return Kind(lambda value: {"S": str(value)}, lambda stored: kind(stored["S"]))


def _list(encode: Callable[[Any], list[Any]], decode: Callable[[list[Any]], Any]) -> Kind:
    """A tuple of things, each as a JSON list."""
    return Kind(
        lambda values: JSON.encode([encode(one) for one in values]),
        lambda stored: tuple(decode(one) for one in JSON.decode(stored)),
    )


def _subject(kind: str, name: str) -> Subject:
    return Subject(SubjectKind(kind), name)


_SUBJECT: Final = Kind(
    lambda subject: JSON.encode([str(subject.kind), subject.id]),
    lambda stored: _subject(*JSON.decode(stored)),
)
_SAMPLES: Final = _list(
    lambda one: [one.job_id, one.mark, epoch_ms(one.at), one.name, one.error_type, one.error_message],
    lambda one: Occurrence(one[0], one[1], from_epoch_ms(one[2]), *one[3:]),
)
_HISTORY: Final = _list(
    lambda one: [str(one.move), str(one.state), epoch_ms(one.at), one.by, one.note],
    lambda one: Transition(AlertMove(one[0]), AlertState(one[1]), from_epoch_ms(one[2]), one[3], one[4]),
)
_PENDING: Final = _list(
    lambda one: [one.number, str(one.kind), list(one.channels)],
    lambda one: Pending(one[0], NotificationKind(one[1]), tuple(one[2])),
)
_NAMES: Final = Kind(lambda names: JSON.encode(list(names)), lambda stored: tuple(JSON.decode(stored)))
_QUIET: Final = Kind(
    lambda quiet: JSON.encode([quiet.timezone, quiet.starts, quiet.ends]),
    lambda stored: QuietHours(*JSON.decode(stored)),
)

# Field of `Alert` → (attribute, kind). The tenant is in the partition key, the id in the sort key.
_ATTRIBUTES: Final[Mapping[str, tuple[str, Kind]]] = {
    "key": ("key", TEXT),
    "rule_id": ("rule", TEXT),
    "rule_name": ("rule_name", TEXT),
    "kind": ("kind", _text(RuleKind)),
    "subject": ("subject", _SUBJECT),
    "severity": ("severity", _text(Severity)),
    "state": ("state", _text(AlertState)),
    "count": ("count", INTEGER),
    "samples": ("samples", _SAMPLES),
    "history": ("history", _HISTORY),
    "policy_id": ("policy", TEXT),
    "quiet_hours": ("quiet", _QUIET),
    "grace_seconds": ("grace", INTEGER),
    "resolve_after_seconds": ("quiet_s", INTEGER),
    "steps_taken": ("steps", INTEGER),
    "told": ("told", _NAMES),
    "pending": ("pending", _PENDING),
    "notified": ("notified", INTEGER),
    "announced": ("announced", INTEGER),
    "acknowledged_by": ("ack_by", TEXT),
    "version": ("v", INTEGER),
    "revision": ("rev", INTEGER),
    "opened_at": ("o_at", TIME),
    "last_at": ("l_at", TIME),
    "changed_at": ("u_at", TIME),
    "begun_at": ("b_at", TIME),
    "step_at": ("st_at", TIME),
    "check_at": ("ch_at", TIME),
    "acknowledged_at": ("ack_at", TIME),
    "silenced_at": ("si_at", TIME),
    "silenced_until": ("si_to", TIME),
    "resolved_at": ("r_at", TIME),
    "recover_at": ("rec_at", TIME),
}
_BY_ATTRIBUTE: Final = {attribute: (field, kind) for field, (attribute, kind) in _ATTRIBUTES.items()}
REVISION: Final = _ATTRIBUTES["revision"][0]


def alert_item_key(tenant: str, alert_id: str) -> Item:
    return {schema.PK: {"S": f"{schema.ALERTS_PK}#{tenant}"}, schema.SK: {"S": alert_id}}


def encode_alert(alert: Alert) -> Item:
    item = alert_item_key(alert.tenant, alert.id)
    for field, (attribute, kind) in _ATTRIBUTES.items():
        if (value := getattr(alert, field)) is not None:
            item[attribute] = kind.encode(value)
    if alert.expire_item_at is not None:
        item[schema.TTL] = TIME_IN_SECONDS.encode(alert.expire_item_at)
    return item


def decode_alert(item: Item) -> Alert:
    """
    Raises:
        ValueError, TypeError: a newer version wrote it.
    """
    values = {
        field: kind.decode(item[attribute]) for attribute, (field, kind) in _BY_ATTRIBUTE.items() if attribute in item
    }
    return Alert(tenant=item[schema.PK]["S"].partition("#")[2], id=item[schema.SK]["S"], **values)
