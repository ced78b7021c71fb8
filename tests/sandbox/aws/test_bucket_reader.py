"""What a delivery stream has delivered, read back in the order of delivery."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from sandbox import bucket_reader
from sandbox.bucket_reader import DeliveredLines
from sandbox.demos.sabotage import Sabotage, sabotaged
from sandbox.records import Record
from sandbox.verdict import compare
from sandbox.waiting import wait_until
from tests.sandbox.aws.test_firehose import Archive

Names = Callable[[str], str]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait as long as it takes for what is on its way, and not long for what never comes."""
    monkeypatch.setattr(bucket_reader, "POLL_SECONDS", 0.05)
    monkeypatch.setattr(bucket_reader, "DELIVERY_SECONDS", 0.2)
    monkeypatch.setattr(bucket_reader, "PATIENCE_SECONDS", 2.0)


def lines(archive: Archive) -> DeliveredLines:
    return DeliveredLines(archive.firehose, archive.s3, archive.name)


def packed(records: list[Record], count: int) -> list[bytes]:
    parts = [records[start : start + count] for start in range(0, len(records), count)]
    return [b"".join(record.value + b"\n" for record in part) for part in parts]


@pytest.mark.parametrize("options", [{}, {"CompressionFormat": "GZIP"}, {"Prefix": "a/!{timestamp:dd/MM}/"}])
def test_lines_come_in_the_order_of_delivery(session: boto3.Session, names: Names, options: dict[str, Any]):
    if "Prefix" in options:
        options = {**options, "ErrorOutputPrefix": "!{firehose:error-output-type}/"}
    archive = Archive(session, names("archive"), seconds=0, **options)
    sent = [b"%d" % number for number in range(2000)]
    for start in range(0, len(sent), 50):
        archive.put(b"".join(line + b"\n" for line in sent[start : start + 50]))
    seen: list[int] = []
    assert list(lines(archive).read(len(sent), seen.append)) == sent
    assert seen[-1] == len(sent)
    assert len(archive.names()) > 1


def test_what_was_there_before_and_what_is_not_firehoses_is_passed_over(session: boto3.Session, names: Names):
    archive = Archive(session, names("archive"), seconds=0)
    archive.put(b"before\n")
    assert wait_until(lambda: len(archive.names()) == 1, timeout_seconds=20)
    reader = lines(archive)
    reader.pass_over()
    archive.s3.put_object(Bucket=archive.name, Key="somebody-elses", Body=b"foreign\n")
    archive.put(b"after\n")
    assert list(reader.read(1)) == [b"after"]


def test_a_line_without_an_end_is_a_line(session: boto3.Session, names: Names):
    archive = Archive(session, names("archive"), seconds=0)
    archive.put(b"a\n", b"b")
    assert list(lines(archive).read(2)) == [b"a", b"b"]


def test_waiting_for_lines_that_never_come_ends(session: boto3.Session, names: Names):
    archive = Archive(session, names("archive"), seconds=0)
    archive.put(b"a\n")
    assert list(lines(archive).read(2)) == [b"a"]


@pytest.mark.parametrize("how", [None, *Sabotage])
def test_the_verdict_on_what_lies_in_the_bucket_finds_every_sabotage(
    session: boto3.Session, names: Names, how: Sabotage | None
):
    expected = [Record(b"N%d" % (row % 7), b'{"row":%d}' % row) for row in range(500)]
    sent = sabotaged(expected, how) if how else expected
    archive = Archive(session, names("archive"), seconds=0, CompressionFormat="GZIP")
    for data in packed(sent, 30):
        archive.put(data)
    keys = {record.value: record.key for record in expected}
    verdict = compare(expected, (Record(keys.get(line, b""), line) for line in lines(archive).read(len(sent))))
    assert verdict.passed is (how is None)
    assert gzip.decompress(archive.objects()[0])
