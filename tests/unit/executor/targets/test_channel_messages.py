"""What each service is sent, against what its documentation asks for."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.executor.targets.channel_messages import Message, message_of
from shared.model.channel import ChannelKind
from tests.channels import a_channel

OPENED: dict[str, Any] = {
    "id": "a1.1",
    "type": "alert.opened",
    "document_version": 1,
    "occurred_at": "2026-03-01T12:00:00Z",
    "tenant": "acme",
    "summary": "payroll failed <3 times> & counting",
    "severity": "critical",
    "alert": {"id": "a1", "state": "open", "rule": "failed_for_good", "count": 3},
}
SETTINGS: dict[ChannelKind, dict[str, Any]] = {
    ChannelKind.WEBHOOK: {"url": "https://example.com/news", "headers": {"X-Team": "ops"}},
    ChannelKind.SLACK: {"url": "https://hooks.slack.com/services/T0/B0/x"},
    ChannelKind.PAGERDUTY: {"routing_key": "0" * 32},
    ChannelKind.SNS: {"topic_arn": "arn:aws:sns:eu-central-1:123456789012:news"},
    ChannelKind.EMAIL: {"addresses": ["ops@example.com", "boss@example.com"]},
}


def sent(kind: ChannelKind, document: Any = OPENED, **settings: Any) -> Message:
    return message_of(a_channel(kind=kind, settings={**SETTINGS[kind], **settings}), document, "job-1")


def body(message: Message) -> Any:
    return json.loads(message.payload)


def of_type(kind: str) -> dict[str, Any]:
    return {**OPENED, "type": kind}


def test_a_webhook_is_sent_the_document_itself() -> None:
    message = sent(ChannelKind.WEBHOOK)

    assert message.target == {"type": "http", "url": "https://example.com/news", "headers": {"X-Team": "ops"}}
    assert body(message) == OPENED


def test_slack_is_sent_text_and_blocks_with_its_markup_escaped() -> None:
    message = sent(ChannelKind.SLACK)

    assert message.target == {"type": "http", "url": "https://hooks.slack.com/services/T0/B0/x"}
    assert body(message) == {
        "text": "payroll failed &lt;3 times&gt; &amp; counting",
        "blocks": [
            {
                "type": "section",
                "text": {"type": "mrkdwn", "text": "🔴 *payroll failed &lt;3 times&gt; &amp; counting*"},
            },
            {
                "type": "section",
                "text": {"type": "mrkdwn", "text": "id: a1\nstate: open\nrule: failed_for_good\ncount: 3"},
            },
        ],
    }


def test_slack_sees_at_once_that_an_alert_is_over() -> None:
    assert body(sent(ChannelKind.SLACK, of_type("alert.resolved")))["blocks"][0]["text"]["text"].startswith("🟢")


def test_pagerduty_is_sent_a_trigger_with_all_that_the_events_api_requires() -> None:
    message = sent(ChannelKind.PAGERDUTY)

    assert message.target == {"type": "http", "url": "https://events.pagerduty.com/v2/enqueue"}
    assert body(message) == {
        "routing_key": "0" * 32,
        "event_action": "trigger",
        "dedup_key": "a1",
        "client": "Punctual",
        "payload": {
            "summary": "payroll failed <3 times> & counting",
            "source": "punctual",
            "severity": "critical",
            "custom_details": OPENED,
        },
    }


@pytest.mark.parametrize(
    ("kind", "action"),
    [
        ("alert.opened", "trigger"),
        ("alert.escalated", "trigger"),
        ("alert.reminder", "trigger"),
        ("alert.acknowledged", "acknowledge"),
        ("alert.resolved", "resolve"),
        ("channel.test", "trigger"),
        ("job.failed", "trigger"),
    ],
)
def test_all_that_concerns_one_alert_is_one_incident_of_pagerduty(kind: str, action: str) -> None:
    event = body(sent(ChannelKind.PAGERDUTY, of_type(kind)))

    assert (event["event_action"], event["dedup_key"]) == (action, "a1")
    assert ("payload" in event) == (action == "trigger")


def test_pagerduty_is_called_in_the_region_of_the_account() -> None:
    assert sent(ChannelKind.PAGERDUTY, region="eu").target["url"] == "https://events.eu.pagerduty.com/v2/enqueue"


def test_what_is_no_alert_is_an_incident_of_its_own() -> None:
    assert body(sent(ChannelKind.PAGERDUTY, {"summary": "backup is due"}))["dedup_key"] == "job-1"


def test_a_topic_is_sent_the_document_with_a_subject_of_plain_ascii() -> None:
    message = sent(ChannelKind.SNS, {**OPENED, "summary": "Löhne\nsind fällig " + "x" * 200})

    assert message.target["topic_arn"] == SETTINGS[ChannelKind.SNS]["topic_arn"]
    assert message.target["subject"].startswith("L?hne sind f?llig xxx")
    assert body(message)["tenant"] == "acme"


def test_an_email_says_it_in_its_subject_and_then_the_facts() -> None:
    message = sent(ChannelKind.EMAIL, of_type("alert.resolved"))

    assert message.target == {
        "type": "email",
        "to": ["ops@example.com", "boss@example.com"],
        "subject": "[Punctual] Resolved: payroll failed <3 times> & counting",
    }
    text = message.payload.decode()
    assert text.startswith("payroll failed <3 times> & counting\n\nid: a1\nstate: open\n")
    assert '"document_version": 1' in text


DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=400),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "summary", "severity", "alert", "id"]), inner, max_size=4)
    ),
    max_leaves=8,
)


@given(document=DOCUMENTS, kind=st.sampled_from(ChannelKind))
def test_any_json_that_a_client_sends_fits_what_the_services_take(document: Any, kind: ChannelKind) -> None:
    message = sent(kind, document)

    match kind:
        case ChannelKind.WEBHOOK:
            assert body(message) == document
        case ChannelKind.SLACK:
            assert all(0 < len(block["text"]["text"]) <= 3_000 for block in body(message)["blocks"])
        case ChannelKind.PAGERDUTY:
            event = body(message)
            assert 0 < len(event["dedup_key"]) <= 255
            if "payload" in event:
                assert len(event["payload"]["summary"]) <= 1_024
                assert event["payload"]["severity"] in {"critical", "error", "warning", "info"}
        case ChannelKind.SNS:
            subject = message.target["subject"]
            assert 0 < len(subject) < 100
            assert subject.isascii()
            assert subject.isprintable()
        case ChannelKind.EMAIL:
            assert "\n" not in message.target["subject"]
            assert "\r" not in message.target["subject"]
