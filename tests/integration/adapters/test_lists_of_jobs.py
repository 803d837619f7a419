from __future__ import annotations

from unittest.mock import Mock

import pytest

from shared.adapters.dynamodb.jobs import DynamoJobStore
from tests.aws import JOBS_TABLE


@pytest.mark.parametrize(("before", "not_before"), [("1", "1"), ("1", "2")])
def test_bounds_that_leave_no_room_are_not_sent_since_aws_refuses_them(before: str, not_before: str) -> None:
    # "The BETWEEN operator requires upper bound to be greater than or equal to lower bound"; moto lets it pass.
    dynamodb = Mock()

    entries = DynamoJobStore(dynamodb, JOBS_TABLE).list_group(
        "acme#adhoc#0", before=before, not_before=not_before, limit=10
    )

    assert entries == []
    dynamodb.query.assert_not_called()
