from pathlib import Path

import pytest

import environments
from environments import (
    EnvironmentFileError,
    Finding,
    environment_file,
    environments_folder,
    find_environments,
    load_environment,
    problems_of,
)
from tests.environments.documents import VALID, write


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with two environments; the working directory lies deep inside it."""
    folder = tmp_path / "environments"
    deep = tmp_path / "src" / "deep"
    folder.mkdir()
    deep.mkdir(parents=True)
    (tmp_path / "cdk.json").write_text("{}")
    write(folder, VALID, "prod")
    write(folder, VALID, "staging")
    monkeypatch.delenv("STREAMOPS_ENVIRONMENTS", raising=False)
    monkeypatch.chdir(deep)
    return tmp_path


def refused(name: str | Path) -> str:
    with pytest.raises(EnvironmentFileError) as error:
        load_environment(name)
    return str(error.value)


def test_a_name_is_looked_up_in_the_project_around_the_working_directory(project):
    assert load_environment("prod").name == "prod"
    assert find_environments() == {
        "prod": project / "environments" / "prod.yaml",
        "staging": project / "environments" / "staging.yaml",
    }


@pytest.mark.usefixtures("project")
def test_the_variable_wins_over_the_project(tmp_path_factory, monkeypatch):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    write(elsewhere, VALID, "other")
    monkeypatch.setenv("STREAMOPS_ENVIRONMENTS", str(elsewhere))
    assert list(find_environments()) == ["other"]
    assert load_environment("other").name == "other"


def test_a_relative_folder_is_meant_from_here_wherever_it_is_handed_on_to(tmp_path, monkeypatch):
    folder, elsewhere = tmp_path / "mine", tmp_path / "elsewhere"
    folder.mkdir()
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    monkeypatch.setenv("STREAMOPS_ENVIRONMENTS", "../mine")
    assert environments_folder() == folder.resolve()
    assert environments_folder().is_absolute()


def test_findings_of_others_are_told_with_their_lines(tmp_path):
    file = write(tmp_path, VALID, "prod")
    finding = Finding("is not provisioned", "take it out", ("streams", "clicks", "mode"), "on-demand")
    (problem,) = problems_of(file, [finding])
    assert str(problem) == f"{file}:10: streams.clicks.mode: on-demand is not provisioned; take it out"


@pytest.mark.usefixtures("project")
def test_the_file_of_an_environment_is_found_by_name_and_by_path(project):
    file = project / "environments" / "prod.yaml"
    assert environment_file("prod") == file
    assert environment_file(file) == environment_file(str(file)) == file


def test_outside_of_projects_the_shipped_environments_are_found(tmp_path, monkeypatch):
    monkeypatch.delenv("STREAMOPS_ENVIRONMENTS", raising=False)
    monkeypatch.chdir(tmp_path)
    assert environments_folder() == Path(environments.__file__).parent
    assert {"dev", "local"} <= find_environments().keys()


@pytest.mark.parametrize("spelled", [str, Path])
def test_a_path_needs_no_project(tmp_path, monkeypatch, spelled):
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path, VALID, "alone")
    assert load_environment(spelled(path)).name == "alone"
    assert load_environment("alone.yaml").name == "alone"


@pytest.mark.usefixtures("project")
def test_an_unknown_name_lists_the_known_ones_and_guesses():
    told = refused("stagin")
    assert "prod, staging" in told
    assert "did you mean staging?" in told
    assert "streamops env init other-name" in refused("other-name")


@pytest.mark.usefixtures("project")
def test_a_project_without_environments_tells_how_to_make_one():
    for path in find_environments().values():
        path.unlink()
    assert "streamops env init prod" in refused("prod")


def test_a_missing_file_and_a_folder_are_told_as_such(project):
    assert "no such file" in refused("./nowhere.yaml")
    (project / "folder.yaml").mkdir()
    assert "is a directory" in refused(project / "folder.yaml")


def test_a_file_name_that_cannot_name_an_environment_is_refused(project):
    assert "'Prod_1', which is not a short name" in refused(write(project, VALID, "Prod_1"))


def test_files_below_the_working_directory_are_told_by_their_short_path(project, monkeypatch):
    monkeypatch.chdir(project)
    write(project / "environments", VALID + "colour: red\n", "prod")
    assert refused("prod").startswith("environments/prod.yaml:13: colour: ")
