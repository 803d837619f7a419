from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model.allowed_targets import Place, check_resource, check_role, queue_of
from shared.model.errors import InvalidField
from shared.model.target_rules import TargetRules, check_target

HERE = Place("123456789012", "eu-central-1")
ANYTHING = tuple(f"arn:aws:{kind}" for kind in (
    "lambda:*:*:function:*", "lambda:*:*:function:*:*", "sqs:*:*:*", "sns:*:*:*", "events:*:*:event-bus/*",
    "states:*:*:stateMachine:*",
))  # fmt: skip
START = "eu-central-1:123456789012:"


def fields(kind: str, value: str) -> dict[str, Any]:
    names = {
        "lambda": "function",
        "sqs": "queue_url",
        "sns": "topic_arn",
        "eventbridge": "bus",
        "step_functions": "state_machine_arn",
    }
    return {"type": kind, names[kind]: value, "source": "shop", "detail_type": "order"}


def refusal_of(kind: str, value: str, patterns: tuple[str, ...] = ANYTHING, **more: Any) -> InvalidField:
    with pytest.raises(InvalidField) as refusal:
        check_resource({**fields(kind, value), **more}, HERE, patterns)
    assert refusal.value.slug == "target-not-allowed"
    return refusal.value


@pytest.mark.parametrize(
    ("kind", "value", "arn"),
    [
        ("lambda", "orders", f"arn:aws:lambda:{START}function:orders"),
        ("lambda", "orders:live", f"arn:aws:lambda:{START}function:orders:live"),
        ("lambda", f"arn:aws:lambda:{START}function:orders", f"arn:aws:lambda:{START}function:orders"),
        ("sqs", "https://sqs.eu-central-1.amazonaws.com/123456789012/orders", f"arn:aws:sqs:{START}orders"),
        ("sqs", "https://sqs.eu-central-1.amazonaws.com/123456789012/o.fifo", f"arn:aws:sqs:{START}o.fifo"),
        ("sns", f"arn:aws:sns:{START}orders", f"arn:aws:sns:{START}orders"),
        ("eventbridge", "default", f"arn:aws:events:{START}event-bus/default"),
        ("eventbridge", f"arn:aws:events:{START}event-bus/shop", f"arn:aws:events:{START}event-bus/shop"),
        ("step_functions", f"arn:aws:states:{START}stateMachine:a", f"arn:aws:states:{START}stateMachine:a"),
    ],
)
def test_a_target_means_one_resource_of_this_account(kind: str, value: str, arn: str) -> None:
    assert check_resource(fields(kind, value), HERE, ANYTHING) == arn


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("lambda", "*"),
        ("lambda", "orders*"),
        ("lambda", ""),
        ("lambda", "a/b"),
        ("lambda", "orders\n"),
        ("lambda", "123456789012:function:orders"),
        ("lambda", "arn:aws:lambda:eu-central-1:999999999999:function:orders"),
        ("lambda", "arn:aws:lambda:us-east-1:123456789012:function:orders"),
        ("lambda", "arn:aws-cn:lambda:eu-central-1:123456789012:function:orders"),
        ("lambda", f"arn:aws:lambda:{START}function:*"),
        ("lambda", f"arn:aws:lambda:{START}layer:orders"),
        ("lambda", f"arn:aws:sqs:{START}function:orders"),
        ("lambda", "https://evil.example/"),
        ("lambda", "a" * 65),
        ("sqs", "https://evil.example/123456789012/orders"),
        ("sqs", "http://sqs.eu-central-1.amazonaws.com/123456789012/orders"),
        ("sqs", "https://sqs.us-east-1.amazonaws.com/123456789012/orders"),
        ("sqs", "https://sqs.eu-central-1.amazonaws.com/999999999999/orders"),
        ("sqs", "https://sqs.eu-central-1.amazonaws.com/123456789012/or*ers"),
        ("sqs", "https://sqs.eu-central-1.amazonaws.com/123456789012/a/b"),
        ("sqs", "https://sqs.eu-central-1.amazonaws.com/123456789012/orders?x=1"),
        ("sqs", "https://sqs.eu-central-1.amazonaws.com@evil.example/123456789012/orders"),
        ("sqs", "https://sqs.eu-central-1.amazonaws.com:444/123456789012/orders"),
        ("sqs", f"arn:aws:sqs:{START}orders"),
        ("sns", "orders"),
        ("sns", f"arn:aws:sns:{START}orders:subscription"),
        ("sns", f"arn:aws:sns:{START}*"),
        ("sns", "arn:aws:sns:eu-central-1::orders"),
        ("eventbridge", "a/b"),
        ("eventbridge", f"arn:aws:events:{START}rule/x"),
        ("step_functions", f"arn:aws:states:{START}execution:a:b"),
        ("step_functions", "orders"),
    ],
)
def test_another_account_a_wildcard_or_no_arn_is_refused(kind: str, value: str) -> None:
    refusal = refusal_of(kind, value)

    assert refusal.pointer.startswith("/target/")


@pytest.mark.parametrize(
    ("pattern", "allowed"),
    [
        (f"arn:aws:lambda:{START}function:orders", True),
        (f"arn:aws:lambda:{START}function:or*", True),
        (f"arn:aws:lambda:{START}function:*ers", True),
        ("arn:aws:lambda:*:*:function:*", True),
        (f"arn:aws:lambda:{START}function:order", False),
        (f"arn:aws:lambda:{START}function:orders*:*", False),
        (f"arn:aws:lambda:{START}*", False),
        ("arn:aws:lambda:*", False),
        ("*", False),
        (f"arn:aws:lambda:{START}function:order?", False),
        (f"arn:aws:lambda:{START}function:orde[rx]s", False),
        ("", False),
    ],
)
def test_a_pattern_allows_within_its_sections_only(pattern: str, allowed: bool) -> None:
    if allowed:
        assert check_resource(fields("lambda", "orders"), HERE, (pattern,))
    else:
        assert refusal_of("lambda", "orders", (pattern,)).pointer == "/target/function"


def test_a_pattern_for_a_function_does_not_allow_its_aliases() -> None:
    refusal_of("lambda", "orders:live", (f"arn:aws:lambda:{START}function:orders*",))


def test_nothing_is_allowed_without_patterns() -> None:
    refusal_of("lambda", "orders", ())


def test_a_role_of_this_account_stands_in_for_the_patterns() -> None:
    role = "arn:aws:iam::123456789012:role/punctual-target/acme/orders"

    assert check_resource({**fields("lambda", "orders"), "role_arn": role}, HERE, ())


@pytest.mark.parametrize(
    "role",
    [
        "arn:aws:iam::999999999999:role/punctual-target/orders",
        "arn:aws:iam::123456789012:role/admin",
        "arn:aws:iam::123456789012:role/punctual-target",
        "arn:aws:iam::123456789012:role/punctual-target/",
        "arn:aws:iam::123456789012:role/punctual-target/*",
        "arn:aws:iam::123456789012:user/punctual-target/x",
        "punctual-target/orders",
        7,
    ],
)
def test_a_role_that_was_not_made_for_targets_is_refused(role: Any) -> None:
    with pytest.raises(InvalidField) as refusal:
        check_role(role, HERE)

    assert refusal.value.pointer == "/target/role_arn"


def test_a_role_does_not_open_other_accounts() -> None:
    role = "arn:aws:iam::123456789012:role/punctual-target/orders"

    refusal_of("lambda", "arn:aws:lambda:eu-central-1:999999999999:function:orders", role_arn=role)


def test_a_queue_is_called_by_a_url_of_our_own() -> None:
    queue = queue_of("https://sqs.eu-central-1.amazonaws.com/123456789012/orders.fifo", HERE)

    assert queue.url == "https://sqs.eu-central-1.amazonaws.com/123456789012/orders.fifo"
    assert queue.is_fifo


def test_behind_an_emulator_a_queue_is_called_at_its_endpoint() -> None:
    place = Place("000000000000", "us-east-1", "http://127.0.0.1:4566")

    queue = queue_of("http://localhost:4566/000000000000/orders", place)

    assert queue.url == "http://127.0.0.1:4566/000000000000/orders"
    assert queue.arn == "arn:aws:sqs:us-east-1:000000000000:orders"


@pytest.mark.parametrize(
    ("region", "partition"), [("us-east-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]
)
def test_a_region_lies_in_a_partition(region: str, partition: str) -> None:
    assert Place("123456789012", region).partition == partition


@given(name=st.text(max_size=80), kind=st.sampled_from(["lambda", "sqs", "sns", "eventbridge", "step_functions"]))
def test_what_is_allowed_is_always_of_this_account_and_without_wildcard(name: str, kind: str) -> None:
    try:
        arn = check_resource(fields(kind, name), HERE, ANYTHING)
    except InvalidField:
        return
    assert START in arn
    assert not set(arn) & set("*?")


RULES = TargetRules(account="123456789012", region="eu-central-1", allowed_arns=ANYTHING)


@pytest.mark.parametrize(
    "target",
    [
        {"type": "http", "url": "https://example.com/", "headers": {"X-A": "1"}},
        {"type": "http", "url": "https://example.com/", "headers": None},
        {"type": "task", "name": "examples.echo"},
        fields("lambda", "orders"),
    ],
)
def test_every_kind_has_its_rules(target: dict[str, Any]) -> None:
    check_target(target, RULES)


@pytest.mark.parametrize(
    ("target", "pointer", "slug"),
    [
        ({"type": "http", "url": "https://localhost/"}, "/target/url", "target-url-forbidden"),
        (
            {"type": "http", "url": "https://example.com/", "headers": {"Host": "x"}},
            "/target/headers/Host",
            "invalid-header",
        ),
        (fields("sns", "orders"), "/target/topic_arn", "target-not-allowed"),
        ({"type": "command", "argv": ["/bin/true"]}, "/target/type", "target-not-allowed"),
        ({"type": "carrier-pigeon"}, "/target/type", "validation-failed"),
    ],
)
def test_a_refusal_points_at_the_field(target: dict[str, Any], pointer: str, slug: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        check_target(target, RULES)

    assert (refusal.value.pointer, refusal.value.slug) == (pointer, slug)


def test_commands_can_be_allowed() -> None:
    rules = TargetRules(account="123456789012", region="eu-central-1", command_enabled=True)

    check_target({"type": "command", "argv": ["/bin/true"]}, rules)
