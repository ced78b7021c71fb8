"""What all sections of a configuration have in common."""

from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Final, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from connector.redaction import holds_login

KIBIBYTE: Final = 1 << 10
MEBIBYTE: Final = 1 << 20

_HIGHEST_PORT: Final = 65535


BROKEN_RULE: Final = "broken_rule"
"""The type of the library's error for a rule that a combination of values breaks."""


class BrokenRule(NamedTuple):
    """What is wrong with a combination of values.

    `path` leads from the section to the key that is to be changed,
    empty where that is the section itself.
    """

    path: str
    rule: str
    way_out: str


Rules = tuple[Callable[[Any], Iterator[BrokenRule]], ...]


class Section(BaseModel):
    """A part of the configuration: unknown keys are refused, and nothing changes once it is read."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    RULES: ClassVar[Rules] = ()
    """The rules for combinations of values, all of which are tried: each tells how the section breaks it."""

    @model_validator(mode="after")
    def _keeps_rules(self) -> Self:
        if broken := [each for rule in self.RULES for each in rule(self)]:
            raise ValidationError.from_exception_data(type(self).__name__, [_detail(each) for each in broken])
        return self


def _detail(broken: BrokenRule) -> InitErrorDetails:
    said = PydanticCustomError(BROKEN_RULE, "{rule}; {way_out}", broken._asdict())
    return InitErrorDetails(type=said, loc=tuple(filter(None, broken.path.split("."))), input=None)


class Secret(Section):
    """Where a secret is found: the name of an environment variable or of a file, never the secret itself."""

    env: str | None = Field(default=None, min_length=1, description="environment variable that holds it")
    file: str | None = Field(default=None, min_length=1, description="file that holds it")

    def _exactly_one(self) -> Iterator[BrokenRule]:
        if self.env is not None and self.file is not None:
            yield BrokenRule("", "must name exactly one of env and file", "remove the other")
        elif self.env is None and self.file is None:
            yield BrokenRule("", "must name exactly one of env and file", "add env or file")

    RULES: ClassVar[Rules] = (_exactly_one,)


def no_login(address: str) -> str:
    """Refuse a URL or an address with a user name or a password before the host.

    Raises:
        ValueError: it may hold one; what else an @ means in a URL can be written %40.
    """
    if holds_login(address):
        raise ValueError("must hold no user name and no password: they would be shown wherever the address is")
    return address


def is_port(text: str) -> bool:
    """Tell whether a text is the number of a port, 0 included; `isdigit` alone takes digits that `int` does not."""
    return text.isascii() and text.isdigit() and len(text) <= len(str(_HIGHEST_PORT)) and int(text) <= _HIGHEST_PORT
