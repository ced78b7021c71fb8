"""A stand-in for Kinesis that records what it takes and misbehaves on demand."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import md5
from pathlib import Path
from typing import Any, Literal

import cbor2

from tests.connector.loop_server import LoopServer

CBOR = "application/x-amz-cbor-1.1"
JSON = "application/x-amz-json-1.1"
THROTTLED = "ProvisionedThroughputExceededException"


@dataclass(frozen=True)
class Fault:
    """How one PutRecords call goes.

    `refused` tells which records fail one by one; `status`, `code` and `message` make the whole call fail;
    `ending` cuts the connection, before the records are taken or after; `delay` is in seconds.
    """

    refused: Callable[[int], bool] | None = None
    refusal: str = THROTTLED
    status: int = 200
    code: str = ""
    message: str = "on demand"
    ending: Literal["answer", "cut-before", "cut-after"] = "answer"
    delay: float = 0.0


FINE = Fault()
Plan = Callable[[int], Fault]


@dataclass
class Taken:
    """One record as the stream holds it; the sequence number is its place."""

    key: str
    data: bytes
    shard: str = ""


@dataclass
class Shard:
    """A shard with its range of hash keys, both ends included."""

    name: str
    first: int
    last: int
    parent: str | None = None
    is_open: bool = True


def even_shards(count: int) -> list[Shard]:
    """Shards that share the key space equally."""
    cuts = [(1 << 128) * number // count for number in range(count + 1)]
    return [Shard(f"shardId-{n:012d}", cuts[n], cuts[n + 1] - 1) for n in range(count)]


@dataclass
class FaultServer(LoopServer):
    """PutRecords and PutRecordBatch over HTTP on a free port of the loopback, on a thread of its own."""

    tls: ssl.SSLContext | None = None
    plan: Plan = lambda _: FINE
    keeps: bool = True
    taken: list[Taken] = field(default_factory=list)
    count: int = 0
    calls: list[list[str]] = field(default_factory=list)
    happened: Counter[str] = field(default_factory=Counter)
    heads: list[dict[str, str]] = field(default_factory=list)
    parameters: dict[str, str] = field(default_factory=dict)
    stream_status: str | None = "ACTIVE"
    record_limit: int | None = 1024
    role: Literal["assumed", "refused"] = "assumed"
    most_at_once: int = 0
    shards: list[Shard] = field(default_factory=lambda: even_shards(1))
    speaks_cbor: bool = True
    wires: Counter[str] = field(default_factory=Counter)
    lists: int = 0
    """How often the shards were listed."""

    def __post_init__(self) -> None:
        self._at_once = 0

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://localhost:{self.port}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._request(reader, writer):
                pass
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.transport.abort()

    async def _request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        action = headers.get("x-amz-target", "").rpartition(".")[2]
        if not action:
            self._assume_role(writer)
            return True
        if action not in {"PutRecords", "PutRecordBatch"}:
            status, answer = self._rare(action, json.loads(body))
            _answer(writer, status, answer)
            return True
        self.heads.append(headers)
        wire = headers.get("content-type", JSON)
        self.wires[wire] += 1
        if wire == CBOR and not self.speaks_cbor:
            _answer(writer, 400, {"__type": "SerializationException"})
            return True
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        records = (cbor2.loads(body) if wire == CBOR else json.loads(body))["Records"]
        if wire != CBOR:
            records = [{**record, "Data": base64.b64decode(record["Data"], validate=True)} for record in records]
        try:
            if action == "PutRecords":
                return await self._put(records, writer, wire)
            return await self._put([{**record, "PartitionKey": ""} for record in records], writer, None)
        finally:
            self._at_once -= 1

    def _assume_role(self, writer: asyncio.StreamWriter) -> None:
        """Answer as STS does, in XML."""
        if self.role == "refused":
            _answer(writer, 403, b"<E><Error><Code>AccessDenied</Code><Message>not you.</Message></Error></E>")
            return
        expiration = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        given = {"AccessKeyId": "ASIAROLE", "SecretAccessKey": "s", "SessionToken": "t", "Expiration": expiration}
        credentials = "".join(f"<{name}>{value}</{name}>" for name, value in given.items())
        result = f"<AssumeRoleResult><Credentials>{credentials}</Credentials></AssumeRoleResult>"
        _answer(writer, 200, f"<AssumeRoleResponse>{result}</AssumeRoleResponse>".encode())

    def _rare(self, action: str, content: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if action == "GetParameter":
            if content["Name"] in self.parameters:
                return 200, {"Parameter": {"Name": content["Name"], "Value": self.parameters[content["Name"]]}}
            return 400, {"__type": "ParameterNotFound", "message": "no such parameter"}
        if action == "DescribeStreamSummary" and self.stream_status is not None:
            limit = {} if self.record_limit is None else {"MaxRecordSizeInKiB": self.record_limit}
            return 200, {"StreamDescriptionSummary": {"StreamStatus": self.stream_status, **limit}}
        if action == "ListShards":
            self.lists += 1
            return 200, {"Shards": [listed(shard) for shard in self.shards]}
        return 400, {"__type": "ResourceNotFoundException", "message": "Stream not found"}

    async def _put(self, records: Sequence[dict[str, Any]], writer: asyncio.StreamWriter, wire: str | None) -> bool:
        """Answer a call; `wire` is None for one of Firehose."""
        number = len(self.calls)
        keys = [record["PartitionKey"] for record in records]
        self.calls.append(keys if self.keeps else [])
        fault = self.plan(number)
        if fault.delay:
            self.happened["delayed"] += 1
            await asyncio.sleep(fault.delay)
        if fault.ending == "cut-before":
            self.happened["cut-before"] += 1
            return False
        if fault.status != 200:
            self.happened[fault.code] += 1
            _answer(writer, fault.status, {"__type": f"com.amazonaws.kinesis#{fault.code}", "message": fault.message})
            return True
        results: list[dict[str, str]] = []
        for index, record in enumerate(records):
            shard = self.shard_of(record)
            if fault.refused is not None and fault.refused(index):
                self.happened[fault.refusal] += 1
                message = f"Rate exceeded for shard {shard.name} in stream flights under account 111122223333."
                results.append({"ErrorCode": fault.refusal, "ErrorMessage": message})
                continue
            self.count += 1
            if self.keeps:
                self.taken.append(Taken(keys[index], record["Data"], shard.name))
            place = {"RecordId": f"{self.count}"}
            results.append({"SequenceNumber": f"{self.count:056d}", "ShardId": shard.name} if wire else place)
        if fault.ending == "cut-after":
            self.happened["cut-after"] += 1
            return False
        failed = sum("ErrorCode" in result for result in results)
        if wire is None:
            _answer(writer, 200, {"FailedPutCount": failed, "RequestResponses": results})
        else:
            _answer(writer, 200, {"FailedRecordCount": failed, "Records": results}, wire)
        return True

    def shard_of(self, record: dict[str, Any]) -> Shard:
        """Find the open shard whose range holds a record's hash key."""
        named = record.get("ExplicitHashKey")
        value = int(named) if named else hash_key(record["PartitionKey"])
        return next(shard for shard in self.shards if shard.is_open and shard.first <= value <= shard.last)

    def split(self, name: str) -> None:
        """Cut a shard in two equal halves."""
        parent = next(shard for shard in self.shards if shard.name == name)
        parent.is_open = False
        middle = (parent.first + parent.last) // 2
        count = len(self.shards)
        self.shards.append(Shard(f"shardId-{count:012d}", parent.first, middle, name))
        self.shards.append(Shard(f"shardId-{count + 1:012d}", middle + 1, parent.last, name))


def serving(certificate: Path) -> ssl.SSLContext:
    """Present this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def hash_key(key: str) -> int:
    """Place a partition key as Kinesis does."""
    return int.from_bytes(md5(key.encode(), usedforsecurity=False).digest(), "big")


def _answer(writer: asyncio.StreamWriter, status: int, content: object, wire: str = JSON) -> None:
    body = (
        content
        if isinstance(content, bytes)
        else cbor2.dumps(content)
        if wire == CBOR
        else json.dumps(content).encode()
    )
    head = f"HTTP/1.1 {status} -\r\nContent-Type: {wire}\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)


def listed(shard: Shard) -> dict[str, Any]:
    """Describe a shard as ListShards does."""
    numbers = (
        {"StartingSequenceNumber": "0"}
        if shard.is_open
        else {"StartingSequenceNumber": "0", "EndingSequenceNumber": "1"}
    )
    return {
        "ShardId": shard.name,
        "HashKeyRange": {"StartingHashKey": str(shard.first), "EndingHashKey": str(shard.last)},
        "SequenceNumberRange": numbers,
        **({"ParentShardId": shard.parent} if shard.parent else {}),
    }
