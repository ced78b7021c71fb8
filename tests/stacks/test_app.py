"""The app as users start it: by the CDK's own command line, or on its own."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from environments import EnvironmentFileError, load_environment
from stacks.connectors import image
from stacks.selection import selected_environments
from tests.stacks.command_line import DESCRIBED, surroundings
from tests.stacks.conftest import Describe
from tests.stacks.synthesis import GIVEN_NETWORK, PLAIN, PROJECT, SILENT, Templates, describe

NOT_PROVISIONED = {"back": {"from": {"stream": "orders"}, "to": {"topic": "clicks"}}}


def manifests(assembly: Path) -> Iterator[dict[str, Any]]:
    for path in (assembly / "manifest.json", *assembly.glob("assembly-*/manifest.json")):
        yield json.loads(path.read_text("utf-8"))


def test_every_environment_file_becomes_a_stage_of_named_stacks(assembly: Path):
    stacks = {
        artifact["properties"]["stackName"]
        for manifest in manifests(assembly)
        for artifact in manifest["artifacts"].values()
        if artifact["type"] == "aws:cloudformation:stack"
    }
    for file in DESCRIBED:
        environment = load_environment(file)
        assert f"{file.stem}-streams" in stacks or not environment.streams
        assert f"{file.stem}-connectors" in stacks or not environment.routes
    assert {"local-network", "local-streams", "local-connectors"} <= stacks


def test_synthesis_looks_nothing_up(assembly: Path):
    assert all(not manifest.get("missing") for manifest in manifests(assembly))


def test_templates_have_no_parameters_no_exports_and_no_custom_resources(assembly: Path):
    templates = list(assembly.glob("assembly-*/*.template.json"))
    assert templates
    for path in templates:
        text = path.read_text("utf-8")
        template = json.loads(text)
        assert "Parameters" not in template, path
        assert not [each for each in template.get("Outputs", {}).values() if "Export" in each], path
        assert "Fn::ImportValue" not in text, path
        kinds = {each["Type"] for each in template["Resources"].values()}
        assert not {
            kind
            for kind in kinds
            if kind.startswith("Custom::") or kind in {"AWS::Lambda::Function", "AWS::CloudFormation::CustomResource"}
        }, path


def test_the_checks_ran(assembly: Path):
    report = json.loads((assembly / "validation-report.json").read_text("utf-8"))
    assert report["pluginReports"]
    assert all(plugin["conclusion"] == "success" for plugin in report["pluginReports"])


def test_the_same_file_gives_the_same_templates_whatever_stands_beside_it(templates: Templates, tmp_path: Path):
    alone = Templates([describe(tmp_path, "plain")], tmp_path / "alone")
    for stack in ("network", "streams", "connectors"):
        assert json.dumps(alone.resources("plain", stack)) == json.dumps(templates.resources("plain", stack))


def test_running_the_connector_does_not_change_its_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    source = tmp_path / "source"
    shutil.copytree(image.SOURCE, source, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(image, "SOURCE", source)
    environment = describe(tmp_path, "image", network=GIVEN_NETWORK, **SILENT)

    def fingerprint(folder: str) -> str:
        made = Templates([environment], tmp_path / folder)
        (staged,) = (each for each in (tmp_path / folder).glob("**/asset.*") if each.is_dir())
        assert (staged / "connector" / "__init__.py").is_file()
        return json.dumps(made.images("image", "connectors"))

    clean = fingerprint("clean")
    leftover = source / "connector" / "__pycache__" / "batch.cpython-311.pyc"
    leftover.parent.mkdir()
    leftover.write_bytes(b"compiled")
    assert fingerprint("used") == clean
    (source / "connector" / "__init__.py").write_text("changed = True\n", "utf-8")
    assert fingerprint("changed") != clean


def test_a_name_narrows_to_one_environment_and_several_to_those(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    for name in ("one", "two", "three"):
        describe(tmp_path, name)
    monkeypatch.setenv("STREAMOPS_ENVIRONMENTS", str(tmp_path))
    assert [each.name for each in selected_environments("two")] == ["two"]
    assert [each.name for each in selected_environments("two, one")] == ["two", "one"]
    assert [each.name for each in selected_environments(None)] == ["one", "three", "two"]


def test_a_path_selects_as_a_name_does_and_both_are_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    folder, elsewhere = tmp_path / "environments", tmp_path / "elsewhere"
    folder.mkdir()
    elsewhere.mkdir()
    describe(folder, "one")
    describe(elsewhere, "two", routes=NOT_PROVISIONED)
    monkeypatch.setenv("STREAMOPS_ENVIRONMENTS", str(folder))
    monkeypatch.chdir(tmp_path)
    assert [each.name for each in selected_environments("environments/one.yaml")] == ["one"]
    assert [each.name for each in selected_environments("environments/one.yaml,one")] == ["one"]
    with pytest.raises(EnvironmentFileError, match=r"^elsewhere/two\.yaml:\d+: routes\.back\.from: "):
        selected_environments("elsewhere/two.yaml")


def test_two_files_of_one_name_cannot_be_selected_together(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    for folder in ("here", "there"):
        (tmp_path / folder).mkdir()
        describe(tmp_path / folder, "one")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EnvironmentFileError, match=r"there/one\.yaml: has the name of .*here/one\.yaml"):
        selected_environments("here/one.yaml,there/one.yaml")


def test_an_unselected_file_may_be_wrong(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, described: Describe):
    described("good")
    (tmp_path / "bad.yaml").write_text("account: 1\n", "utf-8")
    monkeypatch.setenv("STREAMOPS_ENVIRONMENTS", str(tmp_path))
    assert [each.name for each in selected_environments("good")] == ["good"]
    with pytest.raises(EnvironmentFileError, match="bad"):
        selected_environments(None)


def test_an_unknown_name_is_an_error_that_names_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("STREAMOPS_ENVIRONMENTS", str(tmp_path))
    with pytest.raises(EnvironmentFileError, match="nowhere"):
        selected_environments("nowhere")


def test_a_project_without_files_says_how_to_make_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("STREAMOPS_ENVIRONMENTS", str(tmp_path))
    with pytest.raises(EnvironmentFileError, match="streamops env init"):
        selected_environments(None)


def test_all_that_is_wrong_in_all_files_is_told_once_without_a_traceback(tmp_path: Path):
    describe(tmp_path, "unsupported", routes=NOT_PROVISIONED)
    (tmp_path / "broken.yaml").write_text(json.dumps({**PLAIN, "region": "nowhere", "regoin": 1}), "utf-8")
    done = subprocess.run(
        [sys.executable, "app.py"],
        cwd=PROJECT,
        env=surroundings(tmp_path, STREAMOPS_ENVIRONMENTS=str(tmp_path)),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert "broken.yaml" in done.stderr
    assert re.search(r"unsupported\.yaml:\d+: routes\.back\.from: stream orders is not provisioned", done.stderr)
    assert "regoin" in done.stderr
