"""A proxy that lets connections stand still: nothing passes, and nobody is told."""

from __future__ import annotations

import asyncio
import contextlib

from tests.connector.loop_server import LoopServer


class StallingProxy(LoopServer):
    """Passes bytes on between a free port of the loopback and another port; `stall` holds them up."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._flowing = asyncio.Event()
        self._flowing.set()
        self.held_up = 0
        """Pieces that had to wait."""

    def stall(self) -> None:
        self._loop.call_soon_threadsafe(self._flowing.clear)

    def resume(self) -> None:
        self._loop.call_soon_threadsafe(self._flowing.set)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        try:
            await asyncio.gather(self._pass_on(reader, far_writer), self._pass_on(far_reader, writer))
        finally:
            writer.transport.abort()
            far_writer.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while piece := await reader.read(1 << 16):
                self.held_up += not self._flowing.is_set()
                await self._flowing.wait()
                writer.write(piece)
                await writer.drain()
        # The other direction ends with this one.
        writer.transport.abort()
