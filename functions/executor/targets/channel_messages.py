"""News in the form that each service asks for: pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from shared.model.channel import Channel, ChannelKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PAGERDUTY_URLS: Final[Mapping[str, str]] = {
    "us": "https://events.pagerduty.com/v2/enqueue",
    "eu": "https://events.eu.pagerduty.com/v2/enqueue",
}
# Of the Events API v2: https://developer.pagerduty.com/docs/send-alert-event
_PAGERDUTY_SUMMARY: Final = 1_024
_PAGERDUTY_SEVERITIES: Final = frozenset({"critical", "error", "warning", "info"})
# A header block of Slack takes 150 characters, a section's text 3,000.
_SLACK_TEXT: Final = 2_900
# Publish: "Subject … must be ASCII text that begins with a letter, number, or punctuation mark; … no line breaks or
# control characters; and must be less than 100 characters long".
_SNS_SUBJECT: Final = 99
_MARKS: Final[Mapping[str, str]] = {"critical": "🔴", "error": "🔴", "warning": "🟠", "info": "🔵"}


class Message(NamedTuple):
    """A target as a job would describe it, and what it is sent."""

    target: Mapping[str, Any]
    payload: bytes


def message_of(channel: Channel, document: Any, job_id: str) -> Message:
    """`document` as `channel` tells it.

    A document of the scheduler's own has `type`, `summary` and maybe `severity` and `alert`; a client's job may send
    any JSON, whose text is then the message.
    """
    return _FORMS[channel.kind](channel.settings, _News.of(document), job_id)


class _News(NamedTuple):
    document: Any
    summary: str
    details: str
    severity: str
    group: str | None
    is_over: bool
    is_acknowledged: bool

    @classmethod
    def of(cls, document: Any) -> _News:
        members: Mapping[str, Any] = document if isinstance(document, dict) else {}
        kind, alert = str(members.get("type") or ""), members.get("alert")
        alert_id = alert.get("id") if isinstance(alert, dict) else None
        summary = members.get("summary")
        return cls(
            document=document,
            summary=_one_line(summary if isinstance(summary, str) and summary.strip() else _text(document)),
            details=_details(members) if isinstance(summary, str) else "",
            severity=str(members.get("severity") or "info"),
            group=alert_id if isinstance(alert_id, str) else None,
            is_over=kind == "alert.resolved",
            is_acknowledged=kind == "alert.acknowledged",
        )


def _webhook(settings: Mapping[str, Any], news: _News, job_id: str) -> Message:
    del job_id
    target = {"type": "http", "url": settings["url"], "headers": settings.get("headers") or {}}
    return Message(target, _text(news.document).encode())


def _slack(settings: Mapping[str, Any], news: _News, job_id: str) -> Message:
    """An incoming webhook's message: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks"""
    del job_id
    mark = "🟢" if news.is_over else _MARKS.get(news.severity, "🔵")
    title = f"{mark} *{_slack_escaped(news.summary)[:_SLACK_TEXT]}*"
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": title}}]
    if news.details:
        details = _slack_escaped(news.details)[:_SLACK_TEXT]
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": details}})
    # `text` is what notifications of the app and screen readers show.
    return _json({"type": "http", "url": settings["url"]}, {"text": _slack_escaped(news.summary), "blocks": blocks})


def _pagerduty(settings: Mapping[str, Any], news: _News, job_id: str) -> Message:
    """An event of the Events API v2: what concerns one alert has one `dedup_key`, so that its end resolves it."""
    action = "resolve" if news.is_over else "acknowledge" if news.is_acknowledged else "trigger"
    event: dict[str, Any] = {
        "routing_key": settings["routing_key"],
        "event_action": action,
        "dedup_key": news.group or job_id,
    }
    if action == "trigger":
        event["client"] = "Punctual"
        event["payload"] = {
            "summary": news.summary[:_PAGERDUTY_SUMMARY],
            "source": "punctual",
            "severity": news.severity if news.severity in _PAGERDUTY_SEVERITIES else "error",
            "custom_details": news.document,
        }
    return _json({"type": "http", "url": PAGERDUTY_URLS[settings.get("region") or "us"]}, event)


def _sns(settings: Mapping[str, Any], news: _News, job_id: str) -> Message:
    del job_id
    target = {"type": "sns", "topic_arn": settings["topic_arn"], "subject": _ascii(news.summary)[:_SNS_SUBJECT]}
    return Message(target, _text(news.document).encode())


def _email(settings: Mapping[str, Any], news: _News, job_id: str) -> Message:
    del job_id
    state = "Resolved: " if news.is_over else ""
    body = f"{news.summary}\n\n{news.details}\n\n{json.dumps(news.document, indent=2, ensure_ascii=False)}\n"
    return Message(
        {"type": "email", "to": list(settings["addresses"]), "subject": f"[Punctual] {state}{news.summary}"},
        body.encode(),
    )


_FORMS: Final[Mapping[ChannelKind, Callable[[Mapping[str, Any], _News, str], Message]]] = {
    ChannelKind.WEBHOOK: _webhook,
    ChannelKind.SLACK: _slack,
    ChannelKind.PAGERDUTY: _pagerduty,
    ChannelKind.SNS: _sns,
    ChannelKind.EMAIL: _email,
}


def _details(members: Mapping[str, Any]) -> str:
    """What an alert's document says beside its summary, one fact a line."""
    alert = members.get("alert")
    facts = alert.items() if isinstance(alert, dict) else ()
    return "\n".join(f"{name}: {value}" for name, value in facts if isinstance(value, (str, int, float)))


def _json(target: Mapping[str, Any], body: Any) -> Message:
    return Message(target, _text(body).encode())


def _text(document: Any) -> str:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _ascii(text: str) -> str:
    printable = "".join(letter if " " <= letter <= "~" else "?" for letter in text).strip()
    return printable or "News"


def _slack_escaped(text: str) -> str:
    """Slack reads these three as markup: https://docs.slack.dev/messaging/formatting-message-text#escaping"""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
