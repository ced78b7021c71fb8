import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aws_cdk import aws_ssm as ssm

from connector.config import (
    ConnectorConfig,
    DeadLetterBucket,
    DeadLetterStream,
    DeadLetterTopic,
    Emf,
    FirehoseSink,
    FromField,
    FromHeader,
    KinesisSink,
    load_config,
)
from environments import Route
from environments.naming import config_parameter_name
from stacks.connectors.configuration import LONGEST_BYTES, STANDARD_BYTES, render_configuration
from stacks.connectors.task import CONFIG_LABEL, CONFIG_VARIABLE, DRAIN
from tests.stacks.conftest import Describe, Synthesize
from tests.stacks.synthesis import ECR_IMAGE, OPENSEARCH, OWN_KEY, PARTITIONED, PLAIN, SILENT, Templates
from tests.stacks.variants import VARIANTS


def task(templates: Templates, environment: str, route: str) -> dict[str, Any]:
    family = f"streamops-{environment}-{route}"
    found: list[dict[str, Any]] = [
        each
        for each in templates.properties(environment, "connectors", "ECS::TaskDefinition")
        if each["Family"] == family
    ]
    assert len(found) == 1
    return found[0]


def container(templates: Templates, environment: str, route: str) -> dict[str, Any]:
    (found,) = task(templates, environment, route)["ContainerDefinitions"]
    assert isinstance(found, dict)
    return found


def service(templates: Templates, environment: str, route: str) -> dict[str, Any]:
    found = {each["ServiceName"]: each for each in templates.properties(environment, "connectors", "ECS::Service")}
    assert isinstance(found[route], dict)
    return found[route]


def brokers(count: int) -> dict[str, Any]:
    return {
        "kind": "external",
        "bootstrap": ",".join(f"broker-{number}.kafka.example.com:9093" for number in range(count)),
    }


def test_every_route_is_a_service_of_the_environments_cluster(templates: Templates):
    (cluster,) = templates.properties("plain", "connectors", "ECS::Cluster")
    assert cluster["ClusterName"] == "streamops-plain"
    assert cluster["ClusterSettings"] == [{"Name": "containerInsights", "Value": "enhanced"}]
    services = templates.properties("plain", "connectors", "ECS::Service")
    assert {each["ServiceName"] for each in services} == set(PLAIN["routes"])


def test_a_range_of_tasks_is_steered_by_their_cpu(templates: Templates):
    targets = templates.resources("plain", "connectors", "ApplicationAutoScaling::ScalableTarget")
    ((key, target),) = targets.items()
    assert (target["Properties"]["MinCapacity"], target["Properties"]["MaxCapacity"]) == (2, 4)
    assert target["Properties"]["ScalableDimension"] == "ecs:service:DesiredCount"
    *_, name = target["Properties"]["ResourceId"]["Fn::Join"][1]
    owner, _ = name["Fn::GetAtt"]
    assert templates.resources("plain", "connectors")[owner]["Properties"]["ServiceName"] == "clicks-to-stream"
    (policy,) = templates.properties("plain", "connectors", "ApplicationAutoScaling::ScalingPolicy")
    assert policy["ScalingTargetId"] == {"Ref": key}
    assert policy["TargetTrackingScalingPolicyConfiguration"] == {
        "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
        "TargetValue": 60,
    }


def test_a_deployment_sets_the_count_only_where_nothing_else_does(templates: Templates):
    assert service(templates, "plain", "orders-to-stream")["DesiredCount"] == 1
    assert "DesiredCount" not in service(templates, "plain", "clicks-to-stream")


def test_a_fixed_number_of_tasks_has_nothing_that_scales(described: Describe, synthesized: Synthesize):
    routes = {"orders-to-stream": {**PLAIN["routes"]["orders-to-stream"], "tasks": {"min": 3, "max": 3}}}
    made = synthesized(described(routes=routes, **SILENT))
    assert service(made, "changed", "orders-to-stream")["DesiredCount"] == 3
    assert made.resources("changed", "connectors", "ScalableTarget") == {}
    assert made.resources("changed", "connectors", "ScalingPolicy") == {}


def test_a_deployment_that_fails_rolls_back_and_never_leaves_a_partition_without_reader(templates: Templates):
    deployment = service(templates, "plain", "orders-to-stream")["DeploymentConfiguration"]
    assert deployment["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}
    assert deployment["MinimumHealthyPercent"] == 100
    assert deployment["MaximumPercent"] == 200


def test_a_service_runs_in_private_subnets_behind_a_group_that_lets_nobody_in(templates: Templates):
    place = service(templates, "nat", "orders-to-stream")["NetworkConfiguration"]["AwsvpcConfiguration"]
    assert place["AssignPublicIp"] == "DISABLED"
    outputs = [each["Fn::GetStackOutput"]["OutputName"] for each in place["Subnets"]]
    assert len(outputs) == 2
    assert all("PrivateSubnet" in each for each in outputs)
    for group in templates.properties("nat", "connectors", "EC2::SecurityGroup"):
        assert "SecurityGroupIngress" not in group
    assert templates.resources("nat", "connectors", "EC2::SecurityGroupIngress") == {}


def test_a_task_has_the_size_and_processor_of_the_file(templates: Templates):
    made = task(templates, "plain", "orders-to-stream")
    assert (made["Cpu"], made["Memory"]) == ("1024", "2048")
    assert made["RuntimePlatform"] == {"CpuArchitecture": "X86_64", "OperatingSystemFamily": "LINUX"}
    assert made["RequiresCompatibilities"] == ["FARGATE"]


def test_a_container_can_write_nothing_and_is_nobody(templates: Templates):
    made = container(templates, "plain", "orders-to-stream")
    assert made["ReadonlyRootFilesystem"] is True
    assert made["User"] == "1000:1000"
    assert made["LinuxParameters"] == {"Capabilities": {"Drop": ["ALL"]}, "InitProcessEnabled": True}
    assert "Environment" not in made


def test_a_stopping_container_gets_all_the_time_that_fargate_allows(templates: Templates):
    assert container(templates, "plain", "orders-to-stream")["StopTimeout"] == 120


def test_a_connector_has_drained_and_given_up_its_brokers_before_it_is_killed(described: Describe):
    """Its own longest wait, and 10 s more for brokers that do not answer (docs/connector.md)."""
    config = load_config(render_configuration(described(), "orders-to-stream").text, "rendered")
    assert config.stop_timeout + timedelta(seconds=10) < timedelta(seconds=DRAIN.to_seconds())


def test_nobody_gets_a_shell_in_a_task(templates: Templates):
    for each in templates.properties("plain", "connectors", "ECS::Service"):
        assert each.get("EnableExecuteCommand", False) is False


def test_health_is_liveness_on_the_port_that_the_connector_serves(templates: Templates, described: Describe):
    check = container(templates, "plain", "orders-to-stream")["HealthCheck"]
    kind, python, option, program = check["Command"]
    assert (kind, python, option) == ("CMD", "python", "-c")
    compile(program, "health check", "exec")
    text = render_configuration(described(), "orders-to-stream").text
    port = load_config(text, "rendered").http.port
    assert f"'http://127.0.0.1:{port}/healthz'" in program


def test_logs_go_to_the_routes_own_group_and_never_hold_the_connector_up(templates: Templates):
    made = container(templates, "plain", "orders-to-stream")["LogConfiguration"]
    assert made["LogDriver"] == "awslogs"
    assert made["Options"]["mode"] == "non-blocking"
    group = templates.resources("plain", "connectors")[made["Options"]["awslogs-group"]["Ref"]]["Properties"]
    assert group["LogGroupName"] == "/streamops/plain/connectors/orders-to-stream"
    assert group["RetentionInDays"] == 14


def test_the_log_is_encrypted_with_the_environments_key(templates: Templates):
    for environment, key in (("plain", None), ("given", OWN_KEY)):
        groups = templates.properties(environment, "connectors", "Logs::LogGroup")
        assert groups
        assert {each.get("KmsKeyId") for each in groups} == {key}


def test_the_configuration_is_the_route_in_the_connectors_own_words(templates: Templates):
    parameters = {each["Name"]: each for each in templates.properties("plain", "connectors", "SSM::Parameter")}
    made = parameters["/streamops/plain/connectors/clicks-to-stream/config"]
    config = load_config(made["Value"], "parameter")
    assert config.route == "clicks-to-stream"
    assert config.source.bootstrap == "ssm:/plain/kafka/bootstrap"
    assert config.source.topic == "web.clicks"
    assert config.source.group == "streamops-plain-clicks-to-stream"
    assert config.source.start == "latest"
    assert config.source.security.protocol == "tls"
    assert isinstance(config.sink, KinesisSink)
    assert (config.sink.stream, config.sink.region) == ("ClickStream", "eu-west-1")
    assert config.ordering == "none"


ROUTE_IN_FULL: dict[str, Any] = {
    **PLAIN["routes"]["orders-to-stream"],
    "start": "2026-01-31T00:00:00Z",
    "linger": "50ms",
    "format": "envelope",
    "compression": "zstd",
    "tombstones": "drop",
    "partition_key": {"header": "customer"},
    "explicit_hash_key": 2**128 - 1,
    "aggregation": "kpl",
    "processes": 2,
    "dead_letters": {"topic": "clicks"},
}


def rendered(described: Describe, route: dict[str, Any], **sections: Any) -> ConnectorConfig:
    environment = described(routes={"route": route}, **sections)
    return load_config(render_configuration(environment, "route").text, "rendered")


def test_a_connector_is_told_everything_that_a_route_says(described: Describe):
    config = rendered(described, ROUTE_IN_FULL)
    assert config.source.start == datetime(2026, 1, 31, tzinfo=UTC)
    assert config.source.linger == timedelta(milliseconds=50)
    assert (config.format, config.compression, config.tombstones) == ("envelope", "zstd", "drop")
    assert config.processes == 2
    assert config.dead_letters == DeadLetterTopic(topic="web.clicks")
    assert isinstance(config.sink, KinesisSink)
    assert config.sink.partition_key == FromHeader(header="customer")
    assert config.sink.explicit_hash_key == str(2**128 - 1)
    assert config.sink.aggregation == "kpl"


def test_no_key_of_a_route_is_left_out_of_that_test():
    of_deliveries, in_other_tests = {"packing", "delimiter"}, {"ordering", "tasks"}
    keys = {field.alias or name for name, field in Route.model_fields.items()}
    assert keys == ROUTE_IN_FULL.keys() | of_deliveries | in_other_tests


def test_a_shard_can_follow_a_field_or_a_header(described: Describe):
    base = {**PLAIN["routes"]["orders-to-stream"], "ordering": "none"}
    config = rendered(described, {**base, "partition_key": {"field": "a.b"}, "explicit_hash_key": {"header": "h"}})
    assert isinstance(config.sink, KinesisSink)
    assert config.sink.partition_key == FromField(field="a.b")
    assert config.sink.explicit_hash_key == FromHeader(header="h")


@pytest.mark.parametrize(
    ("described_end", "expected"),
    [
        ({"stream": "clicks"}, DeadLetterStream(stream="ClickStream")),
        ({"bucket": "team-rejected", "prefix": "x/"}, DeadLetterBucket(bucket="team-rejected", prefix="x/")),
    ],
    ids=["stream", "bucket"],
)
def test_dead_letters_go_to_the_physical_name(described: Describe, described_end: dict[str, str], expected: object):
    route = {**PLAIN["routes"]["orders-to-stream"], "dead_letters": described_end}
    assert rendered(described, route).dead_letters == expected


def test_a_route_to_a_delivery_writes_the_delivery_stream(described: Describe):
    config = rendered(described, PLAIN["routes"]["orders-to-archive"])
    assert isinstance(config.sink, FirehoseSink)
    assert (config.sink.delivery_stream, config.sink.region) == ("changed-archive", "eu-west-1")
    assert (config.sink.packing, config.sink.delimiter) == ("newline", "newline")
    assert config.sink.limits.messages is None


@pytest.mark.parametrize(
    ("delivery", "delimiter", "messages"), [(OPENSEARCH, "none", None), (PARTITIONED, "newline", 500)], ids=str
)
def test_what_reads_a_delivery_decides_how_records_end_and_how_many_are_packed(
    described: Describe, delivery: dict[str, Any], delimiter: str, messages: int | None
):
    config = rendered(
        described, {"from": {"topic": "orders"}, "to": {"delivery": "archive"}}, deliveries={"archive": delivery}
    )
    assert isinstance(config.sink, FirehoseSink)
    assert (config.sink.delimiter, config.sink.limits.messages) == (delimiter, messages)


def test_metrics_go_to_cloudwatch_where_the_file_says_so(described: Describe):
    def emf(**connectors: str) -> Emf | None:
        text = render_configuration(described(connectors=connectors), "orders-to-stream").text
        return load_config(text, "rendered").emf

    assert emf() is None
    assert emf(metrics="cloudwatch") == Emf(namespace="streamops/changed")


def test_a_quarter_of_a_tasks_memory_is_for_records(described: Describe):
    for size, share in (("512MiB", 128), ("2GiB", 512), ("120GiB", 30 << 10)):
        cpu = {"512MiB": 256, "2GiB": 1024, "120GiB": 16384}[size]
        text = render_configuration(described(connectors={"cpu": cpu, "memory": size}), "orders-to-stream").text
        assert load_config(text, "rendered").memory == share << 20


def test_a_cluster_without_tls_is_reached_in_the_clear(templates: Templates):
    for each in templates.properties("given", "connectors", "SSM::Parameter"):
        config = load_config(each["Value"], "parameter")
        assert config.source.security.protocol == "plaintext"
        assert config.source.bootstrap == "b-1:9092,b-2:9092"


def test_the_configuration_reaches_the_container_as_a_secret(templates: Templates):
    (secret,) = container(templates, "plain", "orders-to-stream")["Secrets"]
    assert secret["Name"] == CONFIG_VARIABLE
    _, (prefix, reference) = secret["ValueFrom"]["Fn::Join"]
    assert prefix == "arn:aws:ssm:eu-west-1:111122223333:parameter"
    parameter = templates.resources("plain", "connectors")[reference["Ref"]]["Properties"]
    assert parameter["Name"] == "/streamops/plain/connectors/orders-to-stream/config"


def test_a_changed_configuration_rolls_its_own_service_and_no_other(
    templates: Templates, described: Describe, synthesized: Synthesize
):
    routes = {
        **PLAIN["routes"],
        "orders-to-stream": {**PLAIN["routes"]["orders-to-stream"], "ordering": "none"},
    }
    changed = synthesized(described("plain", routes=routes, **SILENT))

    def label(made: Templates, route: str) -> object:
        return container(made, "plain", route)["DockerLabels"][CONFIG_LABEL]

    assert label(templates, "orders-to-stream") != label(changed, "orders-to-stream")
    assert label(templates, "clicks-to-stream") == label(changed, "clicks-to-stream")


def test_what_is_not_configuration_leaves_the_label_alone(described: Describe):
    tagged = described(tags={"team": "another"})
    assert (
        render_configuration(tagged, "orders-to-stream").sha256
        == render_configuration(described(), "orders-to-stream").sha256
    )


def test_a_long_configuration_takes_the_advanced_tier(described: Describe, synthesized: Synthesize):
    long = described("long", kafka=brokers(120), **SILENT)
    size = render_configuration(long, "orders-to-stream").size
    assert STANDARD_BYTES < size <= LONGEST_BYTES
    tiers = {
        each["Name"]: each["Tier"] for each in synthesized(long).properties("long", "connectors", "SSM::Parameter")
    }
    assert tiers[config_parameter_name(long, "orders-to-stream")] == "Advanced"
    assert render_configuration(described("short"), "orders-to-stream").tier is ssm.ParameterTier.STANDARD


def test_an_environment_without_image_gets_the_checkouts_own(templates: Templates):
    image = container(templates, "plain", "orders-to-stream")["Image"]
    assert "cdk-hnb659fds-container-assets-111122223333-eu-west-1" in json.dumps(image)


def test_an_image_that_the_file_names_is_the_one_that_runs(templates: Templates):
    assert container(templates, "nat", "orders-to-stream")["Image"] == "team/connector:1"
    _, parts = container(templates, "given", "orders-to-stream")["Image"]["Fn::Join"]
    suffix = {"Ref": "AWS::URLSuffix"}
    assert "".join("amazonaws.com" if part == suffix else part for part in parts) == ECR_IMAGE


def test_the_checkouts_image_is_built_for_the_processor_of_the_tasks(templates: Templates):
    for architecture, platform in (("x86_64", "linux/amd64"), ("arm64", "linux/arm64")):
        environments = [
            name
            for name, sections in VARIANTS.items()
            if {**PLAIN, **sections}["connectors"].get("architecture", "arm64") == architecture
            and "connectors" in templates.stacks(name)
        ]
        for environment in environments:
            for image in templates.images(environment, "connectors"):
                assert image["platform"] == platform
    assert templates.images("plain", "connectors")


@pytest.mark.parametrize("kind", ["ECS::Service", "ECS::TaskDefinition", "Logs::LogGroup"])
def test_tags_of_the_file_are_on_everything_that_costs(templates: Templates, kind: str):
    for each in templates.properties("plain", "connectors", kind):
        tags = {tag["Key"]: tag["Value"] for tag in each["Tags"]}
        assert tags["team"] == "data-platform"
        assert tags["streamops:environment"] == "plain"
    assert templates.settings["plain", "connectors"]["tags"]["streamops:environment"] == "plain"


@pytest.mark.parametrize("targets", ["streams", "deliveries"])
def test_what_connectors_write_to_stands_before_they_start(templates: Templates, targets: str):
    assert [name for name in templates.settings["plain", "connectors"]["dependencies"] if targets in name]
