"""Who may do what: every statement of every role, over all variants, environments and examples."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from environments.autoscaler_permissions import OF_THE_ACCOUNT
from tests.stacks.conftest import Describe, Synthesize
from tests.stacks.synthesis import OWN_KEY, PLAIN, SILENT, Templates

ANY_RESOURCE = {
    "ecr:GetAuthorizationToken",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcAttribute",
    "ec2:DescribeVpcs",
    *OF_THE_ACCOUNT,
}
"""Actions that know no resource, or none that is known beforehand (Service Authorization Reference of each service)."""


OBJECTS = {"s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"}
"""Actions on objects, of whose names only the beginning is known beforehand."""

INTERFACES = {"ec2:CreateNetworkInterface", "ec2:CreateNetworkInterfacePermission", "ec2:DeleteNetworkInterface"}
"""Actions on interfaces, which have ids only once they are made."""

NODES = {
    "autoscaling:CompleteLifecycleAction",
    "ec2:AttachNetworkInterface",
    "ec2:AttachVolume",
    "logs:CreateLogStream",
    "logs:DescribeLogStreams",
    "logs:PutLogEvents",
    "ssm:UpdateInstanceInformation",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
}
"""What a node of Kafka does with itself: its machine, group and log streams have ids only once they are made."""

GROUPS = {"kafka-cluster:DescribeGroup"}
"""What Firehose does with its consumer groups, which it names itself."""

DOCUMENTS = {"es:ESHttpGet", "es:ESHttpPost", "es:ESHttpPut"}
"""Requests to a domain, whose paths hold what Firehose makes up."""


HEADS = (
    *("clean", "data", "documents", "errors", "failed", "manifests", "orders", "processing-failed", "raw", "staged"),
    *("anything", "clicks", "events", "flights", "ledger", "originals", "payments", "shipments"),
)
"""What the names of objects begin with in the variants, and in the environments and examples."""


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def statements(templates: Templates) -> Iterator[tuple[str, dict[str, Any]]]:
    for place, resource in templates.everything():
        if resource["Type"] == "AWS::EC2::VPCEndpoint":
            continue  # It lets calls pass that a role has to allow besides: see test_endpoint_policies.py.
        properties = resource.get("Properties", {})
        documents = [each["PolicyDocument"] for each in properties.get("Policies", [])]
        if isinstance(properties.get("PolicyDocument"), dict):
            documents.append(properties["PolicyDocument"])
        for document in documents:
            for statement in document["Statement"]:
                yield place, statement


def granted(templates: Templates) -> list[tuple[str, dict[str, Any]]]:
    """Every statement that allows something; there are some, or no test of them proves anything."""
    found = [(place, statement) for place, statement in statements(templates) if statement["Effect"] == "Allow"]
    assert found
    return found


def policy(templates: Templates, environment: str, role: str) -> dict[str, list[Any]]:
    """Resources by action of the one role of a route."""
    (found,) = (
        each["Properties"]
        for key, each in templates.resources(environment, "connectors", "IAM::Role").items()
        if key.startswith(role)
    )
    (document,) = (each["PolicyDocument"] for each in found["Policies"])
    allowed: dict[str, list[Any]] = {}
    for statement in document["Statement"]:
        for action in as_list(statement["Action"]):
            allowed.setdefault(action, []).extend(as_list(statement["Resource"]))
    return allowed


def test_what_is_denied_is_denied_to_everybody_who_comes_without_tls(everywhere: Templates):
    for place, statement in statements(everywhere):
        if statement["Effect"] == "Deny":
            assert "BucketPolicy" in place or "topicPolicy" in place
            assert statement["Principal"] in ("*", {"AWS": "*"}), place
            assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}, place


def test_no_action_is_a_wildcard(everywhere: Templates):
    for place, statement in granted(everywhere):
        assert not [action for action in as_list(statement["Action"]) if "*" in action], place
        assert "NotAction" not in statement, place


def test_a_resource_is_a_wildcard_only_where_the_action_knows_none(everywhere: Templates):
    for place, statement in granted(everywhere):
        for resource in as_list(statement["Resource"]):
            if "*" in json.dumps(resource):
                some = ANY_RESOURCE | OBJECTS | INTERFACES | DOCUMENTS | NODES | GROUPS
                assert set(as_list(statement["Action"])) <= some, place
        assert "NotResource" not in statement, place


def test_objects_are_a_wildcard_only_below_what_their_names_begin_with(everywhere: Templates):
    seen = [
        (place, resource)
        for place, statement in granted(everywhere)
        if set(as_list(statement["Action"])) <= OBJECTS
        for resource in as_list(statement["Resource"])
        if "*" in json.dumps(resource)
    ]
    assert seen
    for place, resource in seen:
        end = resource if isinstance(resource, str) else resource["Fn::Join"][1][-1]
        if end == "/*" and not isinstance(resource, str):
            continue  # The whole of a bucket that is made for this delivery alone.
        assert re.search(rf"([^:]|^)/({'|'.join(HEADS)})/(country=)?\*$|^arn:aws:s3:::team-archive/\*$", end), place


def test_all_permissions_stand_inside_the_roles_and_none_is_managed_elsewhere(everywhere: Templates):
    for place, resource in everywhere.everything():
        assert resource["Type"] not in {"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::User"}, place
        assert "ManagedPolicyArns" not in resource.get("Properties", {}), place


def test_a_connector_may_write_its_own_stream_and_read_its_brokers_addresses(templates: Templates):
    stream = ["arn:aws:kinesis:eu-west-1:111122223333:stream/plain-orders"]
    assert policy(templates, "plain", "orderstostreamTaskRole") == {
        "kinesis:DescribeStreamSummary": stream,
        "kinesis:ListShards": stream,
        "kinesis:PutRecords": stream,
        "ssm:GetParameter": ["arn:aws:ssm:eu-west-1:111122223333:parameter/plain/kafka/bootstrap"],
    }


def test_a_connector_may_write_its_own_delivery_and_its_dead_letters(templates: Templates):
    delivery = ["arn:aws:firehose:eu-west-1:111122223333:deliverystream/plain-archive"]
    assert policy(templates, "plain", "orderstoarchiveTaskRole") == {
        "firehose:DescribeDeliveryStream": delivery,
        "firehose:PutRecordBatch": delivery,
        "s3:PutObject": ["arn:aws:s3:::team-rejected/orders/*"],
        "ssm:GetParameter": ["arn:aws:ssm:eu-west-1:111122223333:parameter/plain/kafka/bootstrap"],
    }


def test_dead_letters_in_a_stream_take_what_writing_it_takes_its_key_included(
    described: Describe, synthesized: Synthesize
):
    streams = {**PLAIN["streams"], "clicks": {"mode": "on-demand", "encryption": OWN_KEY}}
    routes = {"orders-to-stream": {**PLAIN["routes"]["orders-to-stream"], "dead_letters": {"stream": "clicks"}}}
    environment = described(streams=streams, routes=routes, deliveries=None, **SILENT)
    made = policy(synthesized(environment), "changed", "orderstostreamTaskRole")
    both = [f"arn:aws:kinesis:eu-west-1:111122223333:stream/changed-{name}" for name in ("clicks", "orders")]
    assert sorted(made["kinesis:PutRecords"]) == both
    assert made["kms:GenerateDataKey"] == [OWN_KEY]


def test_dead_letters_in_a_topic_take_nothing_of_aws(described: Describe, synthesized: Synthesize):
    routes = {"orders-to-stream": {**PLAIN["routes"]["orders-to-stream"], "dead_letters": {"topic": "clicks"}}}
    made = policy(synthesized(described(routes=routes, deliveries=None, **SILENT)), "changed", "orderstostreamTaskRole")
    assert not [action for action in made if not action.startswith(("kinesis:", "ssm:"))]


def test_firehose_may_fill_one_bucket_and_write_one_log(templates: Templates):
    (role,) = templates.properties("given", "deliveries", "IAM::Role")
    (document,) = (each["PolicyDocument"] for each in role["Policies"])
    bucket = "arn:aws:s3:::team-archive"
    log = "arn:aws:logs:eu-west-1:111122223333:log-group:/streamops/given/deliveries/archive"
    assert {
        action: statement["Resource"] for statement in document["Statement"] for action in as_list(statement["Action"])
    } == {
        **dict.fromkeys(("s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"), bucket),
        **dict.fromkeys(("s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"), f"{bucket}/*"),
        "logs:PutLogEvents": f"{log}:log-stream:destination",
    }


def test_addresses_that_stand_in_the_file_need_no_permission(templates: Templates):
    assert "ssm:GetParameter" not in policy(templates, "given", "orderstostreamTaskRole")


def test_a_stream_with_a_key_of_its_own_lends_it_to_its_writer_alone(templates: Templates):
    assert policy(templates, "prod", "orderstostreamTaskRole")["kms:GenerateDataKey"] == [OWN_KEY]
    assert "kms:GenerateDataKey" not in policy(templates, "prod", "clickstostreamTaskRole")


@pytest.mark.parametrize(("environment", "pulls"), [("plain", True), ("given", True), ("nat", False)])
def test_starting_a_task_takes_its_configuration_its_log_and_an_image_in_ecr(
    templates: Templates, environment: str, pulls: bool
):
    actions = set(policy(templates, environment, "orderstostreamExecutionRole"))
    needed = {"ssm:GetParameters", "logs:CreateLogStream", "logs:PutLogEvents"}
    pull = {
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchGetImage",
        "ecr:GetAuthorizationToken",
        "ecr:GetDownloadUrlForLayer",
    }
    assert actions == (needed | pull if pulls else needed)


def test_an_image_is_pulled_from_its_own_repository(templates: Templates):
    assert policy(templates, "given", "orderstostreamExecutionRole")["ecr:BatchGetImage"] == [
        "arn:aws:ecr:eu-west-1:444455556666:repository/team/connector"
    ]


def test_roles_trust_a_service_on_behalf_of_this_account_only(everywhere: Templates):
    roles = [
        (place, each["Properties"]["AssumeRolePolicyDocument"])
        for place, each in everywhere.everything()
        if each["Type"] == "AWS::IAM::Role"
    ]
    assert roles
    for place, document in roles:
        (statement,) = document["Statement"]
        assert set(statement["Principal"]) == {"Service"}, place
        if statement["Principal"]["Service"] == "ec2.amazonaws.com":
            continue  # A machine gets a role by an instance profile, which is of its own account.
        environment, stack, _ = place.split("/")
        key = "sts:ExternalId" if stack == "deliveries" else "aws:SourceAccount"
        assert statement["Condition"]["StringEquals"] == {key: everywhere.account(environment, stack)}, place
