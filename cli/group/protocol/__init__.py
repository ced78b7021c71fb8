"""How members of a group of the newer protocol are asked for (KIP-848), which kafka-python does not know yet.

The two JSON files say what the messages consist of, in the form in which Kafka describes all of its messages.
"""

from __future__ import annotations

import sys

from kafka.protocol.api_message import ApiMessage

HERE = sys.modules[__name__]


class ConsumerGroupDescribeRequest(ApiMessage, load_json=HERE):  # type: ignore[misc, call-arg]  # kafka-python has no types
    """Ask the coordinator of some groups for all of their members."""


class ConsumerGroupDescribeResponse(ApiMessage, load_json=HERE):  # type: ignore[misc, call-arg]  # kafka-python has no types
    """What it answers."""
