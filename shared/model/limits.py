"""Every bound of the scheduler, with its unit in its name. Docs and validation read them here."""

from __future__ import annotations

from typing import Final

KIB: Final = 1024
DAY_SECONDS: Final = 86_400

MAX_BODY_BYTES: Final = 256 * KIB
# The longest .ics text within JSON, even if each of its characters is escaped.
MAX_ICS_BODY_BYTES: Final = 1_600 * KIB
MAX_BULK_BODY_BYTES: Final = 4 * KIB * KIB
MAX_BULK_JOBS: Final = 1_000
MAX_JSON_DEPTH: Final = 32
MAX_JSON_DIGITS: Final = 64
MAX_PAYLOAD_BYTES: Final = 200 * KIB
MAX_NAME_LENGTH: Final = 128
MAX_TAGS: Final = 10
MAX_TAG_KEY_LENGTH: Final = 64
MAX_TAG_VALUE_LENGTH: Final = 128
MAX_GROUP_LENGTH: Final = 64
MAX_CORRELATION_ID_LENGTH: Final = 128
MAX_IDEMPOTENCY_KEY_LENGTH: Final = 255
MAX_URL_LENGTH: Final = 2_048
MAX_HEADERS: Final = 20
MAX_HEADER_NAME_LENGTH: Final = 128
MAX_HEADER_VALUE_LENGTH: Final = 2_048
MAX_ARGV: Final = 64
MAX_ARGV_BYTES: Final = 16 * KIB

MAX_PAST_SECONDS: Final = DAY_SECONDS
MAX_AHEAD_SECONDS: Final = 5 * 366 * DAY_SECONDS
MIN_TIMEOUT_SECONDS: Final = 1
MAX_TIMEOUT_SECONDS: Final = 14 * 60
# Of a job whose outcome is reported by whoever does the work: how long that may take, and go without a sign of life.
MAX_CALLBACK_TIMEOUT_SECONDS: Final = 7 * DAY_SECONDS
MIN_HEARTBEAT_TIMEOUT_SECONDS: Final = 10
DEFAULT_HEARTBEAT_TIMEOUT_SECONDS: Final = 300
# And how long its target may take to accept the call.
ACCEPT_SECONDS: Final = 60
INLINE_CHECKPOINT_BYTES: Final = 4 * KIB
MAX_CHECKPOINT_BYTES: Final = 200 * KIB
MAX_EXPIRES_AFTER_SECONDS: Final = 30 * DAY_SECONDS
MAX_ATTEMPTS: Final = 20
MAX_INITIAL_DELAY_SECONDS: Final = 3_600
MAX_MULTIPLIER: Final = 10
MAX_RETRY_DELAY_SECONDS: Final = DAY_SECONDS
MAX_RETRY_AFTER_SECONDS: Final = 3_600
MAX_RETRY_ON: Final = 20
MAX_DELAYS: Final = MAX_ATTEMPTS - 1
MAX_GIVE_UP_AFTER_SECONDS: Final = 30 * DAY_SECONDS

EXECUTIONS_KEPT: Final = 20
ERROR_TYPE_LENGTH: Final = 64
ERROR_MESSAGE_LENGTH: Final = 160
LAST_OUTPUT_BYTES: Final = 1 * KIB
OLDER_OUTPUT_BYTES: Final = 160
MAX_OUTPUT_BYTES: Final = 256 * KIB
# How much of an HTTP target's response is read; what follows is not waited for.
MAX_RESPONSE_BYTES: Final = 64 * KIB

# A job item above this at its creation moves its payload to an item of its own: what a run adds (lease, history)
# then still fits into the 1 KB that one write unit pays for.
INLINE_ITEM_BYTES: Final = 780
# Above this a payload lies in the bucket: DynamoDB asks one write unit per KB, S3 one price per object.
TABLE_PAYLOAD_BYTES: Final = 128 * KIB

# A template's payload lies beside it in one item of its own.
MAX_TEMPLATE_PAYLOAD_BYTES: Final = 128 * KIB
MAX_EXTERNAL_KEY_LENGTH: Final = 128
MAX_NOTE_LENGTH: Final = 256
MAX_MISFIRE_SECONDS: Final = 30 * DAY_SECONDS
MIN_PAUSE_AFTER_FAILURES: Final = 2
MAX_PAUSE_AFTER_FAILURES: Final = 50
# How long a template that keeps failing is paused.
MIN_FAILING_PAUSE_SECONDS: Final = 300
MAX_FAILING_PAUSE_SECONDS: Final = 7 * DAY_SECONDS
MAX_MISFIRE_RUNS: Final = 1_000
# Occurrences that are taken out of one template at a time.
MAX_SKIPPED: Final = 100
MAX_BACKFILL_PER_MINUTE: Final = 600
# Their ids are kept in the backfill's item.
MAX_BACKFILL_AT_ONCE: Final = 200
MAX_BULK_TEMPLATES: Final = 200

# Maintenance windows of a tenant that are not over. Who runs its jobs reads all of them, so they are few.
MAX_WINDOWS: Final = 100
MAX_CHANNELS: Final = 100
MAX_CHANNEL_ADDRESSES: Final = 20
# Of a tenant. Each may make a job of each of 500 changes that the journal reads at once.
MAX_SUBSCRIPTIONS: Final = 20
# Of a tenant, that have not ended: the watcher goes on with each of them every minute.
MAX_UNFINISHED_BULK_ACTIONS: Final = 20
MIN_WINDOW_SECONDS: Final = 1
MAX_WINDOW_SECONDS: Final = 31 * DAY_SECONDS
MAX_WINDOW_RELEASE_SECONDS: Final = 3_600
MAX_WINDOW_TEMPLATES: Final = 100
# How many of its next spans a recurring window keeps, and how far ahead they begin, the next one apart.
WINDOW_SPANS: Final = 64
WINDOW_SPANS_AHEAD_SECONDS: Final = 400 * DAY_SECONDS
# A held job asks again after so long though its window goes on: it may have been ended by hand.
WINDOW_LOOK_AGAIN_SECONDS: Final = 300
# How long a window that is over can still be read.
WINDOW_KEPT_SECONDS: Final = 30 * DAY_SECONDS

# A probe of a breaker that has not ended so long after its timeout counts as lost.
PROBE_MARGIN_SECONDS: Final = 15
# A job that meets a probe on its way asks again after so long, at the least.
BREAKER_LOOK_AGAIN_SECONDS: Final = 1
MAX_BREAKER_OPEN_SECONDS: Final = 7 * DAY_SECONDS
# How long a breaker that is closed can still be read, and that it opened or closed.
BREAKER_KEPT_SECONDS: Final = DAY_SECONDS
BREAKER_CHANGES_KEPT_SECONDS: Final = 7 * DAY_SECONDS

# The journal reads all of a tenant's rules, so they are few.
MAX_ALERT_RULES: Final = 100
MAX_ESCALATION_POLICIES: Final = 50
MAX_STEPS: Final = 10
MAX_STEP_CHANNELS: Final = 10
MAX_ROUNDS: Final = 10
MAX_RULE_TEMPLATES: Final = 20
MAX_FAILURES_IN_A_ROW: Final = 20
MAX_DEAD_LETTER_COUNT: Final = 1_000
MAX_STORM_ALERTS: Final = 100
MAX_ALERT_SECONDS: Final = 7 * DAY_SECONDS
MAX_SILENCE_SECONDS: Final = 31 * DAY_SECONDS

MAX_LIST_LIMIT: Final = 200
DEFAULT_LIST_LIMIT: Final = 50
MAX_PREVIEW: Final = 500
# A page of the archive is a thousand objects. So many are looked at for whoever asks for a job that is gone, and for
# whoever asks for one of the archive: some 10 of the 29 seconds that a request has.
ARCHIVE_GLANCE_PAGES: Final = 4
ARCHIVE_SEARCH_PAGES: Final = 40
# Filters look at this many entries a call at the most, so that a rare match cannot make a call slow.
MAX_ENTRIES_READ: Final = 1_000

# Jobs up to this long run beside nine others; longer ones have a lane, and an invocation, of their own.
SHORT_JOB_SECONDS: Final = 60

LEASE_SECONDS: Final = 60
HEARTBEAT_SECONDS: Final = 20
# How far a watcher's clock may run ahead of an executor's before it could take a lease that is still held.
CLOCK_SKEW_SECONDS: Final = 5

IDEMPOTENCY_SECONDS: Final = DAY_SECONDS
# Of any deployment's bounds.
MAX_RETENTION_DAYS: Final = 3_650
