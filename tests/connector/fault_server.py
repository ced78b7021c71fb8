"""A stand-in for Kinesis that records what it takes and misbehaves on demand."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Self

THROTTLED = "ProvisionedThroughputExceededException"


@dataclass(frozen=True)
class Fault:
    """How one PutRecords call goes.

    `refused` tells which records fail one by one; `status` and `code` make the whole call fail;
    `ending` cuts the connection, before the records are taken or after; `delay` is in seconds.
    """

    refused: Callable[[int], bool] | None = None
    refusal: str = THROTTLED
    status: int = 200
    code: str = ""
    ending: Literal["answer", "cut-before", "cut-after"] = "answer"
    delay: float = 0.0


FINE = Fault()
Plan = Callable[[int], Fault]


@dataclass
class Taken:
    """One record as the stream holds it; the sequence number is its place."""

    key: str
    data: bytes


@dataclass
class FaultServer:
    """PutRecords over HTTP on a free port of the loopback, on a thread of its own."""

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
    port: int = 0

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._at_once = 0
        started = threading.Event()

        async def serve() -> None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.tls, limit=1 << 24)
            self.port = self._server.sockets[0].getsockname()[1]
            started.set()

        self._serving = self._loop.create_task(serve())
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        assert started.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        async def end() -> None:
            self._server.close()
            tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://localhost:{self.port}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._request(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
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
        if action != "PutRecords":
            status, answer = self._rare(action, json.loads(body))
            _answer(writer, status, answer)
            return True
        self.heads.append(headers)
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            return await self._put_records(json.loads(body)["Records"], writer)
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
        return 400, {"__type": "ResourceNotFoundException", "message": "Stream not found"}

    async def _put_records(self, records: Sequence[dict[str, str]], writer: asyncio.StreamWriter) -> bool:
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
            _answer(writer, fault.status, {"__type": f"com.amazonaws.kinesis#{fault.code}", "message": "on demand"})
            return True
        results: list[dict[str, str]] = []
        for index, record in enumerate(records):
            if fault.refused is not None and fault.refused(index):
                self.happened[fault.refusal] += 1
                results.append({"ErrorCode": fault.refusal, "ErrorMessage": "on demand"})
                continue
            self.count += 1
            if self.keeps:
                self.taken.append(Taken(keys[index], base64.b64decode(record["Data"], validate=True)))
            results.append({"SequenceNumber": f"{self.count:056d}", "ShardId": "shardId-000000000000"})
        if fault.ending == "cut-after":
            self.happened["cut-after"] += 1
            return False
        failed = sum("ErrorCode" in result for result in results)
        _answer(writer, 200, {"FailedRecordCount": failed, "Records": results})
        return True


def _answer(writer: asyncio.StreamWriter, status: int, content: object) -> None:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    head = f"HTTP/1.1 {status} -\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
