"""``connector list`` and ``connector status``: what runs, how its deployment goes, and how far behind it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from kafka import KafkaAdminClient, KafkaProducer

from cli.connector.live import read_connectors
from connector.metrics.catalogue import METRICS
from tests.cli.connector.reading.conftest import IMAGE, ROUTE


@pytest.fixture
def records(broker, topic) -> None:
    """Three records in the topic that the route reads."""
    with KafkaAdminClient(bootstrap_servers=broker.bootstrap) as admin:
        admin.create_topics({topic: {"num_partitions": 2, "replication_factor": 1}}, wait_for_metadata=True)
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap)
    for number in range(3):
        producer.send(topic, str(number).encode(), partition=number % 2)
    producer.close()


def test_a_list_tells_revision_image_tasks_and_deployment(run, service):
    service.roll("2.0")
    (item,) = run("list", "-o", "json").items
    assert (item["revision"], item["image"]) == (f"{service.family}:2", f"{IMAGE}2.0")
    assert (item["running"], item["desired"], item["deployment"]["status"]) == (1, 1, "SUCCESSFUL")
    heading, row = run("list").stdout.splitlines()
    assert heading.split()[:5] == ["NAME", "FROM", "TO", "REVISION", "IMAGE"]
    assert row.split()[0:6] == [ROUTE, "topic/orders", "stream/orders", item["revision"], item["image"], "1/1"]


def test_a_route_that_is_not_deployed_is_told_as_such(run, aws):
    del aws
    (item,) = run("list", "-o", "json").items
    assert (item["health"], item["reason"]) == ("bad", "not deployed")
    outcome = run("status", ROUTE)
    assert "not deployed" in outcome.stdout


@pytest.mark.usefixtures("records")
def test_status_tells_the_lag_in_records_and_in_time(run, service):
    service.start()
    (item,) = run("status", "-o", "json").items
    assert item["lag"] == 3
    assert 0 < item["lag_seconds"] < 600
    assert item["task_health"] == {"healthy": 1}


def measured(project, kafka, **connectors: str) -> str:
    """An environment whose route no other test measures: the stand-in tells metrics by name and dimensions alone."""
    return str(
        project.write(
            kafka=kafka,
            topics={"orders": {"partitions": 1, "replication": 1}},
            streams={"orders": {"mode": "provisioned", "shards": 1}},
            routes={"measured": {"from": {"topic": "orders"}, "to": {"stream": "orders"}}},
            connectors={"image": "streamops/connector:test", **connectors},
        )
    )


def test_what_the_connector_measured_of_itself_is_told(aws, project, kafka):
    environment = measured(project, kafka, metrics="cloudwatch")
    minute = datetime.now(UTC).replace(second=0, microsecond=0)
    for name, values in {
        "records_acknowledged": (600, 1200),
        "records_failed": (2, 0),
        "calls_failed": (0, 1),
        "dead_letters": (4, 3),
    }.items():
        aws.client("cloudwatch").put_metric_data(
            Namespace=f"streamops/{environment}",
            MetricData=[
                {
                    "MetricName": name,
                    "Dimensions": [{"Name": "Route", "Value": "measured"}],
                    "Timestamp": minute - timedelta(minutes=ago),
                    "Value": value,
                }
                for ago, value in enumerate(values, start=1)
            ],
        )
    (item,) = project.run("connector", "status", "measured", "-e", environment, "-o", "json").items
    assert (item["records_per_second"], item["errors"], item["dead_letters"]) == (15.0, 3, 7)
    assert item["throttled"] is None


def test_without_metrics_in_cloudwatch_nothing_is_measured_and_this_is_said(aws, project, kafka):
    del aws
    outcome = project.run("connector", "status", "-e", measured(project, kafka))
    assert "connectors.metrics is not cloudwatch" in outcome.stderr


@pytest.mark.usefixtures("records")
def test_what_was_not_measured_is_unknown_and_not_zero(run, service):
    service.start()
    (item,) = run("status", "-o", "json").items
    assert {item[name] for name in ("records_per_second", "errors", "dead_letters", "circuit_open")} == {None}
    assert "no datapoint" in run("status").stderr


def test_the_metrics_are_those_that_the_connector_writes():
    from cli.connector.measures import NAMES

    kinds = {metric.name: metric.kind for metric in METRICS if metric.in_cloudwatch}
    assert {name: kinds[name] for name in NAMES} == {
        name: "counter" if statistic == "Sum" else "gauge" for name, statistic in NAMES.items()
    }


@pytest.mark.usefixtures("records")
def test_status_of_one_route_tells_its_tasks_events_and_deployment(run, service):
    service.roll("1.0")
    service.deploy("2.0")
    service.crash("no", code=3)
    outcome = run("status", ROUTE)
    assert "in progress (scale up); 0 of 1 tasks of it run; 1 failed, at 3 it goes back" in outcome.stdout
    assert "has started 1 tasks" in outcome.stdout
    (item,) = run("status", ROUTE, "-o", "json").items
    assert item["last_stopped"]["exit_code"] == 3
    assert [task["health"] for task in item["tasks"]] == ["healthy"]
    assert item["events"][0]["message"]


def test_a_cluster_that_does_not_answer_leaves_the_lag_unknown_and_hides_nothing_else(project, aws):
    del aws
    environment = project.write(
        topics={"orders": {"partitions": 1, "replication": 1}},
        streams={"orders": {"mode": "provisioned", "shards": 1}},
        routes={ROUTE: {"from": {"topic": "orders"}, "to": {"stream": "orders"}}},
    )
    outcome = project.run("connector", "status", "-e", environment, "-o", "json")
    (item,) = outcome.items
    assert outcome.exit_code == 1
    assert (item["lag"], item["reason"]) == (None, "not deployed")


def test_the_events_stand_without_the_name_of_the_service(opened, service):
    service.start()
    live = read_connectors(opened, [ROUTE])[ROUTE]
    assert live is not None
    assert live.events
    assert not any(event.message.startswith("(service") for event in live.events)
