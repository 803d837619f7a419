"""What is due about alerts and rules, each minute: escalation, the end of a silence, recovery, and what rules have to
look for themselves."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from functions.watcher.alerts.evaluate_rule import next_minute
from shared.every_shard import on_every_shard
from shared.model.alerts import moves
from shared.model.alerts.alert import PUNCTUAL
from shared.model.alerts.errors import AlertChanged
from shared.model.errors import ItemNotFound, StoreUnavailable
from shared.ports.alerts import DueKind, Standing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from functions.watcher.alerts.evaluate_rule import EvaluateRule
    from functions.watcher.alerts.judge_overdue import JudgeOverdue
    from functions.watcher.alerts.known_rules import KnownRules
    from functions.watcher.alerts.notify import Notify
    from functions.watcher.alerts.recovery import Recovery
    from functions.watcher.alerts.silences import Silences
    from shared.every_shard import OnEveryShard
    from shared.model.alerts.alert import Alert
    from shared.ports.alerts import AlertStore, DueLook
    from shared.ports.clock import Clock
    from shared.ports.telemetry import Telemetry

_PAGE: Final = 100
_PAGES: Final = 50
_TRIES: Final = 3
_LAST_LOOK_SECONDS: Final = 5
_POSTPONED: Final = timedelta(minutes=10)
_TENANT: Final = attrgetter("tenant")


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAfterAlerts:
    """Two of them at once do no harm: every write is conditional, and a look is forgotten only when the thing itself
    says that it is due at another time, for which another look is planned with it.

    What is due about one thing is looked at once in a pass, however often it is planned. Alerts come before rules, and
    those before overdue jobs, so that nobody waits for what a rule or a burst has to be read for.
    """

    alerts: AlertStore
    known: KnownRules
    recovery: Recovery
    evaluate_rule: EvaluateRule
    judge_overdue: JudgeOverdue
    silences: Silences
    notify: Notify
    clock: Clock
    telemetry: Telemetry
    side_by_side: OnEveryShard = on_every_shard

    def __call__(self, seconds_left: Callable[[], float]) -> Mapping[str, int]:
        """How many looks were taken, and how many have to be taken again.

        Raises:
            StoreUnavailable: what is due cannot be read.
        """
        until = self.clock.now()
        things: dict[tuple[DueKind, str, str], list[DueLook]] = {}
        for look in self._due(until):
            things.setdefault((look.kind, look.tenant, look.id), []).append(look)
        in_order = sorted(things.values(), key=lambda looks: (looks[0].kind is not DueKind.ALERT, looks[0].due_at))

        def take(looks: Sequence[DueLook]) -> Counter[str]:
            return Counter() if seconds_left() < _LAST_LOOK_SECONDS else self._take(looks)

        reports = self.side_by_side(take, in_order) if in_order else []
        report = sum((*reports, self._judge_jobs(until, seconds_left)), Counter[str]())
        return {"looked_at": report["looked_at"], "left": report["left"]}

    def _due(self, until: datetime) -> Iterator[DueLook]:
        """The looks at alerts and rules, the oldest first; no more than a minute has time for."""
        last: DueLook | None = None
        for _ in range(_PAGES):
            page = self.alerts.looks(until=until, limit=_PAGE, after=last)
            yield from page
            if len(page) < _PAGE:
                return
            last = page[-1]

    def _take(self, looks: Sequence[DueLook]) -> Counter[str]:
        """Take all looks at one thing."""
        look, left = looks[0], 0
        due_at = None
        try:
            if look.kind is DueKind.ALERT:
                due_at = self._look_at_alert(look)
            else:
                self.evaluate_rule(look)
            for one in looks:
                if one.due_at == due_at:
                    left += 1
                else:
                    self.alerts.forget_look(one)
        except StoreUnavailable as error:
            self.telemetry.warn("look_failed", error=str(error), tenant=look.tenant, kind=look.kind, id=look.id)
            left += 1
        except Exception as error:
            # A defect about one thing must not stand before all others: it is looked at later, on a whole minute, so
            # that those of a rule, which plans its next look itself, do not become more and more.
            self.telemetry.defect("look_left_out", error, tenant=look.tenant, kind=look.kind, id=look.id)
            self.alerts.plan_look(look._replace(due_at=next_minute(self.clock.now() + _POSTPONED)))
            for one in looks:
                self.alerts.forget_look(one)
        return Counter(looked_at=len(looks), left=left)

    def _judge_jobs(self, until: datetime, seconds_left: Callable[[], float]) -> Counter[str]:
        """Overdue jobs that no minute had time for, page by page. A tenant of which some cannot be judged now has no
        other turn in this pass."""
        report: Counter[str] = Counter()
        unavailable: set[str] = set()
        last: DueLook | None = None
        while seconds_left() >= _LAST_LOOK_SECONDS:
            page = self.alerts.looks_at_jobs(until=until, limit=_PAGE, after=last)
            for tenant, theirs in groupby(sorted(page, key=_TENANT), key=_TENANT):
                looks = list(theirs)
                if tenant in unavailable:
                    report["left"] += len(looks)
                    continue
                done = self._judge_jobs_of_one_tenant(looks, lambda: seconds_left() - _LAST_LOOK_SECONDS)
                report += done
                if done["left"]:
                    unavailable.add(tenant)
            if len(page) < _PAGE:
                break
            last = page[-1]
        return report

    def _judge_jobs_of_one_tenant(self, looks: Sequence[DueLook], seconds_left: Callable[[], float]) -> Counter[str]:
        """What is left out by a defect is found by its age once more."""
        try:
            self.judge_overdue.again(looks, seconds_left)
        except StoreUnavailable as error:
            self.telemetry.warn("jobs_not_judged", error=str(error), tenant=looks[0].tenant, jobs=len(looks))
            return Counter(looked_at=len(looks), left=len(looks))
        except Exception as error:
            self.telemetry.defect("jobs_left_out", error, tenant=looks[0].tenant, jobs=len(looks))
            for one in looks:
                self.alerts.forget_look(one)
        return Counter(looked_at=len(looks))

    def _look_at_alert(self, look: DueLook) -> datetime | None:
        """When something about the alert is due now; None when nothing is."""
        for _ in range(_TRIES):
            try:
                alert = self.alerts.get_alert(look.tenant, look.id)
            except ItemNotFound:
                return None
            now = self.clock.now()
            if alert.due_at is None or alert.due_at > now:
                return alert.due_at
            try:
                return self._after(alert, now).due_at
            except AlertChanged:
                continue
        return look.due_at

    def _after(self, alert: Alert, now: datetime) -> Alert:
        alert = self.notify(alert)
        changed = moves.silent_until(alert, self.silences.over_alert(alert), now) if alert.is_in_a_window else alert
        policy = self.known.of(alert.tenant).policy_of(alert.policy_id)
        changed = self._unless_it_is_over(changed, moves.advanced(changed, policy, now), now)
        if changed is alert:
            return alert
        self.alerts.record(changed, seen=Standing.of(alert))
        if changed.state is not alert.state:
            self.telemetry.note(
                "alert_moved", tenant=alert.tenant, alert_id=alert.id, was=alert.state, state=changed.state
            )
        return self.notify(changed)

    def _unless_it_is_over(self, alert: Alert, advanced: Alert, now: datetime) -> Alert:
        """`alert` as it goes on, if it does: nobody is told anything of what is over by now but that."""
        if alert.check_at is None or (now < alert.check_at and advanced.pending == alert.pending):
            return advanced
        reason = self.recovery(alert, now)
        if reason is None:
            return moves.looked_at(advanced, now=now)
        return moves.resolved(alert, by=PUNCTUAL, note=reason, now=now)
