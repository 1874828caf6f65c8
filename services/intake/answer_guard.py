"""Who may knock at the page behind closing letters, and how often: links cannot be guessed, nor the page flooded."""

from ipaddress import ip_address, ip_network
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

    def wait(self, peer: str, link: str, now: float | None = None) -> float:
        """Seconds to wait; 0 where it may come in."""
        moment = monotonic() if now is None else now
        return self._sources.wait(household(peer), moment) or self._links.wait(link, moment)


def household(address: str) -> str:
    """The address, or of IPv6 the network one customer has."""
    try:
        found = ip_address(address)
    except ValueError:
        return "unknown"
    plain = getattr(found, "ipv4_mapped", None) or found
    return str(plain) if plain.version == 4 else str(ip_network((plain, SOURCE_BITS), strict=False))  # noqa: PLR2004
