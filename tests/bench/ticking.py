"""One replica's ticker in a process of its own, told by lines what to do: see `clocks.py`.

It is told `{"offset": seconds}` to move its clock and begin, and answers every line with what it has told since the
one before: every event with its obligation, its priority, how late it was, and when.
"""

import asyncio
import json
import sys
from contextlib import suppress
from datetime import timedelta
from typing import Any

import uvloop

from services.sla_monitor.bases import Bases
from services.sla_monitor.domain.built_in import shipped
from services.sla_monitor.domain.rules import Edition, Rules
from services.sla_monitor.domain.timeline import Timeline
from services.sla_monitor.monitor import Monitor
from services.sla_monitor.policy_book import Rulebook
from services.sla_monitor.store import Store
from services.sla_monitor.ticker import Ticker
from shared.calendar import hours
from shared.clock import ServiceClock
from shared.contracts.sla_monitor import SlaEvent
from shared.ids import random_id
from shared.messaging.outbound import Outbound, Unconfirmed
from shared.store import Database, Stepped

RULES = Rules([Edition(shipped("Asia/Krasnoyarsk", hours("09:00-13:00,14:00-18:00")))])
LINE = 2**28
"""The longest line a report can be."""

Told = tuple[str, str, str | None, float, float]
"""What, of which obligation, its priority, how many seconds late, and when by the replica's clock."""


class Silent(Unconfirmed):
    """Takes what is told and says at once that it was."""

    def add(self, event: Any, confirmed: Any) -> None:
        """Confirmed."""
        confirmed(event)


class Watched(Monitor):
    """A monitor that remembers what it told."""

    told: list[Told] = []  # noqa: RUF012 - one process, one list

    async def fire(self, key: str, now: Any) -> Stepped[Timeline]:
        """As the monitor does."""
        stepped = await super().fire(key, now)
        done = self.clock.now()
        for event in stepped.events if stepped.written else ():
            if isinstance(event, SlaEvent):
                late = (done - event.at).total_seconds()
                self.told.append((event.TYPE, event.obligation_id, event.priority, late, done.timestamp()))
        return stepped


def database(url: str) -> tuple[Database, Store, Bases]:
    """The collections of timelines and clients, without a broker."""
    quiet = Silent(Outbound("amqp://nowhere", "bench"), limit=1)
    made = Database(url, "bench", quiet, random_id)
    return made, Store(made), Bases(made)  # type: ignore[arg-type]  # all they ask of a service is `documents`


async def replica(url: str) -> None:
    """Tick until the line is closed."""
    made, store, bases = database(url)
    clock = ServiceClock()
    monitor = Watched(store=store, clock=clock, book=Rulebook(RULES), bases=bases)
    tasks = [asyncio.create_task(store.timelines.outbox.clearing())]
    lines = asyncio.StreamReader(limit=LINE)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        asked = json.loads(line)
        if "offset" in asked:
            clock.offset = timedelta(seconds=asked["offset"])
            tasks.append(asyncio.create_task(Ticker(monitor).run()))
        told, monitor.told[:] = list(monitor.told), ()
        print(json.dumps(told), flush=True)  # noqa: T201 - the answer on the line
    for task in tasks:
        task.cancel()
    with suppress(asyncio.CancelledError):
        await asyncio.gather(*tasks)
    made.close()


if __name__ == "__main__":
    uvloop.run(replica(sys.argv[1]))
