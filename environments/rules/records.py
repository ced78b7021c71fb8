"""Rules of what a route makes of records: the delivery at its end can read it."""

from __future__ import annotations

from collections.abc import Iterator

from environments.deliveries import Delivery, OpenSearchDelivery, RedshiftDelivery, S3Delivery
from environments.ends import DeliveryEnd
from environments.routes import Route
from environments.rules.findings import Finding
from environments.rules.parts import Parts, sound


def deliveries_can_read(parts: Parts) -> Iterator[Finding]:
    """A delivery gets records that it understands."""
    for name, route in sound(parts.routes):
        if isinstance(route.target, DeliveryEnd) and (delivery := parts.deliveries.get(route.target.delivery)):
            yield from _packed(name, route, delivery, route.target.delivery)
            yield from _compressed(name, route, delivery)


def _packed(name: str, route: Route, delivery: Delivery, short: str) -> Iterator[Finding]:
    """Firehose makes one document out of each record (Firehose API Reference, PutRecordBatch)."""
    if route.packing == "newline" and isinstance(delivery, OpenSearchDelivery):
        yield Finding(
            "packs many records into one, and OpenSearch takes each for a single document",
            "remove packing",
            ("routes", name, "packing"),
            "newline",
        )
    if route.packing == "newline" and isinstance(delivery, S3Delivery) and _read_whole(delivery):
        yield Finding(
            "packs many records into one, and dynamic partitioning would sort all of them by the first",
            f"set deliveries.{short}.deaggregate: newline, or remove packing",
            ("routes", name, "packing"),
            "newline",
        )


def _read_whole(delivery: S3Delivery) -> bool:
    """Whether Firehose looks for keys in records that it has not taken apart by lines."""
    return delivery.partitioned and delivery.deaggregate != "newline"


def _compressed(name: str, route: Route, delivery: Delivery) -> Iterator[Finding]:
    """Only a bucket takes any bytes."""
    match delivery:
        case OpenSearchDelivery():
            reader = "OpenSearch, which takes documents of JSON"
        case RedshiftDelivery():
            reader = "Redshift, whose COPY reads lines"
        case S3Delivery(partition_by=keys) if keys:
            reader = "Firehose, which takes the keys of partition_by out of JSON"
        case _:
            return
    if route.compression != "none":
        yield Finding(f"cannot be read by {reader}", "remove it", ("routes", name, "compression"), route.compression)
