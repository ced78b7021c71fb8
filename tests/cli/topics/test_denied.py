"""Topics that these credentials may not see: Kafka answers as it does where there is nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from kafka.admin import ACL, ACLOperation, ACLPermissionType, ResourcePattern, ResourceType


@pytest.fixture
def deny(admin, make) -> Iterator[Callable[[ACLOperation], None]]:
    """Let everybody do all with the test's topic, but for one operation."""
    resource = ResourcePattern(ResourceType.TOPIC, make(retention_ms="-1"))
    made: list[ACL] = []

    def forbid(operation: ACLOperation) -> None:
        rules = ((ACLOperation.ALL, ACLPermissionType.ALLOW), (operation, ACLPermissionType.DENY))
        made.extend(ACL("User:*", "*", what, kind, resource) for what, kind in rules)
        admin.create_acls(made)

    yield forbid
    admin.delete_acls(made)


def test_settings_that_may_not_be_described_are_not_taken_for_none(project, declare, deny, topic):
    environment = declare()
    deny(ACLOperation.DESCRIBE_CONFIGS)
    for command in (("topic", "sync"), ("topic", "retention", "orders", "--to", "7d"), ("topic", "list")):
        outcome = project.run(*command, "-e", environment, *(("--yes",) if "list" not in command else ()))
        assert outcome.exit_code == 4
        assert f"the settings of topic {topic}" in outcome.stderr


def test_a_topic_that_may_not_be_described_is_not_taken_for_missing(project, declare, deny, topic):
    environment = declare()
    deny(ACLOperation.DESCRIBE)
    outcome = project.run("topic", "list", "-e", environment)
    assert (outcome.exit_code, f"describe topic {topic}" in outcome.stderr) == (4, True)
