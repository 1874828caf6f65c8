"""What a house consists of: a server or a service, one process each."""

import signal
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self

from deploy.local.process import Process


class Part(ABC):
    """One process of a house; how it starts and stops in order is its own affair."""

    process: Process

    @abstractmethod
    async def start(self) -> None:
        """Start it and wait until it is ready. Raises `Died`, `NotReady`, `HouseError`."""

    @abstractmethod
    async def stop(self) -> None:
        """Stop it in an orderly way."""

    async def kill(self) -> None:
        """End it as a power cut would (SIGKILL)."""
        await self.process.kill()

    def freeze(self) -> None:
        """Let it hang (SIGSTOP) until `thaw`."""
        self.process.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self.process.signal(signal.SIGCONT)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """Started inside, stopped outside, whatever happens."""
        try:
            await self.start()
            yield self
        finally:
            await self.stop()
