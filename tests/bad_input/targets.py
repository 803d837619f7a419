"""Targets that no job may have."""

from __future__ import annotations

from tests.bad_input.rows import TARGET, bad_header, bad_target, bad_url

TARGETS = [
    bad_target("a target that is a string", "http", "validation-failed", "/target"),
    bad_target("a target without a type", {"url": "https://example.com"}, "validation-failed", "/target/type"),
    bad_target("a kind of target that is none", {"type": "ftp"}, "validation-failed", "/target/type"),
    bad_target("a type that is an object", {"type": {}}, "validation-failed", "/target/type"),
    bad_target("http without a URL", {"type": "http"}, "validation-failed", "/target/url"),
    bad_target("another kind's member", {**TARGET, "argv": ["a"]}, "validation-failed", "/target/argv"),
    bad_target("a method that is none", {**TARGET, "method": "BREW"}, "validation-failed", "/target/method"),
    bad_target("an empty command", {"type": "command", "argv": []}, "validation-failed", "/target/argv"),
    bad_target("a task's path", {"type": "task", "name": "../../os"}, "validation-failed", "/target/name"),
    bad_target(
        "another account's queue",
        {"type": "sqs", "queue_url": "https://sqs.eu-central-1.amazonaws.com/999999999999/orders"},
        "target-not-allowed",
        "/target/queue_url",
    ),
    bad_target("any function", {"type": "lambda", "function": "*"}, "target-not-allowed", "/target/function"),
    bad_target(
        "another account's function",
        {"type": "lambda", "function": "arn:aws:lambda:eu-central-1:999999999999:function:orders-new"},
        "target-not-allowed",
        "/target/function",
    ),
    bad_target("a topic that is none", {"type": "sns", "topic_arn": "news"}, "target-not-allowed", "/target/topic_arn"),
    *(
        bad_url(url)
        for url in (
            "http://example.com/",
            "ftp://example.com/",
            "file:///etc/passwd",
            "https://user:secret@example.com/",
            "https://127.0.0.1/",
            "https://localhost/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0177.0.0.1/",
            "https://10.0.0.1/",
            "https://192.168.1.1/",
            "https://169.254.169.254/latest/meta-data/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[64:ff9b::7f00:1]/",
            "https://[2002:7f00:1::]/",
            "https://[fd00:ec2::254]/",
            "https://224.0.0.1/",
            "https://metadata.google.internal/",
            "https://example.com:22/",
            "https://example.com:99999/",
            "https://",
            "example.com",
        )
    ),
    bad_header("X-A", "a\r\nHost: b"),
    bad_header("Host", "example.com"),
    bad_header("webhook-signature", "v1,a"),
    bad_header("X-Punctual-Fence", "7"),
    bad_header("a b", "c"),
]
