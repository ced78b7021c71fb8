"""Deliveries of documents into OpenSearch: a domain, or a collection of OpenSearch Serverless.

Source: Firehose API Reference, AmazonopensearchserviceDestinationConfiguration and
AmazonOpenSearchServerlessDestinationConfiguration; OpenSearch Service Developer Guide, "Quotas".
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import StrictBool, StrictInt

from environments.deliveries.delivery import DeliveryWithErrors, Retry
from environments.quantities import Size, format_size
from environments.rules.bounds import Bytes, Count, Shape
from environments.rules.findings import Finding
from environments.rules.prefixes import partition_keys, uses_lambda_keys
from environments.section import Section

_MIB, _GIB = 1 << 20, 1 << 30

MOST_OPENSEARCH_BUFFER = 100 * _MIB


class NewDomain(Section):
    """The size of a domain that is made; it lies in the private subnets of the environment."""

    version: Annotated[
        str,
        Shape(r"^(1|2|3)\.[0-9]{1,2}$", "is not an OpenSearch version", "write it as in 2.19"),
    ] = "2.19"
    """OpenSearch version."""
    instance: Annotated[
        str,
        Shape(
            r"^[a-z0-9]+\.[a-z0-9]+\.search$",
            "is not an instance type of OpenSearch Service",
            "write it as in m7g.medium.search",
        ),
    ] = "m7g.medium.search"
    """Instance type of data nodes, and of masters."""
    count: Annotated[StrictInt, Count("OpenSearch Service", 1, 80)] = 2
    """Number of data nodes; spread over two or three zones where there are that many."""
    masters: Literal[0, 3, 5] = 3
    """Number of dedicated masters: 0 (data nodes do their work), 3 or 5, since they elect by majority."""
    storage: Annotated[Size, Bytes("OpenSearch Service", 10 * _GIB, 3072 * _GIB, _GIB)] = 20 * _GIB
    """Storage of each data node, 10GiB to 3TiB."""


class OpenSearchDelivery(DeliveryWithErrors):
    """Documents in an OpenSearch index."""

    absent: ClassVar[dict[str, str]] = {
        "partition_by": "documents are not partitioned; dynamic partitioning belongs to S3",
        "convert": "documents stay JSON; conversion belongs to S3",
    }

    to: Literal["opensearch"]
    """Into OpenSearch."""
    domain: (
        Annotated[
            str,
            Shape(
                r"^arn:aws[a-z-]*:es:[a-z0-9-]+:[0-9]{12}:domain/[a-z][a-z0-9-]{2,27}$",
                "is not the ARN of an OpenSearch domain",
                "write it as in arn:aws:es:REGION:ACCOUNT:domain/NAME",
            ),
        ]
        | None
    ) = None
    """ARN of the domain."""
    collection: (
        Annotated[
            str,
            Shape(
                r"^arn:aws[a-z-]*:aoss:[a-z0-9-]+:[0-9]{12}:collection/[a-z0-9]{3,40}$",
                "is not the ARN of an OpenSearch Serverless collection",
                "write it as in arn:aws:aoss:REGION:ACCOUNT:collection/ID",
            ),
        ]
        | None
    ) = None
    """ARN of a collection of OpenSearch Serverless, in place of a domain."""
    collection_name: (
        Annotated[
            str,
            Shape(
                r"^[a-z][a-z0-9-]{2,31}$",
                "is not a name of a collection",
                "use 3 to 32 small letters, digits and dashes",
            ),
        ]
        | None
    ) = None
    """Name of that collection: the data access policy that is made for Firehose goes by it."""
    create: StrictBool = False
    """Whether a domain is made, in the private subnets of the environment."""
    new_domain: NewDomain = NewDomain()
    """With ``create``: the size of the domain."""
    index: Annotated[
        str,
        Shape(
            r"^[a-z0-9][a-z0-9_.-]{0,199}$",
            "is not an index name",
            "use small letters, digits, dashes, dots and underscores",
        ),
    ]
    """Index to write to."""
    rotation: Literal["none", "hour", "day", "week", "month"] = "none"
    """How often a new index begins."""
    document_ids: Literal["firehose", "opensearch"] = "firehose"
    """Who numbers documents: ``firehose`` (none is there twice when sent again) or ``opensearch`` (writes faster)."""
    vpc: StrictBool = False
    """Whether a given domain or collection is reached from the private subnets of the environment."""
    backup: Literal["failed", "all"] = "failed"
    """Which documents go to the bucket as well; cannot be changed later."""
    compression: Literal["none", "gzip", "snappy", "zip", "hadoop-snappy"] = "none"
    """How objects of the backup are compressed."""
    retry: Retry = timedelta(minutes=5)
    """How long a failed request is tried again before its documents go to the bucket, 0s to 2h."""

    @property
    def in_vpc(self) -> bool:
        """Whether Firehose delivers through interfaces of its own in the private subnets."""
        return self.vpc or self.create

    def rules(self) -> Iterable[Finding]:
        """One index in one place, with the bulks that OpenSearch takes."""
        yield from super().rules()
        yield from self.only_into_s3()
        named = {"domain": self.domain, "collection": self.collection, "create": self.create or None}
        given = [key for key, value in named.items() if value is not None]
        if len(given) != 1:
            told = f"names {' and '.join(given)}, and a delivery has one" if given else "names no domain or collection"
            yield Finding(told, "give domain, or collection with collection_name, or create: true")
        if (self.collection is None) != (self.collection_name is None):
            yield Finding("stand together or not at all", "give collection and collection_name", ("collection_name",))
        if not self.create and self.new_domain != NewDomain():
            yield Finding("is for a domain that is made", "take it out, or set create: true", ("new_domain",))
        if self.collection is not None:
            yield from self._serverless()
        if partition_keys(self.prefix) or uses_lambda_keys(self.prefix):
            yield Finding("uses dynamic partitioning, which belongs to S3", "take it out", ("prefix",), self.prefix)
        if self.buffer.size > MOST_OPENSEARCH_BUFFER:
            yield Finding(
                "is above the Firehose maximum of 100MiB for OpenSearch",
                "use at most 100MiB",
                ("buffer", "size"),
                format_size(self.buffer.size),
            )

    def _serverless(self) -> Iterable[Finding]:
        """Collections number documents themselves, and their indexes do not rotate."""
        if self.rotation != "none":
            yield Finding("cannot be had of a collection", "take it out", ("rotation",), self.rotation)
        if self.document_ids != "firehose":
            yield Finding("cannot be chosen with a collection", "take it out", ("document_ids",), self.document_ids)
