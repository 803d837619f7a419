from __future__ import annotations

import pytest

from functions.api.problems import PROBLEMS, is_expected, problem
from functions.api.refusals import InvalidParameter, Refused
from shared.model import errors
from tests.jobs import a_job

JOB = a_job()


@pytest.mark.parametrize(
    ("error", "status", "slug"),
    [
        (errors.JobNotFound("a"), 404, "not-found"),
        (errors.IllegalTransition("edit", JOB), 409, "invalid-state"),
        (errors.VersionMismatch(JOB), 412, "precondition-failed"),
        (errors.IdempotencyKeyReused("a"), 422, "idempotency-key-reused"),
        (errors.InvalidField("/a", "no"), 422, "validation-failed"),
        (errors.InvalidField("/target/url", "no", slug="target-url-forbidden"), 422, "target-url-forbidden"),
        (errors.StoreUnavailable("put job", outcome_unknown=True), 503, "unavailable"),
        (errors.PayloadUnavailable("gone"), 503, "unavailable"),
        (InvalidParameter("limit", "too large"), 400, "invalid-parameter"),
        (Refused("forbidden", "no"), 403, "forbidden"),
        (RuntimeError("secret"), 500, "internal-error"),
    ],
)
def test_each_error_has_its_document(error: Exception, status: int, slug: str) -> None:
    answered, document, _ = problem(error, "request-1")

    assert answered == document["status"] == status
    assert document["type"] == f"/problems/{slug}"
    assert document["title"] == PROBLEMS[slug][1]
    assert document["instance"] == "request-1"


def test_a_version_that_is_not_the_present_one_is_told_by_the_header_that_names_it() -> None:
    _, document, headers = problem(errors.VersionMismatch(JOB), "request-1")

    assert [one["pointer"] for one in document["errors"]] == ["If-Match"]
    assert headers == {"ETag": f'"{JOB.version}"'}


def test_a_defect_tells_the_client_nothing_but_where_to_look() -> None:
    _, document, _ = problem(RuntimeError("secret"), "request-1")

    assert "secret" not in str(document)
    assert not is_expected(RuntimeError("secret"))


def test_an_unknown_outcome_says_so_and_how_to_find_out() -> None:
    _, unknown, headers = problem(errors.StoreUnavailable("put", outcome_unknown=True), "")
    _, refused, _ = problem(errors.StoreUnavailable("put", outcome_unknown=False), "")

    assert "not known" in unknown["detail"]
    assert "same Idempotency-Key" in unknown["detail"]
    assert "nothing was done" in refused["detail"]
    assert headers["Retry-After"] == "2"


@pytest.mark.parametrize("outcome_unknown", [True, False])
def test_what_could_not_be_read_has_nothing_to_be_done_twice(outcome_unknown: bool) -> None:
    error = errors.StoreUnavailable("get", outcome_unknown=outcome_unknown)

    status, document, headers = problem(error, "", is_read=True)

    assert (status, document["detail"]) == (503, "this cannot be read now: try again")
    assert headers["Retry-After"] == "2"


def test_an_illegal_move_says_where_the_job_stands() -> None:
    _, document, _ = problem(errors.IllegalTransition("edit", JOB), "")

    assert document["state"] == "scheduled"


def test_a_refusal_of_the_future_with_a_slug_of_its_own_is_still_a_refusal() -> None:
    status, document, _ = problem(errors.InvalidField("/a", "no", slug="brand-new"), "")

    assert (status, document["type"]) == (422, "/problems/validation-failed")
