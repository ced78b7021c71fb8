"""Carrying out a rollout: begun, followed, held against lag, and taken back where that fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cli.aws import Aws
from cli.connector import deployments
from cli.connector.deployments import Deployment
from cli.connector.rollout import configuration, operations, service
from cli.connector.rollout.following import begun, failure, follow, passes
from cli.connector.rollout.gate import Baseline
from cli.connector.rollout.lag import hold
from cli.connector.rollout.patience import Patience
from cli.connector.rollout.strategy import DECLARED
from cli.connector.rollout.task_definition import config_sha256
from cli.errors import CliError, IncompleteError, RolloutFailedError
from cli.output import note
from cli.plan import Operation

LAG_BEFORE = "streamops:lag-before"
"""Tag of a task definition: the lag before it was rolled out, so that a rollout can be gone on with."""
LAG_GATE = "streamops:lag-gate"
"""Tag of a task definition: what came of the gate."""
PASSED, FAILED = "passed", "failed"


class Rollout:
    """One rollout of a route's service, step by step."""

    def __init__(self, aws: Aws, route: str, patience: Patience) -> None:
        self.aws, self.route, self.patience = aws, route, patience
        self._before: str | None = None
        self._answered: str | None = None
        self.task_definition = ""
        """ARN of what is rolled out."""
        self._arn: str | None = None

    def begin(self, **changes: Any) -> None:  # noqa: ANN401 - as UpdateService takes them
        """Have ECS replace the tasks by those of ``task_definition``."""
        last = deployments.newest(self.aws, self.route)
        self._before, self._arn = last.arn if last else None, None
        self._answered = service.update_service(self.aws, self.route, taskDefinition=self.task_definition, **changes)

    def take_up(self, arn: str) -> None:
        """Go on with a deployment that is there already."""
        self._arn = arn

    def wait_for(self, operation: Operation) -> None:
        """Do one of the steps that wait."""
        match operation.kind:
            case operations.FOLLOW:
                if arn := operation.details.get("deployment"):
                    self.take_up(arn)
                self.follow()
            case operations.HOLD:
                if arn := operation.details.get("deployment"):
                    self.take_up(arn)
                self.hold(operations.baseline_of(operation), operation.details["back_to"])
            case operations.RESTORE:
                self.restore()

    def follow(self) -> Deployment:
        """Follow the deployment to its end.

        Raises:
            RolloutFailedError: it did not succeed; the configuration of what runs again is put back.
            IncompleteError: it has not ended in time.
        """
        if self._arn is None:
            self.take_up(self._begun())
            note(f"following deployment {str(self._arn).rpartition('/')[2]}")
        ended = follow(self.aws, str(self._arn), timeout=self.patience.timeout, going_back=self._configuration_back)
        if ended.status == "SUCCESSFUL":
            return ended
        if not self._replaced_by(ended):
            _as_far_as_possible("the strategy cannot be put back", self.restore)
        raise self._failure(ended)

    def hold(self, baseline: Baseline, back_to: str | None) -> None:
        """Hold what runs now against the lag that was before, and go back where it does not pass.

        Raises:
            RolloutFailedError: it did not pass.
        """
        why = hold(
            self.aws.environment,
            self.route,
            baseline,
            stable=self.patience.stable,
            catch_up=self.patience.catch_up,
            still_ours=self._still_ours,
        )
        if why is None:
            note("the consumers have caught up")
            self._remember(PASSED)
            return
        raise self._go_back(why, back_to)

    def restore(self) -> None:
        """Give the service the limits of its declaration back; this begins no deployment."""
        live = service.describe_service(self.aws, self.route)
        settings: Mapping[str, Any] = live.get("deploymentConfiguration") or {}
        if (settings.get("minimumHealthyPercent"), settings.get("maximumPercent")) != DECLARED:
            changed = service.with_limits(settings, DECLARED)
            service.update_service(self.aws, self.route, deploymentConfiguration=changed)

    def _configuration_back(self, deployment: Deployment) -> None:
        """Tasks of the revision before shall start with the configuration that belongs to them."""
        if deployment.source is not None:
            self._configure_as_of(deployment.source.task_definition)

    def _configure_as_of(self, arn: str) -> None:
        """The same, where tasks go back to a definition whether that can be done or not."""

        def configure() -> None:
            self.configure_for(service.read_definition(self.aws, arn)[0])

        _as_far_as_possible("the configuration cannot be put back", configure)

    def configure_for(self, definition: Mapping[str, Any]) -> None:
        """Put the configuration back that belongs to a task definition."""
        try:
            text = configuration.belonging_to(self.aws, self.route, config_sha256(definition))
        except CliError as error:
            note(f"{error.message}; {error.way_out}")
            return
        if text is not None:
            configuration.put_configuration(self.aws, self.route, text)
            note("the configuration is what it was before")

    def _replaced_by(self, deployment: Deployment) -> Deployment | None:
        last = deployments.newest(self.aws, self.route)
        return last if last is not None and last.arn != deployment.arn else None

    def _still_ours(self) -> None:
        try:
            last = deployments.newest(self.aws, self.route)
        except (ClientError, BotoCoreError) as error:
            if not passes(error):
                raise
            return  # asked again at the next look
        if last is not None and self._arn is not None and last.arn != self._arn:
            raise RolloutFailedError(
                f"another deployment of {self.route} has taken the place of this one before the consumers had caught "
                f"up: {last.id}, of {_task(last)}",
                f"see: streamops connector status {self.route} -e {self.aws.environment.name}",
            )

    def _failure(self, ended: Deployment) -> RolloutFailedError:
        found, other = failure(self.aws, self.route, ended), self._replaced_by(ended)
        if other is None:
            return found
        told = f"{found.message}\n  another deployment has taken its place: {other.id}, of {_task(other)}"
        return RolloutFailedError(told, found.way_out)

    def _go_back(self, why: str, back_to: str | None) -> RolloutFailedError:
        what = f"the new tasks of {self.route} run, and its consumers have not caught up: {why}"
        logs = f"their log: streamops connector logs {self.route} -e {self.aws.environment.name}"
        if back_to is None:
            return RolloutFailedError(f"{what}; there is no revision to go back to", logs)
        self._still_ours()
        # ECS remembers it as SUCCESSFUL: later rollbacks must not take it for a revision that worked.
        self._remember(FAILED)
        task = back_to.rpartition("/")[2]
        note(f"{what}; going back to {task}")
        target = service.usable(self.aws, back_to)
        self._configure_as_of(target)
        self.task_definition = target
        self.begin()
        try:
            ended = follow(self.aws, self._begun(), timeout=self.patience.timeout)
        except IncompleteError as error:
            return RolloutFailedError(f"{what}; going back to {task}: {error.message}", logs)
        except KeyboardInterrupt:  # whoever is told to run the same command again would roll the bad one out again
            return RolloutFailedError(f"{what}; it is on its way back to {task}, which was not waited for", logs)
        _as_far_as_possible("the strategy cannot be put back", self.restore)
        if ended.status == "SUCCESSFUL":
            return RolloutFailedError(f"{what}; back at {task}", logs)
        failed = failure(self.aws, self.route, ended)
        return RolloutFailedError(f"{what}; and going back has failed:\n{failed.message}", failed.way_out)

    def _remember(self, verdict: str) -> None:
        def tag() -> None:
            live = service.describe_service(self.aws, self.route)["taskDefinition"]
            service.tag_definition(self.aws, live, **{LAG_GATE: verdict})

        _as_far_as_possible(f"it cannot be noted that the lag gate was {verdict}", tag)

    def _begun(self) -> str:
        return begun(
            self.aws, self.route, before=self._before, answered=self._answered, task_definition=self.task_definition
        ).arn


def _as_far_as_possible(problem: str, step: Callable[[], None]) -> None:
    """Do what must not keep a rollout from going back, nor hide how it ended; tell where it cannot be done."""
    try:
        step()
    except (CliError, ClientError, BotoCoreError) as error:
        note(f"{problem}: {error}")


def _task(deployment: Deployment) -> str:
    return deployment.target.task if deployment.target else "a revision that ECS does not know"
