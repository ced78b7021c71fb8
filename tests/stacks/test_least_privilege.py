"""Who may do what: every statement of every role, over all variants."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.stacks.synthesis import OWN_KEY, Templates

ANY_RESOURCE = {"ecr:GetAuthorizationToken"}
"""Actions that know no resource: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerregistry.html"""


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def statements(templates: Templates) -> Iterator[tuple[str, dict[str, Any]]]:
    for place, resource in templates.everything():
        properties = resource.get("Properties", {})
        documents = [each["PolicyDocument"] for each in properties.get("Policies", [])]
        if isinstance(properties.get("PolicyDocument"), dict):
            documents.append(properties["PolicyDocument"])
        for document in documents:
            for statement in document["Statement"]:
                yield place, statement


def policy(templates: Templates, environment: str, role: str) -> dict[str, list[Any]]:
    """Resources by action of the one role of a route."""
    (found,) = (
        each["Properties"]
        for key, each in templates.resources(environment, "connectors", "IAM::Role").items()
        if key.startswith(role)
    )
    (document,) = (each["PolicyDocument"] for each in found["Policies"])
    return {
        action: as_list(statement["Resource"])
        for statement in document["Statement"]
        for action in as_list(statement["Action"])
    }


def test_no_action_is_a_wildcard(templates: Templates):
    seen = list(statements(templates))
    assert seen
    for place, statement in seen:
        assert statement["Effect"] == "Allow", place
        assert not [action for action in as_list(statement["Action"]) if "*" in action], place
        assert "NotAction" not in statement, place


def test_a_resource_is_a_wildcard_only_where_the_action_knows_none(templates: Templates):
    for place, statement in statements(templates):
        for resource in as_list(statement["Resource"]):
            if isinstance(resource, str) and "*" in resource:
                assert set(as_list(statement["Action"])) <= ANY_RESOURCE, place
        assert "NotResource" not in statement, place


def test_all_permissions_stand_inside_the_roles_and_none_is_managed_elsewhere(templates: Templates):
    for place, resource in templates.everything():
        assert resource["Type"] not in {"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::User"}, place
        assert "ManagedPolicyArns" not in resource.get("Properties", {}), place


def test_a_connector_may_write_its_own_stream_and_read_its_brokers_addresses(templates: Templates):
    stream = ["arn:aws:kinesis:eu-west-1:111122223333:stream/plain-orders"]
    assert policy(templates, "plain", "orderstostreamTaskRole") == {
        "kinesis:DescribeStreamSummary": stream,
        "kinesis:PutRecords": stream,
        "ssm:GetParameter": ["arn:aws:ssm:eu-west-1:111122223333:parameter/plain/kafka/bootstrap"],
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


def test_roles_trust_a_service_on_behalf_of_this_account_only(templates: Templates):
    roles = [
        (place, each["Properties"]["AssumeRolePolicyDocument"])
        for place, each in templates.everything()
        if each["Type"] == "AWS::IAM::Role"
    ]
    assert roles
    for place, document in roles:
        (statement,) = document["Statement"]
        assert set(statement["Principal"]) == {"Service"}, place
        assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": "111122223333"}, place
