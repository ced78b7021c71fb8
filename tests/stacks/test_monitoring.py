"""What is watched: only what services tell, everything that matters, and each alarm with its page. No CDK."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from environments import Environment
from environments.naming import (
    consumer_group,
    delivery_name,
    ecs_cluster_name,
    kafka_cluster_name,
    kafka_node_name,
    metrics_namespace,
    stream_name,
    topic_name,
)
from stacks.kafka.ec2.nodes import cluster_of
from stacks.observability.metrics import Expression, Metric
from stacks.observability.monitoring import monitorings
from tests.environments.test_reference import commands, understood
from tests.stacks.conftest import Describe
from tests.stacks.emitted_metrics import CONNECTOR, EMITTED, PER_BROKER, STANDARD_ONLY
from tests.stacks.synthesis import PROJECT, describe
from tests.stacks.watched import EVERYTHING, alarms, measurements, metrics

RUNBOOKS = PROJECT / "docs" / "runbooks"


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Environment]:
    folder = tmp_path_factory.mktemp("watched")
    return {name: describe(folder, name, **sections) for name, sections in EVERYTHING.items()}


def physical_names(environment: Environment) -> dict[str, set[str]]:
    """The values that dimensions may have: names of what the environment makes."""
    kafka = environment.kafka
    return {
        "StreamName": {stream_name(environment, stream) for stream in environment.streams},
        "ConsumerName": {name for stream in environment.streams.values() for name in stream.consumers},
        "DeliveryStreamName": {delivery_name(environment, delivery) for delivery in environment.deliveries},
        "ClusterName": {ecs_cluster_name(environment)},
        "ServiceName": set(environment.routes),
        "Route": set(environment.routes),
        "Cluster Name": {kafka_cluster_name(environment)},
        "Broker ID": {str(number + 1) for number in range(getattr(kafka, "brokers", 0))},
        "Consumer Group": {consumer_group(environment, route) for route in environment.routes},
        "Topic": {topic_name(environment, topic) for topic in environment.topics},
        "AutoScalingGroupName": {
            kafka_node_name(environment, node.short_name)
            for node in (cluster_of(environment, kafka).nodes if kafka.kind == "ec2" else ())
        },
    }


def mistakes(environment: Environment, metric: Metric) -> Iterator[str]:
    """Why nobody would ever see a value of a metric."""
    told = {**EMITTED, metrics_namespace(environment): CONNECTOR}
    if tuple(sorted(metric.dimensions)) not in told.get(metric.namespace, {}).get(metric.name, set()):
        yield f"{metric.namespace} tells no {metric.name} by {sorted(metric.dimensions)}"
    names = physical_names(environment)
    for dimension, value in metric.dimensions.items():
        if value not in names.get(dimension, set()):
            yield f"no {dimension} is called {value}"


def test_every_metric_is_told_by_its_service_under_names_of_what_is_there(watched: dict[str, Environment]):
    for environment in watched.values():
        for metric in metrics(environment):
            assert not list(mistakes(environment, metric))


def test_metrics_that_nobody_would_tell_are_seen(watched: dict[str, Environment]):
    environment = watched["plain"]
    good = next(metric for metric in metrics(environment) if "StreamName" in metric.dimensions)
    arn = f"arn:aws:kinesis:eu-west-1:111122223333:stream/{good.dimensions['StreamName']}"
    for wrong in (
        replace(good, dimensions={}),
        replace(good, dimensions={"StreamName": arn}),
        replace(good, dimensions={"Stream": good.dimensions["StreamName"]}),
        replace(good, name="IteratorAge"),
        replace(good, namespace="AWS/Firehose"),
    ):
        assert list(mistakes(environment, wrong))


def test_formulas_use_exactly_their_metrics_over_one_period(watched: dict[str, Environment]):
    for environment in watched.values():
        for each in measurements(environment):
            if isinstance(each, Expression):
                assert set(re.findall(r"\b[a-z]\w*", each.formula)) == set(each.metrics)
                assert each.period in {60, 300}
                assert len(each.metrics) <= 10  # of an alarm: CloudWatch API Reference, PutMetricAlarm


def test_everything_of_an_environment_is_watched(watched: dict[str, Environment]):
    for environment in watched.values():
        subjects = {each.subject for each in monitorings(environment) if each.alarms}
        for section in ("streams", "deliveries", "routes"):
            kind = {"streams": "stream", "deliveries": "delivery", "routes": "connector"}[section]
            assert {f"{kind}/{name}" for name in getattr(environment, section)} <= subjects
        if environment.kafka.kind in {"msk", "msk-express"}:
            assert "kafka/cluster" in subjects
            assert {f"kafka/broker-{broker}" for broker in (1, 2, 3)} <= subjects
        if environment.kafka.kind == "ec2":
            assert sum(subject.startswith("kafka/") for subject in subjects) == 6


def test_alarms_of_one_resource_have_names_of_their_own(watched: dict[str, Environment]):
    for environment in watched.values():
        found = [(each.subject, alarm.name) for each in monitorings(environment) for alarm in each.alarms]
        assert len(set(found)) == len(found)


def told(environment: Environment) -> set[str]:
    """The metrics that alarms of an environment watch."""
    found: set[str] = set()
    for alarm in alarms(environment):
        each = alarm.measurement
        found |= {metric.name for metric in (each.metrics.values() if isinstance(each, Expression) else [each])}
    return found


def test_what_msk_tells_from_a_level_on_is_not_watched_below_it(watched: dict[str, Environment]):
    assert told(watched["msk"]) & PER_BROKER
    assert not told(watched["free"]) & PER_BROKER


def test_express_brokers_have_alarms_of_their_own_kind(watched: dict[str, Environment]):
    assert not told(watched["express"]) & STANDARD_ONLY
    assert {"ProduceThrottleTime", "FetchThrottleTime", "StorageUsed"} <= told(watched["express"])


def test_credits_are_watched_of_burstable_brokers_alone(watched: dict[str, Environment]):
    assert "CPUCreditBalance" in told(watched["burstable"])
    assert "CPUCreditBalance" not in told(watched["msk"])


def test_a_cluster_that_tells_cloudwatch_nothing_has_no_alarm_there(watched: dict[str, Environment]):
    assert not [each for each in metrics(watched["plain"]) if each.namespace == "AWS/Kafka"]


def test_connectors_are_watched_by_their_own_metrics_only_where_these_go_to_cloudwatch(
    watched: dict[str, Environment],
):
    assert not [each for each in metrics(watched["plain"]) if each.namespace.startswith("streamops")]
    assert {"lag_records", "age_seconds", "stopped_partitions", "circuit_state"} <= told(watched["everything"])
    assert not {"SumOffsetLag", "EstimatedMaxTimeLag"} & told(watched["everything"])
    assert {"SumOffsetLag", "EstimatedMaxTimeLag"} <= told(watched["serverless"])


def watching(environment: Environment, subject: str) -> set[str]:
    (found,) = (each for each in monitorings(environment) if each.subject == subject)
    return {alarm.name for alarm in found.alarms}


def test_limits_are_watched_of_deliveries_that_are_written_to_alone(watched: dict[str, Environment]):
    everything = watched["everything"]
    assert {"limit", "throttled", "key"} <= watching(everything, "delivery/archive")
    assert watching(everything, "delivery/from-stream") == {
        "freshness",
        "failing",
        "behind-stream",
        "source-throttled",
        "partitions",
    }
    assert watching(everything, "delivery/from-topic") == {"freshness", "failing", "behind-topic"}
    assert {"conversion", "transformation"} <= watching(everything, "delivery/columns")
    assert "key" not in watching(watched["plain"], "delivery/archive")


def test_consumers_are_watched_where_they_are_registered(watched: dict[str, Environment]):
    subjects = {each.subject for each in monitorings(watched["everything"])}
    assert {subject for subject in subjects if "consumer" in subject} == {
        "stream/orders/consumer/reports",
        "stream/orders/consumer/audit",
    }


def test_silence_of_a_stream_that_the_environment_itself_reads_is_bad(watched: dict[str, Environment]):
    def missing(subject: str) -> str:
        (stream,) = (each for each in monitorings(watched["everything"]) if each.subject == subject)
        (found,) = (alarm.missing for alarm in stream.alarms if alarm.name == "iterator-age")
        return found

    assert missing("stream/orders") == "breaching"
    assert missing("stream/clicks") == "notBreaching"


def test_thresholds_are_those_of_the_file(described: Describe):
    environment = described(
        connectors={"metrics": "cloudwatch"},
        alarms={
            "streams": {"orders": {"iterator_age": "90s"}},
            "deliveries": {"archive": {"freshness": "1h"}},
            "routes": {"orders-to-stream": {"age": "2m", "lag": 5}},
        },
    )
    found = {(each.subject, alarm.name): alarm.threshold for each in monitorings(environment) for alarm in each.alarms}
    assert found["stream/orders", "iterator-age"] == 90_000
    assert found["stream/orders", "expiring"] == 24 * 3_600_000  # half of 48h
    assert found["stream/clicks", "iterator-age"] == 300_000
    assert found["delivery/archive", "freshness"] == 3600
    assert found["connector/orders-to-stream", "late"] == 120
    assert found["connector/orders-to-stream", "lag"] == 5
    assert found["connector/clicks-to-stream", "lag"] == 100_000


def test_a_delivery_may_take_twice_its_interval_and_a_quarter_of_an_hour_at_least(described: Describe):
    slow = {"archive": {"to": "s3", "buffer": {"interval": "10m"}}, "quick": {"to": "s3"}}
    found = {
        each.subject: alarm.threshold
        for each in monitorings(described(deliveries=slow))
        for alarm in each.alarms
        if alarm.kind == "delivery-freshness"
    }
    assert found == {"delivery/archive": 1200, "delivery/quick": 900}


def pages() -> dict[str, str]:
    return {path.stem: path.read_text("utf-8") for path in RUNBOOKS.glob("*.md") if path.stem != "README"}


def prometheus_pages() -> set[str]:
    rules = (PROJECT / "stacks" / "observability" / "prometheus").glob("*.yaml")
    return {page for path in rules for page in re.findall(r"docs/runbooks/([\w-]+)\.md", path.read_text("utf-8"))}


def test_every_alarm_has_its_page_and_every_page_its_alarm(watched: dict[str, Environment]):
    kinds = {alarm.kind for environment in watched.values() for alarm in alarms(environment)}
    assert kinds | prometheus_pages() == set(pages())


def test_every_page_tells_what_is_wrong_where_to_look_and_what_to_do():
    for name, text in pages().items():
        assert re.fullmatch(r"# .+\n\n(.+\n)+\n## Look\n\n( {4}.+\n)+\n## Do\n\n(- .+\n( {2}.+\n)*)+", text), name


def test_the_index_lists_every_page_by_its_title():
    index = (RUNBOOKS / "README.md").read_text("utf-8")
    listed = dict(re.findall(r"^\| \[[\w-]+\]\(([\w-]+)\.md\) \| (.+) \|$", index, re.MULTILINE))
    assert listed == {name: text.splitlines()[0].removeprefix("# ") for name, text in pages().items()}


def test_pages_link_to_pages_and_name_commands_that_there_are():
    for name, text in pages().items():
        assert set(re.findall(r"\]\(([\w-]+)\.md\)", text)) <= set(pages()), name
        typed = {line.strip().split("  #")[0].strip() for line in text.splitlines() if line.startswith("    ")}
        told_in_text = set(commands(text)) | {line for line in typed if line.startswith("streamops ")}
        for command in told_in_text:
            assert understood(command.replace("ENV", "dev").replace("NAME", "orders")), (name, command)


def test_the_runbooks_lie_where_alarms_say_by_default(watched: dict[str, Environment]):
    assert PROJECT / Path(watched["plain"].alarms.runbooks) == RUNBOOKS


def test_the_example_in_the_documents_is_valid(described: Describe):
    text = (PROJECT / "docs" / "environments.md").read_text("utf-8").split("## Alarms")[1]
    (example,) = re.findall(r"```text\n(alarms:.*?)```", text, re.DOTALL)
    sections = YAML(typ="safe", pure=True).load(example)
    assert described(connectors={"metrics": "cloudwatch"}, **sections).alarms.of_route("orders-to-stream").lag == 50_000
