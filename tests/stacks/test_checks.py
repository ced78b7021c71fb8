"""What the rules find in the templates: nothing that is not acknowledged, and nothing acknowledged in vain."""

import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis

from stacks.app import ChecksFailedError, add_stages, checked_synthesis
from stacks.checks import acknowledge
from tests.stacks.synthesis import VARIANTS, describe, new_app

REASON_LENGTH = 30

THE_CDKS_OWN = {"CloudFormation-Validate::F3002", "CloudFormation-Validate::F3003"}
"""What constructs of the CDK acknowledge about themselves, whether or not it is found."""


def report(app: cdk.App) -> dict[str, Any]:
    written: dict[str, Any] = json.loads((Path(app.outdir) / "validation-report.json").read_text("utf-8"))
    return written


def findings(app: cdk.App) -> set[tuple[str, str]]:
    """Everything that fails the synthesis of `app`, as rule and place."""
    try:
        checked_synthesis(app)
    except ChecksFailedError as error:
        assert "validation-report.json" in str(error)  # noqa: PT017 - an app without findings raises nothing
    return {
        (violation["ruleName"], each["constructPath"])
        for plugin in report(app)["pluginReports"]
        for violation in plugin["violations"]
        for each in violation["violatingConstructs"]
    }


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> cdk.App:
    """All variants, synthesized with the checks of a deployment."""
    folder = tmp_path_factory.mktemp("checked")
    app = new_app(folder / "out", validate=True)
    add_stages(app, [describe(folder, name, **sections) for name, sections in VARIANTS.items()])
    checked_synthesis(app)
    return app


def test_no_check_finds_anything_that_is_not_acknowledged(checked: cdk.App):
    plugins = report(checked)["pluginReports"]
    assert {plugin["pluginName"] for plugin in plugins} >= {"AwsSolutions", "CloudFormation Validate"}
    for plugin in plugins:
        assert plugin["conclusion"] == "success"
        assert plugin["violations"] == []


def test_every_acknowledgement_is_used_and_says_why(checked: cdk.App):
    used = {
        (violation["acknowledgedAt"], violation["acknowledgedId"])
        for plugin in report(checked)["pluginReports"]
        for violation in plugin["suppressedViolations"]
    }
    acknowledged = {
        (construct.node.path, rule): reason
        for construct in checked.node.find_all()
        for entry in construct.node.metadata
        if entry.type == "aws:cdk:acknowledged-rules"
        for rule, reason in entry.data.items()
    }
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
