"""What all sections of a configuration have in common."""

from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from connector.redaction import holds_login

KIBIBYTE: Final = 1 << 10
MEBIBYTE: Final = 1 << 20

_HIGHEST_PORT: Final = 65535


class Section(BaseModel):
    """A part of the configuration: unknown keys are refused, and nothing changes once it is read."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


class Secret(Section):
    """Where a secret is found: the name of an environment variable or of a file, never the secret itself."""

    env: str | None = Field(default=None, min_length=1, description="environment variable that holds it")
    file: str | None = Field(default=None, min_length=1, description="file that holds it")

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.env is None) == (self.file is None):
            raise ValueError("must name exactly one of env and file")
        return self


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
