"""Names that tables, template and adapters must agree on. The only part of `shared` that `infra` imports."""

from __future__ import annotations

from typing import Final

PK: Final = "pk"
SK: Final = "sk"
TTL: Final = "ttl"

JOB_SK: Final = "job"
CHECKPOINT_SK: Final = "checkpoint"
PAYLOAD_SK: Final = "payload"
# Of what lies beside a job: when it was put, or the job created that it was put for.
PUT_AT: Final = "at"

DUE_INDEX: Final = "due"
DUE_SHARD: Final = "due_shard"
WAKE_AT: Final = "wake_at"

GROUP_INDEX: Final = "group"
GROUP_PK: Final = "group_pk"
GROUP_SK: Final = "group_sk"

ATTENTION_INDEX: Final = "attention"
ATTENTION_PK: Final = "attention_pk"
ATTENTION_SK: Final = "attention_sk"

STATUS: Final = "status"

EXPAND_INDEX: Final = "expand"
EXPAND_SHARD: Final = "expand_shard"
EXPAND_AT: Final = "expand_at"

TEMPLATE_SK: Final = "template"
VERSION_SK: Final = "version"
GAP_SK: Final = "gap"
EXTERNAL_KEY_SK: Final = "key"
TEMPLATE_PAYLOAD_SK: Final = "payload"
CALENDAR_SK: Final = "calendar"
CALENDAR_USE_SK: Final = "use"
BACKFILL_SK: Final = "backfill"
# The control table: the cursors of each kind are the partition `cursor#<kind>`.
CURSORS_PK: Final = "cursor"
# A tenant's maintenance windows are the partition `windows#<tenant>`; which windows of all tenants are to get more
# spans, and when, is one partition.
WINDOWS_PK: Final = "windows"
EXTENSIONS_PK: Final = "windows-to-extend"
# A tenant's bulk actions are the partition `bulk-actions#<tenant>`; which of all tenants are to go on is one, by time.
BULK_ACTIONS_PK: Final = "bulk-actions"
BULK_STEPS_PK: Final = "bulk-actions-to-go-on"
# A tenant's channels are the partition `channels#<tenant>`.
CHANNELS_PK: Final = "channels"
# A tenant's subscriptions to events are the partition `subscriptions#<tenant>`.
SUBSCRIPTIONS_PK: Final = "subscriptions"
# What a tenant says about the retention of its jobs is the one item of the partition `retention#<tenant>`.
RETENTIONS_PK: Final = "retention"
# A tenant's breakers are the partition `breakers#<tenant>`, the counts of its calls `breaker-calls#<tenant>`; which
# breakers of all tenants have opened and closed, and when, is one partition.
BREAKERS_PK: Final = "breakers"
CALLS_PK: Final = "breaker-calls"
BREAKER_CHANGES_PK: Final = "breaker-changes"
# A tenant's alerts, its alert rules and its escalation policies are a partition each; so is the latest alert of each
# key, and what each rule has opened lately. What rules have counted about a job is one for each job. When which
# alert or rule of all tenants is to be looked at is one.
ALERTS_PK: Final = "alerts"
ALERT_RULES_PK: Final = "alert-rules"
ESCALATION_POLICIES_PK: Final = "escalation-policies"
LATEST_ALERTS_PK: Final = "latest-alerts"
ALERT_SLOTS_PK: Final = "alert-slots"
ALERT_MARKS_PK: Final = "alert-marks"
ALERT_LOOKS_PK: Final = "alert-looks"
# The last signs of life of what runs each minute.
BEATS_PK: Final = "beats"
