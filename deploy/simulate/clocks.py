"""The clocks of the work (R-URG-4/5), by the very table and the very calendar sla_monitor comes with: those of urgent
requests run round the clock, those of others in the company's working time, Russia's holidays counted.

`verdict` is not among them: in this world the accountant always answers after the same time, whoever did the work.
"""

from datetime import datetime, timedelta
from functools import cache

from deploy.simulate.company import ZONE
from services.sla_monitor.domain.built_in import WORKING_DAY, shipped
from services.sla_monitor.domain.rules import Allowed, Edition, Traits
from shared.calendar import add, between, hours
from shared.contracts.base import Priority

CLOCKS = ("assign", "start", "progress", "finish")
EDITION = Edition(shipped(ZONE, hours("09:00-13:00,14:00-18:00")))


@cache
def _allowed(clock: str, priority: Priority) -> Allowed | None:
    return EDITION.allowed(clock, Traits(priority=priority))


def due(clock: str, priority: Priority, since: datetime, spent: timedelta = timedelta()) -> datetime | None:
    """When the clock is due that runs since then and had run for `spent` before; None where there is none."""
    terms = _allowed(clock, priority)
    return add(terms.calendar, since, max(timedelta(), terms.terms.target - spent)) if terms else None


def ran(clock: str, priority: Priority, since: datetime, until: datetime) -> timedelta:
    """How long the clock has run between two moments."""
    terms = _allowed(clock, priority)
    return between(terms.calendar, since, until) if terms else timedelta()


def working_days(count: int, since: datetime) -> datetime:
    """So many working days of the company later."""
    return add(EDITION.calendar("company", None), since, count * WORKING_DAY)
