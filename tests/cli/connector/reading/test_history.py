"""``connector history``: what was rolled out, how it ended, and which revisions may go."""

from __future__ import annotations

import json

from cli.connector import prune
from cli.connector.rollout.execution import FAILED, LAG_GATE
from tests.cli.connector.reading.conftest import IMAGE, ROUTE


def registered(service) -> list[int]:
    arns = service.ecs.list_task_definitions(familyPrefix=service.family)["taskDefinitionArns"]
    return sorted(int(arn.rpartition(":")[2]) for arn in arns)


def test_deployments_and_revisions_are_told_the_newest_first(run, service):
    service.roll("2.0")
    service.deploy("3.0")
    answer = run("history", ROUTE, "-o", "json").answer
    told = [(item["status"], item["image"]) for item in answer["items"]]
    assert told == [
        ("IN_PROGRESS", f"{IMAGE}3.0"),
        ("SUCCESSFUL", f"{IMAGE}2.0"),
        ("STOPPED", f"{IMAGE}1.0"),
    ]
    kept = {each["revision"].rpartition(":")[2]: each["kept"] for each in answer["revisions"]}
    assert "deployment under way" in kept["3"]
    assert "last successful" in kept["2"]
    assert kept["1"] == []
    assert answer["items"][1]["seconds"] > 0
    assert run("history", ROUTE, "--limit", "1", "-o", "json").answer["items"] == answer["items"][:1]


def test_who_registered_a_revision_is_told_and_when(run, service):
    service.roll("2.0")
    answer = run("history", ROUTE, "-o", "json").answer
    assert {each["registered_by"] for each in answer["revisions"]} == {"user/moto"}
    assert all(each["registered"] for each in answer["revisions"])
    assert {item["registered_by"] for item in answer["items"]} == {"user/moto"}


def test_the_tables_have_an_empty_line_between_them(run, service):
    service.roll("2.0")
    tables = run("history", ROUTE).stdout.split("\n\n")
    assert [table.split()[0] for table in tables] == ["BEGAN", "REVISION"]


def test_pruning_takes_what_nothing_refers_to_and_nothing_else(run, service):
    for number in range(2, 6):
        service.roll(f"{number}.0")
    service.deploy("6.0")
    outcome = run("history", ROUTE, "--prune", "--keep", "1", "--yes", "-o", "json")
    assert outcome.exit_code == 0, outcome.stderr
    assert outcome.answer["status"] == "applied"
    assert registered(service) == [4, 5, 6]
    again = run("history", ROUTE, "--prune", "--keep", "1", "--yes")
    assert (again.exit_code, registered(service)) == (0, [4, 5, 6])


def test_after_a_rollback_the_live_revision_stays_though_it_is_old(run, service):
    old = service.roll("2.0")
    service.deploy("3.0")
    for _ in range(3):
        service.crash()
    service.start()
    service.needed_no_more(old)
    for number in range(4, 7):
        service.register(f"{number}.0")
    outcome = run("history", ROUTE, "--prune", "--keep", "1", "--yes")
    assert outcome.exit_code == 0, outcome.stderr
    assert 2 in registered(service)
    assert registered(service)[-1] == 6
    assert "kept, whatever their age" in outcome.stdout


def test_what_a_rollback_would_go_to_stays_where_a_later_one_failed_at_the_lag_gate(run, service):
    for number in range(2, 4):
        service.roll(f"{number}.0")
    failed = service.ecs.describe_task_definition(taskDefinition=f"{service.family}:3")["taskDefinition"]
    service.ecs.tag_resource(resourceArn=failed["taskDefinitionArn"], tags=[{"key": LAG_GATE, "value": FAILED}])
    service.roll("4.0")
    for number in range(5, 8):
        service.register(f"{number}.0")
    outcome = run("history", ROUTE, "--prune", "--keep", "1", "--yes")
    assert outcome.exit_code == 0, outcome.stderr
    assert 2 in registered(service)


def test_what_cloudformation_made_last_stays(run, service):
    for number in range(2, 6):
        service.roll(f"{number}.0")
    stack = {
        "Resources": {
            "Task": {
                "Type": "AWS::ECS::TaskDefinition",
                "Properties": {
                    "Family": service.family,
                    "ContainerDefinitions": [{"Name": "connector", "Image": "by-cloudformation", "Memory": 256}],
                },
            }
        }
    }
    cloudformation = service.session.client("cloudformation")
    cloudformation.create_stack(StackName=f"{service.environment.name}-connectors", TemplateBody=json.dumps(stack))
    for number in range(7, 10):
        service.roll(f"{number}.0")
    assert run("history", ROUTE, "--prune", "--keep", "1", "--yes").exit_code == 0
    assert registered(service) == [6, 8, 9]


def test_a_plan_is_shown_saved_and_refused_once_a_revision_is_in_use_again(run, project, service, tmp_path):
    for number in range(2, 5):
        service.roll(f"{number}.0")
    shown = run("history", ROUTE, "--prune", "--keep", "1", "-n", "-o", "json")
    assert shown.exit_code == 3
    assert [each["resource"].rpartition(":")[2] for each in shown.plan["operations"]] == ["1", "2"]
    file = tmp_path / "plan.json"
    assert run("history", ROUTE, "--prune", "--keep", "1", "--save", str(file)).exit_code == 3
    service.ecs.update_service(cluster=service.cluster, service=ROUTE, taskDefinition=f"{service.family}:1")
    refused = project.run("apply", str(file))
    assert refused.exit_code == 1
    assert "has changed since the plan was made" in refused.stderr
    assert registered(service) == [1, 2, 3, 4]


def test_a_rollout_between_plan_and_operation_stops_it(project, service, monkeypatch):
    for number in range(2, 5):
        service.roll(f"{number}.0")
    planned = prune.PruneRevisions.plan

    def plan_and_roll_back(self: prune.PruneRevisions):
        plan = planned(self)
        service.ecs.update_service(cluster=service.cluster, service=ROUTE, taskDefinition=f"{service.family}:1")
        return plan

    monkeypatch.setattr(prune.PruneRevisions, "plan", plan_and_roll_back)
    outcome = project.run(
        "connector", "history", ROUTE, "-e", service.environment.name, "--prune", "--keep", "1", "--yes"
    )
    assert outcome.exit_code == 1
    assert "is in use by now: live, deployment under way" in outcome.stderr
    assert registered(service) == [1, 2, 3, 4]


def test_options_of_a_change_need_prune(run, service):
    del service
    for option in (["--yes"], ["--keep", "3"], ["--dry-run"]):
        outcome = run("history", ROUTE, *option)
        assert outcome.exit_code == 2
        assert "add --prune" in outcome.stderr
