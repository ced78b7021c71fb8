"""Apache Kafka in KRaft mode on EC2 machines of our own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import StrictInt

from environments.quantities import Size
from environments.rules.bounds import Bytes, Count, Shape
from environments.rules.findings import Finding
from environments.section import Section

_GIB = 1 << 30


class Ec2Kafka(Section):
    """Apache Kafka in KRaft mode on EC2 machines of our own."""

    kind: Literal["ec2"]
    """Kafka on EC2 machines that streamops makes."""
    version: Annotated[
        str,
        Shape(
            r"^(3\.9|[4-9]\.[0-9]+)\.[0-9]+$",
            "is not a version of Apache Kafka from 3.9.0 on (the first with dynamic KRaft quorums, KIP-853)",
            "write it as in 4.1.1",
        ),
    ] = "4.1.1"
    """Version of Apache Kafka, from 3.9.0 on."""
    brokers: Annotated[StrictInt, Count("Kafka", 1)]
    """Number of brokers, spread over the zones."""
    controllers: Literal[0, 1, 3, 5] = 3
    """Number of machines that are only controllers; with 0 every broker is a controller too."""
    instance: Annotated[
        str, Shape(r"^[a-z][a-z0-9-]*\.[a-z0-9-]+$", "is not an EC2 instance type", "write it as in m7g.large")
    ] = "m7g.large"
    """EC2 instance type of the brokers."""
    storage: Annotated[Size, Bytes("EBS gp3", _GIB, 65536 * _GIB, _GIB)] = 100 * _GIB
    """Data volume of each broker, 1GiB to 64TiB."""
    auth: Literal["scram", "mtls"] = "scram"
    """How clients prove who they are."""

    def rules(self) -> Iterable[Finding]:
        """A quorum has an odd number of voters, and MSK's names of sizes are not EC2's."""
        if self.controllers == 0 and self.brokers not in {1, 3, 5}:
            yield Finding(
                "is not 1, 3 or 5, and with controllers: 0 every broker votes",
                "set controllers: 3",
                ("brokers",),
                str(self.brokers),
            )
        if self.instance.startswith(("kafka.", "express.")):
            yield Finding(
                "is a broker size of MSK, not an EC2 instance type",
                "write it as in m7g.large",
                ("instance",),
                self.instance,
            )
