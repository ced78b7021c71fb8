"""``topic partitions``: more of them, never fewer."""

from __future__ import annotations

import pytest

from tests.cli.topics.conftest import KEYED


def test_a_topic_gets_more_partitions_and_the_file_says_so(project, declare, make, partitions):
    name = make(partitions=3)
    environment = declare()
    command = ("topic", "partitions", "orders", "--to", "6", "-e", environment)
    outcome = project.run(*command, "--yes", "--write-back", "-o", "json")
    assert (outcome.exit_code, outcome.plan["operations"][0]["risk"], partitions(name)) == (0, "moderate", 6)
    assert "partitions: 6" in (project.folder / f"{environment}.yaml").read_text()
    again = project.run(*command, "--dry-run")
    assert (again.exit_code, "nothing to do" in again.stdout) == (0, True)
    assert project.run("topic", "sync", "orders", "-e", environment, "--dry-run").exit_code == 0


def test_partitions_are_never_taken_away(project, declare, make, partitions):
    name = make(partitions=3)
    command = ("topic", "partitions", "orders", "--to", "2", "-e", declare(), "--yes", "--confirm", "orders")
    outcome = project.run(*command)
    assert (outcome.exit_code, partitions(name)) == (7, 3)
    assert "no flag overrides this" in outcome.stderr


@pytest.mark.parametrize(("options", "code", "left"), [([], 7, 3), (["--confirm", "orders"], 0, 5)])
def test_a_keyed_topic_is_named(project, declare, make, partitions, options, code, left):
    name = make(partitions=3)
    command = ("topic", "partitions", "orders", "--to", "5", "-e", declare(KEYED), "--yes")
    outcome = project.run(*command, *options)
    assert (outcome.exit_code, partitions(name)) == (code, left)
    assert "80% of the keys" in outcome.stdout


def test_a_plan_is_refused_when_the_number_has_changed_since(project, declare, make, admin, partitions, tmp_path):
    name = make(partitions=3)
    plan = str(tmp_path / "plan.json")
    environment = declare()
    assert project.run("topic", "partitions", "orders", "--to", "6", "-e", environment, "--save", plan).exit_code == 3
    admin.create_partitions({name: 4})
    outcome = project.run("apply", plan, "-o", "json")
    assert (outcome.exit_code, outcome.answer["errors"][0]["code"], partitions(name)) == (1, "stale-plan", 4)


def test_a_number_that_the_cluster_refuses_is_refused_with_its_reason(project, declare, make, partitions):
    name = make(partitions=3)
    outcome = project.run("topic", "partitions", "orders", "--to", "12000", "-e", declare(), "--yes")
    assert (outcome.exit_code, partitions(name)) == (7, 3)
    assert "the cluster refuses it" in outcome.stderr
