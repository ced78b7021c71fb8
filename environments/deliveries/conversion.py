"""Conversion of JSON records into Parquet or ORC, by the columns of a table in the Glue Data Catalog.

Source: Firehose Developer Guide, "Convert input data format", and API Reference, DataFormatConversionConfiguration.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field, StrictStr

from environments.rules.bounds import Shape
from environments.rules.findings import Finding, choices
from environments.section import Section

_COMPRESSIONS = {"parquet": ("snappy", "gzip", "none"), "orc": ("snappy", "zlib", "none")}

TableName = Annotated[
    str,
    Shape(
        r"^[a-z0-9_]{1,255}\.[a-z0-9_]{1,255}$",
        "is not a table of the Glue Data Catalog",
        "write DATABASE.TABLE in small letters, digits and underscores",
    ),
]
ColumnName = Annotated[
    str,
    Shape(
        r"^[a-z0-9_]{1,255}$",
        "is not a name of a column",
        "use small letters, digits and underscores; Firehose reads keys of JSON in small letters",
    ),
]


class Conversion(Section):
    """Objects in columns (Parquet or ORC) in place of the JSON that came."""

    to: Literal["parquet", "orc"]
    """Format of the objects."""
    table: TableName | None = None
    """Table of the Glue Data Catalog whose columns the records have, as DATABASE.TABLE; it exists already."""
    columns: dict[ColumnName, StrictStr] = Field(default_factory=dict)
    """Columns with their Hive types, such as ``{id: bigint, at: timestamp}``: a table of them is made."""
    compression: Literal["snappy", "gzip", "zlib", "none"] = "snappy"
    """How columns are compressed: ``gzip`` is Parquet's, ``zlib`` is ORC's."""

    def rules(self) -> Iterable[Finding]:
        """One table, and a compression that its format has."""
        if self.table is None and not self.columns:
            yield Finding("names no columns", "give table: DATABASE.TABLE that exists, or columns to make one of")
        if self.table is not None and self.columns:
            yield Finding("has its columns already", "keep table, or columns to make one of", ("table",), self.table)
        if self.compression not in (known := _COMPRESSIONS[self.to]):
            yield Finding(
                f"is no compression of {self.to}", f"use {choices(known)}", ("compression",), self.compression
            )
