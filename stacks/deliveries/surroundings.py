"""What a delivery finds around it: the environment, its network, its key and its cluster."""

from collections.abc import Callable
from dataclasses import dataclass

from aws_cdk import aws_kms as kms

from environments import Environment
from stacks.network.placement import Placement


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What the constructs of all destinations are given."""

    environment: Environment
    placement: Callable[[], Placement]
    """Where interfaces and domains lie; asked for only by what lies in the network."""
    key: kms.IKey | None
    """The environment's own key; None where AWS manages the keys."""
    cluster_arn: str | None
    """ARN of the MSK cluster that topics are read from."""
