"""All mutants."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.mutation.alert_guards import ALERT_GUARDS, ALERT_STORE_GUARDS
from tests.mutation.api_guards import API_GUARDS
from tests.mutation.aws_guards import AWS_GUARDS
from tests.mutation.clauses import CLAUSE_MUTANTS
from tests.mutation.cleaning_guards import CLEANING_GUARDS, CLEANING_STORE_GUARDS
from tests.mutation.dead_letter_guards import BULK_STORE_GUARDS, DEAD_LETTER_GUARDS
from tests.mutation.dispatch_guards import DISPATCH_GUARDS
from tests.mutation.event_guards import EVENT_GUARDS
from tests.mutation.executor_guards import EXECUTOR_GUARDS
from tests.mutation.long_work_guards import CHECKPOINT_GUARDS, CHECKPOINT_STORE_GUARDS, LONG_WORK_GUARDS
from tests.mutation.memory_guards import MEMORY_GUARDS
from tests.mutation.move_guards import MOVE_GUARDS, OCCURRENCE_GUARDS
from tests.mutation.retry_guards import BREAKER_GUARDS, BREAKER_STORE_GUARDS, FAILING_GUARDS, RETRY_GUARDS
from tests.mutation.table import TABLE_MUTANTS
from tests.mutation.template_guards import TEMPLATE_STORE_GUARDS
from tests.mutation.versioned_guards import VERSIONED_MEMORY_GUARDS, VERSIONED_STORE_GUARDS
from tests.mutation.window_guards import WINDOW_GUARDS, WINDOW_STORE_GUARDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.mutation.mutant import Mutant

ON_AWS: Final = "adapters and handlers on AWS"
GROUPS: Final[Mapping[str, tuple[Mutant, ...]]] = {
    "clauses of the moves": CLAUSE_MUTANTS,
    "table of legal moves": TABLE_MUTANTS,
    "rules of the moves": MOVE_GUARDS,
    "jobs of occurrences": OCCURRENCE_GUARDS,
    "executor": EXECUTOR_GUARDS,
    "work that outlives its call": (*LONG_WORK_GUARDS, *CHECKPOINT_GUARDS),
    "gates and maintenance windows": WINDOW_GUARDS,
    "retries": RETRY_GUARDS,
    "breakers": BREAKER_GUARDS,
    "templates that keep failing": FAILING_GUARDS,
    "alerts": ALERT_GUARDS,
    "events": EVENT_GUARDS,
    "dead letters": DEAD_LETTER_GUARDS,
    "dispatch, ticks, stream, sweep": DISPATCH_GUARDS,
    "archive and cleaning up": CLEANING_GUARDS,
    "API": API_GUARDS,
    "stores in memory": (*MEMORY_GUARDS, *VERSIONED_MEMORY_GUARDS),
    ON_AWS: (
        *AWS_GUARDS,
        *WINDOW_STORE_GUARDS,
        *CHECKPOINT_STORE_GUARDS,
        *TEMPLATE_STORE_GUARDS,
        *BREAKER_STORE_GUARDS,
        *ALERT_STORE_GUARDS,
        *BULK_STORE_GUARDS,
        *CLEANING_STORE_GUARDS,
        *VERSIONED_STORE_GUARDS,
    ),
}
MUTANTS: Final = tuple(mutant for group in GROUPS.values() for mutant in group)


def named(name: str) -> Mutant:
    (mutant,) = [one for one in MUTANTS if one.name == name]
    return mutant
