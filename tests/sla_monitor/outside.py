"""The world outside: a server that takes webhooks, real, on this machine."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response
from standardwebhooks import Webhook

from shared.service import Server
from tests.kit import eventually

SECRET = "whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"


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
