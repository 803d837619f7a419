"""Alerts, alert rules and escalation policies over the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from functions.api.description import alert_answers
from shared.model import limits
from shared.model.alerts import moves
from shared.model.alerts.alert import Alert, AlertState, Occurrence, Subject, SubjectKind
from shared.model.alerts.rule import QuietHours, RuleKind, RuleScope, Severity, StormCap
from shared.model.times import format_time
from shared.ports.alerts import DueKind, DueLook, Standing
from tests.alerting import a_policy, a_rule
from tests.channels import a_channel
from tests.jobs import START, TENANT, at

if TYPE_CHECKING:
    from tests.http_api import Api

RULES, POLICIES, ALERTS = "/v1/alert-rules", "/v1/escalation-policies", "/v1/alerts"
RULE = {"name": "failures", "kind": "failed_for_good"}


def have_channel(api: Api, channel_id: str = "c1") -> str:
    api.channels.create(a_channel(tenant=TENANT, id=channel_id))
    return channel_id


def have_policy(api: Api, **members: Any) -> dict[str, Any]:
    steps = [{"after": "0s", "channels": [have_channel(api)]}, {"after": "15m", "channels": [have_channel(api, "c2")]}]
    reply = api.post(POLICIES, {"name": "on call", "steps": steps, **members})
    assert reply.status == 201, reply.text
    answer: dict[str, Any] = reply.body
    return answer


def have_alert(api: Api, template: str = "payroll", *, seconds: float = 0, tenant: str = TENANT, **facts: Any) -> Alert:
    rule = a_rule(tenant=tenant, policy_id="p1", **facts)
    found = [Occurrence("job-1", "3", at(seconds), "rotate-logs", "http_503", "away")]
    alert = moves.opened(
        rule, Subject(SubjectKind.TEMPLATE, template), found, now=at(seconds), policy=a_policy(tenant=tenant)
    )
    api.alert_ports.alerts.record(alert, seen=Standing(None, None))
    return alert


def ids(reply: Any) -> list[str]:
    return [one["id"] for one in reply.body["items"]]


def test_a_rule_is_created_with_its_defaults_and_read_again(api: Api) -> None:
    reply = api.post(RULES, RULE)

    assert reply.status == 201
    assert (reply.headers["location"], reply.headers["etag"]) == (f"{RULES}/{reply.body['id']}", '"1"')
    assert reply.body == {
        **RULE,
        "id": reply.body["id"],
        "scope": None,
        "severity": "warning",
        "enabled": True,
        "count": None,
        "threshold": None,
        "factor": None,
        "min_samples": None,
        "escalation_policy_id": None,
        "quiet_hours": None,
        "storm_cap": {"alerts": 20, "per": "10m"},
        "grace": "5m",
        "resolve_after": "15m",
        "version": 1,
        "created_at": format_time(START),
        "changed_at": format_time(START),
        "changed_by": reply.body["changed_by"],
    }
    assert api.get(reply.headers["location"]).body == reply.body
    assert ids(api.get(RULES)) == [reply.body["id"]]


def test_all_that_can_be_said_of_a_rule_is_kept(api: Api) -> None:
    asked = {
        "name": "slow payroll",
        "kind": "running_long",
        "scope": {"template_ids": ["t1", "t2"]},
        "severity": "critical",
        "enabled": False,
        "factor": 2.5,
        "min_samples": 20,
        "escalation_policy_id": have_policy(api)["id"],
        "quiet_hours": {"timezone": "Europe/Berlin", "from": "22:00", "to": "07:30"},
        "storm_cap": {"alerts": 3, "per": "1h"},
        "grace": "0s",
        "resolve_after": "1h",
    }

    created = api.post(RULES, asked).body

    (rule,) = api.alert_ports.rules.all_of(TENANT)
    assert {name: created[name] for name in asked} == asked
    assert (rule.kind, rule.scope, rule.severity) == (
        RuleKind.RUNNING_LONG,
        RuleScope(template_ids=("t1", "t2")),
        Severity.CRITICAL,
    )
    assert rule.quiet_hours == QuietHours("Europe/Berlin", 22 * 60, 7 * 60 + 30)
    assert (rule.storm_cap, rule.grace_seconds, rule.is_enabled) == (StormCap(3, 3_600), 0, False)


@pytest.mark.parametrize("scope", [{"group": "g"}, {"tags": {"team": "ops"}}, {"template_ids": ["t1"]}])
def test_a_scope_is_answered_as_it_came(api: Api, scope: dict[str, Any]) -> None:
    assert api.post(RULES, {**RULE, "scope": scope}).body["scope"] == scope


def test_what_each_kind_needs_has_a_default_or_is_asked_for(api: Api) -> None:
    kinds = [
        {"kind": "failures_in_a_row", "count": 3},
        {"kind": "deadline_missed"},
        {"kind": "late_start", "threshold": "1m"},
        {"kind": "undeliverable"},
        {"kind": "dead_letter_count", "count": 1_000},
        {"kind": "nothing_succeeded", "threshold": "26h", "scope": {"template_ids": ["t1"]}},
        {"kind": "running_long", "factor": 3, "scope": {"group": "g"}},
        {"kind": "breaker_open"},
    ]

    answers = [api.post(RULES, {"name": "n", **one}) for one in kinds]

    assert [reply.status for reply in answers] == [201] * len(kinds)
    assert answers[3].body["threshold"] == "15m"
    assert answers[6].body["min_samples"] == 10


def test_a_rule_that_no_change_can_answer_is_looked_at_from_its_creation_on(api: Api) -> None:
    api.post(RULES, RULE)
    asked = {"name": "n", "kind": "breaker_open", "enabled": False}
    rule = api.post(RULES, asked).body
    looks = api.alert_ports.alerts.looks(until=START, limit=10)

    api.put(f"{RULES}/{rule['id']}", {**asked, "enabled": True})

    assert list(looks) == []
    assert api.alert_ports.alerts.looks(until=START, limit=10) == [DueLook(START, TENANT, DueKind.RULE, rule["id"])]


def test_the_same_create_again_answers_with_the_first_and_a_changed_one_is_refused(api: Api) -> None:
    key = {"Idempotency-Key": "k"}
    first = api.post(RULES, RULE, headers=key)

    again = api.post(RULES, RULE, headers=key)
    other = api.post(RULES, {**RULE, "name": "other"}, headers=key)

    assert (again.body, again.headers["idempotent-replayed"]) == (first.body, "true")
    assert other.slug == "idempotency-key-reused"


def test_a_rule_is_replaced_and_deleted_by_who_has_seen_its_version(api: Api) -> None:
    rule = api.post(RULES, {**RULE, "severity": "critical"}).body
    path = f"{RULES}/{rule['id']}"

    changed = api.put(path, {**RULE, "name": "renamed"}, headers={"If-Match": '"1"'})
    stale = api.put(path, RULE, headers={"If-Match": '"1"'})
    gone = api.delete(path, headers={"If-Match": '"2"'})

    assert (changed.body["name"], changed.body["severity"], changed.body["version"]) == ("renamed", "warning", 2)
    assert stale.slug == "precondition-failed"
    assert (gone.status, api.get(path).status) == (200, 404)


def test_there_may_be_so_many_rules(api: Api) -> None:
    for number in range(limits.MAX_ALERT_RULES):
        api.alert_ports.rules.create(a_rule(id=f"r{number}"))

    assert api.post(RULES, RULE).slug == "limit-reached"


def test_a_policy_is_created_read_replaced_and_deleted(api: Api) -> None:
    policy = have_policy(api, repeat={"every": "1h", "times": 2})
    path = f"{POLICIES}/{policy['id']}"

    assert policy["repeat"] == {"every": "1h", "times": 2}
    assert [step["after"] for step in policy["steps"]] == ["0s", "15m"]
    assert (api.get(path).body, ids(api.get(POLICIES))) == (policy, [policy["id"]])
    changed = api.put(path, {"name": "n", "steps": [{"after": "1m", "channels": ["c1", "c1"]}]})
    assert (changed.body["steps"], changed.body["repeat"]) == ([{"after": "1m", "channels": ["c1"]}], None)
    assert (api.delete(path).status, api.get(path).status) == (200, 404)


def test_a_policy_that_a_rule_uses_is_not_deleted(api: Api) -> None:
    policy = have_policy(api)
    rule = api.post(RULES, {**RULE, "escalation_policy_id": policy["id"]}).body

    refused = api.delete(f"{POLICIES}/{policy['id']}")

    assert (refused.slug, refused.body["state"]) == ("invalid-state", "in_use")
    assert rule["id"] in refused.body["detail"]
    api.delete(f"{RULES}/{rule['id']}")
    assert api.delete(f"{POLICIES}/{policy['id']}").status == 200


def test_a_channel_that_a_policy_uses_is_not_deleted(api: Api) -> None:
    policy = have_policy(api)
    last_step = "/v1/channels/c2"

    refused = api.delete(last_step)

    assert (refused.slug, refused.body["state"]) == ("invalid-state", "in_use")
    assert policy["id"] in refused.body["detail"]
    api.delete(f"{POLICIES}/{policy['id']}")
    assert api.delete(last_step).status == 200


def test_an_alert_is_told_with_its_jobs_and_its_history(api: Api) -> None:
    alert = have_alert(api)

    reply = api.get(f"{ALERTS}/{alert.id}")

    assert reply.headers["etag"] == '"1"'
    assert reply.body["summary"] == "rotate-logs (template payroll) failed for good: http_503, away"
    assert reply.body["subject"] == {"type": "template", "id": "payroll"}
    assert (reply.body["state"], reply.body["count"], reply.body["told"]) == ("open", 1, ["pager"])
    assert reply.body["next_step_at"] == format_time(at(900))
    error = {"type": "http_503", "message": "away"}
    assert reply.body["jobs"] == [{"id": "job-1", "name": "rotate-logs", "at": format_time(START), "error": error}]
    assert [one["move"] for one in reply.body["history"]] == ["open"]


def test_an_alert_is_acknowledged_silenced_and_resolved_with_who_and_why(api: Api) -> None:
    path = f"{ALERTS}/{have_alert(api).id}"

    acknowledged = api.post(f"{path}/acknowledge", {"note": "on it"})
    silenced = api.post(f"{path}/silence", {"for": "2h"})
    resolved = api.post(f"{path}/resolve")
    again = api.post(f"{path}/resolve")

    key_id = acknowledged.body["acknowledged_by"]
    assert (acknowledged.body["state"], silenced.body["silenced_until"]) == ("acknowledged", format_time(at(7_200)))
    assert (resolved.body["state"], resolved.body["version"], again.body) == ("resolved", 4, resolved.body)
    assert [(one["move"], one["by"], one["note"]) for one in resolved.body["history"][1:]] == [
        ("acknowledge", key_id, "on it"),
        ("silence", key_id, None),
        ("resolve", key_id, None),
    ]


@pytest.mark.parametrize("action", ["acknowledge", "silence"])
def test_what_is_resolved_stays_so(api: Api, action: str) -> None:
    path = f"{ALERTS}/{have_alert(api).id}"
    api.post(f"{path}/resolve")

    refused = api.post(f"{path}/{action}", {"for": "1h"} if action == "silence" else None)

    assert (refused.slug, refused.body["state"]) == ("invalid-state", "resolved")


def test_counting_does_not_keep_a_client_from_moving_what_it_has_seen(api: Api) -> None:
    alert = have_alert(api)
    path = f"{ALERTS}/{alert.id}"
    api.alert_ports.alerts.record(
        moves.counted(alert, [Occurrence("job-2", "3", at(1))], now=at(1)), seen=Standing.of(alert)
    )

    moved = api.post(f"{path}/acknowledge", headers={"If-Match": '"1"'})
    stale = api.post(f"{path}/resolve", headers={"If-Match": '"1"'})

    assert (moved.status, moved.body["count"]) == (200, 2)
    assert stale.slug == "precondition-failed"


def test_alerts_are_listed_by_state_severity_template_and_time(api: Api) -> None:
    old = have_alert(api, "backup", severity=Severity.CRITICAL)
    new = have_alert(api, "payroll", seconds=60)
    have_alert(api, "other", tenant="other")
    api.post(f"{ALERTS}/{old.id}/resolve")

    def listed(**query: str) -> list[str]:
        return ids(api.get(ALERTS, query))

    assert listed() == [new.id, old.id]
    assert (listed(state="open"), listed(state="resolved"), listed(state="live")) == ([new.id], [old.id], [new.id])
    assert (listed(severity="critical"), listed(template_id="payroll")) == ([old.id], [new.id])
    assert listed(**{"from": format_time(at(1))}) == [new.id]
    assert "history" not in api.get(ALERTS).body["items"][0]


def test_a_list_goes_on_from_page_to_page(api: Api) -> None:
    alerts = [have_alert(api, f"t{number}", seconds=number) for number in range(250)]
    wanted = [one.id for one in reversed(alerts)][::2]
    for alert in alerts[::2]:
        api.post(f"{ALERTS}/{alert.id}/resolve")

    found: list[str] = []
    query = {"state": "open", "limit": "40"}
    for _ in range(10):
        reply = api.get(ALERTS, query)
        found += ids(reply)
        if "next_cursor" not in reply.body:
            break
        query["cursor"] = reply.body["next_cursor"]

    assert found == wanted
    assert api.get(ALERTS, {**query, "state": "resolved"}).slug == "invalid-page-token"


def test_another_tenants_alert_is_none(api: Api) -> None:
    alert = have_alert(api, tenant="other")

    assert api.get(f"{ALERTS}/{alert.id}").status == 404
    assert api.post(f"{ALERTS}/{alert.id}/resolve").status == 404
    assert api.alert_ports.alerts.get_alert("other", alert.id).state is AlertState.OPEN


def test_answers_are_as_they_are_described(api: Api) -> None:
    alert = have_alert(api)
    policy = have_policy(api)
    quiet = {"timezone": "UTC", "from": "22:00", "to": "07:00"}
    rule = api.post(RULES, {**RULE, "quiet_hours": quiet, "scope": {"group": "g"}}).body

    for shape, answer in (
        (alert_answers.Alert, api.get(f"{ALERTS}/{alert.id}").body),
        (alert_answers.AlertList, api.get(ALERTS).body),
        (alert_answers.AlertRule, rule),
        (alert_answers.AlertRuleList, api.get(RULES).body),
        (alert_answers.EscalationPolicy, policy),
        (alert_answers.EscalationPolicyList, api.get(POLICIES).body),
    ):
        shape.model_validate(answer, extra="forbid")
        assert set(answer) | {"next_cursor"} >= set(shape.model_fields)
