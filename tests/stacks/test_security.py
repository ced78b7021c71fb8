"""The key of an environment, and the policy that bounds its roles."""

from typing import Any

from tests.stacks.conftest import Describe, Synthesize
from tests.stacks.synthesis import BOUNDARY, GIVEN_NETWORK, PLAIN, SILENT, Templates


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


def test_a_node_attaches_its_disk_by_what_the_key_lends_through_ec2(templates: Templates):
    """Nobody else has to: the disk that a machine starts from is encrypted with a key of AWS."""
    statements = key_statements(templates, "nodes")
    assert all(statement["Principal"] not in ("*", {"AWS": "*"}) for statement in statements.values())
    lent = statements["LendToServices"]["Condition"]["StringEquals"]["kms:ViaService"]
    assert "ec2.eu-west-1.amazonaws.com" in lent


def test_every_role_is_bounded_by_the_policy_that_the_file_names(templates: Templates):
    bounds = {
        (place.split("/")[0], resource["Properties"].get("PermissionsBoundary"))
        for place, resource in templates.everything()
        if resource["Type"] == "AWS::IAM::Role"
    }
    assert ("given", f"arn:aws:iam::111122223333:policy/{BOUNDARY}") in bounds
    assert {bound for environment, bound in bounds if environment == "plain"} == {None}
    assert len({bound for environment, bound in bounds if environment == "given"}) == 1


def test_a_boundary_may_be_an_arn(described: Describe, synthesized: Synthesize):
    policies = {
        "own": "arn:aws:iam::111122223333:policy/limits",
        "managed": "arn:aws:iam::aws:policy/PowerUserAccess",
    }
    sections: dict[str, Any] = {
        "network": GIVEN_NETWORK,
        "deliveries": None,
        "routes": {"orders-to-stream": PLAIN["routes"]["orders-to-stream"]},
        **SILENT,
    }
    made = synthesized(
        *(described(name, security={"permissions_boundary": each}, **sections) for name, each in policies.items())
    )
    for name, policy in policies.items():
        roles = made.properties(name, "connectors", "IAM::Role")
        assert {each["PermissionsBoundary"] for each in roles} == {policy}


def test_production_can_be_destroyed_only_by_turning_two_keys(templates: Templates):
    """Termination protection keeps the stack, and the policies of its resources keep what leaves a template."""
    for environment, protected, policy in (("prod", True, "RetainExceptOnCreate"), ("plain", False, "Delete")):
        for stack in templates.stacks(environment) & {"security", "streams", "deliveries"}:
            assert templates.settings[environment, stack].get("terminationProtection", False) is protected
            kept = ("KMS::Key", "Kinesis::Stream", "S3::Bucket")
            for kind in kept:
                for resource in templates.resources(environment, stack, kind).values():
                    assert resource["DeletionPolicy"] == policy
                    assert resource["UpdateReplacePolicy"] == ("Retain" if protected else "Delete")
