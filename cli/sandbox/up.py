"""``streamops sandbox up``."""

from __future__ import annotations

from cli.output import note
from cli.sandbox.environment import SANDBOX_ENVIRONMENT, SandboxEnvironment, prefix
from sandbox.lifecycle import up
from sandbox.report import Reporter, shown


def command(*, env: SandboxEnvironment = SANDBOX_ENVIRONMENT) -> None:
    """Bring a sandbox up, or up to date: what runs already is kept, what has changed is deployed.

    Everything lies in ``.sandbox/NAME`` beside the environments, or in the directory that ``STREAMOPS_SANDBOX``
    names, which is how two sandboxes run side by side. Ports are free ones.
    """
    state = up(env, Reporter())
    note(f"\nthe sandbox is up in {shown(state.directory)}")
    note(f"  {prefix()}streamops sandbox run flights -e {env}   move 336,776 flights through it, with a verdict")
    note(f"  {prefix()}streamops status -e {env}                look at all of it")
    note(f"  {prefix()}streamops sandbox down -e {env}          take it down")
