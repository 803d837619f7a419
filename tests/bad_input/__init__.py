"""Bad input of the API, and what it gets: one table, driven over the handler and over HTTP.

Every row is refused with a problem document, and nothing is stored. In a path `{job}` stands for a waiting job with the
target `TARGET`, `{ended}` for a cancelled one, `{template}` for a template that is
`TEMPLATE`.
"""

from __future__ import annotations

from tests.bad_input.alerts import ALERTS
from tests.bad_input.bodies import DURATIONS, MALFORMED, RETRIES, SHAPE, TIMES, TOO_LARGE
from tests.bad_input.breakers import BREAKERS
from tests.bad_input.dead_letters import DEAD_LETTERS
from tests.bad_input.executions import EXECUTIONS
from tests.bad_input.requests import BULK, CHANGES, HEADERS, QUERIES, ROUTING
from tests.bad_input.retention import RETENTIONS
from tests.bad_input.rows import TARGET, UNKNOWN_ID, BadInput
from tests.bad_input.subscriptions import SUBSCRIPTIONS
from tests.bad_input.targets import TARGETS
from tests.bad_input.templates import NEW_TEMPLATES, TEMPLATE, TEMPLATE_CHANGES, TEMPLATE_LISTS

BAD_INPUT = [
    *MALFORMED,
    *TOO_LARGE,
    *SHAPE,
    *TIMES,
    *DURATIONS,
    *RETRIES,
    *TARGETS,
    *BULK,
    *ROUTING,
    *HEADERS,
    *QUERIES,
    *CHANGES,
    *EXECUTIONS,
    *NEW_TEMPLATES,
    *TEMPLATE_CHANGES,
    *TEMPLATE_LISTS,
    *BREAKERS,
    *ALERTS,
    *DEAD_LETTERS,
    *SUBSCRIPTIONS,
    *RETENTIONS,
]

__all__ = ["BAD_INPUT", "TARGET", "TEMPLATE", "UNKNOWN_ID", "BadInput"]
