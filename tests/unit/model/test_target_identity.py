import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model.target_identity import MAX_IDENTITY_LENGTH, parse_target_identity, target_identity
from tests.strategies import JSON_OBJECTS

KINDS = [
    "http",
    "lambda",
    "sqs",
    "sns",
    "eventbridge",
    "step_functions",
    "task",
    "command",
    "channel",
    "of_tomorrow",
    "unknown",
]
FIELDS = ["url", "function", "queue_url", "topic_arn", "bus", "state_machine_arn", "name", "argv", "channel_id"]
ARN = "arn:aws:{}:eu-west-1:123456789012:{}"


@pytest.mark.parametrize(
    ("target", "identity"),
    [
        ({"type": "http", "url": "https://Example.com/a?b=c"}, "http:example.com:443"),
        ({"type": "http", "url": "https://example.com:8443"}, "http:example.com:8443"),
        ({"type": "http", "url": "http://127.0.0.1:9000/x"}, "http:127.0.0.1:9000"),
        ({"type": "http", "url": "https://[2001:DB8::1]/x"}, "http:[2001:db8::1]:443"),
        ({"type": "http", "url": "not a url"}, "http"),
        ({"type": "lambda", "function": "orders"}, "lambda:orders"),
        ({"type": "lambda", "function": "orders:live"}, "lambda:orders"),
        ({"type": "lambda", "function": ARN.format("lambda", "function:orders:live")}, "lambda:orders"),
        ({"type": "sqs", "queue_url": "https://sqs.eu-west-1.amazonaws.com/123456789012/q.fifo"}, "sqs:q.fifo"),
        ({"type": "sns", "topic_arn": ARN.format("sns", "news")}, "sns:news"),
        ({"type": "eventbridge", "bus": "default"}, "eventbridge:default"),
        ({"type": "eventbridge", "bus": ARN.format("events", "event-bus/partner/x")}, "eventbridge:partner_x"),
        (
            {"type": "step_functions", "state_machine_arn": ARN.format("states", "stateMachine:ship:2")},
            "step_functions:ship",
        ),
        ({"type": "task", "name": "examples.echo"}, "task:examples.echo"),
        ({"type": "command", "argv": ["/usr/bin/my tool", "--secret"]}, "command:my_tool"),
        ({"type": "channel", "channel_id": "chn_1"}, "channel:chn_1"),
        ({"type": "of_tomorrow", "name": "x"}, "of_tomorrow"),
        ({}, "unknown"),
    ],
)
def test_a_target_is_known_by_what_it_calls(target: dict, identity: str) -> None:
    assert target_identity(target) == identity


@pytest.mark.parametrize("path", ["", "/", "/a", "/a/b?c=d"])
def test_all_paths_of_a_host_fail_together(path: str) -> None:
    assert target_identity({"type": "http", "url": f"https://example.com{path}"}) == "http:example.com:443"


def test_the_same_function_is_the_same_by_its_name_and_its_arn() -> None:
    by_name = target_identity({"type": "lambda", "function": "orders"})
    by_arn = target_identity({"type": "lambda", "function": ARN.format("lambda", "function:orders")})

    assert by_name == by_arn


def test_two_long_names_are_told_apart_by_the_digest_at_their_end() -> None:
    one, other = (target_identity({"type": "task", "name": "x" * 400 + end}) for end in "ab")

    assert one != other
    assert len(one) == len(other) == MAX_IDENTITY_LENGTH


@given(
    kind=st.sampled_from(KINDS),
    fields=st.dictionaries(st.sampled_from(FIELDS), st.text() | st.integers() | st.lists(st.text()) | JSON_OBJECTS),
)
def test_any_target_has_an_identity_that_fits_into_a_key_and_a_path(kind: str, fields: dict) -> None:
    identity = target_identity({**fields, "type": kind})

    assert re.fullmatch(r"[A-Za-z0-9._:@+=,\[\]~-]{1,256}", identity)
    assert identity == kind or identity.startswith(f"{kind}:")
    # A scheme without a port of its own, which no target may have.
    has_no_port = re.fullmatch(r"http:.*:0", identity) is not None
    is_one = kind not in {identity, "of_tomorrow", "unknown"} and not has_no_port
    assert parse_target_identity(identity) == (identity if is_one else None)


@pytest.mark.parametrize(
    "text", ["", "http", "http:", "ftp:example.com:21", "http:a/b", "http:a b", "http:a:b", "task:" + "x" * 300]
)
def test_what_no_target_could_be_is_no_identity(text: str) -> None:
    assert parse_target_identity(text) is None


@pytest.mark.parametrize("text", ["http:example.com", "http:EXAMPLE.com:443", "http:example.com:443"])
def test_a_host_may_be_named_as_people_write_it(text: str) -> None:
    assert parse_target_identity(text) == "http:example.com:443"
