"""Who may knock at a door, and how often. How much they may say is limited before that (`shared.http.edge`)."""

from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from math import ceil
from time import monotonic

from starlette.requests import Request

from services.intake.domain.refusals import Refused


class NotFromThere(Refused):
    """С этого адреса события провайдера не принимаются. Проверьте список адресов в настройках."""


class TooOften(Refused):
    """Слишком часто. Повторите позже: через сколько секунд, сказано в Retry-After."""

    def __init__(self, retry_after: int) -> None:
        super().__init__()
        self.retry_after = retry_after


class Bucket:
    """How often something may happen: `per_second` on average, `burst` at once. Of this process alone."""

    def __init__(self, *, per_second: float, burst: int) -> None:
        self._per_second = per_second
        self._burst = float(burst)
        self._left = self._burst
        self._at = monotonic()

    def take(self, now: float | None = None) -> None:
        """Once more. Raises `TooOften`, which says in how many seconds it may."""
        moment = monotonic() if now is None else now
        self._left = min(self._burst, self._left + (moment - self._at) * self._per_second)
        self._at = moment
        if self._left < 1:
            raise TooOften(ceil((1 - self._left) / self._per_second))
        self._left -= 1


class Gate:
    """One provider's gate: the address is looked at first, and only what is really from the provider counts against
    how often it may come."""

    def __init__(self, networks: Iterable[str] = (), *, per_second: float = 500, burst: int = 5_000) -> None:
        self._networks = tuple(ip_network(network, strict=False) for network in networks)
        self._bucket = Bucket(per_second=per_second, burst=burst)

    async def body(self, request: Request) -> bytes:
        """The body of what comes from an allowed address. Raises `NotFromThere`."""
        self.admit("" if request.client is None else request.client.host)
        return await request.body()

    def admit(self, address: str) -> None:
        """Raises `NotFromThere` for an address outside the networks."""
        if self._networks and not _within(address, self._networks):
            raise NotFromThere

    def count(self) -> None:
        """One more has come. Raises `TooOften`."""
        self._bucket.take()


class KeyGates:
    """How often each integration may come, by its name."""

    def __init__(self, *, per_second: float, burst: int) -> None:
        self._per_second, self._burst = per_second, burst
        self._buckets: dict[str, Bucket] = {}

    def count(self, name: str) -> None:
        """One more of `name` has come. Raises `TooOften`."""
        bucket = self._buckets.get(name)
        if bucket is None:
            bucket = self._buckets[name] = Bucket(per_second=self._per_second, burst=self._burst)
        bucket.take()


def _within(address: str, networks: tuple[object, ...]) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    plain = getattr(found, "ipv4_mapped", None) or found
    return any(plain in network for network in networks)  # type: ignore[operator]
