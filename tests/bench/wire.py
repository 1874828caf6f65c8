"""A lean HTTP/1.1 client connection: keep-alive, one request at a time, some 40 µs of CPU a request.

The generator shares the machine's cores with what it measures, so it must cost next to nothing.
"""

import asyncio
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

import httptools

PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: bytes
    retry_after: float | None = None
    """Seconds, where the server said when to come again."""


class Disconnected(Exception):
    """The server closed the connection before it had answered."""


@dataclass(frozen=True, slots=True)
class Door:
    """Where to POST, as whom; the body is the caller's."""

    host: str
    port: int
    head: bytes

    @classmethod
    def at(cls, url: str, headers: dict[str, str], kind: str = "application/json") -> "Door":
        """The door behind `url`; the same `headers` go with every request."""
        parts = urlsplit(url)
        assert parts.hostname is not None
        lines = [f"POST {parts.path or '/'} HTTP/1.1", f"Host: {parts.netloc}", f"Content-Type: {kind}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return cls(parts.hostname, parts.port or 80, "\r\n".join([*lines, "Content-Length: "]).encode())

    def request(self, body: bytes) -> bytes:
        """The bytes of one POST."""
        return b"%b%d\r\n\r\n%b" % (self.head, len(body), body)


class Connection(asyncio.Protocol):
    """One connection to a door, opened again where the server has closed it."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Answer] | None = None
        self._parser: Any = None
        self._body: list[bytes] = []
        self._retry_after: float | None = None

    async def post(self, body: bytes) -> Answer:
        """The answer to one POST. Raises `Disconnected`, `TimeoutError`."""
        loop = asyncio.get_running_loop()
        if self._transport is None or self._transport.is_closing():
            await loop.create_connection(lambda: self, self._door.host, self._door.port)
        assert self._transport is not None
        self._answer = loop.create_future()
        self._transport.write(self._door.request(body))
        async with asyncio.timeout(PATIENCE):
            return await self._answer

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own are not derived from it
        self._parser = httptools.HttpResponseParser(self)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(Disconnected(str(exc or "closed")))

    def on_message_begin(self) -> None:
        self._body, self._retry_after = [], None

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"retry-after":
            self._retry_after = float(value)

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(Answer(self._parser.get_status_code(), b"".join(self._body), self._retry_after))
        if not self._parser.should_keep_alive():
            self.close()
