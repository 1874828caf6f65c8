"""Who may knock at a provider's door, how often, and how much they may say; all before anything is parsed."""

from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from time import monotonic

from starlette.requests import Request

from services.intake.channels.doors import WEBHOOK_LIMIT, TooLong
from services.intake.domain.refusals import Refused


class NotFromThere(Refused):
    """С этого адреса события провайдера не принимаются. Проверьте список адресов в настройках."""


class TooOften(Refused):
    """Слишком много событий от этого провайдера; повторите через секунду."""


class Gate:
    """One provider's gate. The limit is of this process."""

    def __init__(self, networks: Iterable[str] = (), *, per_second: float = 500, burst: int = 5_000) -> None:
        self._networks = tuple(ip_network(network, strict=False) for network in networks)
        self._per_second = per_second
        self._burst = burst
        self._left = float(burst)
        self._at = monotonic()

    async def body(self, request: Request) -> bytes:
        """The body of a webhook that may come in. Raises `NotFromThere`, `TooOften`, `TooLong`."""
        self.admit("" if request.client is None else request.client.host, monotonic())
        taken = bytearray()
        async for piece in request.stream():
            taken += piece
            if len(taken) > WEBHOOK_LIMIT:
                raise TooLong
        return bytes(taken)

    def admit(self, address: str, now: float) -> None:
        """Raises `NotFromThere` for an address outside the networks, `TooOften` above the limit."""
        if self._networks and not _within(address, self._networks):
            raise NotFromThere
        self._left = min(float(self._burst), self._left + (now - self._at) * self._per_second)
        self._at = now
        if self._left < 1:
            raise TooOften
        self._left -= 1


def _within(address: str, networks: tuple[object, ...]) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    plain = getattr(found, "ipv4_mapped", None) or found
    return any(plain in network for network in networks)  # type: ignore[operator]
