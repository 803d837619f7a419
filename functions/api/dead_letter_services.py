"""What endpoints about dead letters and bulk actions work with."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from functions.api.begin_bulk_action import AbortBulkAction, BeginBulkAction
from functions.api.list_dead_letters import ListDeadLetters
from functions.api.models.edits import EditReader
from functions.api.redrive_job import DiscardJob, RedriveJob
from functions.api.wire.answers import listed_answer
from functions.api.wire.json_text import compact
from shared.dead_letters.advance_bulk_action import AdvanceBulkAction
from shared.dead_letters.deal_with_dead_letter import DealWithDeadLetter
from shared.dead_letters.find_dead_letters import FindDeadLetters
from shared.side_by_side import side_by_side

if TYPE_CHECKING:
    from functions.api.change_job import ChangeJob
    from functions.api.models.spec import SpecReader
    from shared.model.job import Sharding
    from shared.ports.bulk_actions import BulkActionStore
    from shared.ports.clock import Clock, Ids
    from shared.ports.jobs import JobStore
    from shared.ports.retentions import Retentions
    from shared.ports.telemetry import Telemetry
    from shared.side_by_side import Together


class DeadLetterServices(NamedTuple):
    list: ListDeadLetters
    redrive: RedriveJob
    discard: DiscardJob
    actions: BulkActionStore
    begin: BeginBulkAction
    abort: AbortBulkAction


def dead_letter_services_on(
    *,
    jobs: JobStore,
    actions: BulkActionStore,
    change_job: ChangeJob,
    specs: SpecReader,
    clock: Clock,
    ids: Ids,
    telemetry: Telemetry,
    sharding: Sharding,
    retention: Retentions,
    together: Together = side_by_side,
) -> DeadLetterServices:
    """The use cases on these ports."""
    find = FindDeadLetters(jobs, sharding.group, together)
    advance = AdvanceBulkAction(
        actions=actions,
        jobs=jobs,
        find=find,
        deal_with=DealWithDeadLetter(jobs=jobs, sharding=sharding),
        clock=clock,
        telemetry=telemetry,
        retention=retention,
        together=together,
    )
    return DeadLetterServices(
        list=ListDeadLetters(jobs=jobs, find=find, answer_bytes=lambda job: len(compact(listed_answer(job)))),
        redrive=RedriveJob(change_job, jobs, EditReader(specs), telemetry, sharding),
        discard=DiscardJob(change_job, telemetry),
        actions=actions,
        begin=BeginBulkAction(actions=actions, jobs=jobs, find=find, advance=advance, ids=ids, telemetry=telemetry),
        abort=AbortBulkAction(actions=actions, telemetry=telemetry, retention=retention),
    )
