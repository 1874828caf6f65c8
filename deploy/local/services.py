"""How one of our services is started on this machine, and when it is ready."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx

from deploy.local.errors import HouseError
from deploy.local.part import Part
from deploy.local.ports import HOST, answers, is_free
from deploy.local.process import Command, Process, own_environment

BOOT = 90.0
PATIENCE = 30.0
"""Longer than a service takes to finish what is in flight."""
PRIVATE = frozenset({"SVOY_HOME", "SVOY_JWT_PRIVATE_KEY", "SVOY_AMQP_URL", "SVOY_MONGO_URL"})
"""Settings of ours that are none of a service's business; neither is what ends in `_PASSWORD`."""


def program(service: str) -> Sequence[str]:
    """The command line of a service."""
    return (sys.executable, "-m", f"services.{service}")


class RunningService(Part):
    """A service as a process of a house."""

    def __init__(self, process: Process, port: int, argv: Sequence[str], own: Mapping[str, str], cwd: Path) -> None:
        self.process = process
        self.port = port
        self.url = f"http://{HOST}:{port}"
        self._argv = argv
        self._own = own
        self._cwd = cwd

    def env(self) -> dict[str, str]:
        """Its whole environment: our settings, without what is private, and its own addresses and secrets."""
        settings = {name: value for name, value in os.environ.items() if _concerns(name)}
        return own_environment() | settings | {"PYTHONUNBUFFERED": "1", **self._own}

    async def start(self) -> None:
        """Start it and wait until it is ready. Raises `Died`, `NotReady`, `HouseError`."""
        if not is_free(self.port):
            raise HouseError(f"{self.process.name}: порт {self.port} занят другим процессом.")
        self.process.start(Command(argv=self._argv, env=self.env(), cwd=self._cwd))
        await self.process.until(self.unready, BOOT)

    async def unready(self) -> str | None:
        """None when it is ready, else why it is not."""
        closed = await answers(self.port)
        return closed or await why_unready(self.url)

    async def stop(self) -> None:
        """Let it finish what is in flight, then end it."""
        await self.process.stop(PATIENCE)


def _concerns(name: str) -> bool:
    return name.startswith("SVOY_") and name not in PRIVATE and not name.endswith("_PASSWORD")


async def why_unready(url: str) -> str | None:
    """None where the service at `url` says it is ready, else its reasons."""
    try:
        async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
            answer = await client.get(f"{url}/health/ready")
    except httpx.HTTPError as error:
        return f"не отвечает: {type(error).__name__}"
    if answer.is_success:
        return None
    return f"{answer.status_code}: {answer.text[:300]}"
