"""What the rules find in the templates: nothing that is not acknowledged, and nothing acknowledged in vain."""

import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis

from stacks.app import ChecksFailedError, checked_synthesis
from stacks.checks import NAG, TEMPLATE, acknowledge
from tests.stacks.synthesis import new_app

REASON_LENGTH = 30

CHECKERS = {"AwsSolutions": NAG, "CloudFormation Validate": TEMPLATE}
"""Who checks, as the report calls them, and as acknowledgements do."""

THE_CDKS_OWN = {"CloudFormation-Validate::F3002", "CloudFormation-Validate::F3003"}
"""What constructs of the CDK acknowledge about themselves, whether or not it is found."""


def report(output: Path) -> dict[str, Any]:
    written: dict[str, Any] = json.loads((output / "validation-report.json").read_text("utf-8"))
    return written


def acknowledgements(output: Path) -> dict[tuple[str, str], str]:
    """The reason of each acknowledgement, by the place that it stands at and the rule."""
    return {
        (place.removeprefix("/"), rule): reason
        for file in output.glob("assembly-*/*.metadata.json")
        for place, entries in json.loads(file.read_text("utf-8")).items()
        for entry in entries
        if entry["type"] == "aws:cdk:acknowledged-rules"
        for rule, reason in entry["data"].items()
    }


def findings(app: cdk.App) -> set[tuple[str, str]]:
    """Everything that fails the synthesis of `app`, as rule and place."""
    try:
        checked_synthesis(app)
    except ChecksFailedError as error:
        assert "validation-report.json" in str(error)  # noqa: PT017 - an app without findings raises nothing
    return {
        (violation["ruleName"], each["constructPath"])
        for plugin in report(Path(app.outdir))["pluginReports"]
        for violation in plugin["violations"]
        for each in violation["violatingConstructs"]
    }


@pytest.fixture(scope="module", params=["checked", "assembly"])
def output(request: pytest.FixtureRequest) -> Path:
    """What the variants, then what the environments and examples became, with all that was found in them."""
    folder: Path = request.getfixturevalue(request.param)
    return folder


def test_no_check_finds_anything_that_is_not_acknowledged(output: Path):
    for plugin in report(output)["pluginReports"]:
        assert plugin["conclusion"] == "success"
        assert plugin["violations"] == []


def test_what_the_project_comes_with_passes_the_rules_and_the_checks_of_templates(assembly: Path):
    assert {plugin["pluginName"] for plugin in report(assembly)["pluginReports"]} >= CHECKERS.keys()


def test_every_acknowledgement_is_used_and_says_why(output: Path):
    plugins = report(output)["pluginReports"]
    used = {
        (violation["acknowledgedAt"], violation["acknowledgedId"])
        for plugin in plugins
        for violation in plugin["suppressedViolations"]
    }
    ran = tuple(f"{CHECKERS[plugin['pluginName']]}::" for plugin in plugins)
    acknowledged = {place: reason for place, reason in acknowledgements(output).items() if place[1].startswith(ran)}
    assert used
    assert used <= acknowledged.keys()
    assert {rule for _, rule in acknowledged.keys() - used} <= THE_CDKS_OWN
    for place in used:
        assert len(acknowledged[place]) >= REASON_LENGTH, place


def test_a_finding_is_seen_and_an_acknowledgement_covers_its_own_place_only(tmp_path: Path):
    def streams(folder: str, *, acknowledged: bool) -> set[str]:
        app = new_app(tmp_path / folder)
        stack = cdk.Stack(app, "stack")
        for name in ("a", "b"):
            stream = kinesis.Stream(stack, name, encryption=kinesis.StreamEncryption.UNENCRYPTED)
            if acknowledged and name == "a":
                acknowledge(stream, "KDS1", reason="this test asks for it")
        return {place for rule, place in findings(app) if rule == "AwsSolutions-KDS1"}

    assert streams("bare", acknowledged=False) == {"stack/a/Resource", "stack/b/Resource"}
    assert streams("acknowledged", acknowledged=True) == {"stack/b/Resource"}


def test_a_wildcard_is_acknowledged_by_its_exact_finding_only(tmp_path: Path):
    def role(folder: str, *exact: str) -> set[str]:
        app = new_app(tmp_path / folder)
        statement = iam.PolicyStatement(actions=["ecr:GetAuthorizationToken"], resources=["*"])
        made = iam.Role(
            cdk.Stack(app, "stack"),
            "role",
            assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"),
            inline_policies={"all": iam.PolicyDocument(statements=[statement])},
        )
        acknowledge(made, "IAM5", findings=exact, reason="this test asks for it")
        return {rule for rule, _ in findings(app)}

    assert role("rule") == {"AwsSolutions-IAM5[Resource::*]"}
    assert role("exact", "Resource::*") == set()
