"""A plan in a file: made now, perhaps reviewed, carried out later by ``streamops apply FILE``."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cli.errors import CliError, StalePlanError
from cli.plan import Plan
from environments import Environment

FORMAT = 1


@dataclass(frozen=True)
class SavedPlan:
    """A plan and all that is needed to make sure that it is carried out where it was meant to be."""

    command: str
    """That made it, such as ``topic sync``."""
    arguments: Mapping[str, Any]
    """Of that command, in JSON types."""
    environment: str
    """Name or path, as the user gave it."""
    account: str
    region: str
    created: datetime
    plan: Plan

    @classmethod
    def of(
        cls, command: str, arguments: Mapping[str, Any], reference: str, environment: Environment, plan: Plan
    ) -> SavedPlan:
        """The plan that ``command`` made just now for ``environment``, which the user named by ``reference``."""
        return cls(
            command=command,
            arguments=arguments,
            environment=reference,
            account=environment.account,
            region=environment.region,
            created=datetime.now(UTC).replace(microsecond=0),
            plan=plan,
        )

    def write(self, path: Path) -> None:
        """Write the file, readable by its owner only: a plan names accounts, resources and their sizes."""
        document = {
            "format": FORMAT,
            "command": self.command,
            "arguments": dict(self.arguments),
            "environment": self.environment,
            "account": self.account,
            "region": self.region,
            "created": self.created.isoformat(),
            "plan": self.plan.as_json(),
        }
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                path.chmod(0o600)  # a file that was there before has kept its mode
            file.write(json.dumps(document, indent=2) + "\n")

    @classmethod
    def read(cls, path: Path) -> SavedPlan:
        """Read a file that ``write`` wrote; CliError when it is none, or of another format."""
        way_out = "make a plan with --save FILE of the command that plans the change"
        try:
            document = json.loads(path.read_text("utf-8"))
            if document["format"] != FORMAT:
                raise CliError(
                    f"{path}: plan format {document['format']} is not {FORMAT}, which this version reads", way_out
                )
            return cls(
                command=document["command"],
                arguments=document["arguments"],
                environment=document["environment"],
                account=document["account"],
                region=document["region"],
                created=datetime.fromisoformat(document["created"]),
                plan=Plan.from_json(document["plan"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise CliError(f"{path} is not a saved plan ({type(error).__name__}: {error})", way_out) from error

    def check_target(self, environment: Environment) -> None:
        """Refuse a plan whose environment points to another place since it was made."""
        now, then = (environment.account, environment.region), (self.account, self.region)
        if now != then:
            raise StalePlanError(
                f"the plan was made for account {then[0]} in {then[1]}, but environment {environment.name} "
                f"is now account {now[0]} in {now[1]}",
                f"make a new plan: streamops {self.command} -e {self.environment}",
            )
