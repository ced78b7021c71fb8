"""Deliveries of rows into Redshift, by way of objects in S3 and COPY.

Source: Firehose API Reference, RedshiftDestinationConfiguration and CopyCommand.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import StrictBool, StrictInt, StrictStr

from environments.deliveries.delivery import CommonDelivery, Retry
from environments.identifiers import SecretReference
from environments.rules.bounds import Count, Shape
from environments.rules.findings import Finding
from environments.rules.prefixes import has_expressions

LEAST_CAPACITY, MOST_CAPACITY, CAPACITY_STEP = 8, 512, 8
WORKGROUP_SUBNETS = 3
"""Redshift Serverless wants subnets in three zones (Redshift Management Guide, "Considerations for Serverless")."""

Subnets = tuple[
    Annotated[str, Shape(r"^subnet-[0-9a-f]{8,17}$", "is not a subnet id", "write it as in subnet-0123456789abcdef0")],
    ...,
]


class RedshiftDelivery(CommonDelivery):
    """Rows in a Redshift table, by way of objects in S3 and COPY."""

    absent: ClassVar[dict[str, str]] = {
        "partition_by": "Redshift reads whole objects; dynamic partitioning belongs to S3",
        "errors": "Firehose takes no prefix of errors on the way to Redshift: they lie under errors/",
        "convert": "COPY gets what came; conversion belongs to S3",
    }

    to: Literal["redshift"]
    """Into Redshift."""
    jdbc_url: (
        Annotated[
            str,
            Shape(
                r"^jdbc:redshift://[A-Za-z0-9.-]+:[0-9]+/[A-Za-z0-9_-]+$",
                "is not the address of a Redshift database",
                "write it as in jdbc:redshift://HOST:5439/DATABASE",
            ),
        ]
        | None
    ) = None
    """Address of the database; Firehose must reach it from outside the VPC."""
    workgroup: (
        Annotated[
            str,
            Shape(
                r"^[a-z0-9-]{3,64}$",
                "is not a name of a Redshift Serverless workgroup",
                "use 3 to 64 small letters, digits and dashes",
            ),
        ]
        | None
    ) = None
    """Workgroup of Redshift Serverless that exists already; Firehose must reach it from outside the VPC."""
    create: StrictBool = False
    """Whether a Redshift Serverless namespace and workgroup are made."""
    database: Annotated[
        str,
        Shape(
            r"^[a-z][a-z0-9_]{0,62}$",
            "is not a name of a Redshift database",
            "use small letters, digits and underscores",
        ),
    ] = "dev"
    """Database in the workgroup."""
    capacity: Annotated[StrictInt, Count("Redshift Serverless", LEAST_CAPACITY, MOST_CAPACITY)] = LEAST_CAPACITY
    """With ``create``: base capacity of the workgroup in Redshift processing units, in steps of 8."""
    subnets: Subnets = ()
    """With ``create`` in a given network: ids of three public subnets of it, each in a zone of its own."""
    table: StrictStr
    """Table, which must exist already."""
    columns: tuple[StrictStr, ...] = ()
    """Columns of the table in the order in which records hold their values; without them all, or by their names."""
    copy_options: StrictStr = "json 'auto'"
    """What COPY is told of the format; ``gzip`` is added where ``compression`` says so."""
    secret: SecretReference | None = None
    """Secrets Manager secret with ``username`` and ``password``; with ``create``, one with the administrator's is made
    where it is not given."""
    compression: Literal["none", "gzip"] = "none"
    """How staged objects are compressed; COPY cannot read the other ways."""
    retry: Retry = timedelta(hours=1)
    """How long a failed COPY is tried again before its objects are listed under ``errors/``, 0s to 2h."""
    originals: StrictStr | None = None
    """Prefix under which records are kept besides as they came, before ``transform``."""

    def rules(self) -> Iterable[Finding]:
        """One database, with a way to log in."""
        yield from super().rules()
        yield from self.only_into_s3()
        named = {"jdbc_url": self.jdbc_url, "workgroup": self.workgroup, "create": self.create or None}
        given = [key for key, value in named.items() if value is not None]
        if len(given) != 1:
            told = f"names {' and '.join(given)}, and a delivery has one database" if given else "names no database"
            yield Finding(told, "give jdbc_url, or workgroup, or create: true")
        if self.secret is None and not self.create:
            yield Finding(
                "does not say how Firehose logs in",
                "give secret, with username and password in Secrets Manager",
                ("secret",),
            )
        for key, prefix in (("prefix", self.prefix), ("originals", self.originals or "")):
            if has_expressions(prefix):
                yield Finding(
                    "has an expression, and Firehose takes none on the way to Redshift",
                    "write it out; Firehose adds the hour to it",
                    (key,),
                    prefix,
                )
        if self.subnets and not self.create:
            yield Finding("are for a workgroup that is made", "take them out, or set create: true", ("subnets",))
        if self.subnets and len(set(self.subnets)) < WORKGROUP_SUBNETS:
            yield Finding(
                f"names {len(set(self.subnets))}, and Redshift Serverless wants {WORKGROUP_SUBNETS} in zones of "
                "their own",
                f"name {WORKGROUP_SUBNETS}",
                ("subnets",),
            )
        if self.capacity % CAPACITY_STEP:
            below = self.capacity - self.capacity % CAPACITY_STEP
            yield Finding(
                f"is not a multiple of {CAPACITY_STEP}, in which Redshift Serverless counts",
                f"use {below} or {below + CAPACITY_STEP}",
                ("capacity",),
                str(self.capacity),
            )
