"""Whatever a use case may ask of the stores, and what none should, drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from shared.model.api_key import ApiKey, Scope
from shared.model.cursor import SweepCursor
from shared.model.job import Delivery, JobSpec, Payload, attention_partition, epoch_ms, new_job
from shared.model.lanes import DueShard, Priority, due_shards
from shared.model.occurrence_job import WITHDRAWN
from shared.ports.jobs import DueEntry
from tests.contract.changes import EXPIRIES, PAYLOADS, RETRIES, TIMEOUTS, drawn_change, drawn_occurrence
from tests.contract.draws import GROUPS, KEYS, SHARDING, TENANTS, Draw
from tests.jobs import START, at

if TYPE_CHECKING:
    from shared.model.job import Job
    from tests.contract.peers import Peer

Operation = Callable[["Peer", Draw], Any]

_SHARDS: Final = due_shards(SHARDING.due)
_FIRST, _LAST = "0", "9" * 14


# Jobs


def _create(peer: Peer, draw: Draw) -> Any:
    """A job of one of a few ids: often there is one."""
    key = draw.one_of(KEYS)
    spec = JobSpec(
        target={"type": "http", "url": "https://example.com/"},
        run_at=draw.now + timedelta(seconds=draw.one_of((0, 0, 1, 60, 1_000))),
        priority=draw.one_of((Priority.NORMAL, Priority.NORMAL, Priority.HIGH)),
        timeout_seconds=draw.one_of(TIMEOUTS),
        expires_after_seconds=draw.one_of(EXPIRIES),
        retry=draw.one_of(RETRIES),
        delivery=draw.one_of((Delivery.AT_LEAST_ONCE, Delivery.AT_LEAST_ONCE, Delivery.AT_MOST_ONCE)),
        group=draw.one_of(GROUPS),
        payload=draw.one_of((None, None, *PAYLOADS)),
    )
    job = new_job(spec, key=key, now=draw.now, sharding=SHARDING, fingerprint=draw.one_of((None, "digest")))
    return peer.jobs.create(peer.jobs.place_payload(job))


def _create_occurrence(peer: Peer, draw: Draw) -> Any:
    nominal_at = draw.now + timedelta(seconds=draw.one_of((0, 1, 60, 1_000, 10**7)))
    job = drawn_occurrence(draw.one_of(KEYS), draw, nominal_at=nominal_at, version=1)
    return peer.jobs.create(peer.jobs.place_payload(job))


def _get(peer: Peer, draw: Draw) -> Any:
    return peer.jobs.get(draw.one_of(KEYS))


def _get_many(peer: Peer, draw: Draw) -> Any:
    keys = [draw.one_of(KEYS) for _ in range(draw.below(6))]
    return peer.jobs.get_many(keys, consistent=bool(draw.below(2)))


def _load_payload(peer: Peer, draw: Draw) -> Any:
    job = _job_in_hand(peer, draw)
    return None if job is None else peer.jobs.load_payload(job)


def _load_missing_payload(peer: Peer, draw: Draw) -> Any:
    job = _job_in_hand(peer, draw)
    ref = draw.one_of(("payload#0000", "payloads/a/job-1/0000"))
    return None if job is None else peer.jobs.load_payload(replace(job, payload=Payload(ref=ref)))


def _change(peer: Peer, draw: Draw) -> Any:
    job = _job_in_hand(peer, draw)
    return None if job is None else [peer.jobs.change(job.key, drawn_change(peer, job, draw)), peer.jobs.get(job.key)]


def _change_and_get(peer: Peer, draw: Draw) -> Any:
    job = _job_in_hand(peer, draw)
    return None if job is None else peer.jobs.change_and_get(job.key, drawn_change(peer, job, draw))


def _change_another(peer: Peer, draw: Draw) -> Any:
    """What was meant for one job, done to another, or to none."""
    job = _job_in_hand(peer, draw)
    return None if job is None else peer.jobs.change_and_get(draw.one_of(KEYS), drawn_change(peer, job, draw))


def _job_in_hand(peer: Peer, draw: Draw) -> Job | None:
    """A job as it was last seen, or a few moves ago; seldom one that has ended for good."""
    if not peer.seen:
        return None
    live = [key for key, states in peer.seen.items() if not _has_ended_for_good(states[-1])]
    states = peer.seen[draw.one_of(live if live and draw.below(8) else list(peer.seen))]
    return states[max(len(states) - 1 - draw.one_of((*6 * (0,), 1, 2, 5)), 0)]


def _has_ended_for_good(job: Job) -> bool:
    return job.status.is_terminal and job.reason != WITHDRAWN


# Indexes


def _due(peer: Peer, draw: Draw) -> Any:
    """A page from an arbitrary position, and all that follows it."""
    job = _job_in_hand(peer, draw)
    shard = (job and job.due_shard) or draw.one_of(_SHARDS)
    around = draw.one_of((draw.now, (job and job.wake_at) or draw.now))
    until = around + timedelta(seconds=draw.one_of((0, -0.001, 60, 2_000, 10_000)))
    limit = draw.one_of((1, 2, 3, 100))
    after = None
    if job is not None and draw.below(2):
        wake_at = job.wake_at or job.run_at
        after = DueEntry(wake_at + timedelta(milliseconds=draw.one_of((0, 0, 0, -1, 1))), job.tenant, job.id)
    return due_pages(peer, shard, until=until, after=after, limit=limit)


def due_pages(peer: Peer, shard: DueShard, *, until: Any, after: DueEntry | None, limit: int) -> list[list[DueEntry]]:
    """All entries that are due, in pages; without an empty one at the end, which a store need not know to be empty."""
    pages: list[list[DueEntry]] = []
    while True:
        page = peer.jobs.due(shard, until=until, after=after, limit=limit)
        pages += [list(page.entries)] if page.entries else []
        if page.next is None:
            return pages
        after = page.next


def _list_group(peer: Peer, draw: Draw) -> Any:
    job = _job_in_hand(peer, draw)
    return peer.jobs.list_group((job and job.group_pk) or "a#adhoc#0", **_bounds(draw, job and job.group_sk))


def _list_attention(peer: Peer, draw: Draw) -> Any:
    job = _job_in_hand(peer, draw)
    partition = attention_partition(draw.one_of(TENANTS), draw.below(SHARDING.group))
    return peer.jobs.list_attention(partition, **_bounds(draw, job and job.attention_sk))


def _bounds(draw: Draw, entry: str | None) -> dict[str, Any]:
    """From the beginning, a time or an entry, to the end, a time or an entry; also the wrong way round."""
    now = f"{epoch_ms(draw.now):013d}"
    places = (entry or now, now, f"{epoch_ms(START):013d}#", f"{epoch_ms(START):013d}")
    before, not_before = draw.one_of((_LAST, _LAST, _LAST, *places)), draw.one_of((_FIRST, _FIRST, _FIRST, *places))
    return {"before": before, "not_before": not_before, "limit": draw.one_of((1, 2, 3, 100))}


# Cursors and keys


def _tick_cursors(peer: Peer, draw: Draw) -> Any:
    return peer.control.tick_cursors()


def _advance_tick(peer: Peer, draw: Draw) -> Any:
    """From where the cursor stands, from nowhere, or from where it may have been."""
    shard = draw.one_of(_SHARDS[:3])
    seen = draw.one_of((peer.control.tick_cursors().get(shard), None, _entry(draw)))
    return peer.control.advance_tick(shard, seen=seen, to=_entry(draw))


def _sweep_cursors(peer: Peer, draw: Draw) -> Any:
    return peer.control.sweep_cursors()


def _advance_sweep(peer: Peer, draw: Draw) -> Any:
    shard = draw.one_of(_SHARDS[:3])
    seen = draw.one_of((peer.control.sweep_cursors().get(shard), None, _sweep_cursor(draw)))
    return peer.control.advance_sweep(shard, seen=seen, to=_sweep_cursor(draw))


def _entry(draw: Draw) -> DueEntry:
    return DueEntry(at(draw.below(2)), draw.one_of(TENANTS), draw.one_of(("job-0", "job#1")))


def _sweep_cursor(draw: Draw) -> SweepCursor:
    return SweepCursor(at(60 + draw.below(2)), at(draw.below(2)), draw.one_of((None, _entry(draw))))


_KEY_IDS: Final = ("a_k3y00001", "a_k3y00002", "a-b_k3y00001", "not a key")


def _put_api_key(peer: Peer, draw: Draw) -> Any:
    key_id = draw.one_of(_KEY_IDS[:3])
    key = ApiKey(
        id=key_id,
        tenant=key_id.partition("_")[0],
        secret_sha256=f"{draw.below(2)}",
        scopes=draw.one_of((frozenset({Scope.READ}), frozenset(Scope))),
        created_at=draw.now,
        expires_at=draw.one_of((None, draw.now)),
        name=draw.one_of((None, "ci")),
    )
    return peer.control.put_api_key(key)


def _get_api_key(peer: Peer, draw: Draw) -> Any:
    return peer.control.get_api_key(draw.one_of(_KEY_IDS))


def _list_api_keys(peer: Peer, draw: Draw) -> Any:
    return peer.control.list_api_keys(draw.one_of((*TENANTS, "nobody")))


def _revoke_api_key(peer: Peer, draw: Draw) -> Any:
    return peer.control.revoke_api_key(draw.one_of(_KEY_IDS), draw.now)


def _nothing(peer: Peer, draw: Draw) -> Any:
    """What a step shrinks to that a failure does not need."""


OPERATIONS: Final[tuple[Operation, ...]] = (
    _nothing,
    *6 * (_create,),
    *4 * (_create_occurrence,),
    *2 * (_get,),
    *2 * (_get_many,),
    _load_payload,
    _load_missing_payload,
    *8 * (_change,),
    *20 * (_change_and_get,),
    *2 * (_change_another,),
    *4 * (_due,),
    *2 * (_list_group,),
    *2 * (_list_attention,),
    _tick_cursors,
    *2 * (_advance_tick,),
    _sweep_cursors,
    *2 * (_advance_sweep,),
    *2 * (_put_api_key,),
    _get_api_key,
    _list_api_keys,
    _revoke_api_key,
)


def index_contents(peer: Peer) -> dict[str, list[Any]]:
    """Every partition of every index that a job ever was in, whole."""
    states = [job for states in peer.seen.values() for job in states]
    bounds: dict[str, Any] = {"before": _LAST, "not_before": _FIRST, "limit": 100}
    shards = sorted({job.due_shard for job in states if job.due_shard})
    groups = sorted({job.group_pk for job in states if job.group_pk})
    attention = sorted({job.attention_pk for job in states if job.attention_pk})
    return {
        **{f"due {one}": due_pages(peer, one, until=at(10**8), after=None, limit=100) for one in shards},
        **{f"group {one}": peer.jobs.list_group(one, **bounds) for one in groups},
        **{f"attention {one}": peer.jobs.list_attention(one, **bounds) for one in attention},
    }
