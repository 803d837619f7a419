"""The settings' spans and fates in CDK's words."""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_logs as logs

from infra.settings import Removal, Settings


def removal_policy(settings: Settings) -> RemovalPolicy:
    """What CloudFormation does with a thing that holds data when it is taken out of the stack.

    What is kept is still deleted if its very creation is rolled back: it holds nothing then, and its name would be in
    the way of the next try.
    """
    if settings.removal is Removal.WITH_STACK:
        return RemovalPolicy.DESTROY
    return RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE


def log_retention(settings: Settings) -> logs.RetentionDays:
    """The setting's days as CDK's enum.

    Raises:
        ValueError: CloudWatch Logs does not know that span.
    """
    spans = {
        7: logs.RetentionDays.ONE_WEEK,
        14: logs.RetentionDays.TWO_WEEKS,
        30: logs.RetentionDays.ONE_MONTH,
        90: logs.RetentionDays.THREE_MONTHS,
        180: logs.RetentionDays.SIX_MONTHS,
        365: logs.RetentionDays.ONE_YEAR,
    }
    try:
        return spans[settings.log_retention_days]
    except KeyError:
        known = ", ".join(map(str, spans))
        raise ValueError(f"logs are kept for one of {known} days, not {settings.log_retention_days}") from None
