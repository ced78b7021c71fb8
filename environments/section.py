"""What all sections of an environment file have in common: frozen, exact keys, rules that name their place."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, SerializerFunctionWrapHandler, model_serializer, model_validator

from environments.rules.findings import Finding, refusal


class Section(BaseModel):
    """Base of all models of an environment file.

    ``absent`` holds keys that a reader could expect here, with the reason why there is none: an error about such a
    key tells the reason instead of guessing at a typing mistake.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        validate_by_alias=True,
        validate_by_name=True,
    )

    absent: ClassVar[dict[str, str]] = {}

    def rules(self) -> Iterable[Finding]:
        """Every broken rule that concerns more than one field of this section."""
        return ()

    @model_validator(mode="after")
    def _keep_rules(self) -> Self:
        if found := tuple(self.rules()):
            raise refusal(found)
        return self

    @model_serializer(mode="wrap")
    def _without_absent_values(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {key: value for key, value in handler(self).items() if value is not None}
