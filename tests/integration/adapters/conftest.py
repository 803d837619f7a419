"""An account of moto, and the adapters on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shared.adapters.dynamodb.control import DynamoControlStore
from shared.adapters.dynamodb.jobs import DynamoJobStore
from tests.aws import BUCKET, CONTROL_TABLE, JOBS_TABLE, aws, client, create_bucket, create_tables

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def account() -> Iterator[None]:
    with aws():
        yield


@pytest.fixture
def dynamodb(account: None) -> Any:
    dynamodb = client("dynamodb")
    create_tables(dynamodb)
    return dynamodb


@pytest.fixture
def s3(account: None) -> Any:
    s3 = client("s3")
    create_bucket(s3)
    return s3


@pytest.fixture
def store(dynamodb: Any, s3: Any) -> DynamoJobStore:
    return DynamoJobStore(dynamodb, JOBS_TABLE, lambda: s3, BUCKET)


@pytest.fixture
def control(dynamodb: Any) -> DynamoControlStore:
    return DynamoControlStore(dynamodb, CONTROL_TABLE)
