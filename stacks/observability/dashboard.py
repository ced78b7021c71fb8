"""The dashboard of an environment: the alarms on top, then a row for each resource.

The body is a document of CloudWatch's own, written here without the CDK: it holds names only.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from environments import Environment
from environments.naming import alarm_name, page_name
from stacks.observability.metrics import Expression, Measurement, Metric
from stacks.observability.monitoring import Graph, Monitoring
from stacks.observability.monitoring.monitoring import MOST_GRAPHS

WIDTH = 24
TITLE_HEIGHT = 1
GRAPH_HEIGHT = 6
ALARMS_HEIGHT = 3
"""In the units of the grid."""

MOST_ALARMS = 100
"""Alarms in one widget."""

MOST_ROWS = 95
"""Of at most five widgets each: a dashboard holds 500, and a few show the alarms.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html
"""

Widget = dict[str, Any]


def dashboard_bodies(environment: Environment, watched: Sequence[Monitoring]) -> list[str]:
    """Return the body of the dashboard; of further ones where one cannot hold all resources."""
    return [
        json.dumps({"widgets": list(_widgets(environment, watched[start : start + MOST_ROWS]))})
        for start in range(0, len(watched), MOST_ROWS)
    ]


def _widgets(environment: Environment, watched: Sequence[Monitoring]) -> Iterator[Widget]:
    top = 0
    names = [name for each in watched for name in _alarm_names(environment, each)]
    for start in range(0, len(names), MOST_ALARMS):
        yield _alarms(environment, names[start : start + MOST_ALARMS], top)
        top += ALARMS_HEIGHT
    for each in watched:
        if each.graphs:
            yield _title(each.title, top)
            top += TITLE_HEIGHT
            yield from _row(environment, each.graphs, top)
            top += GRAPH_HEIGHT


def _alarm_names(environment: Environment, watched: Monitoring) -> Iterator[str]:
    """The alarm that pages for all critical ones, and each of the others."""
    if watched.critical:
        yield page_name(environment, watched.subject)
    yield from (
        alarm_name(environment, watched.subject, alarm.name) for alarm in watched.alarms if alarm.severity != "critical"
    )


def _alarms(environment: Environment, names: Sequence[str], top: int) -> Widget:
    prefix = f"arn:{environment.partition}:cloudwatch:{environment.region}:{environment.account}:alarm:"
    return {
        "type": "alarm",
        "x": 0,
        "y": top,
        "width": WIDTH,
        "height": ALARMS_HEIGHT,
        "properties": {
            "title": "Alarms",
            "alarms": [prefix + name for name in names],
            "sortBy": "stateUpdatedTimestamp",
        },
    }


def _title(title: str, top: int) -> Widget:
    return {
        "type": "text",
        "x": 0,
        "y": top,
        "width": WIDTH,
        "height": TITLE_HEIGHT,
        "properties": {"markdown": f"## {title}"},
    }


def _row(environment: Environment, graphs: Sequence[Graph], top: int) -> Iterator[Widget]:
    width = WIDTH // MOST_GRAPHS
    for place, graph in enumerate(graphs):
        yield {
            "type": "metric",
            "x": place * width,
            "y": top,
            "width": width,
            "height": GRAPH_HEIGHT,
            "properties": {
                "title": graph.title,
                "view": "timeSeries",
                "region": environment.region,
                "yAxis": {"left": {"min": 0}},
                "metrics": [line for number, each in enumerate(graph.lines) for line in _lines(each, number)],
            },
        }


def _lines(measurement: Measurement, number: int) -> Iterator[list[Any]]:
    if isinstance(measurement, Metric):
        yield _line(measurement, label=measurement.label or measurement.name)
        return
    ids = {name: f"{name}{number}" for name in measurement.metrics}
    yield [
        {
            "expression": _renamed(measurement, ids),
            "label": measurement.label,
            "id": f"line{number}",
            "period": measurement.period,
        }
    ]
    for name, metric in measurement.metrics.items():
        yield _line(metric, id=ids[name], visible=False)


def _line(metric: Metric, **options: Any) -> list[Any]:  # noqa: ANN401  options of a line are JSON
    dimensions = [text for pair in metric.dimensions.items() for text in pair]
    return [metric.namespace, metric.name, *dimensions, {"stat": metric.statistic, "period": metric.period, **options}]


def _renamed(expression: Expression, ids: dict[str, str]) -> str:
    """The formula under ids that are its own in the whole graph; functions are written in capitals."""
    return re.sub(r"\b[a-z][a-z0-9]*\b", lambda found: ids[found[0]], expression.formula)
