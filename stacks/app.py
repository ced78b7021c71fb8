"""The CDK app over a set of environments."""

from collections.abc import Iterable

import aws_cdk as cdk

from environments import Environment
from stacks.checks import add_checks
from stacks.selection import selected_environments
from stacks.stage import EnvironmentStage


class ChecksFailedError(Exception):
    """The synthesized templates broke a rule; the CDK has printed which, and where."""


def synthesize() -> None:
    """Synthesize the environments that the context value `env` names, or all there are.

    Raises:
        EnvironmentFileError: an environment file is wrong, or describes what is not provisioned.
        ChecksFailedError: the templates were written, and a check found something in them.
    """
    # A trace of each construct would end in jsii, which tells nothing of the Python that made it, and costs time.
    app = cdk.App(analytics_reporting=False, stack_traces=False)
    add_stages(app, selected_environments(app.node.try_get_context("env")))
    checked_synthesis(app)


def add_stages(app: cdk.App, environments: Iterable[Environment]) -> dict[str, EnvironmentStage]:
    """Add a stage for each environment, and return them by name."""
    return {environment.name: EnvironmentStage(app, environment) for environment in environments}


def checked_synthesis(app: cdk.App) -> None:
    """Synthesize `app` with all checks.

    Raises:
        ChecksFailedError: a check found something.
    """
    add_checks(app)
    try:
        app.synth()
    except RuntimeError as error:
        # jsii has one exception for everything; only its text tells a finding from a bug.
        if not str(error).startswith("ValidationFailed"):
            raise
        raise ChecksFailedError(str(error).removeprefix("ValidationFailed: ")) from None
