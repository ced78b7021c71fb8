"""What CloudWatch Logs does with lines: finds them by the beginning of their stream's name, and reads metrics in them.

moto knows neither ``logStreamNamePrefix`` nor the embedded metric format.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends
from moto.logs.exceptions import InvalidParameterException
from moto.logs.models import LogsBackend
from moto.logs.responses import LogsResponse

from sandbox.aws.mending import Mends

mends = Mends()

_put_log_events = LogsBackend.put_log_events
NO_STREAM = "there is no stream of this name\n"
"""Names none: no name of a log stream has a line end."""


@mends.method(LogsBackend)
def put_log_events(
    self: LogsBackend, log_group_name: str, log_stream_name: str, log_events: list[dict[str, Any]]
) -> tuple[str, dict[str, Any]]:
    """PutLogEvents; metrics that lie in the lines go to CloudWatch."""
    answer = _put_log_events(self, log_group_name, log_stream_name, log_events)
    cloudwatch = cloudwatch_backends[self.account_id][self.region_name]
    for event in log_events:
        for namespace, datum in embedded_metrics(event["message"]):
            cloudwatch.put_metric_data(namespace, [datum])
    return answer


def embedded_metrics(line: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The metrics of one line, each with its namespace, as PutMetricData takes them; none of any other line."""
    if not line.startswith("{") or '"_aws"' not in line:
        return
    try:
        content = json.loads(line)
        # moto compares with times that have no zone.
        timestamp = datetime.fromtimestamp(content["_aws"]["Timestamp"] / 1000, UTC).replace(tzinfo=None)
        for directive in content["_aws"]["CloudWatchMetrics"]:
            for dimensions in directive["Dimensions"]:
                named = [{"Name": name, "Value": str(content[name])} for name in dimensions]
                for metric in directive["Metrics"]:
                    for value in _values(content, metric["Name"]):
                        yield (
                            directive["Namespace"],
                            {
                                "MetricName": metric["Name"],
                                "Unit": metric.get("Unit", "None"),
                                "Value": value,
                                "Dimensions": named,
                                "Timestamp": timestamp,
                            },
                        )
    except (ValueError, KeyError, TypeError):
        return  # CloudWatch too leaves out in silence what it cannot read


def _values(content: Mapping[str, Any], name: str) -> Sequence[Any]:
    found = content[name]
    return found if isinstance(found, list) else [found]


@mends.method(LogsResponse)
def filter_log_events(self: LogsResponse) -> str:
    """FilterLogEvents, of the streams that are named or whose names begin as asked; always in order of time."""
    group, prefix = self._get_param("logGroupName"), self._get_param("logStreamNamePrefix")
    names = self._get_param("logStreamNames") or []
    if prefix and names:
        raise InvalidParameterException(msg="Cannot specify both logStreamNames and logStreamNamePrefix")
    if prefix and group in self.logs_backend.groups:
        names = [name for name in self.logs_backend.groups[group].streams if name.startswith(prefix)] or [NO_STREAM]
    events, token, searched = self.logs_backend.filter_log_events(
        group,
        names,
        self._get_param("startTime"),
        self._get_param("endTime"),
        self._get_param("limit"),
        self._get_param("nextToken"),
        self._get_param("filterPattern"),
        True,  # noqa: FBT003 - what ``interleaved`` asks for is all that the service still does
    )
    return json.dumps({"events": events, "nextToken": token, "searchedLogStreams": searched})
