"""The key of an environment, and the policy that bounds its roles."""

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Template

from environments import Ec2Kafka
from stacks.security.key import environment_key
from tests.stacks.conftest import Describe, Synthesize
from tests.stacks.synthesis import BOUNDARY, Templates


def key_statements(templates: Templates, environment: str) -> dict[str, dict[str, Any]]:
    (key,) = templates.properties(environment, "security", "KMS::Key")
    return {statement["Sid"]: statement for statement in key["KeyPolicy"]["Statement"]}


def as_set(value: str | list[str]) -> set[str]:
    return {value} if isinstance(value, str) else set(value)


def test_a_key_is_made_only_where_the_file_asks_for_one(templates: Templates):
    assert [name for name in ("plain", "nat", "given", "prod") if "security" in templates.stacks(name)] == ["prod"]


def test_the_key_is_rotated_and_found_by_its_alias(templates: Templates):
    (key,) = templates.properties("prod", "security", "KMS::Key")
    assert key["EnableKeyRotation"] is True
    (alias,) = templates.properties("prod", "security", "KMS::Alias")
    assert alias["AliasName"] == "alias/streamops-prod"


def test_no_statement_of_the_key_lends_it_to_everybody(templates: Templates):
    statements = key_statements(templates, "prod")
    assert all("*" not in action for each in statements.values() for action in as_set(each["Action"]))
    for sid, statement in statements.items():
        assert statement["Principal"] not in ("*", {"AWS": "*"}), sid
        assert "Condition" in statement or sid == "Keep", sid


def test_who_keeps_the_key_cannot_read_with_it(templates: Templates):
    statements = key_statements(templates, "prod")
    use = as_set(statements["UseThroughServices"]["Action"]) - {"kms:DescribeKey"}
    assert use
    assert not use & as_set(statements["Keep"]["Action"])


def test_the_account_uses_the_key_through_the_services_of_the_environment_only(templates: Templates):
    condition = key_statements(templates, "prod")["UseThroughServices"]["Condition"]
    services = {each.split(".")[0] for each in condition["StringEquals"]["kms:ViaService"]}
    assert services == {"secretsmanager", "ssm", "sns", "kinesis", "firehose", "s3"}
    assert {each.split(".", 1)[1] for each in condition["StringEquals"]["kms:ViaService"]} == {
        "eu-west-1.amazonaws.com"
    }


def test_only_what_is_lent_to_a_service_can_be_granted_on(templates: Templates):
    for statement in key_statements(templates, "prod").values():
        if "kms:CreateGrant" in as_set(statement["Action"]):
            assert statement["Condition"]["Bool"] == {"kms:GrantIsForAWSResource": "true"}


def test_logs_are_those_of_the_environment(templates: Templates):
    condition = key_statements(templates, "prod")["EncryptLogs"]["Condition"]
    assert condition == {
        "ArnLike": {
            "kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:eu-west-1:111122223333:log-group:/streamops/prod/*"
        }
    }


def test_machines_of_a_cluster_are_launched_with_the_key_by_auto_scaling_of_the_account_alone(described: Describe):
    stack = cdk.Stack()
    kafka = Ec2Kafka.model_construct(kind="ec2", brokers=3)
    environment_key(stack, described().model_copy(update={"kafka": kafka}))
    (key,) = Template.from_stack(stack).find_resources("AWS::KMS::Key").values()
    open_to_all = [each for each in key["Properties"]["KeyPolicy"]["Statement"] if each["Principal"] == {"AWS": "*"}]
    assert [each["Sid"] for each in open_to_all] == ["LaunchMachines", "LendToMachines"]
    for statement in open_to_all:
        assert statement["Condition"]["StringEquals"] == {"kms:CallerAccount": "111122223333"}
        role = statement["Condition"]["ArnEquals"]["aws:PrincipalArn"]
        assert role.endswith(":role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling")


def test_every_role_is_bounded_by_the_policy_that_the_file_names(templates: Templates):
    bounds = {
        (place.split("/")[0], resource["Properties"].get("PermissionsBoundary"))
        for place, resource in templates.everything()
        if resource["Type"] == "AWS::IAM::Role"
    }
    assert ("given", f"arn:aws:iam::111122223333:policy/{BOUNDARY}") in bounds
    assert {bound for environment, bound in bounds if environment == "plain"} == {None}
    assert len({bound for environment, bound in bounds if environment == "given"}) == 1


@pytest.mark.parametrize(
    "policy", ["arn:aws:iam::111122223333:policy/limits", "arn:aws:iam::aws:policy/PowerUserAccess"]
)
def test_a_boundary_may_be_an_arn(described: Describe, synthesized: Synthesize, policy: str):
    made = synthesized(described(security={"permissions_boundary": policy}))
    roles = made.properties("changed", "connectors", "IAM::Role")
    assert {each["PermissionsBoundary"] for each in roles} == {policy}


def test_production_can_be_destroyed_only_by_turning_two_keys(described: Describe, synthesized: Synthesize):
    """Termination protection keeps the stack, and the policies of its resources keep what leaves a template."""
    made = synthesized(described("kept", production=True, security={"key": "create"}), described("gone"))
    for environment, protected, policy in (("kept", True, "RetainExceptOnCreate"), ("gone", False, "Delete")):
        for stack in made.stacks(environment) & {"security", "streams", "deliveries"}:
            assert made.settings[environment, stack].get("terminationProtection", False) is protected
            kept = ("KMS::Key", "Kinesis::Stream", "S3::Bucket")
            for kind in kept:
                for resource in made.resources(environment, stack, kind).values():
                    assert resource["DeletionPolicy"] == policy
                    assert resource["UpdateReplacePolicy"] == ("Retain" if protected else "Delete")
