"""Who may knock at the page behind closing letters, and how often: links cannot be guessed, nor the page flooded."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from time import monotonic

from services.intake.limits import Allowance
from services.intake.mail_settings import MailSettings

PER_LINK = 3
"""A source may have several links; one link needs so many times fewer knocks."""
SOURCE_BITS = 64
"""Of an IPv6 address: whoever has one has all that begin so."""


class AnswerGuard:
    """Counts by source and by link."""

    def __init__(self, settings: MailSettings) -> None:
        burst, every = settings.answers_burst, settings.answers_every_seconds
        self._sources = Allowance(burst, every)
        self._links = Allowance(max(1, burst // PER_LINK), every)
        self._proxies = tuple(ip_network(network, strict=False) for network in settings.proxy_addresses)

    def wait(self, peer: str, forwarded: Iterable[str], link: str, now: float | None = None) -> float:
        """Seconds to wait; 0 where it may come in. `forwarded` are the `X-Forwarded-For` headers."""
        moment = monotonic() if now is None else now
        source = source_of(peer, ",".join(forwarded), self._proxies)
        return self._sources.wait(source, moment) or self._links.wait(link, moment)


def source_of(peer: str, forwarded: str, proxies: tuple[IPv4Network | IPv6Network, ...]) -> str:
    """Where somebody really knocks from: a proxy of ours is believed, the last it names first; nobody else is."""
    named = [one.strip() for one in forwarded.split(",") if one.strip()]
    source = peer
    while named and _within(source, proxies):
        source = named.pop()
    return _household(source)


def _within(address: str, networks: tuple[IPv4Network | IPv6Network, ...]) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    plain = getattr(found, "ipv4_mapped", None) or found
    return any(plain in network for network in networks)


def _household(address: str) -> str:
    try:
        found = ip_address(address)
    except ValueError:
        return "unknown"
    plain = getattr(found, "ipv4_mapped", None) or found
    return str(plain) if plain.version == 4 else str(ip_network((plain, SOURCE_BITS), strict=False))  # noqa: PLR2004
