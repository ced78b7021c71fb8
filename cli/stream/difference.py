"""How a live stream differs from its declaration. No I/O."""

from __future__ import annotations

from cli.difference import Difference
from cli.stream.live import LiveStream
from environments import ProvisionedStream, Stream
from environments.quantities import format_duration


def differences(short_name: str, declared: Stream, live: LiveStream) -> list[Difference]:
    """What the YAML declares otherwise than it is; the shards of an on-demand stream are Kinesis' own business."""
    compared = [
        ("mode", declared.mode, live.mode),
        ("retention", format_duration(declared.retention), format_duration(live.retention)),
        ("encryption", declared.encryption, live.encryption),
    ]
    if isinstance(declared, ProvisionedStream) and live.mode == declared.mode:
        compared.append(("shards", str(declared.shards), str(live.open_shards)))
    return [
        Difference(f"stream/{short_name}", name, wanted, actual)
        for name, wanted, actual in compared
        if wanted != actual
    ]
