"""Move an alert by hand: read it, decide, write on the condition that nobody was faster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from functions.api.refusals import Refused, WrongState
from shared.model.alerts.errors import AlertChanged
from shared.model.alerts.transitions import IllegalAlertMove
from shared.ports.alerts import Standing

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.api.keep_versioned import Asked
    from shared.model.alerts.alert import Alert
    from shared.ports.alerts import AlertStore
    from shared.ports.telemetry import Telemetry

_TRIES: Final = 10


@dataclass(frozen=True, slots=True)
class ChangeAlert:
    alerts: AlertStore
    telemetry: Telemetry

    def __call__(self, asked: Asked, decide: Callable[[Alert], Alert]) -> Alert:
        """The alert as `decide` makes it, which may leave it as it is. What is counted meanwhile is no other version.

        Raises:
            ItemNotFound: there is none.
            VersionMismatch: the client has not seen the present version.
            WrongState: it may not be moved so from where it stands.
            Refused: others write it all the time.
        """
        for _ in range(_TRIES):
            alert = self.alerts.get_alert(asked.tenant, asked.item_id)
            asked.precondition.check(alert)
            try:
                changed = decide(alert)
                if changed is alert:
                    return alert
                self.alerts.record(changed, seen=Standing.of(alert))
            except IllegalAlertMove as refusal:
                raise WrongState(alert.state, f"the alert is {alert.state}, and stays so") from refusal
            except AlertChanged:
                continue
            self.telemetry.note(
                "alert_moved",
                tenant=alert.tenant,
                alert_id=alert.id,
                was=alert.state,
                state=changed.state,
                by=asked.by,
            )
            return changed
        raise Refused("conflict", "the alert was changed by others at the same time: read it, and try again")
