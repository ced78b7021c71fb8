"""What concerns the machines of Kafka on EC2 together with the network that they stand in."""

from __future__ import annotations

from collections.abc import Iterator

from environments.identifiers import region_of_arn
from environments.kafka import Ec2Kafka
from environments.network import NewNetwork
from environments.rules.findings import Finding
from environments.rules.parts import Parts


def nodes_reach_their_files(parts: Parts) -> Iterator[Finding]:
    """Without NAT the only way out of the private subnets is that to AWS services of the region, S3 among them."""
    kafka, network = parts.kafka, parts.network
    if not isinstance(kafka, Ec2Kafka) or not isinstance(network, NewNetwork) or network.nat:
        return
    for place, artifact in (("distribution", kafka.distribution), ("exporter", kafka.exporter)):
        if artifact is not None and artifact.url.startswith("https://"):
            yield Finding(
                "cannot be fetched: a network without NAT reaches AWS alone",
                "put the file into S3 and write s3://BUCKET/KEY, or set network.nat: true",
                ("kafka", place, "url"),
                artifact.url,
            )


def authority_in_region(parts: Parts) -> Iterator[Finding]:
    """Nodes have their certificates signed through the endpoint of AWS Private CA in their own region."""
    kafka = parts.kafka
    if not isinstance(kafka, Ec2Kafka) or kafka.own_authority or parts.region is None:
        return
    if region_of_arn(kafka.authority) != parts.region:
        yield Finding(
            f"is an authority of another region than {parts.region}, which nodes do not ask",
            f"give an authority of {parts.region}, or create",
            ("kafka", "authority"),
            kafka.authority,
        )
