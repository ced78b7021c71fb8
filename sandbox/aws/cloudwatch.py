"""Alarms and dashboards as the templates have them.

moto keeps composite alarms but has no call that makes one, and its CloudFormation knows dashboards alone.
"""

from __future__ import annotations

import re
from typing import Any

from moto.cloudwatch.exceptions import InvalidParameterValue
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import EmptyResult

from sandbox.aws.api import arguments, client, tag_changes
from sandbox.aws.cloudformation.resources import Made, Place, Properties, ResourceType, resource_type
from sandbox.aws.mending import Mends

mends = Mends()

_CHILD = re.compile(r"""(?:ALARM|OK|INSUFFICIENT_DATA)\(\s*(?:"([^"]*)"|'([^']*)'|([^"')]*))\s*\)""")


@mends.method(CloudWatchResponse)
def put_composite_alarm(self: Any) -> EmptyResult:
    """Keep an alarm whose rule names others; the service refuses one that names any that is not there."""
    rule = self._get_param("AlarmRule")
    named = {"".join(found) for found in _CHILD.findall(rule)}
    backend = self.cloudwatch_backend
    missing = sorted(named - {alarm.name for alarm in backend.describe_alarms()})
    if not named or missing:
        text = (
            f"AlarmRule must not contain alarms that do not exist: [{', '.join(missing)}]" if missing else "AlarmRule"
        )
        raise InvalidParameterValue(text)
    backend.put_metric_alarm(
        name=self._get_param("AlarmName"),
        namespace=None,
        metric_name=None,
        metric_data_queries=None,
        comparison_operator=None,
        evaluation_periods=None,
        datapoints_to_alarm=None,
        period=None,
        threshold=None,
        statistic=None,
        extended_statistic=None,
        description=self._get_param("AlarmDescription"),
        dimensions=[],
        alarm_actions=self._get_param("AlarmActions", []),
        ok_actions=self._get_param("OKActions", []),
        insufficient_data_actions=self._get_param("InsufficientDataActions", []),
        unit=None,
        actions_enabled=self._get_param("ActionsEnabled"),
        treat_missing_data=None,
        evaluate_low_sample_count_percentile=None,
        threshold_metric_id=None,
        rule=rule,
        tags=self._get_param("Tags", []),
    )
    return EmptyResult()


class _AlarmType(ResourceType):
    """An alarm; `Ref` gives its name."""

    replaced_by = frozenset({"AlarmName"})
    operation: str

    def create(self, place: Place, properties: Properties) -> Made:
        """Put it; the service would change one of the same name, CloudFormation does not."""
        cloudwatch = client("cloudwatch", place.region)
        name = properties.get("AlarmName") or place.name()
        if _found(cloudwatch, name):
            raise InvalidParameterValue(f"{name} already exists")
        self._put(cloudwatch, name, properties)
        return Made(name, {"Arn": _found(cloudwatch, name)["AlarmArn"]})

    def update(self, place: Place, made: Made, old: Properties, new: Properties) -> Made:
        """Put it again, and its tags, which a second put leaves as they are."""
        cloudwatch = client("cloudwatch", place.region)
        self._put(cloudwatch, made.physical_id, new)
        tags, removed = tag_changes(old.get("Tags", []), new.get("Tags", []))
        arn = made.attribute("Arn")
        if removed:
            cloudwatch.untag_resource(ResourceARN=arn, TagKeys=removed)
        if tags:
            cloudwatch.tag_resource(ResourceARN=arn, Tags=[{"Key": key, "Value": tags[key]} for key in tags])
        return made

    def delete(self, place: Place, made: Made, properties: Properties) -> None:  # noqa: ARG002
        """Delete it."""
        client("cloudwatch", place.region).delete_alarms(AlarmNames=[made.physical_id])

    def _put(self, cloudwatch: Any, name: str, properties: Properties) -> None:
        given = arguments(cloudwatch, self.operation, {**properties, "AlarmName": name})
        getattr(cloudwatch, "put_metric_alarm" if self.operation == "PutMetricAlarm" else "put_composite_alarm")(
            **given
        )


@resource_type("AWS::CloudWatch::Alarm")
class MetricAlarmType(_AlarmType):
    """An alarm on a metric or an expression."""

    operation = "PutMetricAlarm"


@resource_type("AWS::CloudWatch::CompositeAlarm")
class CompositeAlarmType(_AlarmType):
    """An alarm on alarms."""

    operation = "PutCompositeAlarm"


def _found(cloudwatch: Any, name: str) -> dict[str, Any]:
    answer = cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    return dict(next(iter([*answer["MetricAlarms"], *answer["CompositeAlarms"]]), {}))
