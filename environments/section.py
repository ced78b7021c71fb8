"""What every section of an environment file has in common: frozen, exact keys, and rules that name their place."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, SerializerFunctionWrapHandler, model_serializer


class Section(BaseModel):
    """Base of all models of an environment file.

    ``absent`` holds keys that a reader could expect here, with the reason why there is none; an error about such a
    key tells the reason instead of guessing at a typing mistake.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        validate_by_alias=True,
        validate_by_name=True,
        use_attribute_docstrings=True,
    )

    absent: ClassVar[dict[str, str]] = {}

    @model_serializer(mode="wrap")
    def _without_absent_values(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {key: value for key, value in handler(self).items() if value is not None}
