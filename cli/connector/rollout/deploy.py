"""``streamops connector deploy``."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.change import Consent, run
from cli.connector.options import RouteName
from cli.connector.rollout.options import CatchUp, Stable, Timeout, WithGate, patience
from cli.connector.rollout.patience import CATCH_UP, STABLE, TIMEOUT
from cli.connector.rollout.strategy import Strategy
from cli.environment import declared, open_environment
from cli.errors import WrongUsageError
from cli.options import Confirm, DryRun, EnvironmentName, Output, Query, Save, Wait, WriteBack, Yes
from cli.output import Answer, Format, note

Image = Annotated[
    str | None,
    typer.Option(metavar="TAG", help="Another tag or digest (sha256:...) of the image that runs, or a whole name."),
]
Config = Annotated[
    bool, typer.Option("--config", help="The configuration that the environment file declares (runs the CDK app).")
]
Cpu = Annotated[int | None, typer.Option(metavar="UNITS", help="CPU units of a task; 1024 are one vCPU.")]
Memory = Annotated[str | None, typer.Option(metavar="SIZE", help="Memory of a task, such as 2GiB.")]
How = Annotated[
    Strategy | None,
    typer.Option("--strategy", help="New tasks beside the old, or after them. By default what the change allows."),
]
Verified = Annotated[bool, typer.Option("--verify/--no-verify", help="Run connector verify first.")]


def command(  # noqa: PLR0913 - one parameter is one option of the grammar that all changes share
    ctx: typer.Context,
    route: RouteName,
    environment: EnvironmentName = None,
    *,
    image: Image = None,
    config: Config = False,
    cpu: Cpu = None,
    memory: Memory = None,
    strategy: How = None,
    verify: Verified = True,
    gate: WithGate = True,
    stable: Stable = STABLE,
    catch_up: CatchUp = CATCH_UP,
    timeout: Timeout = TIMEOUT,
    dry_run: DryRun = False,
    save: Save = None,
    yes: Yes = False,
    confirm: Confirm = None,
    wait: Wait = True,
    write_back: WriteBack = None,
    output: Output = Format.TABLE,
    query: Query = None,
) -> None:
    """Roll out another image, size or configuration, and wait until its consumers have caught up.

    What it depends on is verified first. The deployment is followed to its end; a rollout that ECS takes back, or whose
    consumers do not catch up, is exit code 5 with the reasons. The same command again goes on where one was left.
    """
    from cli.connector.rollout.configuration import sha256_of
    from cli.connector.rollout.deploying import ConnectorDeploy
    from cli.connector.rollout.task_definition import Wanted

    if image is None and cpu is None and memory is None and not config:
        raise WrongUsageError("roll out what? Give --image, --config, --cpu or --memory")
    held = patience(stable, catch_up, timeout, gate=gate)
    memory_mib = _mib(memory)
    answer = Answer.begin(ctx, output, query)
    opened = open_environment(answer, environment)
    declared(opened, "routes", route)
    _check_size(cpu or opened.connectors.cpu, memory_mib or opened.connectors.memory >> 20, given=bool(cpu or memory))
    text = None
    if config:
        from cli.connector.rollout.declared import declared_configuration

        note("rendering the declared configuration")
        text = declared_configuration(opened, environment or opened.name, route)
    wanted = Wanted(image, cpu, memory_mib, sha256_of(text) if text is not None else None)
    change = ConnectorDeploy(opened, route, wanted, text, strategy, held, verify)
    consent = Consent(dry_run=dry_run, save=save, yes=yes, confirm=confirm, wait=wait, write_back=write_back)
    run(change, consent, answer, environment or opened.name)


def _mib(memory: str | None) -> int | None:
    if memory is None:
        return None
    from environments.quantities import parse_size

    try:
        return parse_size(memory) >> 20
    except ValueError as error:
        raise WrongUsageError(f"--memory: {error}") from error


def _check_size(cpu: int, memory_mib: int, *, given: bool) -> None:
    """Fargate sells certain pairs only."""
    from environments.connectors import FARGATE_MEMORY
    from environments.quantities import format_size

    if not given or memory_mib << 20 in FARGATE_MEMORY.get(cpu, ()):
        return
    if cpu not in FARGATE_MEMORY:
        raise WrongUsageError(f"--cpu {cpu} is none that Fargate offers", f"use {', '.join(map(str, FARGATE_MEMORY))}")
    sizes = ", ".join(map(format_size, FARGATE_MEMORY[cpu]))
    raise WrongUsageError(
        f"Fargate offers no {format_size(memory_mib << 20)} of memory with --cpu {cpu}", f"with it, it offers {sizes}"
    )
