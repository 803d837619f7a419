"""A change as the text of one UpdateItem."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from shared.adapters.dynamodb.expressions import update_parameters
from shared.model import moves
from shared.model.change import AnyOf, Change, Clause, Op
from shared.model.job import NO_PAYLOAD
from shared.model.lanes import Priority
from shared.model.lifecycle import Move
from shared.model.retry import DEFAULT_RETRY
from tests.jobs import SHARDING, START, a_job
from tests.witnesses import CASES, Case

if TYPE_CHECKING:
    from collections.abc import Mapping

PLACEHOLDER = re.compile(r"[#:][a-z0-9_]+")


def written(parameters: Mapping) -> list[str]:
    """The attributes that an update sets, removes and adds to."""
    text = re.sub(r" = :s_\w+| :a_\w+", "", parameters["UpdateExpression"])
    named = PLACEHOLDER.sub(lambda name: parameters["ExpressionAttributeNames"][name[0]], text)
    return re.split(r" (?=REMOVE|ADD)", named)


def asked(parameters: Mapping) -> list[str]:
    """What must all be true, with its names and values in their places, times in seconds since `START`."""
    text = re.sub(
        r":\w+", lambda name: shown(parameters["ExpressionAttributeValues"][name[0]]), parameters["ConditionExpression"]
    )
    named = re.sub(r"#\w+", lambda name: parameters["ExpressionAttributeNames"][name[0]], text)
    return named.split(" AND ")


def shown(value: Mapping[str, str]) -> str:
    (content,) = value.values()
    if len(content) == 13 and content.isdigit():
        return f"START+{int(content) / 1000 - START.timestamp():g}"
    return content if "N" in value else f"'{content}'"


# A planned job has defaults too, which are not stored.
_AS_PLANNED = (
    "SET name, target, exp_s, exp_at, run_at, wake_at, due_shard, tpl_v, mis_at, status, u_at",
    "REMOVE tags, payload, prio, timeout, retry, deliv, compl, hb_s, reason, e_at, ttl",
)

RENDERED = {
    "claim": (
        ["SET claim, lease, s_at, status, u_at", "REMOVE reason", "ADD v, fence, attempt"],
        [
            "attribute_exists(pk)",
            "status = 'scheduled'",
            "wake_at = START+60",
            "begins_with(due_shard, 'normal#')",
            "(attribute_not_exists(exp_at) OR exp_at > START+65 OR attempt > 0)",
            "(attribute_not_exists(mis_at) OR mis_at > START+65 OR attempt > 0)",
        ],
    ),
    "heartbeat": (
        ["SET lease"],
        ["attribute_exists(pk)", "status = 'running'", "fence = 1", "lease < START+160"],
    ),
    "await": (
        ["SET await_at, lease, wake_at, due_shard, status, u_at", "ADD v"],
        ["attribute_exists(pk)", "status = 'running'", "fence = 1", "attribute_not_exists(await_at)"],
    ),
    "checkpoint": (
        ["SET ck_at, lease", "ADD ck_n"],
        ["attribute_exists(pk)", "status = 'running'", "fence = 1", "lease < START+400"],
    ),
    "watch": (
        ["SET wake_at"],
        ["attribute_exists(pk)", "status = 'running'", "fence = 1", "wake_at < START+400"],
    ),
    "defer": (
        [
            "SET wake_at, reason, due_shard, status, u_at",
            "REMOVE mis_at, lease, claim, await_at, s_at",
            "ADD v, attempt",
        ],
        ["attribute_exists(pk)", "status = 'running'", "fence = 1", "attribute_not_exists(cancel_at)"],
    ),
    "decline": (
        [
            "SET reason, e_at, ttl, status, u_at",
            "REMOVE lease, claim, await_at, s_at, wake_at, due_shard",
            "ADD v, attempt",
        ],
        ["attribute_exists(pk)", "status = 'running'", "fence = 1", "attribute_not_exists(cancel_at)"],
    ),
    "succeed": (
        ["SET execs, e_at, ttl, status, u_at", "REMOVE lease, claim, await_at, wake_at, due_shard", "ADD v"],
        ["attribute_exists(pk)", "status = 'running'", "fence = 1"],
    ),
    "retry": (
        ["SET wake_at, execs, due_shard, status, u_at", "REMOVE lease, claim, await_at", "ADD v"],
        ["attribute_exists(pk)", "status = 'running'", "fence = 1", "attribute_not_exists(cancel_at)"],
    ),
    "fail": (
        [
            "SET execs, reason, attention_pk, attention_sk, e_at, ttl, status, u_at",
            "REMOVE lease, claim, await_at, wake_at, due_shard",
            "ADD v",
        ],
        ["attribute_exists(pk)", "status = 'running'", "fence = 1"],
    ),
    "stop": (
        ["SET execs, reason, e_at, ttl, status, u_at", "REMOVE lease, claim, await_at, wake_at, due_shard", "ADD v"],
        ["attribute_exists(pk)", "status = 'running'", "fence = 1"],
    ),
    "reap, another attempt left": (
        ["SET wake_at, execs, due_shard, status, u_at", "REMOVE lease, claim, await_at", "ADD v"],
        [
            "attribute_exists(pk)",
            "status = 'running'",
            "fence = 1",
            "attribute_not_exists(cancel_at)",
            "lease < START+195",
        ],
    ),
    "reap, none left": (
        [
            "SET execs, reason, attention_pk, attention_sk, e_at, ttl, status, u_at",
            "REMOVE lease, claim, await_at, wake_at, due_shard",
            "ADD v",
        ],
        ["attribute_exists(pk)", "status = 'running'", "fence = 1", "lease < START+195"],
    ),
    "reap, cancel requested": (
        ["SET execs, reason, e_at, ttl, status, u_at", "REMOVE lease, claim, await_at, wake_at, due_shard", "ADD v"],
        ["attribute_exists(pk)", "status = 'running'", "fence = 1", "lease < START+195"],
    ),
    "edit": (
        ["SET name, status, u_at", "ADD v"],
        ["attribute_exists(pk)", "status = 'scheduled'", "v = 1"],
    ),
    "run now": (
        ["SET run_at, wake_at, exp_at, status, u_at", "REMOVE mis_at", "ADD v"],
        ["attribute_exists(pk)", "status = 'scheduled'", "v = 1"],
    ),
    "request cancel": (
        ["SET cancel_at, status, u_at", "ADD v"],
        ["attribute_exists(pk)", "status = 'running'", "v = 2"],
    ),
    "cancel": (
        ["SET reason, e_at, ttl, status, u_at", "REMOVE wake_at, due_shard", "ADD v"],
        ["attribute_exists(pk)", "status IN ('blocked', 'scheduled')", "v = 1"],
    ),
    "skip": (
        ["SET reason, e_at, ttl, status, u_at", "REMOVE wake_at, due_shard", "ADD v"],
        ["attribute_exists(pk)", "status = 'scheduled'", "v = 1"],
    ),
    "replan": (
        [*_AS_PLANNED, "ADD v"],
        ["attribute_exists(pk)", "status = 'scheduled'", "attempt = 0", "attribute_not_exists(rdv_at)", "tpl_v < 2"],
    ),
    "withdraw": (
        ["SET reason, tpl_v, e_at, ttl, status, u_at", "REMOVE wake_at, due_shard", "ADD v"],
        ["attribute_exists(pk)", "status = 'scheduled'", "attempt = 0", "attribute_not_exists(rdv_at)", "tpl_v < 2"],
    ),
    "reinstate": (
        [*_AS_PLANNED, "ADD v"],
        [
            "attribute_exists(pk)",
            "status = 'skipped'",
            "reason = 'withdrawn'",
            "attempt = 0",
            "attribute_not_exists(rdv_at)",
            "tpl_v < 3",
        ],
    ),
    "redrive": (
        [
            "SET attempt, wake_at, due_shard, exp_at, rdv, rdv_at, rdv_by, status, u_at",
            "REMOVE reason, e_at, ttl, mis_at, cancel_at, dis_at, dis_by, dis_why, attention_pk, attention_sk",
            "ADD v",
        ],
        ["attribute_exists(pk)", "status = 'failed'", "v = 3"],
    ),
    "discard": (
        ["SET dis_at, dis_by, dis_why, status, u_at", "REMOVE attention_pk, attention_sk", "ADD v"],
        ["attribute_exists(pk)", "status = 'failed'", "v = 3"],
    ),
}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_move_is_rendered_as(case: Case) -> None:
    parameters = update_parameters(case.change)

    assert (written(parameters), asked(parameters)) == RENDERED[case.name]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_placeholder_is_defined_and_every_definition_is_used(case: Case) -> None:
    parameters = update_parameters(case.change)

    used = set(PLACEHOLDER.findall(f"{parameters['UpdateExpression']} {parameters['ConditionExpression']}"))
    assert used == {*parameters["ExpressionAttributeNames"], *parameters["ExpressionAttributeValues"]}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_no_attribute_is_written_twice_in_one_update(case: Case) -> None:
    # AWS refuses that; emulators do not.
    attributes = re.findall(
        r"\w+", re.sub(r"\b(SET|REMOVE|ADD)\b", "", " ".join(written(update_parameters(case.change))))
    )

    assert len(attributes) == len(set(attributes))


def test_an_edit_back_to_a_default_removes_the_attribute() -> None:
    job = a_job(name="named", priority=Priority.HIGH, tags={"a": "b"})
    defaults = {
        "name": None,
        "priority": Priority.NORMAL,
        "tags": {},
        "payload": NO_PAYLOAD,
        "retry": DEFAULT_RETRY,
        "timeout_seconds": 30,
    }

    parameters = update_parameters(moves.edit(job, defaults, now=START, sharding=SHARDING))

    assert written(parameters) == [
        "SET due_shard, status, u_at",
        "REMOVE name, prio, tags, payload, retry, timeout",
        "ADD v",
    ]


def test_two_changes_of_one_shape_share_a_text_and_keep_their_values_apart() -> None:
    one, other = (
        update_parameters(Change(move=Move.EDIT, when=(Clause("fence", Op.EQ, number),), set={"name": str(number)}))
        for number in (1, 2)
    )

    assert one["UpdateExpression"] is other["UpdateExpression"]
    assert [one["ExpressionAttributeValues"], other["ExpressionAttributeValues"]] == [
        {":c0_0": {"N": "1"}, ":s_name": {"S": "1"}},
        {":c0_0": {"N": "2"}, ":s_name": {"S": "2"}},
    ]


def test_a_text_depends_on_how_many_values_a_membership_has_and_on_how_clauses_are_grouped() -> None:
    yes, no = Clause("fence", Op.EQ, 1), Clause("fence", Op.EQ, 2)
    conditions = [
        (Clause("fence", Op.IN, (1,)),),
        (Clause("fence", Op.IN, (1, 2)),),
        (yes, no),
        (AnyOf((yes, no)),),
        (AnyOf((yes,)), no),
    ]

    texts = [
        " AND ".join(asked(update_parameters(Change(move=Move.EDIT, when=when, set={"name": "x"}))))
        for when in conditions
    ]

    assert texts == [
        "attribute_exists(pk) AND fence IN (1)",
        "attribute_exists(pk) AND fence IN (1, 2)",
        "attribute_exists(pk) AND fence = 1 AND fence = 2",
        "attribute_exists(pk) AND (fence = 1 OR fence = 2)",
        "attribute_exists(pk) AND fence = 1 AND fence = 2",
    ]
