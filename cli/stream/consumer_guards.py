"""When a consumer must not be registered or deregistered. No I/O."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from cli.plan import Refusal
from cli.stream.live import Consumer

CONSUMER = "AWS::Kinesis::StreamConsumer"


@dataclass(frozen=True)
class Facts:
    """What is known of the consumers of one stream."""

    live: Sequence[Consumer]
    declared: Collection[str]
    """By the YAML."""
    deployed: Collection[str]
    """By CloudFormation, as it believes."""
    most: int
    """Consumers that the stream may have."""
    reading: Mapping[str, bool | None]
    """Which have read in the last minutes; None where that is not known."""

    @property
    def names(self) -> set[str]:
        """Of those that are registered."""
        return {consumer.name for consumer in self.live}


def refusals(environment: str, register: Sequence[str], deregister: Sequence[str], facts: Facts) -> Iterator[Refusal]:
    """What Kinesis or the next deploy would refuse; no flag overrides it."""
    new = [name for name in register if name not in facts.names]
    gone = [name for name in deregister if name in facts.names]
    for name in new:
        if name in facts.declared and name not in facts.deployed:
            yield Refusal(
                f"consumer {name} is declared and not deployed: the deploy registers it, and would find its name taken",
                f"cdk deploy '{environment}/streams'",
            )
    count = len(facts.live) + len(new) - len(gone)
    if new and count > facts.most:
        yield Refusal(
            f"that would be {count} registered consumers, and Kinesis allows the stream {facts.most}",
            "deregister others; readers that need no throughput of their own poll without being registered",
        )


def warnings(register: Sequence[str], deregister: Sequence[str], facts: Facts) -> Iterator[str]:
    """What the user should know before saying yes."""
    for name in register:
        if name in facts.names:
            yield f"consumer {name} is registered already"
        elif name in facts.declared:
            yield f"consumer {name}: CloudFormation keeps the ARN of the one that is gone; readers need the new one"
        else:
            yield f"consumer {name} stays out of the environment file: a deploy that declares it fails while it exists"
    for name in deregister:
        if name not in facts.names:
            yield f"consumer {name} is not registered"
        elif name in facts.declared:
            yield f"consumer {name} is declared: take it out of the file, and the next deploy forgets it"


def told_reading(reading: bool | None) -> str:  # noqa: FBT001 - what is known of one consumer
    """Why deregistering a consumer is as risky as it is."""
    if reading is None:
        return "whether it reads is not known; its subscriptions end at once"
    if reading:
        return "it has read in the last minutes; its subscriptions end at once"
    return "nothing was measured of it in the last minutes"
