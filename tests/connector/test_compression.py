"""Compressed data is read by the tools of the field, and the same data is the same bytes."""

from __future__ import annotations

import gzip
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.formats.compression import compressor

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

READERS = {"gzip": gzip.decompress, "zstd": zstd.decompress}
kinds = st.sampled_from(["gzip", "zstd"])


@given(kinds, st.lists(st.binary(max_size=300), max_size=6))
def test_each_record_is_read_back_on_its_own(kind, data: list[bytes]):
    compress = compressor(kind)
    assert compress is not None
    assert [READERS[kind](each) for each in compress(data)] == data


@given(kinds, st.binary(max_size=300), st.binary(max_size=300))
def test_equal_data_gives_equal_bytes_whatever_came_before(kind, data: bytes, before: bytes):
    compress, other = compressor(kind), compressor(kind)
    assert compress is not None
    assert other is not None
    compress([before])
    assert compress([data]) == other([data])


def test_gzip_holds_no_time():
    compress = compressor("gzip")
    assert compress is not None
    (member,) = compress([b"data"])
    assert member[4:8] == bytes(4)  # MTIME, RFC 1952


def test_a_frame_of_zstd_tells_its_size_so_that_readers_can_make_room():
    compress = compressor("zstd")
    assert compress is not None
    (frame,) = compress([b"x" * 1000])
    assert zstd.get_frame_info(frame).decompressed_size == 1000


@pytest.mark.parametrize("kind", ["gzip", "zstd"])
def test_data_that_repeats_shrinks(kind):
    compress = compressor(kind)
    assert compress is not None
    assert len(compress([b"repeated " * 100])[0]) < 100


def test_without_compression_there_is_nothing_to_do():
    assert compressor("none") is None
