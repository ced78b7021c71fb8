"""What stands on stdout: one envelope, tables that ``grep`` can read, and what a query picks."""

from __future__ import annotations

import io

import pytest
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


@pytest.mark.parametrize(
    ("query", "output"),
    [
        *((query, []) for query in ("sum(items[].name)", "foo(@)", "items[::0]", "&name", "[&name]", "keys(items)")),
        *(("foo(@)", ["-o", output]) for output in ("json", "yaml")),
    ],
)
def test_a_query_that_does_not_fit_the_answer_is_wrong_usage(project, query, output):
    project.write()
    outcome = project.run("env", "list", "--query", query, *output)
    assert outcome.exit_code == 2
    assert "--query" in outcome.stderr
    assert "bug" not in outcome.stderr
    assert outcome.stdout == ""


def test_a_query_that_does_not_fit_does_not_hide_the_error_of_the_command(project):
    outcome = project.run("env", "show", "-e", "missing", "--query", "foo(@)", "-o", "json")
    assert outcome.exit_code == 1
    assert "no environment 'missing'" in outcome.stderr


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


class Terminal(io.StringIO):
    """A terminal as far as rich asks."""

    def isatty(self) -> bool:
        return True


def test_on_a_narrow_terminal_prose_folds_and_names_stay_whole(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    out = Terminal()
    columns = [Column("NAME", "name"), Column("REASON", "reason", fold=True)]
    print_table([{"name": "n" * 40, "reason": "one two three four five six"}], columns, out=out)
    assert "n" * 40 in out.getvalue()
    assert max(map(len, out.getvalue().splitlines()[1:])) <= 60
    assert len(out.getvalue().splitlines()) > 2


def test_a_name_wider_than_the_terminal_is_not_cut(monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    out = Terminal()
    print_table([{"name": "n" * 40}], [Column("NAME", "name")], out=out)
    assert "n" * 40 in out.getvalue()
