"""What the docstrings of fields say, for the schema, the reference and the report.

pydantic can collect them itself, but does so on import, which would cost every command as long as all models together.
"""

from __future__ import annotations

import ast
import inspect
from functools import cache
from itertools import pairwise
from textwrap import dedent

from environments.section import Section


@cache
def field_descriptions(section: type[Section]) -> dict[str, str]:
    """The text under each field of a section, by the field's key in the file."""
    texts: dict[str, str] = {}
    for owner in reversed(section.__mro__):
        if issubclass(owner, Section) and owner is not Section:
            texts.update(_texts(owner))
    return {field.alias or name: texts[name] for name, field in section.model_fields.items() if name in texts}


def _texts(owner: type[Section]) -> dict[str, str]:
    body = ast.parse(dedent(inspect.getsource(owner))).body[0]
    statements = body.body if isinstance(body, ast.ClassDef) else []
    return {
        field.target.id: inspect.cleandoc(text.value.value)
        for field, text in pairwise(statements)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }
