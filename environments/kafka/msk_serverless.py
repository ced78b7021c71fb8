"""Amazon MSK Serverless: no brokers to size, IAM only."""

from __future__ import annotations

from typing import ClassVar, Literal

from environments.kafka.identity import ClusterId
from environments.section import Section


class MskServerlessKafka(Section):
    """Amazon MSK Serverless: no brokers to size, IAM only."""

    absent: ClassVar[dict[str, str]] = {
        **dict.fromkeys(
            ("brokers", "instance", "storage", "version", "controllers"),
            "Serverless has nothing to size; remove it, or use kind: msk",
        ),
        **dict.fromkeys(
            ("settings", "monitoring", "open_monitoring", "tiered", "authorities"),
            "Serverless has no brokers to set up; remove it, or use kind: msk",
        ),
    }

    kind: Literal["msk-serverless"]
    """MSK Serverless."""
    auth: Literal["iam"] = "iam"
    """How clients prove who they are; Serverless knows only IAM."""
    cluster_id: ClusterId | None = None
    """Id of the cluster, once it is made: commands then refuse to touch any other."""

    @property
    def client_auth(self) -> Literal["iam"]:
        """How the connectors log in."""
        return self.auth
