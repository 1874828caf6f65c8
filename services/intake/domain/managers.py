"""Managers as intake needs them: whose mobile a number is, and the name a telephony shows."""

from dataclasses import dataclass
from datetime import date

from shared.contracts.accounts import ManagerEvent


@dataclass(frozen=True, slots=True)
class KnownManager:
    """A manager as the newest event about them tells."""

    manager_id: str
    revision: int
    name: str
    phones: tuple[str, ...] = ()
    """E.164."""
    left: date | None = None


def told(known: KnownManager | None, event: ManagerEvent) -> KnownManager:
    """What is known of a manager after `event`, whichever order events come in: the higher revision is the newer."""
    if known is not None and known.revision >= event.revision:
        return known
    return KnownManager(event.manager_id, event.revision, event.name, event.phones, event.left)
