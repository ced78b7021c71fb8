"""How the source's cluster is reached for dead letters."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from connector.config import Security
from connector.kafka.diagnosis import Diagnosis


@dataclass(frozen=True, slots=True)
class Cluster:
    """Brokers, and who we are to them."""

    settings: Callable[[], Mapping[str, object]]
    """Gives librdkafka's settings: bootstrap servers, and security with its secrets as they are found now."""
    security: Security

    def diagnosis(self) -> Diagnosis:
        """Begin to gather why it is not reached."""
        return Diagnosis(str(self.settings()["bootstrap.servers"]), self.security)
