"""Free ports of this machine. All of them lie below the range from which outgoing connections take theirs: a client
that keeps calling a stopped server could otherwise take its port."""

import asyncio
import secrets
import socket
from contextlib import ExitStack, suppress

from deploy.local.errors import HouseError

HOST = "127.0.0.1"
HIGHEST = 32_000
STEP = 100


def free_ports(*usual: int) -> list[int]:
    """For each usual port: itself where it is free, else the next free one in steps of 100.

    Raises `HouseError` where there is none.
    """
    with ExitStack() as held:
        return [_take(port, held) for port in usual]


def some_free_ports(count: int) -> list[int]:
    """Free ports anywhere, for a house that nobody has to find by its usual ports."""
    with ExitStack() as held:
        return [_take(20_000 + secrets.randbelow(8_000), held) for _ in range(count)]


def is_free(port: int) -> bool:
    """Whether a server could listen on `port` now."""
    with ExitStack() as held:
        return _bind(port, held)


async def answers(port: int) -> str | None:
    """None where somebody listens on `port`, else why not."""
    try:
        _, writer = await asyncio.open_connection(HOST, port)
    except OSError as error:
        return f"порт {port}: {error}"
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return None


def _take(usual: int, held: ExitStack) -> int:
    for port in range(usual, HIGHEST, STEP):
        if _bind(port, held):
            return port
    raise HouseError(f"Нет свободного порта, начиная с {usual}. Освободите порт {usual} и повторите.")


def _bind(port: int, held: ExitStack) -> bool:
    listener = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(1)
    except OSError:
        return False
    return True
