"""Every due time computed anew from the facts, page by page: on demand, and each night."""

from functools import partial

from prometheus_client import Gauge

from services.sla_monitor.domain.verifying import Difference, differences
from services.sla_monitor.monitor import Monitor
from shared.verification import Nightly, Page

PAGE = 500

DIFFERENCES = Gauge("svoy_sla_clock_differences", "What the last nightly verification of the clocks found otherwise.")
VERIFIED = Gauge("svoy_sla_clocks_verified_timestamp_seconds", "When the clocks were last verified as a whole.")


async def page(monitor: Monitor, after: str | None, limit: int = PAGE) -> Page[Difference]:
    """The timelines after the key `after`, in the order of their keys."""
    found, last = await monitor.store.page({}, after or "", limit)
    await monitor.book.refresh()  # another replica may have reckoned one of these by a newer policy
    now, applied = monitor.clock.now(), monitor.book.applied
    different = [one for timeline in found for one in differences(timeline, monitor.rules, now, applied)]
    return Page(checked=len(found), differences=tuple(different), next=last)


def nightly(monitor: Monitor, company_zone: str) -> Nightly[Difference]:
    """Each night all of them."""
    return Nightly(
        what="clocks",
        nights=monitor.store.verifications,
        page=partial(page, monitor),
        clock=monitor.clock,
        zone=company_zone,
        differences=DIFFERENCES,
        verified=VERIFIED,
    )
