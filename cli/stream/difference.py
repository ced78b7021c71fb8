"""How a live stream differs from its declaration. No I/O."""

from __future__ import annotations

from cli.difference import Difference
from cli.stream.live import LiveStream
from environments import OnDemandStream, ProvisionedStream, Stream
from environments.quantities import format_duration, format_size
from environments.streams import ENVIRONMENT_KEY


def differences(short_name: str, declared: Stream, live: LiveStream) -> list[Difference]:
    """What the YAML declares otherwise than it is; the shards of an on-demand stream are Kinesis' own business."""
    compared = [
        ("mode", declared.mode, live.mode),
        ("retention", format_duration(declared.retention), format_duration(live.retention)),
        ("encryption", declared.encryption, _encryption(declared, live)),
        ("max_record_size", format_size(declared.max_record_size), format_size(live.max_record_size)),
    ]
    if isinstance(declared, ProvisionedStream) and live.mode == declared.mode:
        compared.append(("shards", str(declared.shards), str(live.open_shards)))
    if isinstance(declared, OnDemandStream) and live.mode == declared.mode:
        compared.append(("distribution", declared.distribution, live.distribution))
    return [
        Difference(f"stream/{short_name}", name, wanted, actual)
        for name, wanted, actual in compared
        if wanted != actual
    ]


def _encryption(declared: Stream, live: LiveStream) -> str:
    """The live key in the words of the file; that of the environment has a name that only its stack knows."""
    own = live.encryption not in ("none", "managed")
    return ENVIRONMENT_KEY if own and declared.encryption == ENVIRONMENT_KEY else live.encryption
