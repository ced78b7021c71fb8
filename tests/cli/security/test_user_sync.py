"""``user sync``: users that can log in with what is in their secret, and passwords that nobody sees."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from kafka.admin import UserScramCredentialDeletion, UserScramCredentialUpsertion

from cli.kafka import logs_in
from cli.user.on_cluster import UsersOnCluster
from environments import load_environment
from tests.cli.security.conftest import OPERATOR

if TYPE_CHECKING:
    import boto3

    from cli.kafka import AdminClient
    from tests.cli.conftest import Project
    from tests.cli.security.conftest import Guarded, Vault


@pytest.fixture
def admin(guarded: Guarded) -> Iterator[AdminClient]:
    """The administrator of a broker that has no users but OPERATOR, before and after."""
    client = guarded.admin()
    take_away(client)
    yield client
    take_away(client)
    client.close()


def take_away(admin: AdminClient) -> None:
    for user, entry in admin.describe_user_scram_credentials().items():
        for info in entry["credential_infos"] if user != OPERATOR else ():
            admin.alter_user_scram_credentials([UserScramCredentialDeletion(user, info["mechanism"])])


@pytest.fixture
def environment(project: Project, scram: dict[str, Any], topic: str) -> str:
    return project.write(
        kafka=scram,
        topics={"orders": {"partitions": 1, "name": topic}},
        applications={"billing": {"reads": ["orders"]}},
    )


def secret(aws: boto3.Session, environment: str, name: str = "billing") -> dict[str, str]:
    found = aws.client("secretsmanager").get_secret_value(SecretId=f"streamops/{environment}/kafka/applications/{name}")
    held: dict[str, str] = json.loads(found["SecretString"])
    return held


def users(admin: AdminClient) -> set[str]:
    return set(admin.describe_user_scram_credentials())


def test_users_are_made_with_passwords_that_nobody_sees(
    project: Project, aws: boto3.Session, admin: AdminClient, environment: str
):
    shown = project.run("user", "sync", "-e", environment, "-n", "-o", "json")
    assert shown.exit_code == 3, shown.stderr
    assert [each["kind"] for each in shown.plan["operations"]] == ["create-user", "create-secret", "create-user"]
    assert users(admin) == {OPERATOR}

    done = project.run("user", "sync", "-e", environment, "--yes", "-o", "json")
    assert done.exit_code == 0, done.stderr
    held = secret(aws, environment)
    assert held["username"] == "billing"
    assert logs_in(load_environment(environment), user="billing", password=held["password"])
    assert held["password"] not in done.stdout + done.stderr
    again = project.run("user", "sync", "-e", environment)
    assert (again.exit_code, again.stdout) == (0, "nothing to do\n")


def test_a_password_that_is_not_that_of_the_secret_is_set_again(
    project: Project, aws: boto3.Session, admin: AdminClient, environment: str
):
    project.run("user", "sync", "-e", environment, "--yes")
    admin.alter_user_scram_credentials([UserScramCredentialUpsertion("billing", "SCRAM-SHA-512", "another")])
    done = project.run("user", "sync", "-e", environment, "--yes", "-o", "json")
    assert done.exit_code == 0, done.stderr
    assert [each["kind"] for each in done.plan["operations"]] == ["set-password"]
    assert logs_in(load_environment(environment), "billing", secret(aws, environment)["password"])


def test_a_rotation_that_was_interrupted_is_finished_by_the_next_run(
    project: Project, aws: boto3.Session, admin: AdminClient, environment: str, monkeypatch: pytest.MonkeyPatch
):
    del admin
    project.run("user", "sync", "-e", environment, "--yes")
    before = secret(aws, environment)["password"]
    with monkeypatch.context() as patch:

        def interrupted(*_: object) -> None:
            raise KeyboardInterrupt

        patch.setattr(UsersOnCluster, "enter", interrupted)
        cut = project.run("user", "sync", "-e", environment, "--rotate", "billing", "--yes")
    assert cut.exit_code == 130
    renewed = secret(aws, environment)["password"]
    assert renewed != before
    opened = load_environment(environment)
    assert not logs_in(opened, "billing", renewed)

    done = project.run("user", "sync", "-e", environment, "--yes")
    assert done.exit_code == 0, done.stderr
    assert logs_in(opened, "billing", renewed)
    assert not logs_in(opened, "billing", before)


def test_users_that_nobody_declares_are_named_and_deleted_only_with_prune_and_the_name(
    project: Project, admin: AdminClient, environment: str
):
    admin.alter_user_scram_credentials([UserScramCredentialUpsertion("forgotten", "SCRAM-SHA-256", "word")])
    done = project.run("user", "sync", "-e", environment, "--yes", "-o", "json")
    assert done.plan["warnings"] == ["not declared, left alone: forgotten"]
    refused = project.run("user", "sync", "-e", environment, "--prune", "--yes")
    assert refused.exit_code == 7
    assert "forgotten" in users(admin)
    pruned = project.run("user", "sync", "-e", environment, "--prune", "--confirm", environment)
    assert pruned.exit_code == 0, pruned.stderr
    assert "forgotten" not in users(admin)
    assert OPERATOR in users(admin)


def test_the_command_line_never_rotates_its_own_user(project: Project, admin: AdminClient, scram: dict[str, Any]):
    del admin
    own = project.write(kafka={**scram, "secret": scram["admin_secret"], "admin_secret": scram["admin_secret"]})
    refused = project.run("user", "sync", "-e", own, "--rotate", "connectors", "--yes")
    assert refused.exit_code == 7
    assert "kafka.admin_secret" in refused.stderr


def test_a_secret_of_another_user_is_refused(project: Project, vault: Vault, environment: str, admin: AdminClient):
    del admin
    name = f"streamops/{environment}/kafka/applications/billing"
    text = json.dumps({"username": "x", "password": "y"})
    vault.aws.client("secretsmanager").create_secret(Name=name, SecretString=text)
    outcome = project.run("user", "sync", "-e", environment, "-n")
    assert outcome.exit_code == 1
    assert "is of user x, and the environment tells billing" in outcome.stderr


def test_nobody_is_declared_where_nobody_logs_in_with_scram(project: Project):
    none = project.run("user", "sync", "-e", project.write())
    assert none.exit_code == 0
    assert "has no SCRAM" in none.stdout
    unknown = project.run("user", "sync", "-e", project.write(), "--rotate", "billing")
    assert unknown.exit_code == 1
