"""The judge of alerts: it sees each write of one, and in the end what was told of all."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.model.alerts.alert import AlertMove
from shared.model.groups import NOTIFICATIONS
from tests.simulation import invariants_of_alerts as of_alerts
from tests.simulation.invariants_of_alerts import Told
from tests.simulation.people import BY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shared.model.alerts.alert import Alert
    from shared.model.alerts.rule import AlertRule
    from shared.ports.alerts import Mark
    from tests.simulation.aftermath_facts import Facts
    from tests.simulation.beside import SimulatedAlertStore
    from tests.simulation.store import SimulatedJobStore


@dataclass
class AlertJudge:
    """`opened`: each alert as it opened; `counted`: how often each rule of a tenant has counted each job; `decided`:
    what is to be told."""

    rules: Sequence[AlertRule]
    alerts: SimulatedAlertStore
    opened: list[Alert] = field(default_factory=list)
    counted: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)
    decided: set[Told] = field(default_factory=set)

    def write(self, before: Alert | None, after: Alert, marks: Sequence[Mark]) -> Iterator[tuple[str, str]]:
        """What is broken by it."""
        if before is None:
            self.opened.append(after)
        for mark in marks:
            self.counted.setdefault((after.tenant, mark.rule_id), Counter())[mark.job_id] += 1
        known = 0 if before is None else before.notified
        for one in after.pending:
            if one.number > known:
                self.decided |= {Told(after.id, one.number, f"alert.{one.kind}", channel) for channel in one.channels}
        yield from (("I23", one) for one in of_alerts.i23_what_is_counted_is_what_was_found(before, after, marks))
        yield from (("I24", one) for one in of_alerts.i24_one_of_a_kind_is_live(after, self.alerts.all_alerts()))
        yield from (("I25", one) for one in of_alerts.i25_who_looks_after_it_is_left_alone(before, after))

    def end(self, facts: Facts, jobs: SimulatedJobStore) -> Iterator[tuple[str, str]]:
        """What is broken when all is over that alerts are about."""
        told = [
            self._told_by(job.target["channel_id"], jobs.load_payload(job))
            for job in jobs.all_jobs()
            if job.group == NOTIFICATIONS
        ]
        for one in of_alerts.i23_each_is_counted_in_one_alert(self.rules, facts.ends.values(), self.counted):
            yield "I23", one
        alerts = self.alerts.all_alerts()
        by_hand = {one.id for one in alerts for move in one.history if (move.move, move.by) == (AlertMove.RESOLVE, BY)}
        for rule in self.rules:
            of_rule = [one for one in self.opened if (one.tenant, one.rule_id) == (rule.tenant, rule.id)]
            for one in of_alerts.i24_a_storm_opens_no_more_than_its_cap(of_rule, rule.storm_cap, by_hand):
                yield "I24", f"rule {rule.id}: {one}"
        yield from (("I26", one) for one in of_alerts.i26_what_is_decided_is_told_once(self.decided, told))
        yield from (("I26", one) for one in of_alerts.i26_the_end_is_told_once_to_who_knows(alerts, told))

    def is_quiet(self) -> bool:
        """Whether nothing is about to happen to any alert by itself."""
        return all(one.recover_at is None and not one.is_news for one in self.alerts.all_alerts())

    def is_over(self) -> bool:
        return self.is_quiet() and not any(one.state.is_live for one in self.alerts.all_alerts())

    @staticmethod
    def _told_by(channel_id: str, payload: bytes | None) -> Told:
        document = json.loads(payload or b"")
        alert = document["alert"]
        return Told(alert["id"], alert["notification"], document["type"], channel_id)
