"""The fingerprint of an error: the same for the same cause, whatever ids, numbers and times its message holds."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.model import limits
from shared.model.error_fingerprint import FINGERPRINT_LENGTH, error_fingerprint, normalised
from shared.model.execution import clip

TARGET = "http:example.com:443"
MESSAGES = st.text(max_size=300) | st.text(st.sampled_from("ab01 '\"`-_:./?#=,"), max_size=300)

SAME_CAUSE = {
    "numbers": ("order 17 is gone after 3 attempts", "order 4711 is gone after 12 attempts"),
    "a sign and decimals": ("a balance of -3.50 is too low", "a balance of 1,204.75 is too low"),
    "a number with its unit": ("no answer within 30s", "no answer within 1.5s"),
    "uuids": (
        "no user 9f1b0c52-7c1e-4d6f-8a56-0d9f4b3f7a10 here",
        "no user 00000000-0000-4000-8000-FFFFFFFFFFFF here",
    ),
    "hexadecimal": ("object at 0x7f3a2c at rev abcdef12", "object at 0x1 at rev deadbeef"),
    "ids of letters and digits": ("job 06c3v8n1r4t7x2z5b8d1f4h7 is lost", "job zz9k2m4p6q8s0u2w4y6a8c0e is lost"),
    "ids with a prefix": ("no charge ch_3MmlLrLkdIwHu7ix", "no charge ch_1Abc9XyZ0pQrStUv"),
    "times as RFC 3339": ("no run at 2026-11-21T11:55:08Z", "no run at 2025-01-02 03:04:05.678+01:00"),
    "times as in mails": ("expired on Sat, 21 Nov 2026 11:55:08 GMT", "expired on Mon, 1 May 2023 00:00:00 GMT"),
    "times as C prints them": ("expired on Sat Nov 21 11:55:08 2026", "expired on Mon May  1 00:00:00 2023"),
    "quoted text": ("no column 'user name' in \"orders\"", "no column 'id' in \"order's\""),
    "a quotation that was clipped": ("no column 'user", "no column 'order"),
    "ids in paths": ("GET /users/17/orders/ab12cd34 failed", "GET /users/9/orders/00ffee99 failed"),
    "queries": ("no answer from https://example.com/a?x=one", "no answer from https://example.com/a?y=two#three"),
    "addresses": ("10.0.0.1:443 refused", "192.168.17.200:8080 refused"),
    "addresses of 128 bits": ("fe80::1 refused", "2001:db8::8a2e:370:7334 refused"),
    "lists": ("shards 1, 2, 3 are down", "shards 4 are down"),
    "space and case": ("Connection  refused\n", "connection refused"),
    "the same clipped at another word": (
        "no user " + "1" * 20 + " may do this " + "so " * 60,
        "no user 1 may do this " + "so " * 60,
    ),
}

OTHER_CAUSE = {
    "other words": ("connection refused", "connection reset"),
    "another term": ("no utf8 here", "no ascii8 here"),
    "another unit": ("no answer within 30s", "no answer within 30ms"),
    "another path": ("GET /users/1 failed", "GET /orders/1 failed"),
    "an apostrophe is no quotation": ("the users' list doesn't load", "the users' page doesn't open"),
}


@pytest.mark.parametrize(("one", "another"), SAME_CAUSE.values(), ids=SAME_CAUSE)
def test_errors_of_one_cause_have_one_fingerprint(one, another):
    assert normalised(one) == normalised(another)
    assert error_fingerprint("boom", one, TARGET) == error_fingerprint("boom", another, TARGET)


@pytest.mark.parametrize(("one", "another"), OTHER_CAUSE.values(), ids=OTHER_CAUSE)
def test_errors_of_other_causes_have_other_fingerprints(one, another):
    assert error_fingerprint("boom", one, TARGET) != error_fingerprint("boom", another, TARGET)


def test_another_type_or_target_is_another_cause():
    prints = {
        error_fingerprint(kind, "no such page", target)
        for kind in ("http_404", "http_410", None)
        for target in (TARGET, "http:example.org:443")
    }

    assert len(prints) == 6


def test_a_fingerprint_stays_what_it_was_since_the_index_keys_of_failed_jobs_hold_it():
    assert error_fingerprint("http_503", "example.com answered 503", TARGET) == "4mpzs90d4d"
    assert error_fingerprint("lost", "job 17 was lost at 2026-11-21T11:55:08Z", "task:report") == "1xs61pm360"
    assert error_fingerprint(None, None, "unknown") == "1pfyq9yrws"


@given(st.none() | st.text(max_size=100), st.none() | MESSAGES, st.text(max_size=300))
def test_any_error_has_a_short_fingerprint_that_fits_into_a_key(error_type, message, target):
    fingerprint = error_fingerprint(error_type, message, target)

    assert re.fullmatch(f"[0-9a-z]{{{FINGERPRINT_LENGTH}}}", fingerprint)


@given(st.text(max_size=100), MESSAGES)
@example("boom", "a" * (limits.ERROR_MESSAGE_LENGTH - 1) + "\N{SNOWMAN}")
@example("boom", "x " * 79 + "12345")
def test_what_a_job_keeps_of_an_error_has_the_fingerprint_of_the_whole(error_type, message):
    kept_type = clip(error_type, limits.ERROR_TYPE_LENGTH)
    kept = clip(message, limits.ERROR_MESSAGE_LENGTH)

    assert error_fingerprint(kept_type, kept, TARGET) == error_fingerprint(error_type, message, TARGET)


_FACTS = st.tuples(st.integers(), st.uuids(), st.datetimes())


@given(_FACTS, _FACTS)
def test_ids_numbers_and_times_of_any_value_make_no_difference(facts, others):
    one, another = (
        f"order {number} of {uuid} has failed since {time.isoformat()}" for number, uuid, time in (facts, others)
    )

    assert normalised(one) == normalised(another) == "order 0 of 0 has failed since 0"
