"""A wire to a real server that can be cut, frozen, or lose an answer: what a network does to a service."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit, urlunsplit


class Wire:
    """Connections to the server of `url`, made through `url` of its own."""

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)
        self._ends: set[asyncio.StreamWriter] = set()
        self._flows = asyncio.Event()
        self._flows.set()
        self._port = 0
        self.lose_answer_to: bytes | None = None
        """The next request that contains this reaches the server, and its answer reaches nobody."""

    @property
    def url(self) -> str:
        """The same address, through this wire."""
        who, _, _ = self._parts.netloc.rpartition("@")
        return urlunsplit(self._parts._replace(netloc=f"{who}@127.0.0.1:{self._port}"))

    def cut(self) -> None:
        """Break every connection there is; new ones can be made."""
        for end in self._ends:
            end.transport.abort()

    def freeze(self) -> None:
        """Let nothing through any more, while every connection stays open."""
        self._flows.clear()

    @asynccontextmanager
    async def laid(self) -> AsyncIterator["Wire"]:
        """The wire, until the block ends."""
        server = await asyncio.start_server(self._join, "127.0.0.1", 0)
        self._port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self._flows.set()
            self.cut()

    async def _join(self, near_in: asyncio.StreamReader, near_out: asyncio.StreamWriter) -> None:
        far_in, far_out = await asyncio.open_connection(self._parts.hostname, self._parts.port)
        ends = {near_out, far_out}
        self._ends |= ends
        lost = asyncio.Event()
        with suppress(OSError):
            await asyncio.gather(self._requests(near_in, far_out, lost), self._answers(far_in, near_out, lost))
        self._ends -= ends
        for end in ends:
            end.transport.abort()

    async def _requests(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, lost: asyncio.Event) -> None:
        while data := await source.read(65536):
            if self.lose_answer_to is not None and self.lose_answer_to in data:
                self.lose_answer_to = None
                lost.set()
            await self._pass(data, sink)
        raise ConnectionResetError

    async def _answers(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, lost: asyncio.Event) -> None:
        while data := await source.read(65536):
            if lost.is_set():
                break
            await self._pass(data, sink)
        raise ConnectionResetError

    async def _pass(self, data: bytes, sink: asyncio.StreamWriter) -> None:
        await self._flows.wait()
        sink.write(data)
        await sink.drain()
