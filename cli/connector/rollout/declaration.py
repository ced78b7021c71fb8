"""What the environment file says of a rollout afterwards, and what the next ``cdk deploy`` makes of it. No I/O."""

from __future__ import annotations

from collections.abc import Iterator

from cli.connector.rollout.task_definition import Wanted
from cli.write_back import Edit
from environments import Environment
from environments.quantities import format_size


def size_edits(environment: Environment, wanted: Wanted, image: str) -> list[Edit]:
    """The values of ``connectors:`` that are other than what is live now; all connectors share them.

    Args:
        environment: as the file has it.
        wanted: what was asked for.
        image: the whole reference of the image that runs now.
    """
    settings, edits = environment.connectors, []
    if wanted.image is not None and settings.image != image:
        edits.append(Edit(("connectors", "image"), image))
    if wanted.cpu is not None and settings.cpu != wanted.cpu:
        edits.append(Edit(("connectors", "cpu"), wanted.cpu))
    if wanted.memory_mib is not None and settings.memory != wanted.memory_mib << 20:
        edits.append(Edit(("connectors", "memory"), format_size(wanted.memory_mib << 20)))
    return edits


def next_deploy(environment: Environment, route: str, edits: list[Edit], *, configured: bool) -> Iterator[str]:
    """What ``cdk deploy`` does after this rollout.

    CloudFormation compares the template with the one it deployed last, never with what is live. A task definition that
    differs is registered anew, and ECS rolls a service whenever the ARN of its task definition changes, even where the
    new revision says the same as the one that runs.
    """
    if not edits and not configured:
        return
    if edits:
        told = ", ".join(edit.path[-1] for edit in edits)
        yield (
            f"until the environment file says so too ({told}), cdk deploy leaves this as it is, or goes back to the "
            "declared revision as soon as anything else of the task or the service changes"
        )
    yield (
        "once the file says so, the next cdk deploy registers a revision of its own, and rolls "
        f"{route} once more: CloudFormation compares templates, not what is live"
    )
    if any(edit.path[-1] == "memory" for edit in edits):
        yield (
            "how much the connector may hold of records follows from memory and is part of its configuration: it stays "
            "as it is until the file has the new memory and --config, or cdk deploy, rolls it out"
        )
    others = [name for name in environment.routes if name != route]
    if edits and others:
        yield f"connectors: in the environment file holds for all; that cdk deploy also rolls {', '.join(others)}"
