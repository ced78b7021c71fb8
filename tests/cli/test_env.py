"""``streamops env``, and what every command says about an environment that cannot be opened."""

from __future__ import annotations

import json
from typing import get_args

import pytest

from environments import KafkaKind


def test_list_shows_valid_and_broken_files(project):
    name = project.write(topics={"orders": {"partitions": 3}})
    (project.folder / "broken.yaml").write_text("account: 12\n")
    items = {item["name"]: item for item in project.run("env", "list", "-o", "json").items}
    assert items[name]["valid"]
    assert items[name]["topics"] == 1
    assert not items["broken"]["valid"]
    assert items["broken"]["problems"]


def test_show_writes_out_defaults_and_physical_names(project):
    name = project.write(streams={"orders": {"mode": "on-demand"}})
    shown = project.run("env", "show", "-e", name, "-o", "json").items[0]
    assert shown["streams"]["orders"]["retention"] == "1d"
    assert shown["names"]["streams"] == {"orders": f"{name}-orders"}
    assert f"orders: {name}-orders" in project.run("env", "show", "-e", name).stdout


def test_validate_reports_all_problems_of_all_files_at_once(project):
    good = project.write()
    project.write("wrong", region="nowhere-1", streams={"orders": {"mode": "provisioned", "shards": 0}})
    outcome = project.run("env", "validate", "-o", "json")
    assert outcome.exit_code == 1
    assert outcome.answer["status"] == "error"
    items = {item["name"]: item for item in outcome.items}
    assert items[good] == {"name": good, "valid": True, "problems": []}
    assert any("shards" in problem for problem in items["wrong"]["problems"])
    assert any("region" in problem for problem in items["wrong"]["problems"])
    assert "wrong.yaml" in outcome.stderr


def test_schema_is_a_json_schema(project):
    schema = json.loads(project.run("env", "schema").stdout)
    assert {"account", "streams", "topics", "routes"} <= set(schema["properties"])


@pytest.mark.parametrize("kind", get_args(KafkaKind))
def test_init_writes_a_valid_file_and_never_overwrites_one(project, kind):
    assert project.run("env", "init", "staging", "--kafka", kind).exit_code == 0
    assert project.run("env", "validate", "staging").exit_code == 0
    written = (project.folder / "staging.yaml").read_text()
    again = project.run("env", "init", "staging")
    assert again.exit_code == 1
    assert "stays as it is" in again.stderr
    assert (project.folder / "staging.yaml").read_text() == written


@pytest.mark.parametrize(("arguments", "code"), [(["Staging"], 1), (["../up"], 1), (["x", "--kafka", "redis"], 2)])
def test_init_refuses_names_and_kinds_that_cannot_be(project, arguments, code):
    outcome = project.run("env", "init", *arguments)
    assert outcome.exit_code == code
    assert list(project.folder.iterdir()) == []


@pytest.mark.parametrize("command", [["status"], ["stream", "list"], ["topic", "sync"], ["env", "show"]])
def test_a_command_without_an_environment_is_wrong_usage_and_lists_the_known_ones(project, command):
    name = project.write()
    outcome = project.run(*command)
    assert outcome.exit_code == 2
    assert name in outcome.stderr
    assert outcome.stdout == ""


def test_the_environment_can_come_from_the_shell(project, monkeypatch):
    monkeypatch.setenv("STREAMOPS_ENV", project.write())
    assert project.run("env", "show").exit_code == 0


def test_the_environment_can_be_a_path(project):
    name = project.write()
    outcome = project.run("env", "show", "-e", str(project.folder / f"{name}.yaml"), "-o", "json")
    assert outcome.answer["environment"] == name


def test_an_unknown_environment_is_answered_with_the_nearest_name(project):
    project.write("production")
    outcome = project.run("status", "-e", "producton", "-o", "json")
    assert outcome.exit_code == 1
    assert outcome.answer["status"] == "error"
    assert outcome.answer["errors"][0]["code"] == "not-found"
    assert "did you mean production?" in outcome.stderr


def test_a_wrong_file_is_told_with_its_name_and_no_traceback(project):
    (project.folder / "dev.yaml").write_text("account: [")
    outcome = project.run("stream", "list", "-e", "dev")
    assert outcome.exit_code == 1
    assert "dev.yaml" in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_debug_shows_the_traceback(project):
    (project.folder / "dev.yaml").write_text("account: [")
    outcome = project.run("--debug", "stream", "list", "-e", "dev")
    assert outcome.exit_code == 1
    assert "Traceback" in outcome.stderr


def test_a_bug_is_one_line_that_says_how_to_see_more(project, monkeypatch):
    monkeypatch.setattr("environments.find_environments", lambda: 1 / 0)
    monkeypatch.setattr("cli.env.list.find_environments", lambda: 1 / 0)
    outcome = project.run("env", "list", "-o", "json")
    assert outcome.exit_code == 1
    assert "ZeroDivisionError" in outcome.answer["errors"][0]["message"]
    assert "--debug" in outcome.stderr
    assert "Traceback" not in outcome.stderr
