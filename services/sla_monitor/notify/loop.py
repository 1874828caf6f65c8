"""The background of escalation: climb what is due, then tell people."""

import asyncio

from services.sla_monitor.notify.escalations import Escalations
from services.sla_monitor.notify.notifier import Notifier

NAP = 1.0


async def run(escalations: Escalations, notifier: Notifier) -> None:
    """For ever. Raises the driver's error where the database cannot be read; a slow mail server is not waited for."""
    while True:
        await escalations.tick()
        await notifier.tick()
        await asyncio.sleep(NAP)
