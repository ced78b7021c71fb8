"""``streamops status``: one view over Kafka, Kinesis and the connectors.

The three are asked at the same time, and each can fail without hiding the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import typer

from cli.aws import Aws
from cli.cluster import open_cluster
from cli.connector.live import LiveConnector, read_connectors
from cli.environment import open_environment
from cli.errors import CliError, explain
from cli.health import connector_health, stream_health, topic_health
from cli.options import EnvironmentName, Output, Query
from cli.output import Answer, Column, Format, Item
from cli.stream.difference import differences as stream_differences
from cli.stream.live import LiveStream, read_streams
from cli.topic.difference import differences as topic_differences
from cli.topic.live import LiveTopics, read_topics
from environments import DeliveryEnd, Environment, StreamEnd, TopicEnd, naming
from environments.quantities import format_duration

T = TypeVar("T")


def what(item: Item) -> str | None:
    """The gist of a resource in one cell."""
    if item["kind"] == "connector":
        tasks = f", {item['running']}/{item['desired']} tasks" if "desired" in item else ""
        return f"{item['from']} → {item['to']}{tasks}"
    if "open_shards" in item:
        return f"{item['mode']}, {item['open_shards']} shards, {item['retention']}"
    if "partitions" in item:
        records = "?" if item["records"] is None else f"{item['records']:,}"
        return f"{item['partitions']} partitions, {records} records"
    return None


COLUMNS = (
    Column("KIND", "kind"),
    Column("NAME", "name"),
    Column("STATE", "state"),
    Column("WHAT", what, fold=True),
    Column("LAG", "lag", right=True),
    Column("HEALTH", "health"),
    Column("REASON", "reason", fold=True),
)
UNREADABLE = {"state": "unknown", "health": "bad", "reason": "cannot be read"}


def command(
    ctx: typer.Context, environment: EnvironmentName = None, output: Output = Format.TABLE, query: Query = None
) -> None:
    """Show streams, topics and connectors of an environment in one table.

    LAG is in records: what the route's consumer group has still to read. HEALTH is data, not an error: the exit code is
    0 as long as everything could be read.
    """
    answer = Answer.begin(ctx, output, query)
    opened = open_environment(answer, environment)
    with ThreadPoolExecutor(3) as pool:
        topics = pool.submit(_or_error, lambda: _kafka(opened))
        aws = _or_error(lambda: _checked(opened))
        streams = pool.submit(_or_error, lambda: read_streams(_need(aws), opened.streams))
        connectors = pool.submit(_or_error, lambda: read_connectors(_need(aws), list(opened.routes)))
        parts = _collect(answer, streams), _collect(answer, topics), _collect(answer, connectors)
    items = [
        *_streams(answer, opened, parts[0]),
        *_topics(opened, parts[1]),
        *_connectors(opened, parts[2], parts[1]),
    ]
    answer.items(items, COLUMNS, empty=f"environment {opened.name} declares nothing yet")


def _checked(environment: Environment) -> Aws:
    aws = Aws(environment)
    aws.check_account()
    # Made before the threads start: boto3 sessions must not make clients in several threads at once.
    _ = aws.kinesis, aws.ecs
    return aws


def _kafka(environment: Environment) -> LiveTopics:
    with open_cluster(environment) as cluster:
        return read_topics(environment, cluster)


def _or_error(read: Callable[[], T]) -> T | Exception:
    try:
        return read()
    except Exception as error:  # noqa: BLE001 - reported by _collect; the other parts are shown all the same
        return error


def _need(aws: Aws | Exception) -> Aws:
    if isinstance(aws, Exception):
        raise aws
    return aws


def _collect(answer: Answer, part: Future[T | Exception]) -> T | None:
    """The result of one part, or None with its error noted: once, if several parts fail alike."""
    result = part.result()
    if not isinstance(result, Exception):
        return result
    _note(answer, result)
    return None


def _note(answer: Answer, error: Exception) -> None:
    explained = explain(error) or CliError(f"unexpected {type(error).__name__}: {error}")
    if explained.message not in {known.message for known in answer.errors}:
        answer.errors.append(explained)


def _streams(
    answer: Answer, environment: Environment, found: Mapping[str, LiveStream | Exception | None] | None
) -> list[Item]:
    items: list[Item] = []
    for name, declared in environment.streams.items():
        item: dict[str, Any] = {"kind": "stream", "name": name, "physical_name": naming.stream_name(environment, name)}
        live = found[name] if found is not None else None
        if isinstance(live, Exception):
            _note(answer, live)
        if found is None or isinstance(live, Exception):
            items.append(item | UNREADABLE)
            continue
        health = stream_health(live, stream_differences(name, declared, live) if live else ())
        if live:
            item |= {"mode": live.mode, "open_shards": live.open_shards, "retention": format_duration(live.retention)}
        state = live.status.lower() if live else "missing"
        items.append(item | {"state": state, "health": health.level, "reason": health.reason})
    return items


def _topics(environment: Environment, found: LiveTopics | None) -> list[Item]:
    items: list[Item] = []
    for name, declared in environment.topics.items():
        physical = naming.topic_name(environment, name)
        item: dict[str, Any] = {"kind": "topic", "name": name, "physical_name": physical}
        if found is None:
            items.append(item | UNREADABLE)
            continue
        live = found.topics.get(physical)
        health = topic_health(live, topic_differences(name, declared, live) if live else ())
        if live:
            item |= {
                "partitions": len(live.partitions),
                "records": found.records(live),
                "under_replicated": list(live.under_replicated),
            }
        state = live.state if live else "missing"
        items.append(item | {"state": state, "health": health.level, "reason": health.reason})
    return items


def _connectors(
    environment: Environment, found: Mapping[str, LiveConnector | None] | None, kafka: LiveTopics | None
) -> list[Item]:
    items: list[Item] = []
    for name, route in environment.routes.items():
        lags = kafka.lags(name) if kafka and isinstance(route.source, TopicEnd) else None
        item: dict[str, Any] = {
            "kind": "connector",
            "name": name,
            "from": _end(route.source),
            "to": _end(route.target),
            "lag": None if lags is None else sum(lag.lag for lag in lags),
            "partitions": None if lags is None else [lag.as_json() for lag in lags],
        }
        if found is None:
            items.append(item | UNREADABLE)
            continue
        health = connector_health(found[name], lags or ())
        items.append(item | _service(found[name]) | {"health": health.level, "reason": health.reason})
    return items


def _service(live: LiveConnector | None) -> dict[str, Any]:
    if live is None:
        return {"state": "missing"}
    last = live.last_stopped
    return {
        "state": "running" if live.running >= live.desired > 0 else "stopped" if live.running == 0 else "degraded",
        "desired": live.desired,
        "running": live.running,
        "pending": live.pending,
        "rollout": live.rollout,
        "task_definition": live.task_definition,
        "task_health": dict(live.task_health),
        "last_stopped": last
        and {
            "reason": last.reason,
            "exit_code": last.exit_code,
            "stopped": last.stopped and last.stopped.isoformat(),
        },
    }


def _end(end: TopicEnd | StreamEnd | DeliveryEnd) -> str:
    if isinstance(end, TopicEnd):
        return f"topic/{end.topic}"
    return f"stream/{end.stream}" if isinstance(end, StreamEnd) else f"delivery/{end.delivery}"
