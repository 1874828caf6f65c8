"""The world outside: a mail server and a server that takes webhooks, both real, on this machine."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import uvicorn
from aiosmtpd.smtp import SMTP, Envelope
from fastapi import FastAPI, Request, Response
from standardwebhooks import Webhook

from shared.service import Server
from tests.kit import eventually

SECRET = "whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"


@dataclass
class Post:
    """A mail server; `answers` is what it says to the next letters, then it takes them."""

    answers: list[str] = field(default_factory=list)
    taken: list[EmailMessage] = field(default_factory=list)
    url: str = ""

    async def handle_DATA(self, _: Any, __: Any, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        if self.answers:
            return self.answers.pop(0)
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.taken.append(message)
        return "250 OK"

    def to(self, address: str) -> list[EmailMessage]:
        """The letters somebody got."""
        return [message for message in self.taken if message["To"] == address]

    async def letters(self, count: int, address: str) -> list[EmailMessage]:
        """At least so many letters to somebody, waited for."""
        return await eventually(lambda: found if len(found := self.to(address)) >= count else None)


@dataclass
class Listener:
    """A server that takes webhooks, and checks who signed them."""

    taken: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""

    async def take(self, request: Request) -> Response:
        """A webhook; refused unless it is ours."""
        body = await request.body()
        Webhook(SECRET).verify(body, dict(request.headers))
        self.taken.append(json.loads(body))
        return Response(status_code=204)


@asynccontextmanager
async def mail_server() -> AsyncIterator[Post]:
    """A mail server."""
    handler, loop = Post(), asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(handler, loop=loop, enable_SMTPUTF8=True), "127.0.0.1", 0)
    handler.url = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield handler
    finally:
        server.close()


@asynccontextmanager
async def serving_at_a_port(app: FastAPI) -> AsyncIterator[tuple[str, Server]]:
    """The address of `app` behind a real server, and the server."""
    server = Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None))
    running = asyncio.create_task(server.serve())
    await eventually(lambda: server.started)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", server
    finally:
        server.should_exit = True
        await running


@asynccontextmanager
async def hook_server() -> AsyncIterator[Listener]:
    """A server that takes webhooks."""
    found, app = Listener(), FastAPI()
    app.state.stopping = asyncio.Event()
    app.add_api_route("/{path:path}", found.take, methods=["POST"])
    async with serving_at_a_port(app) as (url, _):
        found.url = f"{url}/hook"
        yield found
