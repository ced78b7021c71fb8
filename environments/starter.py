"""New environment files, commented at every field and valid as they are."""

from __future__ import annotations

from pathlib import Path
from string import Template
from typing import Literal

from environments.loader import check_name
from environments.naming import bootstrap_reference

KafkaKind = Literal["msk", "msk-express", "msk-serverless", "ec2", "external"]

_STARTERS = Path(__file__).parent / "starters"


def starter(name: str, kafka_kind: KafkaKind = "external") -> str:
    """The text of a new environment file with the given kind of Kafka.

    Raises EnvironmentFileError when no environment can have that name.
    """
    check_name(name, f"{name}.yaml")
    zones = ["eu-west-1a", "eu-west-1b", *(["eu-west-1c"] if kafka_kind in {"msk", "msk-express", "ec2"} else [])]
    kafka = Template((_STARTERS / f"{kafka_kind}.yaml").read_text("utf-8")).substitute(
        name=name, bootstrap=bootstrap_reference(name)
    )
    start = Template((_STARTERS / "environment.yaml").read_text("utf-8"))
    return start.substitute(name=name, zones=", ".join(zones), kafka=kafka)
