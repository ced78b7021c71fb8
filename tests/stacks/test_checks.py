"""What the rules find in the templates: nothing that is not acknowledged, and nothing acknowledged in vain."""

import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from cdk_nag import AwsSolutionsChecks

from environments import Environment
from stacks.app import add_stages
from stacks.checks import acknowledge, add_checks
from tests.stacks.synthesis import CONTEXT, VARIANTS, Templates, describe

REASON_LENGTH = 30


def findings(scope: cdk.App) -> set[tuple[str, str]]:
    """Everything that the pack finds in `scope` and nobody acknowledged, as rule and place."""
    report = AwsSolutionsChecks(scope).validate_scope(scope)
    return {
        (violation.rule_name, str(resource.construct_path))
        for violation in report.violations
        for resource in violation.violating_resources
    }


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The validation report of all variants, checked as in a deployment."""
    folder = tmp_path_factory.mktemp("checked")
    app = cdk.App(context=CONTEXT, outdir=str(folder / "out"), analytics_reporting=False)
    environments: list[Environment] = [describe(folder, name, **sections) for name, sections in VARIANTS.items()]
    add_stages(app, environments)
    add_checks(app)
    app.synth()
    written: dict[str, Any] = json.loads((folder / "out" / "validation-report.json").read_text("utf-8"))
    acknowledged = {
        (construct.node.path, rule): reason
        for construct in app.node.find_all()
        for entry in construct.node.metadata
        if entry.type == "aws:cdk:acknowledged-rules"
        for rule, reason in entry.data.items()
    }
    return {**written, "acknowledged": acknowledged}


def test_no_variant_has_a_finding(templates: Templates):
    assert findings(templates.app) == set()


def test_the_deployments_own_checks_find_nothing_either(report: dict[str, Any]):
    for plugin in report["pluginReports"]:
        assert plugin["conclusion"] == "success"
        assert plugin["violations"] == []


def test_every_acknowledgement_is_used_and_says_why(report: dict[str, Any]):
    used = {
        (violation["acknowledgedAt"], violation["acknowledgedId"])
        for plugin in report["pluginReports"]
        for violation in plugin.get("suppressedViolations", [])
    }
    qualified = {place for place in report["acknowledged"] if "::" in place[1].partition("[")[0]}
    assert qualified == used
    for place, reason in report["acknowledged"].items():
        assert len(reason) >= REASON_LENGTH, place


def test_a_finding_is_seen_and_an_acknowledgement_covers_its_own_place_only(tmp_path: Path):
    app = cdk.App(context=CONTEXT, outdir=str(tmp_path), builtin_cloud_formation_validation=False)
    stack = cdk.Stack(app, "stack")
    streams = [kinesis.Stream(stack, name, encryption=kinesis.StreamEncryption.UNENCRYPTED) for name in ("a", "b")]
    both = {("AwsSolutions-KDS1", "stack/a/Resource"), ("AwsSolutions-KDS1", "stack/b/Resource")}
    assert both <= findings(app)
    acknowledge(streams[0], "KDS1", reason="this test asks for it")
    assert {place for rule, place in findings(app) if rule == "AwsSolutions-KDS1"} == {"stack/b/Resource"}


def test_a_wildcard_is_acknowledged_by_its_exact_finding_only(tmp_path: Path):
    app = cdk.App(context=CONTEXT, outdir=str(tmp_path), builtin_cloud_formation_validation=False)
    stack = cdk.Stack(app, "stack")
    statement = iam.PolicyStatement(actions=["ecr:GetAuthorizationToken"], resources=["*"])
    role = iam.Role(
        stack,
        "role",
        assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"),
        inline_policies={"all": iam.PolicyDocument(statements=[statement])},
    )
    acknowledge(role, "IAM5", reason="the rule alone acknowledges nothing")
    assert {rule for rule, _ in findings(app)} == {"AwsSolutions-IAM5[Resource::*]"}
    acknowledge(role, "IAM5", findings=["Resource::*"], reason="this test asks for it")
    assert findings(app) == set()


def test_a_finding_fails_the_synthesis(tmp_path: Path):
    app = cdk.App(
        context=CONTEXT,
        outdir=str(tmp_path),
        analytics_reporting=False,
        builtin_cloud_formation_validation=False,
    )
    kinesis.Stream(cdk.Stack(app, "stack"), "bare", encryption=kinesis.StreamEncryption.UNENCRYPTED)
    add_checks(app)
    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth()
