import pytest

from environments import ExternalKafka, load_environment, naming, starter
from tests.environments.documents import changed, problems, write

EXTERNAL = {"kind": "external", "bootstrap": "localhost:9092", "tls": False}

GIVEN_NAMES = """
topics: {orders: {name: shop.orders, partitions: 12}}
streams: {orders: {mode: provisioned, shards: 4, name: shop_orders}}
deliveries: {archive: {to: s3}, given: {to: s3, name: shop-archive}}
"""


@pytest.fixture(scope="session")
def env(folder):
    return load_environment(write(folder, changed(GIVEN_NAMES), "naming"))


@pytest.mark.parametrize(
    ("rule", "short", "expected"),
    [
        (naming.stream_name, "clicks", "naming-clicks"),
        (naming.stream_name, "orders", "shop_orders"),
        (naming.topic_name, "clicks", "clicks"),
        (naming.topic_name, "orders", "shop.orders"),
        (naming.delivery_name, "archive", "naming-archive"),
        (naming.delivery_name, "given", "shop-archive"),
        (naming.delivery_log_group_name, "archive", "/streamops/naming/deliveries/archive"),
        (naming.consumer_group, "orders-to-stream", "streamops-naming-orders-to-stream"),
        (naming.ecs_service_name, "orders-to-stream", "orders-to-stream"),
        (naming.task_family, "orders-to-stream", "streamops-naming-orders-to-stream"),
        (naming.log_group_name, "a-b", "/streamops/naming/connectors/a-b"),
        (naming.config_parameter_name, "a-b", "/streamops/naming/connectors/a-b/config"),
        (naming.stack_name, "streams", "naming-streams"),
    ],
)
def test_names_follow_from_short_names_unless_they_are_given(env, rule, short, expected):
    assert rule(env, short) == expected


def test_the_cluster_of_the_connectors_is_named_for_the_environment(env):
    assert naming.ecs_cluster_name(env) == "streamops-naming"


def test_a_new_file_and_the_advice_for_one_propose_the_same_parameter(folder):
    proposed = naming.bootstrap_reference("staging")
    kafka = load_environment(write(folder, starter("staging"), "staging")).kafka
    assert isinstance(kafka, ExternalKafka)
    assert kafka.bootstrap == proposed
    fixed = changed({"account": "000000000000", "sandbox": True, "kafka": EXTERNAL})
    assert f"write {proposed}, which" in str(problems(write(folder, fixed, "staging"))[0])


@pytest.mark.parametrize(
    ("region", "partition"),
    [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("us-east-1", "aws")],
)
def test_arns_have_the_partition_of_the_region(folder, region, partition):
    change = f"region: {region}\nnetwork: {{zones: [{region}a, {region}b]}}\ndeliveries: {{archive: {{to: s3}}}}"
    env = load_environment(write(folder, changed(change), "arns"))
    assert naming.stream_arn(env, "clicks") == f"arn:{partition}:kinesis:{region}:111122223333:stream/arns-clicks"
    assert (
        naming.delivery_arn(env, "archive")
        == f"arn:{partition}:firehose:{region}:111122223333:deliverystream/arns-archive"
    )


def test_the_longest_names_that_are_allowed_stay_below_every_limit(folder):
    environment, short = "e" * 20, "s" * 43
    change = f"streams: {{{short}: {{mode: on-demand}}}}\ndeliveries: {{{short}: {{to: s3}}}}\n"
    change += f"routes: {{{short}: {{from: {{topic: orders}}, to: {{stream: {short}}}}}}}"
    env = load_environment(write(folder, changed(change), environment))
    assert len(naming.stream_name(env, short)) <= 128
    assert len(naming.delivery_name(env, short)) <= 64
    assert len(naming.task_family(env, short)) <= 255
    assert len(naming.log_group_name(env, short)) <= 512
    assert len(naming.config_parameter_name(env, short)) <= 1011
    assert len(naming.stack_name(env, "observability")) <= 128
