"""The roles of a task: there, trusted to ECS, and allowed what the route needs, as IAM says of them."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from cli.connector.checks.roles import judged
from cli.connector.checks.trust import Trust, trusts
from tests.cli.conftest import ACCOUNT, REGION
from tests.cli.connector.checks.conftest import ROUTE, TASKS, Scene, allow, document

SOURCE = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task/sample"


def test_roles_that_may_do_what_the_route_needs_are_ok(scene: Scene) -> None:
    found = {item["check"]: item for item in scene.verify().items}
    for name in ("task-role", "task-permissions", "execution-role", "execution-permissions"):
        assert found[name]["result"] == "ok", found[name]
    assert found["task-permissions"]["detail"] == "3 actions on 1 resources are allowed"


def test_an_action_that_is_not_allowed_is_named_with_its_resource(scene: Scene) -> None:
    stream = scene.arn("kinesis", f"stream/{scene.stream}")
    scene.allow("task", allow(stream, "kinesis:DescribeStreamSummary", "kinesis:ListShards"))
    outcome = scene.verify()
    (found,) = [item for item in outcome.items if item["check"] == "task-permissions"]
    assert (found["result"], outcome.exit_code) == ("failed", 1)
    assert f"kinesis:PutRecords on {stream}: no policy allows it" in found["detail"]
    assert "ListShards" not in found["detail"]


def test_what_is_allowed_on_another_stream_is_not_enough(scene: Scene) -> None:
    scene.allow("task", allow(scene.arn("kinesis", "stream/other"), "kinesis:*"))
    assert scene.check("task-permissions")["detail"].count("no policy allows it") == 3


def test_a_denial_is_told_from_what_nobody_allowed(scene: Scene) -> None:
    scene.allow("task", allow("*", "*"), {"Effect": "Deny", "Action": "kinesis:PutRecords", "Resource": "*"})
    found = scene.check("task-permissions")
    assert found["result"] == "failed"
    assert "kinesis:PutRecords" in found["detail"]
    assert "a policy denies it" in found["detail"]


def test_the_permissions_boundary_is_named(scene: Scene) -> None:
    iam = scene.client("iam")
    bound = iam.create_policy(
        PolicyName=f"bound-{scene.name}", PolicyDocument=document(allow("*", "kinesis:DescribeStreamSummary"))
    )["Policy"]["Arn"]
    iam.put_role_permissions_boundary(RoleName=scene.role("task"), PermissionsBoundary=bound)
    found = scene.check("task-permissions")
    assert found["result"] == "failed"
    assert found["detail"].count("the permissions boundary does not allow it") == 2


def test_a_denial_that_hangs_on_what_is_not_known_here_is_unknown(scene: Scene) -> None:
    condition = {"StringEquals": {"aws:SourceVpc": "vpc-1"}}
    scene.allow("task", allow(scene.arn("kinesis", f"stream/{scene.stream}"), "kinesis:*", Condition=condition))
    found = scene.check("task-permissions")
    assert found["result"] == "unknown"
    assert "aws:sourcevpc" in found["detail"].lower()


def test_a_stream_with_a_key_of_its_own_needs_that_key(scene: Scene) -> None:
    key = scene.client("kms").create_key()["KeyMetadata"]["Arn"]
    scene.client("kinesis").start_stream_encryption(StreamName=scene.stream, EncryptionType="KMS", KeyId=key)
    scene.project.write(
        scene.name,
        **{
            **scene.sections,
            "streams": {"orders": {"mode": "provisioned", "shards": 1, "encryption": "environment"}},
            "security": {"key": "create"},
        },
    )
    found = scene.check("task-permissions")
    assert found["result"] == "failed"
    assert f"kms:GenerateDataKey on {key}" in found["detail"]
    via = {"StringEquals": {"kms:ViaService": f"kinesis.{REGION}.amazonaws.com"}}
    scene.allow(
        "task",
        allow(scene.arn("kinesis", f"stream/{scene.stream}"), "kinesis:*"),
        allow(key, "kms:GenerateDataKey", Condition=via),
    )
    assert scene.result("task-permissions") == "ok"


def test_the_execution_role_reads_the_configuration_and_writes_the_log(scene: Scene) -> None:
    scene.allow("execution", allow("*", "ssm:GetParameter"))
    detail = scene.check("execution-permissions")["detail"]
    for action in ("ssm:GetParameters", "logs:CreateLogStream", "logs:PutLogEvents"):
        assert f"{action} on " in detail


def test_pulling_from_ecr_has_to_be_allowed(scene: Scene) -> None:
    scene.change(image=f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/streamops/connector:1")
    detail = scene.check("execution-permissions")["detail"]
    assert f"ecr:BatchGetImage on arn:aws:ecr:{REGION}:{ACCOUNT}:repository/streamops/connector" in detail
    assert "ecr:GetAuthorizationToken on *" in detail


def test_a_secret_with_a_key_of_its_own_needs_that_key(scene: Scene) -> None:
    key = scene.client("kms").create_key()["KeyMetadata"]["Arn"]
    name = f"{scene.name}/login"
    secret = scene.client("secretsmanager").create_secret(Name=name, SecretString='{"password":"w"}', KmsKeyId=key)
    partial = scene.arn("secretsmanager", f"secret:{name}")
    scene.change(secrets=[{"name": "KAFKA_PASSWORD", "valueFrom": f"{partial}:password::"}])
    detail = scene.check("execution-permissions")["detail"]
    assert f"secretsmanager:GetSecretValue on {secret['ARN']}" in detail
    assert f"kms:Decrypt on {key}" in detail


def test_a_role_that_is_gone_lets_no_task_start(scene: Scene) -> None:
    iam = scene.client("iam")
    iam.delete_role_policy(RoleName=scene.role("task"), PolicyName="Route")
    iam.delete_role(RoleName=scene.role("task"))
    found = scene.check("task-role")
    assert found["result"] == "failed"
    assert "does not exist" in found["detail"]


@pytest.mark.parametrize(
    "changes",
    [
        {"Principal": {"Service": "ec2.amazonaws.com"}},
        {"Condition": {"StringEquals": {"aws:SourceAccount": "999999999999"}}},
        {"Action": "sts:TagSession"},
        {"Effect": "Deny"},
    ],
)
def test_a_role_that_ecs_may_not_assume_fails(scene: Scene, changes) -> None:
    scene.client("iam").update_assume_role_policy(
        RoleName=scene.role("execution"), PolicyDocument=document(TASKS | changes)
    )
    assert scene.result("execution-role") == "failed"
    assert scene.result("task-role") == "ok"


def test_conditions_that_cannot_be_judged_are_unsure() -> None:
    given = {"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}
    assert trusts(json.loads(document(TASKS | given)), ACCOUNT, SOURCE) is Trust.UNSURE


def test_a_denial_in_a_trust_policy_goes_before_what_it_allows() -> None:
    denied = {**TASKS, "Effect": "Deny", "Principal": "*"}
    assert trusts(json.loads(document(TASKS)), ACCOUNT, SOURCE) is Trust.YES
    assert trusts(json.loads(document(TASKS, denied)), ACCOUNT, SOURCE) is Trust.NO


def test_tasks_of_another_region_are_not_trusted_where_the_source_is_named() -> None:
    other = f"arn:aws:ecs:us-east-1:{ACCOUNT}:task/sample"
    assert trusts(json.loads(document(TASKS)), ACCOUNT, other) is Trust.NO


def test_with_iam_on_msk_the_route_needs_its_topic_and_its_group(deployed: Callable[..., Scene]) -> None:
    scene = deployed(kafka={"kind": "msk", "brokers": 2})
    cluster = scene.arn("kafka", f"cluster/streamops-{scene.name}/12345678-1234-1234-1234-123456789012-2")
    scene.client("ssm").put_parameter(
        Name=f"/streamops/{scene.name}/kafka/bootstrap", Type="String", Value=f"msk:{cluster}"
    )
    detail = scene.check("task-permissions")["detail"]
    inside = cluster.replace(":cluster/", ":{}/")
    for needed in (
        f"kafka:GetBootstrapBrokers on {cluster}",
        f"kafka-cluster:Connect on {cluster}",
        f"kafka-cluster:ReadData on {inside.format('topic')}/{scene.topic}",
        f"kafka-cluster:AlterGroup on {inside.format('group')}/{scene.group}",
    ):
        assert f"{needed}: no policy allows it" in detail


def test_writing_dead_letters_into_a_stream_has_to_be_allowed_too(deployed: Callable[..., Scene]) -> None:
    end = {"from": {"topic": "orders"}, "to": {"stream": "orders"}, "dead_letters": {"stream": "letters"}}
    streams = {"orders": {"mode": "provisioned", "shards": 1}, "letters": {"mode": "on-demand"}}
    scene = deployed(routes={ROUTE: end}, streams=streams)
    detail = scene.check("task-permissions")["detail"]
    assert f"kinesis:PutRecords on {scene.arn('kinesis', f'stream/{scene.name}-letters')}" in detail
    assert scene.stream not in detail


RESOURCE = "arn:aws:kinesis:eu-west-1:123456789012:stream/orders"
TEMPLATE = {
    "EvalActionName": "kinesis:PutRecords",
    "EvalResourceName": "arn:${Partition}:kinesis:${Region}:${Account}:stream/${StreamName}",
    "EvalDecision": "implicitDeny",
    "MissingContextValues": [],
}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, "no policy allows it"),
        ({"OrganizationsDecisionDetail": {"AllowedByOrganizations": False}}, "the organization's policies"),
        (
            {
                "ResourceSpecificResults": [
                    {
                        "EvalResourceName": RESOURCE,
                        "EvalResourceDecision": "implicitDeny",
                        "PermissionsBoundaryDecisionDetail": {"AllowedByPermissionsBoundary": False},
                    }
                ]
            },
            "the permissions boundary",
        ),
    ],
)
def test_what_iam_says_is_read_of_the_resource_that_was_named(more, said) -> None:
    """As IAM documents its answers: at the top stands the template of an ARN, and what of organizations there is."""
    found = judged(TEMPLATE | more, RESOURCE)
    assert str(found).startswith(f"kinesis:PutRecords on {RESOURCE}: {said}")


def test_condition_keys_that_are_missing_stand_with_the_resource() -> None:
    specific = {"EvalResourceName": RESOURCE, "EvalResourceDecision": "implicitDeny", "MissingContextValues": ["k"]}
    assert judged(TEMPLATE | {"ResourceSpecificResults": [specific]}, RESOURCE).missing == ("k",)
