"""What is due about alerts and rules, each minute: escalation, the end of a silence, recovery, and what rules have to
look for themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from functions.watcher.alerts.evaluate_rule import next_minute
from shared.model.alerts import moves
from shared.model.alerts.errors import AlertChanged
from shared.model.alerts.transitions import PUNCTUAL
from shared.model.errors import ItemNotFound, StoreUnavailable
from shared.ports.alerts import DueKind, Standing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from functions.watcher.alerts.evaluate_rule import EvaluateRule
    from functions.watcher.alerts.known_rules import KnownRules
    from functions.watcher.alerts.notify import Notify
    from functions.watcher.alerts.recovery import Recovery
    from shared.model.alerts.alert import Alert
    from shared.ports.alerts import AlertStore, DueLook
    from shared.ports.clock import Clock
    from shared.ports.telemetry import Telemetry

_PAGE: Final = 100
_TRIES: Final = 3
_LAST_LOOK_SECONDS: Final = 5
_POSTPONED: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAfterAlerts:
    """Two of them at once do no harm: every write is conditional, and a look is forgotten only when the thing itself
    says that it is due at another time, for which another look is planned with it."""

    alerts: AlertStore
    known: KnownRules
    recovery: Recovery
    evaluate_rule: EvaluateRule
    notify: Notify
    clock: Clock
    telemetry: Telemetry

    def __call__(self, seconds_left: Callable[[], float]) -> Mapping[str, int]:
        """How many looks were taken, and how many have to be taken again.

        Raises:
            StoreUnavailable: what is due cannot be read.
        """
        report = _Report()
        until = self.clock.now()
        last: DueLook | None = None
        while True:
            # Behind what was looked at: what has to be looked at again stands before nothing.
            page = self.alerts.looks(until=until, limit=_PAGE, after=last)
            for look in page:
                if seconds_left() < _LAST_LOOK_SECONDS:
                    return report.counts()
                self._take(look, report)
            if len(page) < _PAGE:
                return report.counts()
            last = page[-1]

    def _take(self, look: DueLook, report: _Report) -> None:
        try:
            is_done = self._look_at_alert(look) if look.kind is DueKind.ALERT else self.evaluate_rule(look)
            if is_done:
                self.alerts.forget_look(look)
            else:
                report.left += 1
        except StoreUnavailable as error:
            self.telemetry.warn("look_failed", error=str(error), tenant=look.tenant, kind=look.kind, id=look.id)
            report.left += 1
        except Exception as error:
            # A defect about one thing must not stand before all others: it is looked at later, on a whole minute, so
            # that those of a rule, which plans its next look itself, do not become more and more.
            self.telemetry.defect("look_left_out", error, tenant=look.tenant, kind=look.kind, id=look.id)
            self.alerts.plan_look(look._replace(due_at=next_minute(self.clock.now() + _POSTPONED)))
            self.alerts.forget_look(look)
        report.taken += 1

    def _look_at_alert(self, look: DueLook) -> bool:
        """Whether nothing is due at the look's time any more."""
        for _ in range(_TRIES):
            try:
                alert = self.alerts.get_alert(look.tenant, look.id)
            except ItemNotFound:
                return True
            now = self.clock.now()
            if alert.due_at is None or alert.due_at > now:
                return True
            try:
                return self._after(alert, now).due_at != look.due_at
            except AlertChanged:
                continue
        return False

    def _after(self, alert: Alert, now: datetime) -> Alert:
        alert = self.notify(alert)
        changed = moves.advanced(alert, self.known.of(alert.tenant).policy_of(alert.policy_id), now)
        if changed.check_at is not None and changed.check_at <= now:
            reason = self.recovery(changed, now)
            if reason is None:
                changed = moves.looked_at(changed, now=now)
            else:
                changed = moves.resolved(changed, by=PUNCTUAL, note=reason, now=now)
        if changed is alert:
            return alert
        self.alerts.record(changed, seen=Standing.of(alert))
        if changed.state is not alert.state:
            self.telemetry.note(
                "alert_moved", tenant=alert.tenant, alert_id=alert.id, was=alert.state, state=changed.state
            )
        return self.notify(changed)


@dataclass(slots=True)
class _Report:
    taken: int = 0
    left: int = 0

    def counts(self) -> dict[str, int]:
        return {"looked_at": self.taken, "left": self.left}
