"""The proxy in front of the table: what it refuses, what it hands on, and how functions come to use it."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local.settings import HOST
from local.throttle import TableProxy, in_between

if TYPE_CHECKING:
    from collections.abc import Iterator


class Table:
    """Whatever it is asked, it answers `{}` and notes the operation."""

    def __init__(self) -> None:
        self.calls: list[str] = []


@pytest.fixture
def table() -> Table:
    return Table()


@pytest.fixture
def proxy(table: Table) -> Iterator[TableProxy]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            table.calls.append(self.headers["X-Amz-Target"].rpartition(".")[2])
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer((HOST, 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    with TableProxy(f"http://{HOST}:{server.server_address[1]}", seed=1) as proxy:
        yield proxy
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def dynamodb(proxy: TableProxy) -> Any:
    return boto3.client(
        "dynamodb",
        endpoint_url=proxy.url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, proxies={}),
    )


def write(dynamodb: Any) -> Any:
    return dynamodb.put_item(TableName="jobs", Item={"pk": {"S": "1"}})


def read(dynamodb: Any) -> Any:
    return dynamodb.get_item(TableName="jobs", Key={"pk": {"S": "1"}})


def test_by_default_everything_is_handed_on(proxy: TableProxy, table: Table, dynamodb: Any) -> None:
    write(dynamodb)
    read(dynamodb)

    assert table.calls == ["PutItem", "GetItem"]
    assert proxy.counts == {"handed on": 2}


def test_a_throttled_write_is_refused_unapplied_and_reads_go_on(proxy: TableProxy, table: Table, dynamodb: Any) -> None:
    proxy.throttled = 1.0

    with pytest.raises(ClientError, match="ProvisionedThroughputExceededException"):
        write(dynamodb)
    read(dynamodb)

    assert table.calls == ["GetItem"]


def test_half_of_the_writes_are_throttled(proxy: TableProxy, table: Table, dynamodb: Any) -> None:
    proxy.throttled = 0.5
    refused = 0

    for _ in range(100):
        try:
            write(dynamodb)
        except ClientError:
            refused += 1

    assert 30 < refused < 70
    assert len(table.calls) == 100 - refused


def test_an_unanswered_write_is_applied_although_the_caller_sees_an_error(
    proxy: TableProxy, table: Table, dynamodb: Any
) -> None:
    proxy.unanswered = 1.0

    with pytest.raises(ClientError, match="InternalServerError"):
        write(dynamodb)

    assert table.calls == ["PutItem"]


def test_a_table_that_is_away_refuses_reads_too(proxy: TableProxy, table: Table, dynamodb: Any) -> None:
    proxy.is_away = True

    with pytest.raises(ClientError, match="ServiceUnavailable"):
        read(dynamodb)

    assert table.calls == []


def test_functions_use_the_proxy_in_the_block_only_even_if_it_fails(proxy: TableProxy) -> None:
    lambda_ = Functions({"api": {"TABLE": "jobs"}, "runner": {}})
    during: list[Any] = []

    def fail() -> None:
        with in_between(proxy, lambda_, ["api", "runner"]):
            during.append(dict(lambda_.variables))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    there = {"AWS_ENDPOINT_URL_DYNAMODB": proxy.url}
    assert during == [{"api": {"TABLE": "jobs", **there}, "runner": there}]
    assert lambda_.variables == {"api": {"TABLE": "jobs"}, "runner": {}}


class Functions:
    """As much of Lambda as there is to it: each function's variables."""

    def __init__(self, variables: dict[str, dict[str, str]]) -> None:
        self.variables = variables

    def get_function_configuration(self, *, FunctionName: str) -> dict[str, Any]:  # noqa: N803 - as boto3 names it
        return {"Environment": {"Variables": self.variables[FunctionName]}}

    def update_function_configuration(self, *, FunctionName: str, Environment: dict[str, Any]) -> None:  # noqa: N803
        self.variables[FunctionName] = Environment["Variables"]
