"""What holds for the delivery streams of all destinations."""

from aws_cdk import aws_kinesisfirehose as firehose

from environments import Delivery
from stacks.checks import acknowledge


def acknowledge_source(stream: firehose.CfnDeliveryStream, delivery: Delivery) -> None:
    """Accept that Firehose does not encrypt by itself what it reads from an encrypted source."""
    if delivery.source is not None:
        acknowledge(
            stream,
            "KDF1",
            reason="Firehose encrypts by itself only what writers bring; what it reads is encrypted where it lies, "
            "in the stream or the topic, and is stored nowhere else before it is delivered",
        )
