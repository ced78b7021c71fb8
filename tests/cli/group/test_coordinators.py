"""Groups of which a coordinator does not tell, or not yet: they are there all the same."""

from __future__ import annotations

from kafka.admin import ACL, ACLOperation, ACLPermissionType, ResourcePattern, ResourceType

from cli.cluster import Group
from cli.group.members import describe_groups
from cli.group.offsets import commit


def test_a_group_that_may_not_be_described_is_not_taken_for_gone(project, environment, cluster, orders):
    group = f"{orders}-secret"
    commit(cluster, group, {(orders, 0): 0})
    denied = ACL(
        "User:*",
        "*",
        ACLOperation.DESCRIBE,
        ACLPermissionType.DENY,
        ResourcePattern(ResourceType.GROUP, group),
    )
    cluster.admin.create_acls([denied])
    try:
        outcome = project.run("group", "list", "-e", environment)
    finally:
        cluster.admin.delete_acls([denied])
    assert outcome.exit_code == 4, outcome.stderr
    assert group in outcome.stderr, outcome.stderr


def test_a_group_whose_coordinator_is_still_loading_is_asked_for_again(cluster, orders, monkeypatch):
    group = Group(f"{orders}-late", "Empty", "classic")
    commit(cluster, group.name, {(orders, 0): 0})
    answers = [{group.name: {"error": "[Error 14] CoordinatorLoadInProgressError: "}}]
    describe = cluster.admin.describe_groups
    monkeypatch.setattr(cluster.admin, "describe_groups", lambda names: answers.pop() if answers else describe(names))
    assert list(describe_groups(cluster, [group])) == [group.name]
    assert not answers
