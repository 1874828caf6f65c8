"""Natural batching: what waits while one round is under way makes up the next.

A caller who comes alone is served at once; nobody ever waits for a timer.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Batcher(Generic[T, R]):
    """Gathers concurrent calls of `call` into rounds of `serve`, one round at a time.

    `serve(items)` answers one result or exception an item, in order. If it raises, every caller of the round
    gets the exception.
    """

    def __init__(self, serve: Callable[[Sequence[T]], Awaitable[Sequence[R | BaseException]]], limit: int) -> None:
        self._serve = serve
        self._limit = limit
        self._waiting: deque[tuple[T, asyncio.Future[R]]] = deque()
        self._round: asyncio.Task[None] | None = None

    def call(self, item: T) -> asyncio.Future[R]:
        """The result for `item`. Cancelling the caller does not take the item out of its round."""
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._round is None:
            # In a context of its own: a round is not done for the caller alone who began it.
            self._round = asyncio.create_task(self._rounds(), context=Context())
        return future

    async def drained(self) -> None:
        """Wait until nothing is waiting or under way."""
        while self._round is not None:
            await asyncio.wait([self._round])

    async def _rounds(self) -> None:
        try:
            while self._waiting:
                taken = [self._waiting.popleft() for _ in range(min(self._limit, len(self._waiting)))]
                await self._one_round(taken)
        finally:
            self._round = None

    async def _one_round(self, taken: list[tuple[T, asyncio.Future[R]]]) -> None:
        try:
            results = await self._serve([item for item, _ in taken])
        except BaseException as broken:
            for _, future in taken:
                _settle(future, broken)
            if not isinstance(broken, Exception):
                raise
            return
        for (_, future), result in zip(taken, results, strict=True):
            _settle(future, result)


def _settle(future: asyncio.Future[R], result: R | BaseException) -> None:
    if future.done():
        return
    if isinstance(result, BaseException):
        future.set_exception(result)
    else:
        future.set_result(result)
