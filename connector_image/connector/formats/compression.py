"""Compresses the data of each record on its own, so that each can be read without any other.

Equal data gives equal bytes: a record that is sent again is the same record.
"""

import sys
import zlib
from collections.abc import Callable
from typing import Final, Literal, assert_never

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Compress = Callable[[list[bytes]], list[bytes]]

# A member of gzip with the whole window. Written by zlib itself, so its time stamp (MTIME) is 0.
_GZIP: Final = 16 + zlib.MAX_WBITS
# The defaults of both. Higher ones take many times the time and gain little on data of the size of a record.
_GZIP_LEVEL: Final = 6
_ZSTD_LEVEL: Final = 3


def compressor(kind: Literal["none", "gzip", "zstd"]) -> Compress | None:
    """Make the function that compresses each of many; None where nothing is to be done."""
    match kind:
        case "none":
            return None
        case "gzip":
            return _gzip
        case "zstd":
            return _zstd()
        case _:
            assert_never(kind)


def _gzip(data: list[bytes]) -> list[bytes]:
    return [zlib.compress(each, _GZIP_LEVEL, _GZIP) for each in data]


def _zstd() -> Compress:
    # One compressor for all: making one costs more than compressing a record does.
    compress = zstd.ZstdCompressor(level=_ZSTD_LEVEL).compress
    return lambda data: [compress(each, zstd.ZstdCompressor.FLUSH_FRAME) for each in data]
