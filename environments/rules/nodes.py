"""What concerns the machines of Kafka on EC2 together with the network that they stand in."""

from __future__ import annotations

from collections.abc import Iterator

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
