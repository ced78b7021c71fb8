"""Rolling out a connector as a change: planned from what runs, begun, followed, held against lag."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cli.aws import Aws
from cli.connector.rollout import configuration, operations
from cli.connector.rollout.declaration import next_deploy, size_edits
from cli.connector.rollout.deploy_plan import Found, begin, go_on, verified
from cli.connector.rollout.execution import LAG_BEFORE, LAG_GATE, Rollout
from cli.connector.rollout.patience import Patience
from cli.connector.rollout.service import LiveService, check_unchanged, read_service, register, with_limits
from cli.connector.rollout.strategy import LIMITS, Strategy
from cli.connector.rollout.task_definition import Wanted, changed, differences, with_tag
from cli.environment import declared
from cli.output import note
from cli.plan import Operation, Plan, fingerprint
from cli.write_back import Edit
from environments import Environment


@dataclass(frozen=True)
class ConnectorDeploy:
    """Roll another image, size or configuration out to the tasks of a route."""

    environment: Environment
    route: str
    wanted: Wanted
    text: str | None = None
    """The configuration that the environment file declares; None where it is left as it is."""
    strategy: Strategy | None = None
    patience: Patience = field(default_factory=Patience)
    verify_first: bool = True

    command: str = "connector deploy"

    @classmethod
    def from_arguments(cls, environment: Environment, arguments: Mapping[str, Any]) -> ConnectorDeploy:
        """The change that a saved plan was made for."""
        declared(environment, "routes", arguments["route"])
        strategy = arguments["strategy"]
        return cls(
            environment,
            arguments["route"],
            Wanted(arguments["image"], arguments["cpu"], arguments["memory_mib"], arguments["config_sha256"]),
            arguments["configuration"],
            Strategy(strategy) if strategy else None,
            Patience.from_json(arguments["patience"]),
            bool(arguments["verify"]),
        )

    @property
    def arguments(self) -> Mapping[str, Any]:
        """Which route, and what it shall run; of the configuration the whole text, which holds no secrets."""
        return {
            "route": self.route,
            "image": self.wanted.image,
            "cpu": self.wanted.cpu,
            "memory_mib": self.wanted.memory_mib,
            "config_sha256": self.wanted.config_sha256,
            "configuration": self.text,
            "strategy": self.strategy and self.strategy.value,
            "patience": self.patience.as_json(),
            "verify": self.verify_first,
        }

    @property
    def command_line(self) -> str:
        """To ask for it again."""
        wanted = self.wanted
        given = (
            f"--image {wanted.image}" if wanted.image else "",
            f"--cpu {wanted.cpu}" if wanted.cpu else "",
            f"--memory {wanted.memory_mib}MiB" if wanted.memory_mib else "",
            "--config" if self.text is not None else "",
            f"--strategy {self.strategy}" if self.strategy else "",
            *self.patience.options,
            "" if self.verify_first else "--no-verify",
        )
        return " ".join((self.command, self.route, *filter(None, given)))

    def plan(self) -> Plan:
        """Compare what is asked for with what runs; with what is under way, where that is the same."""
        aws = Aws(self.environment)
        aws.check_account()
        found = self._find(aws)
        if not found.changes:
            plan = go_on(self.environment, self.route, found, self.patience)
        else:
            checks = verified(self.environment, aws, self.route, self._image(found)) if self.verify_first else ()
            plan = begin(self.environment, self.route, found, self.strategy, self.patience, checks)
        edits = self._edits(self._image(found))
        warnings = (*plan.warnings, *next_deploy(self.environment, self.route, edits, configured=bool(found.keys)))
        return Plan(
            plan.resource,
            _fingerprint(found),
            plan.operations,
            summary={
                "task_definition": found.service.task,
                "image": found.service.image,
                "image_after": self._image(found),
                **plan.summary,
            },
            warnings=warnings if plan.operations else plan.warnings,
            refusals=plan.refusals,
        )

    def carry_out(self, plan: Plan, *, wait: bool) -> Iterator[Operation]:
        """Do the steps in order; those that wait are left out where nobody waits.

        Raises:
            StalePlanError: the service is not what the plan was made for.
            RolloutFailedError: it was rolled back.
        """
        aws = Aws(self.environment)
        rollout = Rollout(aws, self.route, self.patience)
        found = self._find(aws)
        if any(operation.kind == operations.UPDATE for operation in plan.operations):
            check_unchanged(self.environment, self.route, plan.fingerprint, _fingerprint(found))
        for operation in plan.operations:
            if operation.kind in operations.WAITING:
                if not wait:
                    note("not followed; the same command again goes on with it")
                    if any(each.kind == operations.CONFIGURE for each in plan.operations):
                        note("should ECS take it back, nobody puts the configuration back that was there before")
                    return
                rollout.wait_for(operation)
            else:
                self._do(operation, plan, rollout, found.service)
            yield operation

    def _do(self, operation: Operation, plan: Plan, rollout: Rollout, service: LiveService) -> None:
        if operation.kind == operations.CONFIGURE:
            configuration.put_configuration(rollout.aws, self.route, self.text or "")
        elif operation.kind == operations.REGISTER:
            tags = {key: value for key, value in service.definition_tags.items() if key != LAG_GATE}
            if before := plan.summary.get("lag_before"):
                tags[LAG_BEFORE] = before
            rollout.task_definition = register(rollout.aws, changed(service.definition, self.wanted), tags)
        else:
            now = fingerprint(read_service(rollout.aws, self.route).state())
            check_unchanged(self.environment, self.route, fingerprint(service.state()), now)
            limits = LIMITS[Strategy(operation.details["strategy"])]
            rollout.begin(deploymentConfiguration=with_limits(service.configuration, limits))

    def verify(self, plan: Plan) -> Sequence[str]:
        """Read what runs now."""
        del plan
        found = self._find(Aws(self.environment))
        return [f"{key} is {values['from']}, not {values['to']}" for key, values in found.changes.items()]

    def declaration(self, plan: Plan) -> Sequence[Edit]:
        """Image and size as they are live now; the configuration comes out of the file anyway."""
        return self._edits(str(plan.summary["image_after"]))

    def _find(self, aws: Aws) -> Found:
        service = read_service(aws, self.route)
        text = None if self.text is None else configuration.read_configuration(aws, self.route)
        keys: dict[str, dict[str, str]] = {}
        if self.text is not None and text is not None:
            # Tasks that run may have an older text: a rollout that was interrupted has put the new one there already.
            for each in (text, configuration.started_with(aws, self.route, service.config_sha256) or text):
                keys |= configuration.configuration_differences(each, self.text)
        return Found(
            service=service,
            differences=differences(service.definition, changed(service.definition, self.wanted)),
            text=text,
            keys=keys,
            wanted_text=self.text,
        )

    def _image(self, found: Found) -> str:
        return with_tag(found.service.image, self.wanted.image) if self.wanted.image else found.service.image

    def _edits(self, image: str) -> list[Edit]:
        return size_edits(self.environment, self.wanted, image)


def _fingerprint(found: Found) -> str:
    return fingerprint([found.service.state(), configuration.sha256_of(found.text or "")])
