"""Natural batching."""

import asyncio
from collections.abc import Sequence

import pytest

from shared.store.batching import Batcher


async def test_a_caller_who_comes_alone_is_served_alone() -> None:
    rounds: list[list[int]] = []

    async def serve(items: Sequence[int]) -> list[int]:
        rounds.append(list(items))
        return [item * 2 for item in items]

    batcher: Batcher[int, int] = Batcher(serve, limit=10)
    assert await batcher.call(1) == 2
    assert rounds == [[1]]


async def test_what_waits_during_a_round_makes_up_the_next_up_to_the_limit() -> None:
    rounds: list[list[int]] = []
    begun, free = asyncio.Event(), asyncio.Event()

    async def serve(items: Sequence[int]) -> list[int]:
        rounds.append(list(items))
        begun.set()
        await free.wait()
        return list(items)

    batcher: Batcher[int, int] = Batcher(serve, limit=3)
    first = batcher.call(0)
    await begun.wait()
    rest = [batcher.call(i) for i in range(1, 6)]
    free.set()
    assert await asyncio.gather(first, *rest) == [0, 1, 2, 3, 4, 5]
    assert rounds == [[0], [1, 2, 3], [4, 5]]


async def test_one_item_may_fail_without_its_neighbours() -> None:
    async def serve(items: Sequence[int]) -> list[int | BaseException]:
        return [ValueError(item) if item == 2 else item for item in items]

    batcher: Batcher[int, int] = Batcher(serve, limit=10)
    results = await asyncio.gather(*(batcher.call(i) for i in (1, 2, 3)), return_exceptions=True)
    assert [results[0], results[2]] == [1, 3]
    assert isinstance(results[1], ValueError)


async def test_a_round_that_fails_fails_for_all_of_it_and_the_next_is_served() -> None:
    answers = iter([RuntimeError("first"), None])

    async def serve(items: Sequence[int]) -> list[int]:
        error = next(answers)
        if error is not None:
            raise error
        return list(items)

    batcher: Batcher[int, int] = Batcher(serve, limit=10)
    with pytest.raises(RuntimeError, match="first"):
        await batcher.call(1)
    assert await batcher.call(2) == 2


async def test_a_caller_who_gives_up_does_not_take_the_item_with_him() -> None:
    served: list[int] = []
    free = asyncio.Event()

    async def serve(items: Sequence[int]) -> list[int]:
        await free.wait()
        served.extend(items)
        return list(items)

    batcher: Batcher[int, int] = Batcher(serve, limit=10)
    waiting = asyncio.ensure_future(batcher.call(7))
    await asyncio.sleep(0)
    waiting.cancel()
    free.set()
    await batcher.drained()
    assert served == [7]
