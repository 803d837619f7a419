"""What keeps events apart, told to whom they concern, and told until they have been."""

from __future__ import annotations

from functools import partial
from typing import Final

from tests.mutation.mutant import SourceMutant

_subscription = partial(SourceMutant, "shared/model/subscription.py")
_event = partial(SourceMutant, "shared/model/lifecycle_event.py")
_alert = partial(SourceMutant, "shared/model/alerts/alert.py")
_moves = partial(SourceMutant, "shared/model/alerts/moves.py")
_alert_event = partial(SourceMutant, "shared/model/alerts/alert_event.py")
_notify = partial(SourceMutant, "functions/watcher/alerts/notify.py")
_read = partial(SourceMutant, "functions/watcher/journal/read_journal.py")
_breakers = partial(SourceMutant, "functions/watcher/tell_breaker_changes.py")

EVENT_GUARDS: Final = (
    _subscription("an event is told in a pause", "if self.status is SubscriptionStatus.PAUSED or", "if"),
    _subscription("an event of the time before is told", "or event.occurred_at < self.active_since:", "or False:"),
    _subscription("an event passes any filter", "and self.filter.passes(event.document)", "and True"),
    _subscription("an event passes by any tag", "return all(tags.get(key)", "return any(tags.get(key)"),
    _subscription(
        "one event is told to one subscriber only",
        'hashed_id("event", subscription_id, event_id)',
        'hashed_id("event", event_id)',
    ),
    _event("news are an event", "or is_reserved(job.group):", "or False:"),
    _alert("an alert's event is forgotten", "or self.announced < self.version", "or False"),
    _moves("an alert's event is told twice", "announced=max(alert.announced, announced))", "announced=0)"),
    _alert_event("an alert's old events are told again", "if version > alert.announced]", "]"),
    _notify("who is on call waits for an event", "except StoreUnavailable as error:", "except KeyError as error:"),
    _notify("an event that was not told counts as told", "return alert.announced\n", "return alert.version\n"),
    _breakers("a breaker's event is told each minute", "if event.id not in self._told]", "]"),
    _breakers("a breaker's late event is missed", "_ALL, now) - _LATE", "_ALL, now)"),
    _breakers("breakers' events take all the time there is", "if seconds_left() < _LEAST_SECONDS:", "if False:"),
    _breakers("a breaker's event of before the bus went is told again", "self._told |= {", "_ = {"),
    _breakers("breakers' events that there was no time for are lost", "if told < len(fresh):", "if False:"),
    _read("who has dealt with a change is told it again", " if (name, change.event_id) not in self._done]", "]"),
    _read("a change that came through is remembered", "        self._done.forget(_keys(self._readers, changes))\n", ""),
    _read("a reader that is broken loses everything", "if len(left_out) >= MOST_LEFT_OUT:", "if False:"),
    _read("what was left out is held against a reader for ever", "left_out[0] <= now - WITHIN", "False"),
    _read("what a store never takes is waited for", " and not isinstance(error, StoreRefused)", ""),
    _read(
        "what a store does not take now is left out",
        "if isinstance(error, StoreUnavailable) and not isinstance(error, StoreRefused):",
        "if False:",
    ),
)
