"""What a task reads into its variables: there and not empty, and never told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.connector.checks.conftest import Scene

WORD = "correct-horse-battery"


def login(scene: Scene, text: str, field: str = "password") -> None:
    """Let the task read a field of a secret that holds this text."""
    name = f"{scene.name}/login"
    scene.client("secretsmanager").create_secret(Name=name, SecretString=text)
    refer(scene, f"{scene.arn('secretsmanager', f'secret:{name}')}:{field}::")


def refer(scene: Scene, value: str) -> None:
    scene.change(secrets=[{"name": "KAFKA_PASSWORD", "valueFrom": value}])


def test_a_secret_that_holds_something_is_ok_and_its_value_is_never_told(scene: Scene) -> None:
    login(scene, json.dumps({"username": "c", "password": WORD}))
    outcome = scene.verify()
    (found,) = [item for item in outcome.items if item["check"] == "secret KAFKA_PASSWORD"]
    assert found["result"] == "ok"
    assert "key password is there and not empty" in found["detail"]
    assert WORD not in outcome.stdout + outcome.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (json.dumps({"password": ""}), "is empty"),
        (json.dumps({"password": "  "}), "is empty"),
        (json.dumps({"username": WORD}), "has no key password"),
        (json.dumps([WORD]), "has no key password"),
        (WORD, "is not JSON"),
    ],
)
def test_a_secret_without_what_is_wanted_fails(scene: Scene, text: str, said: str) -> None:
    login(scene, text)
    outcome = scene.verify()
    (found,) = [item for item in outcome.items if item["check"] == "secret KAFKA_PASSWORD"]
    assert (found["result"], outcome.exit_code) == ("failed", 1)
    assert said in found["detail"]
    assert WORD not in outcome.stdout + outcome.stderr


def test_a_secret_or_a_parameter_that_does_not_exist_lets_no_task_start(scene: Scene) -> None:
    refer(scene, scene.arn("secretsmanager", "secret:nowhere") + ":password::")
    assert scene.result("secret KAFKA_PASSWORD") == "failed"
    refer(scene, scene.arn("ssm", "parameter/nowhere"))
    assert scene.result("secret KAFKA_PASSWORD") == "failed"


def test_a_parameter_may_be_named_without_an_arn(scene: Scene) -> None:
    ssm: Any = scene.client("ssm")
    ssm.put_parameter(Name=f"/{scene.name}/word", Type="SecureString", Value=WORD)
    refer(scene, f"/{scene.name}/word")
    assert scene.check("secret KAFKA_PASSWORD")["detail"] == f"ssm /{scene.name}/word is there and not empty"


def test_a_secret_that_these_credentials_may_not_read_is_unknown(scene: Scene, monkeypatch) -> None:
    """Who verifies need not be who runs; ECS reads secrets with the execution role."""
    sts, iam = scene.client("sts"), scene.client("iam")
    login(scene, json.dumps({"password": WORD}))
    allowed = {"Effect": "Allow", "Action": ["ecs:*", "ssm:*", "sts:*", "logs:*"], "Resource": "*"}
    iam.put_role_policy(
        RoleName=scene.role("task"),
        PolicyName="Route",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allowed]}),
    )
    arn = iam.get_role(RoleName=scene.role("task"))["Role"]["Arn"]
    given = sts.assume_role(RoleArn=arn, RoleSessionName="somebody")["Credentials"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", given["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", given["SecretAccessKey"])
    monkeypatch.setenv("AWS_SESSION_TOKEN", given["SessionToken"])
    found = {item["check"]: item for item in scene.verify().items}
    assert found["secrets"]["result"] == "unknown"
    assert "GetSecretValue" in found["secrets"]["detail"]
    assert found["task-role"]["result"] == "unknown"
    assert found["cluster"]["result"] == "ok"
