"""Free ports of this machine. All of them lie below the range from which outgoing connections take theirs: a client
that keeps calling a stopped server could otherwise take its port.

A port is free until a server listens on it, seconds after it was chosen. So whoever chooses it claims it: they hold the
UDP port of the same number, which no server of ours uses and one process alone can have. A claim ends with its process.
"""

import asyncio
import secrets
import socket
from collections.abc import Iterable
from contextlib import suppress

from deploy.local.errors import HouseError

HOST = "127.0.0.1"
HIGHEST = 32_000
STEP = 100

_claims: dict[int, socket.socket] = {}
"""This process's, by port."""


def free_ports(*usual: int) -> list[int]:
    """For each usual port: itself where it is free, else the next free one in steps of 100; claimed until given back.

    Raises `HouseError` where there is none.
    """
    return [_take(port) for port in usual]


def some_free_ports(count: int) -> list[int]:
    """Free ports anywhere, for a house that nobody has to find by its usual ports; claimed until given back."""
    return [_take(20_000 + secrets.randbelow(8_000)) for _ in range(count)]


def give_back(ports: Iterable[int]) -> None:
    """Let others choose these ports again."""
    for port in ports:
        if port in _claims:
            _claims.pop(port).close()


def is_free(port: int) -> bool:
    """Whether a server could listen on `port` now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
            listener.listen(1)
        except OSError:
            return False
    return True


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


def _take(usual: int) -> int:
    for port in range(usual, HIGHEST, STEP):
        if _claim(port):
            if is_free(port):
                return port
            give_back([port])
    raise HouseError(
        f"Нет свободного порта, начиная с {usual}. Освободите порт {usual} или остановите другой svoy "
        "(svoy down в его папке) и повторите."
    )


def _claim(port: int) -> bool:
    """Whether it is ours now."""
    claim = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        claim.bind((HOST, port))
    except OSError:
        claim.close()
        return False
    _claims[port] = claim
    return True
