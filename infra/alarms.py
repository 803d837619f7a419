"""Alarms on what never happens while all is well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra import nag
from infra.function import METRICS_NAMESPACE
from infra.settings import Function

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra.function import PunctualFunction
    from infra.journal import Journal
    from infra.queues import Queues
    from infra.settings import Settings

# The stream's consumer gives a record up after two minutes; nearing that, jobs due at once start late.
_LATE_STREAM: Final = Duration.seconds(90)
# News of a job is news for some minutes.
_LATE_JOURNAL: Final = Duration.minutes(5)
# Jobs are planned half an hour ahead, and a refill is due when half of that is left.
_LATE_EXPANSION: Final = Duration.minutes(5)
_EXPANSION_DELAY: Final = "expansion_delay_ms"
# A tick that ends with templates still behind the clock says how far; the next ones catch up.
_EXPANSION_LAG: Final = "expansion_lag_ms"
_LEFT_OUT: Final = "journal_left_out"
# What runs each minute and takes one at the most; what the watcher measures of it, and what it means when it is old.
_SIGNS_OF_LIFE: Final = (
    ("oldest_due_ms", Duration.minutes(10), "A due job has not started for long: executors fail, or are too few"),
    ("tick_age_ms", Duration.minutes(4), "The populator does not get through a shard: jobs of it start late"),
    ("expansion_age_ms", Duration.minutes(4), "Recurrence does not get through: templates' jobs are planned late"),
    ("canary_age_ms", Duration.minutes(5), "The canary, a job of each minute, does not run all the way to its end"),
)
_MINUTE: Final = Duration.minutes(1)
_FIVE_MINUTES: Final = Duration.minutes(5)


class Alarms(Construct):
    """One alarm for each thing that must not happen, called `punctual-<stage>-<name>`; `docs/operations.md` has a part
    for each. Where something is measured each minute, a missing measurement is bad as well."""

    def __init__(
        self,
        scope: Construct,
        *,
        settings: Settings,
        queues: Queues,
        minutely: Sequence[PunctualFunction],
        stream: PunctualFunction,
        journal: Journal,
        recurrence: PunctualFunction,
    ) -> None:
        super().__init__(scope, "alarms")
        self._prefix = f"punctual-{settings.stage}"
        self._action = _email(self, settings.alarm_email) if settings.alarm_email else None
        for lane, queue in queues.dead.items():
            self._alarm(
                f"{lane}-dead-letters",
                f"Messages of lane {lane} were received ten times and never done with: its executor fails",
                queue.metric_approximate_number_of_messages_visible(period=_MINUTE, statistic="Maximum"),
                threshold=1,
            )
        self._alarm(
            "journal-lost",
            "Changes of jobs could not be dealt with for a day and were given up: nothing follows from them",
            journal.lost.metric_approximate_number_of_messages_visible(period=_MINUTE, statistic="Maximum"),
            threshold=1,
        )
        self._alarm(
            "journal-left-out",
            "The journal left out changes of jobs that it cannot deal with: something does not follow from them",
            _measured(_LEFT_OUT, Function.JOURNAL, period=_FIVE_MINUTES, statistic="Sum"),
            threshold=1,
        )
        for function in (*minutely, stream, journal):
            self._alarm(
                f"{function.node.id}-errors",
                f"{function.node.id} fails; the sweep and the next tick catch up when it recovers",
                function.function.metric_errors(period=_FIVE_MINUTES, statistic="Sum"),
                threshold=3,
            )
        for function, limit, effect in (
            (stream, _LATE_STREAM, "what is due at once starts late"),
            (journal, _LATE_JOURNAL, "events, alerts and the archive come late"),
        ):
            self._alarm(
                f"{function.node.id}-late",
                f"The jobs table's stream is read late: {effect}",
                function.function.metric("IteratorAge", period=_MINUTE, statistic="Maximum"),
                threshold=limit.to_milliseconds(),
                periods=3,
            )
        for metric, limit, description in _SIGNS_OF_LIFE:
            self._alarm(
                metric.replace("_", "-"),
                description,
                _measured(metric, Function.WATCHER),
                threshold=limit.to_milliseconds(),
                periods=3,
                # Who should measure it does not run: no news is bad news.
                missing=cloudwatch.TreatMissingData.BREACHING,
            )
        self._alarm(
            f"{recurrence.node.id}-late",
            "Templates are expanded late: when it is half an hour, their jobs are",
            _measured(_EXPANSION_DELAY, Function.RECURRENCE),
            threshold=_LATE_EXPANSION.to_milliseconds(),
            periods=3,
        )
        self._alarm(
            _EXPANSION_LAG.replace("_", "-"),
            "Templates are behind the clock after each tick: jobs that were due are not made yet",
            _measured(_EXPANSION_LAG, Function.RECURRENCE),
            threshold=_LATE_EXPANSION.to_milliseconds(),
            periods=5,
        )

    def _alarm(
        self,
        name: str,
        description: str,
        metric: cloudwatch.IMetric,
        *,
        threshold: float,
        periods: int = 1,
        missing: cloudwatch.TreatMissingData = cloudwatch.TreatMissingData.NOT_BREACHING,
    ) -> None:
        alarm = cloudwatch.Alarm(
            self,
            name,
            alarm_name=f"{self._prefix}-{name}",
            alarm_description=f"{description}. What to do: docs/operations.md, {name}",
            metric=metric,
            threshold=threshold,
            evaluation_periods=periods,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=missing,
        )
        if self._action is not None:
            alarm.add_alarm_action(self._action)
            alarm.add_ok_action(self._action)


def _measured(
    metric: str, function: Function, *, period: Duration = _MINUTE, statistic: str = "Maximum"
) -> cloudwatch.IMetric:
    """A metric of the scheduler's own, as `function` reports it."""
    return cloudwatch.Metric(
        namespace=METRICS_NAMESPACE,
        metric_name=metric,
        dimensions_map={"service": function.value},
        period=period,
        statistic=statistic,
    )


def _email(scope: Construct, address: str) -> cloudwatch.IAlarmAction:
    topic = sns.Topic(scope, "topic", enforce_ssl=True)
    topic.add_subscription(subscriptions.EmailSubscription(address))
    nag.acknowledge(topic, "SNS2", nag.ALARM_TOPIC)
    return actions.SnsAction(topic)
