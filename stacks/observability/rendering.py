"""Alarms as resources: each by itself, and one for each resource that pages for all that is critical."""

from collections.abc import Sequence
from typing import Any

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from environments import Environment
from environments.naming import alarm_name, page_name
from stacks.observability.alarms import Alarm, AnomalyBand
from stacks.observability.metrics import Expression, Measurement, Metric
from stacks.observability.monitoring import Monitoring

RESULT = "result"
BAND = "band"
"""Ids beside those of an expression's metrics."""


def metric_alarm(
    scope: Construct, environment: Environment, subject: str, alarm: Alarm, *, topic: str
) -> cloudwatch.CfnAlarm:
    """Add `alarm` of `subject` to `scope`, which is the subject's alone; `topic` is told when it fires and ends."""
    return cloudwatch.CfnAlarm(
        scope,
        alarm.name,
        alarm_name=alarm_name(environment, subject, alarm.name),
        alarm_description=f"{alarm.text}. Runbook: {runbook(environment, alarm)}",
        actions_enabled=True,
        alarm_actions=[topic],
        ok_actions=[topic],
        comparison_operator=alarm.comparison,
        evaluation_periods=alarm.of,
        datapoints_to_alarm=alarm.bad,
        treat_missing_data=alarm.missing,
        **measured(alarm.measurement, alarm.threshold),
    )


def paging_alarm(
    scope: Construct,
    environment: Environment,
    watched: Monitoring,
    alarms: Sequence[cloudwatch.CfnAlarm],
    *,
    topic: str,
) -> None:
    """Add the alarm that fires while any of the critical ones among `alarms` does: one page, however many they are."""
    critical = [alarm_name(environment, watched.subject, alarm.name) for alarm in watched.critical]
    pages = ", ".join(runbook(environment, alarm) for alarm in watched.critical)
    page = cloudwatch.CfnCompositeAlarm(
        scope,
        "page",
        alarm_name=page_name(environment, watched.subject),
        alarm_description=f"{watched.title}: data is lost, will be soon, or stands still. Runbooks: {pages}",
        actions_enabled=True,
        alarm_actions=[topic],
        ok_actions=[topic],
        alarm_rule=" OR ".join(f'ALARM("{name}")' for name in critical),
    )
    for alarm in alarms:
        if alarm.alarm_name in critical:
            page.add_resource_dependency(alarm)  # the rule names it, and CloudWatch wants it to exist


def runbook(environment: Environment, alarm: Alarm) -> str:
    """Return where the page of an alarm is."""
    return f"{environment.alarms.runbooks}/{alarm.kind}.md"


def measured(measurement: Measurement, threshold: float | AnomalyBand) -> dict[str, Any]:
    """Return the properties of an alarm that say what is measured, and against what."""
    if isinstance(measurement, Expression):
        result = cloudwatch.CfnAlarm.MetricDataQueryProperty(
            id=RESULT, expression=measurement.formula, label=measurement.label, return_data=True
        )
        metrics = [_query(name, metric, shown=False) for name, metric in measurement.metrics.items()]
        return {"metrics": [result, *metrics], "threshold": threshold}
    if isinstance(threshold, AnomalyBand):
        band = cloudwatch.CfnAlarm.MetricDataQueryProperty(
            id=BAND,
            expression=f"ANOMALY_DETECTION_BAND({RESULT}, {threshold.width:g})",
            label="what is usual",
            return_data=True,
        )
        return {"metrics": [band, _query(RESULT, measurement, shown=True)], "threshold_metric_id": BAND}
    return {
        "namespace": measurement.namespace,
        "metric_name": measurement.name,
        "dimensions": [
            cloudwatch.CfnAlarm.DimensionProperty(name=name, value=value)
            for name, value in measurement.dimensions.items()
        ],
        "statistic": measurement.statistic,
        "period": measurement.period,
        "threshold": threshold,
    }


def _query(name: str, metric: Metric, *, shown: bool) -> cloudwatch.CfnAlarm.MetricDataQueryProperty:
    return cloudwatch.CfnAlarm.MetricDataQueryProperty(
        id=name,
        metric_stat=cloudwatch.CfnAlarm.MetricStatProperty(
            metric=cloudwatch.CfnAlarm.MetricProperty(
                namespace=metric.namespace,
                metric_name=metric.name,
                dimensions=[
                    cloudwatch.CfnAlarm.DimensionProperty(name=key, value=value)
                    for key, value in metric.dimensions.items()
                ],
            ),
            stat=metric.statistic,
            period=metric.period,
        ),
        return_data=shown,
    )
