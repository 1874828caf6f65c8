"""The growth of bases, from what is recorded: every client something happened to is folded, the others are counted."""

import asyncio
from collections.abc import Sequence

from services.accounts.domain.growth import Growth, Month, months, of_month, together, unmoved
from services.accounts.office import Office

VERDICTS = ("goal", "growing", "level", "shrinking")
"""How good a month may be (R-BASE-1)."""


async def series(office: Office, manager_id: str, first: Month, last: Month) -> list[tuple[Month, Growth]]:
    """One manager's months, from every client they hold or ever held."""
    clients = await office.store.ever_held_by(manager_id)
    today = office.today()

    def folded() -> list[tuple[Month, Growth]]:
        return [(each, of_month(clients, each, today).get(manager_id, Growth())) for each in months(first, last)]

    return await asyncio.to_thread(folded)


async def of_all(office: Office, month: Month, manager_ids: Sequence[str] | None = None) -> dict[str, Growth]:
    """Everybody\'s month, or that of these managers.

    A client about which nothing changed since it began counts for its present holder.
    """
    today = office.today()
    moved = await office.store.moved_since(month.first, manager_ids)
    still = await office.store.unmoved_since(month.first, manager_ids)
    folded = await asyncio.to_thread(of_month, moved, month, today)
    return together([folded, {manager_id: unmoved(count, fees) for manager_id, (count, fees) in still.items()}])


async def totals(office: Office, month: Month) -> tuple[Growth, dict[str, int]]:
    """The company's month, and how many managers have how good a one."""
    found = await of_all(office, month)
    whole = Growth()
    verdicts = dict.fromkeys(VERDICTS, 0)
    for growth in found.values():
        whole = whole.plus(growth)
        verdicts[verdict(growth)] += 1
    return whole, verdicts


def verdict(growth: Growth) -> str:
    """In one word how good a month is."""
    if growth.reached:
        return "goal"
    if growth.grown == 0:
        return "level"
    return "growing" if growth.grown > 0 else "shrinking"
