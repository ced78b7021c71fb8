"""What stands on stdout: one envelope, tables that ``grep`` can read, and what a query picks."""

from __future__ import annotations

import io

from ruamel.yaml import YAML

from cli.output import Column, print_table


def test_every_json_answer_has_the_same_envelope(project):
    name = project.write()
    for command in (["env", "show", "-e", name], ["env", "show", "-e", "missing"], ["env", "list"]):
        answer = project.run(*command, "-o", "json").answer
        assert {"_command", "_version", "environment", "status", "items", "errors"} <= set(answer)
        assert answer["_command"] == " ".join(command[:2])
        assert answer["_version"] == 1


def test_yaml_says_the_same_as_json(project):
    name = project.write()
    command = ["env", "show", "-e", name, "-o"]
    assert YAML(typ="safe").load(project.run(*command, "yaml").stdout) == project.run(*command, "json").answer


def test_a_query_that_finds_words_prints_them_one_a_line(project):
    names = sorted([project.write(), project.write()])
    outcome = project.run("env", "list", "--query", "items[].name")
    assert outcome.stdout.split("\n") == [*names, ""]


def test_a_query_picks_from_json_too(project):
    name = project.write()
    assert project.run("env", "list", "--query", "items[0].name", "-o", "json").stdout == f'"{name}"\n'


def test_a_wrong_query_is_wrong_usage(project):
    outcome = project.run("env", "list", "--query", "items[")
    assert outcome.exit_code == 2
    assert "JMESPath" in outcome.stderr


def test_a_table_off_the_terminal_is_as_wide_as_its_content():
    name = "n" * 300
    out = io.StringIO()
    print_table([{"name": name, "size": 1_234_567, "on": True, "gone": None}], COLUMNS, out=out)
    heading, row, *rest = out.getvalue().splitlines()
    assert row.split() == [name, "1,234,567", "yes", "-"]
    assert heading.split() == ["NAME", "SIZE", "ON", "GONE"]
    assert rest == []
    assert heading == heading.rstrip()


def test_a_table_off_the_terminal_has_no_colour_codes():
    out = io.StringIO()
    print_table([{"name": "bad"}], [Column("HEALTH", "name")], out=out)
    assert "\x1b" not in out.getvalue()


COLUMNS = (Column("NAME", "name"), Column("SIZE", "size", right=True), Column("ON", "on"), Column("GONE", "gone"))
