"""Rules between deliveries and what lies around them: the region, the network, the sandbox."""

from __future__ import annotations

from collections.abc import Iterator

from environments.deliveries import OpenSearchDelivery, RedshiftDelivery, S3Delivery
from environments.deliveries.delivery import CommonDelivery
from environments.deliveries.redshift import WORKGROUP_SUBNETS
from environments.firehose_addresses import FIREHOSE_ADDRESSES
from environments.identifiers import region_of_arn
from environments.naming import LONGEST_DOMAIN_NAME, name_of_search_domain
from environments.network import Network, NewNetwork
from environments.rules.findings import Finding
from environments.rules.parts import Parts, sound

MOST_DOMAIN_ZONES = 3
"""Zones that a domain spreads over (OpenSearch Service Developer Guide, "Configuring a multi-AZ domain")."""

MOST_CAPACITY_OF_SMALL_SUBNETS = 16
"""Redshift processing units whose addresses find room in the public subnets of a network of ours, which are /28."""


def deliveries_in_region(parts: Parts) -> Iterator[Finding]:
    """Firehose calls functions and reaches domains and collections of its own region only."""
    if parts.region is None:
        return
    for name, delivery in sound(parts.deliveries):
        named: dict[tuple[str, ...], str | None] = {
            ("transform", "function"): delivery.transform.function if delivery.transform else None
        }
        if isinstance(delivery, OpenSearchDelivery):
            named |= {("domain",): delivery.domain, ("collection",): delivery.collection}
        for path, arn in named.items():
            if arn is not None and region_of_arn(arn) != parts.region:
                yield Finding(
                    f"lies in another region, and Firehose reaches those of {parts.region} only",
                    f"name one of {parts.region}",
                    ("deliveries", name, *path),
                    arn,
                )


def domains_can_be_made(parts: Parts) -> Iterator[Finding]:
    """A domain has a short name, and data nodes that spread evenly over its zones."""
    for name, delivery in sound(parts.deliveries):
        if not isinstance(delivery, OpenSearchDelivery) or not delivery.create:
            continue
        domain = name_of_search_domain(parts.name, name)
        if len(domain) > LONGEST_DOMAIN_NAME:
            yield Finding(
                f"makes a domain name of {len(domain)} characters ({domain}), above the OpenSearch Service maximum of "
                f"{LONGEST_DOMAIN_NAME}",
                "give the delivery a shorter short name",
                ("deliveries", name, "create"),
                "true",
            )
        size, path = delivery.new_domain, ("deliveries", name, "new_domain")
        if parts.production and not size.masters:
            yield Finding(
                "leaves a production domain without dedicated masters", "use 3", (*path, "masters"), str(size.masters)
            )
        zones = min(len(parts.network.zones), MOST_DOMAIN_ZONES) if parts.network else 1
        if size.count % zones and (size.count > 1 or parts.production):
            below = size.count - size.count % zones
            yield Finding(
                f"is not a multiple of the {zones} zones, over which data nodes are spread",
                f"use {f'{below} or ' if below else ''}{below + zones}",
                (*path, "count"),
                str(size.count),
            )


def workgroups_can_be_made(parts: Parts) -> Iterator[Finding]:
    """Firehose must reach a workgroup from outside, so it lies in three public subnets.

    Firehose Developer Guide, "VPC access to an Amazon Redshift provisioned cluster or Serverless workgroup".
    """
    if parts.network is None:
        return
    for name, delivery in sound(parts.deliveries):
        if not isinstance(delivery, RedshiftDelivery) or not delivery.create:
            continue
        path = ("deliveries", name)
        if parts.region is not None and parts.region not in FIREHOSE_ADDRESSES:
            yield Finding(
                f"is not possible in {parts.region}: the addresses from which Firehose comes there are not known here",
                "give workgroup or jdbc_url of one that lets them in",
                (*path, "create"),
                "true",
            )
        yield from _public_subnets(delivery, parts.network, path)


def _public_subnets(delivery: RedshiftDelivery, network: Network, path: tuple[str, ...]) -> Iterator[Finding]:
    if not isinstance(network, NewNetwork):
        if not delivery.subnets:
            yield Finding(
                "does not say where: Firehose reaches a workgroup in public subnets only",
                f"give subnets, {WORKGROUP_SUBNETS} public ones of the network",
                (*path, "create"),
                "true",
            )
        return
    if delivery.subnets:
        yield Finding("stand in a network that exists", "take them out: network makes its own", (*path, "subnets"))
    if not network.nat or len(network.zones) < WORKGROUP_SUBNETS:
        yield Finding(
            f"needs {WORKGROUP_SUBNETS} public subnets in zones of their own, which Redshift Serverless and Firehose "
            "want",
            f"set network.nat: true with {WORKGROUP_SUBNETS} zones",
            (*path, "create"),
            "true",
        )
    if delivery.capacity > MOST_CAPACITY_OF_SMALL_SUBNETS:
        yield Finding(
            f"needs more addresses than the public subnets of the network hold (at most "
            f"{MOST_CAPACITY_OF_SMALL_SUBNETS})",
            f"use at most {MOST_CAPACITY_OF_SMALL_SUBNETS}, or a given network with subnets",
            (*path, "capacity"),
            str(delivery.capacity),
        )


def sandbox_can_deliver(parts: Parts) -> Iterator[Finding]:
    """The sandbox's Firehose fills buckets, with what came as it came."""
    if not parts.sandbox:
        return
    for name, delivery in sound(parts.deliveries):
        for path, value in _beyond_the_sandbox(delivery):
            yield Finding(
                "cannot be had in a sandbox, whose Firehose brings records as they came into S3",
                "take it out here; environments in AWS can have it",
                ("deliveries", name, path),
                value,
            )


def _beyond_the_sandbox(delivery: CommonDelivery) -> Iterator[tuple[str, str]]:
    if not isinstance(delivery, S3Delivery):
        yield "to", delivery.to
        return
    if delivery.transform is not None:
        yield "transform", delivery.transform.function
    if delivery.convert is not None:
        yield "convert", delivery.convert.to
    if delivery.originals is not None:
        yield "originals", delivery.originals
    if delivery.compression not in {"none", "gzip"}:
        yield "compression", delivery.compression
    if delivery.partitioned:
        yield "partition_by", "dynamic partitioning"
