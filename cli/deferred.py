"""Command groups whose members are imported when they are called.

boto3, pydantic and a Kafka client take most of a second to import. A command that needs them imports them at the top
of its own module, as any module does; what defers the cost is that the module itself is imported only when its
command runs. Summaries and examples stand in the tables of the groups, so ``--help`` of a group imports none of them.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand, TyperGroup

if TYPE_CHECKING:
    from typer._click.core import Command, Context  # typer re-exports only its own subclass


@dataclass(frozen=True)
class Member:
    """One entry of a group: where it is implemented, and what its parent's help says about it."""

    module: str
    """Defines ``app`` (a group) or ``command`` (a verb)."""
    summary: str
    example: str = ""
    """A complete command line; the help of the verb opens with it."""


class DeferredCommand(TyperCommand):
    """Stands for a command in its group's help until the command is called."""

    def __init__(self, name: str, member: Member) -> None:
        super().__init__(name=name, help=member.summary, short_help=member.summary)
        self.member = member

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: Context | None = None,
        **extra: Any,  # noqa: ANN401 - passed through
    ) -> Context:
        """Import the command and let it take over: everything after this sees the real one."""
        return load(self.member).make_context(info_name, args, parent=parent, **extra)


class DeferredGroup(TyperGroup):
    """A group that knows its members by name; ``deferred_app`` makes them."""

    members: Mapping[str, Member] = {}

    def __init__(
        self,
        *,
        commands: dict[str, Command] | Sequence[Command] | None = None,
        **attributes: Any,  # noqa: ANN401 - passed through
    ) -> None:
        super().__init__(commands=commands, **attributes)
        self.commands.update({name: DeferredCommand(name, member) for name, member in self.members.items()})


def deferred_app(
    members: Mapping[str, Member],
    *,
    help: str,  # noqa: A002 - named as typer names it
    base: type[DeferredGroup] = DeferredGroup,
    completion: bool = False,
) -> typer.Typer:
    """A Typer app with the given members; ``help`` is what its own ``--help`` says first."""
    group = type("Group", (base,), {"members": members})
    app = typer.Typer(
        cls=group,
        help=help,
        add_completion=completion,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
    )
    # Typer takes an app without any command of its own for a mistake, unless it has a callback.
    app.callback(help=help)(_nothing)
    return app


def _nothing() -> None:
    pass


def load(member: Member) -> Command:
    """Import a member and give its command."""
    module = importlib.import_module(member.module)
    app: typer.Typer | None = getattr(module, "app", None)
    if app is not None:
        return typer.main.get_command(app)
    verb: Callable[..., None] = module.command
    single = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich")
    single.command(help=f"Example: {member.example}\n\n{_prose(verb)}")(verb)
    return typer.main.get_command(single)


def _prose(verb: Callable[..., None]) -> str:
    """The docstring as help: Typer keeps line breaks inside a paragraph, which were made for the editor."""
    paragraphs = (inspect.getdoc(verb) or "").replace("``", "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
