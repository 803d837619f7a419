from __future__ import annotations

import pytest

from infra.settings import Retention, Settings, Stage, settings_of


@pytest.mark.parametrize("stage", Stage)
def test_what_is_the_default_is_within_what_a_tenant_may_say(stage: Stage) -> None:
    retention = settings_of(stage, {}).retention

    assert 1 <= retention.minimum_days <= retention.succeeded_days <= retention.maximum_days
    assert retention.environment()["RETENTION_MAXIMUM_DAYS"] == str(retention.maximum_days)


@pytest.mark.parametrize(
    "days",
    [{"minimum_days": 0}, {"minimum_days": 31}, {"maximum_days": 89}, {"failed_days": 366}, {"skipped_days": 0}],
    ids=str,
)
def test_bounds_that_the_default_is_not_within_are_refused(days: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="what is the default within what a tenant may say"):
        Retention(**days)


def test_the_archive_keeps_a_job_for_at_least_as_long_as_the_tables_may() -> None:
    with pytest.raises(ValueError, match="archive_days is 364"):
        Settings(stage=Stage.DEV, archive_days=364)
