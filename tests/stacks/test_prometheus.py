"""Rules and dashboard for Prometheus ask for what the exporters give.

What the JMX exporter of our nodes gives is worked out from its own configuration: the beans of Kafka, as Kafka's
documentation lists them, go through its rules.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from ruamel.yaml import YAML

from connector.metrics.catalogue import METRICS, PREFIX
from tests.stacks.synthesis import PROJECT

ROOM = PROJECT / "stacks" / "observability"
EXPORTER = PROJECT / "stacks" / "kafka" / "ec2" / "templates" / "jmx_exporter.yml.j2"
SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}
FUNCTIONS = {
    *("by", "deriv", "histogram_quantile", "increase", "max", "max_over_time", "min", "or", "rate", "sum", "unless"),
}

# https://kafka.apache.org/documentation/#monitoring
BEANS = (
    "kafka.controller<type=KafkaController, name=ActiveControllerCount><>Value",
    "kafka.controller<type=KafkaController, name=OfflinePartitionsCount><>Value",
    "kafka.controller<type=KafkaController, name=ActiveBrokerCount><>Value",
    "kafka.controller<type=KafkaController, name=FencedBrokerCount><>Value",
    "kafka.log<type=LogManager, name=OfflineLogDirectoryCount><>Value",
    "kafka.network<type=SocketServer, name=NetworkProcessorAvgIdlePercent><>Value",
    "kafka.network<type=RequestMetrics, name=TotalTimeMs, request=Produce><>99thPercentile",
    "kafka.server<type=KafkaRequestHandlerPool, name=RequestHandlerAvgIdlePercent><>OneMinuteRate",
    "kafka.server<type=ReplicaManager, name=UnderReplicatedPartitions><>Value",
    "kafka.server<type=ReplicaManager, name=UnderMinIsrPartitionCount><>Value",
    "kafka.server<type=ReplicaManager, name=PartitionCount><>Value",
    "kafka.server<type=ReplicaManager, name=LeaderCount><>Value",
    "kafka.server<type=BrokerTopicMetrics, name=BytesInPerSec><>Count",
    "kafka.server<type=BrokerTopicMetrics, name=BytesOutPerSec><>Count",
    "kafka.server<type=BrokerTopicMetrics, name=MessagesInPerSec><>Count",
)
# https://prometheus.github.io/client_java/instrumentation/jvm/, which the exporter's agent brings
JVM = {"jvm_memory_used_bytes", "jvm_memory_max_bytes"}


def exported(configuration: dict[str, Any]) -> set[str]:
    """The names that the exporter makes of the beans: of the first rule that fits, in small letters."""
    return {name for bean in BEANS if allowed(configuration, bean) for name in named(configuration, bean)}


def allowed(configuration: dict[str, Any], bean: str) -> bool:
    """Whether the exporter looks at a bean at all."""
    domain, properties = re.fullmatch(r"([\w.]+)<(.+)><>\w+", bean).groups()  # type: ignore[union-attr]
    name = f"{domain}:{properties.replace(', ', ',')}"
    patterns = (re.escape(each).replace(r"\*", ".*") for each in configuration["whitelistObjectNames"])
    return any(re.fullmatch(pattern, name) for pattern in patterns)


def named(configuration: dict[str, Any], bean: str) -> Iterator[str]:
    for rule in configuration["rules"]:
        # The value stands behind the name, and a pattern may fit anywhere in both.
        if found := re.search(rule["pattern"], f"{bean}: 1"):
            name = found.expand(re.sub(r"\$(\d)", r"\\\1", rule["name"]))
            yield re.sub(r"[^a-zA-Z0-9:_]", "_", name).lower()
            return


@pytest.fixture(scope="module")
def exporter() -> dict[str, Any]:
    configuration: dict[str, Any] = YAML(typ="safe", pure=True).load(EXPORTER.read_text("utf-8"))
    return configuration


@pytest.fixture(scope="module")
def known(exporter: dict[str, Any]) -> set[str]:
    own = {f"{PREFIX}{metric.name}{suffix}" for metric in METRICS for suffix in SUFFIXES[metric.kind]}
    return {"up", *JVM, *own, *exported(exporter)}


def rules() -> list[dict[str, Any]]:
    files = sorted((ROOM / "prometheus").glob("*.rules.yaml"))
    assert len(files) == 2
    found = []
    for path in files:
        for group in YAML(typ="safe", pure=True).load(path.read_text("utf-8"))["groups"]:
            found += group["rules"]
    return found


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((ROOM / "grafana" / "kafka.json").read_text("utf-8"))["panels"]
    return found


def expressions() -> list[str]:
    return [rule["expr"] for rule in rules()] + [
        target["expr"] for panel in panels() for target in panel.get("targets", ())
    ]


def asked_for(expression: str) -> set[str]:
    """The names of metrics in an expression: all words but functions, labels and what is in quotes."""
    bare = re.sub(r"\{[^}]*\}|\[[^]]*\]|by \([^)]*\)", " ", expression)
    return set(re.findall(r"\b[a-z_][a-z0-9_]*\b", bare)) - FUNCTIONS


def test_rules_and_dashboard_ask_for_metrics_that_there_are(known: set[str]):
    for expression in expressions():
        assert asked_for(expression), expression
        assert asked_for(expression) <= known, expression


def test_a_metric_that_no_exporter_gives_is_seen(exporter: dict[str, Any], known: set[str]):
    assert not asked_for("sum(kafka_server_replicamanager_underreplicated) > 0") <= known
    without_pools = {**exporter, "whitelistObjectNames": ["kafka.controller:*"]}
    assert "kafka_server_replicamanager_underreplicatedpartitions" not in exported(without_pools)
    assert "kafka_controller_kafkacontroller_activecontrollercount" in exported(without_pools)


def test_parentheses_of_expressions_close():
    for expression in expressions():
        assert expression.count("(") == expression.count(")"), expression


def test_every_alert_says_how_bad_it_is_what_is_wrong_and_what_to_do():
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names)
    for rule in rules():
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert rule["annotations"]["summary"]
        assert (PROJECT / rule["annotations"]["runbook"]).is_file()


def test_panels_of_the_dashboard_are_explained_and_none_lies_on_another():
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        assert panel["type"] == "row" or panel["description"]
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken
        taken |= cells
