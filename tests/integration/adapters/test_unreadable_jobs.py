"""What becomes of jobs that a newer version has written, while an older one still runs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from shared.adapters.dynamodb.codec import encode_job
from shared.model.errors import UnreadableJob
from tests.aws import JOBS_TABLE
from tests.jobs import a_job

if TYPE_CHECKING:
    from shared.adapters.dynamodb.jobs import DynamoJobStore
    from shared.model.job import Job


@pytest.fixture
def unreadable(dynamodb: Any) -> Job:
    job = replace(a_job(), id="fromthefuture")
    dynamodb.put_item(TableName=JOBS_TABLE, Item={**encode_job(job), "status": {"S": "hibernating"}})
    return job


def test_it_does_not_keep_others_from_being_read(store: DynamoJobStore, unreadable: Job) -> None:
    job = store.create(a_job()).job

    assert store.get_many([unreadable.key, job.key], consistent=True) == [job]


def test_it_is_not_taken_for_one_that_is_not_there(store: DynamoJobStore, unreadable: Job) -> None:
    with pytest.raises(UnreadableJob):
        store.get(unreadable.key)
