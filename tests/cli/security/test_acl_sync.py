"""``acl sync`` on a broker that denies by default: denied before, allowed after, and nothing else touched."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from kafka.admin import UserScramCredentialUpsertion
from kafka.errors import GroupAuthorizationFailedError, TopicAuthorizationFailedError

from cli.acl.entry import DENY, Acl
from cli.acl.live import create_acls, delete_acls, read_acls
from cli.cluster import Cluster, retrying
from cli.kafka import AdminClient

if TYPE_CHECKING:
    from tests.cli.conftest import Project
    from tests.cli.security.conftest import Guarded, Vault


@pytest.fixture
def cluster(guarded: Guarded) -> Iterator[Cluster]:
    """The broker as its administrator sees it, without ACLs before and after."""
    admin = guarded.admin()
    yield Cluster(admin)
    delete_acls(Cluster(admin), read_acls(Cluster(admin)))
    admin.close()


@pytest.fixture
def reader(guarded: Guarded, cluster: Cluster, topic: str) -> Iterator[AdminClient]:
    """An application's own connection, as a user whose name is the topic's."""
    cluster.admin.create_topics({topic: {"num_partitions": 1, "replication_factor": 1}})
    cluster.admin.alter_user_scram_credentials([UserScramCredentialUpsertion(topic, "SCRAM-SHA-512", "word")])
    client = AdminClient(
        bootstrap_servers=[guarded.at("PASSWORDS")],
        security_protocol="SASL_SSL",
        ssl_context=ssl.create_default_context(cafile=guarded.authority.file),
        sasl_mechanism="SCRAM-SHA-512",
        sasl_plain_username=topic,
        sasl_plain_password="word",
    )
    yield client
    client.close()


@pytest.fixture
def environment(project: Project, scram: dict[str, Any], topic: str) -> str:
    return project.write(
        kafka=scram,
        topics={"orders": {"partitions": 1, "name": topic}},
        applications={"billing": {"user": topic, "reads": ["orders"], "groups": [f"{topic}-*"]}},
    )


def can_read(client: AdminClient, topic: str) -> bool:
    """Whether the user sees the topic and a group of his."""
    try:
        described = client.describe_topics([topic])[0]
        if described["error_code"] == TopicAuthorizationFailedError.errno:
            return False
        retrying(lambda: client.list_group_offsets([f"{topic}-1"]))
    except (TopicAuthorizationFailedError, GroupAuthorizationFailedError):
        return False
    return bool(described["partitions"])


def test_an_application_may_nothing_before_and_what_it_declares_after(
    project: Project, reader: AdminClient, environment: str, topic: str
):
    assert not can_read(reader, topic)
    shown = project.run("acl", "sync", "-e", environment, "-n", "-o", "json")
    assert shown.exit_code == 3, shown.stderr
    assert not can_read(reader, topic)
    assert [(each["kind"], each["resource"], each["operation"], each["risk"]) for each in shown.plan["operations"]] == [
        ("create-acl", f"topic/{topic}", "read", "mild"),
        ("create-acl", f"group/{topic}-*", "read", "mild"),
    ]
    done = project.run("acl", "sync", "-e", environment, "--yes")
    assert done.exit_code == 0, done.stderr
    assert can_read(reader, topic)
    again = project.run("acl", "sync", "-e", environment)
    assert (again.exit_code, again.stdout) == (0, "nothing to do\n")


def test_what_nobody_declares_is_named_and_deleted_only_with_prune_and_the_name(
    project: Project, cluster: Cluster, reader: AdminClient, environment: str, topic: str
):
    foreign = Acl("User:forgotten", "topic", topic, "write")
    brokers = Acl("User:broker", "cluster", "kafka-cluster", "cluster-action")
    operators = Acl("User:CN=ops,O=Example", "cluster", "kafka-cluster", "alter")
    create_acls(cluster, [foreign, brokers, operators])
    done = project.run("acl", "sync", "-e", environment, "--yes", "-o", "json")
    assert done.exit_code == 0, done.stderr
    assert any("User:forgotten" in text and "left alone" in text for text in done.plan["warnings"])
    assert foreign in read_acls(cluster)

    unnamed = project.run("acl", "sync", "-e", environment, "--prune", "--yes")
    assert unnamed.exit_code == 7
    assert foreign in read_acls(cluster)
    pruned = project.run("acl", "sync", "-e", environment, "--prune", "--confirm", environment)
    assert pruned.exit_code == 0, pruned.stderr
    left = read_acls(cluster)
    assert foreign not in left
    assert {brokers, operators} <= set(left)
    assert can_read(reader, topic)


def test_a_wider_one_and_one_that_denies_are_told(project: Project, cluster: Cluster, environment: str, topic: str):
    wider = Acl("User:*", "topic", topic[:10], "all", "prefixed")
    deny = Acl(f"User:{topic}", "group", "*", "read", permission=DENY)
    create_acls(cluster, [wider, deny])
    shown = project.run("acl", "sync", "-e", environment, "-n", "-o", "json")
    assert "a wider one allows it already" in shown.plan["operations"][0]["reason"]
    assert any("in vain" in text for text in shown.plan["warnings"])


def test_a_saved_plan_is_stale_once_another_acl_is_there(
    project: Project, cluster: Cluster, environment: str, topic: str
):
    plan = str(project.folder / "plan.json")
    project.run("acl", "sync", "-e", environment, "--save", plan)
    create_acls(cluster, [Acl("User:other", "topic", topic, "read")])
    outcome = project.run("apply", plan)
    assert outcome.exit_code == 1
    assert "has changed since the plan was made" in outcome.stderr


def test_the_connectors_get_what_their_routes_need(
    project: Project, cluster: Cluster, scram: dict[str, Any], topic: str
):
    name = project.write(
        kafka=scram,
        topics={"orders": {"partitions": 1, "name": topic}, "rejected": {"partitions": 1, "name": f"{topic}.rejected"}},
        streams={"orders": {"mode": "on-demand"}},
        routes={"x": {"from": {"topic": "orders"}, "to": {"stream": "orders"}, "dead_letters": {"topic": "rejected"}}},
    )
    done = project.run("acl", "sync", "-e", name, "--yes")
    assert done.exit_code == 0, done.stderr
    mover = f"User:{topic[-20:]}-mover"
    assert set(read_acls(cluster)) == {
        Acl(mover, "topic", topic, "read"),
        Acl(mover, "topic", topic, "describe-configs"),
        Acl(mover, "group", f"streamops-{name}-x", "read"),
        Acl(mover, "topic", f"{topic}.rejected", "write"),
        Acl(mover, "topic", f"{topic}.rejected", "describe-configs"),
    }


def test_of_a_cluster_with_another_id_nothing_is_changed(
    project: Project, cluster: Cluster, scram: dict[str, Any], topic: str
):
    sections: dict[str, Any] = {
        "topics": {"orders": {"partitions": 1, "name": topic}},
        "applications": {"billing": {"reads": ["orders"]}},
    }
    wrong = project.write(kafka={**scram, "cluster_id": "another"}, **sections)
    refused = project.run("acl", "sync", "-e", wrong, "--yes")
    assert refused.exit_code == 7
    assert "kafka.cluster_id" in refused.stderr
    assert read_acls(cluster) == []
    right = project.write(kafka={**scram, "cluster_id": cluster.cluster_id()}, **sections)
    assert project.run("acl", "sync", "-e", right, "--yes").exit_code == 0


@pytest.mark.usefixtures("reader")
def test_who_may_not_see_acls_is_told_so(project: Project, scram: dict[str, Any], vault: Vault, topic: str):
    kafka = {**scram, "admin_secret": vault.user(topic, "word", "unprivileged")}
    name = project.write(kafka=kafka)
    outcome = project.run("acl", "sync", "-e", name, "-n")
    assert outcome.exit_code == 4, outcome.stderr


def test_with_iam_it_is_refused_and_without_logins_there_is_nothing_to_do(project: Project):
    iam = project.write(kafka={"kind": "msk-serverless"})
    refused = project.run("acl", "sync", "-e", iam)
    assert refused.exit_code == 7
    assert "log in with IAM" in refused.stderr
    none = project.run("acl", "sync", "-e", project.write())
    assert none.exit_code == 0
    assert "no ACLs are needed" in none.stdout
