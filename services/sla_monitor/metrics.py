"""What sla_monitor measures besides what every service does.

The counters of the replicas add up. The gauges are read from the database: each replica shows the same, so take their
maximum (of `nearest` the minimum).
"""

from collections.abc import Iterable
from datetime import datetime

from prometheus_client import Counter, Gauge, Histogram

from services.sla_monitor.domain.rules import Rules
from services.sla_monitor.store import Store
from shared.contracts.base import Event, Priority
from shared.contracts.sla_monitor import SlaBreached, SlaBreachWithdrawn, SlaEvent, SlaMet, SlaMetWithdrawn, SlaWarned

LABELS = ["clock", "priority"]
ALL: tuple[Priority, ...] = ("urgent", "important", "routine")
NO_PRIORITY = "none"
"""Of a call."""

OPEN = Gauge("svoy_sla_obligations_open", "Obligations that run, late ones included.", LABELS)
OVERDUE = Gauge("svoy_sla_obligations_overdue", "Obligations that run and are late.", LABELS)
NEAREST = Gauge(
    "svoy_sla_nearest_deadline_timestamp_seconds", "The earliest due time still to come; absent where none is.", LABELS
)
TICKED = Gauge("svoy_sla_ticker_last_load_timestamp_seconds", "When the ticker last looked for what is due.")
WARNED = Counter("svoy_sla_warned", "Obligations of which most of the time had passed.", LABELS)
BREACHED = Counter("svoy_sla_breached", "Obligations that were not met in time.", LABELS)
PROMISES_BROKEN = Counter("svoy_sla_promises_broken", "Breaches of a time the contact was promised (R-URG-6).", LABELS)
WITHDRAWN = Counter("svoy_sla_breaches_withdrawn", "Breaches that a late fact showed never to have been.", LABELS)
MET = Counter("svoy_sla_met", "Obligations met, in time or late.", [*LABELS, "late"])
MET_WITHDRAWN = Counter(
    "svoy_sla_met_withdrawn", "Told as met, in time or late, which a late fact showed not to be so.", [*LABELS, "late"]
)
LATENESS = Histogram(
    "svoy_sla_lateness_seconds",
    "How long after its time a warning or breach was durably told.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600, 3600),
)

POLICY = Gauge("svoy_sla_policy_version", "The newest version of the policy this replica knows.")

PAIRS: set[tuple[str, str]] = set()
"""Every clock with each priority any version has terms for: all of them are shown, from the first moment on."""


def show(rules: Rules) -> None:
    """From now on show every clock there is."""
    POLICY.set(rules.newest.number)
    for policy in rules.newest.policies.values():
        # A promise is kept whatever the priority: one that was never counted would not be seen to be broken.
        named = {*ALL} if policy.promised else {one for terms in policy.terms for one in terms.priorities}
        for pair in {(policy.clock, one or NO_PRIORITY) for one in named}:
            PAIRS.add(pair)
            _show(pair, promised=policy.promised)


def _show(pair: tuple[str, str], *, promised: bool) -> None:
    for counter in (WARNED, BREACHED, WITHDRAWN):
        counter.labels(*pair)
    if promised:
        PROMISES_BROKEN.labels(*pair)
    for late in ("yes", "no"):
        for counter in (MET, MET_WITHDRAWN):
            counter.labels(*pair, late)


def count(events: Iterable[Event]) -> None:
    """What was just told."""
    for event in events:
        if isinstance(event, SlaEvent):
            _count(event, (event.clock, event.priority or NO_PRIORITY))


def _count(event: SlaEvent, pair: tuple[str, str]) -> None:
    if isinstance(event, SlaWarned):
        WARNED.labels(*pair).inc()
    elif isinstance(event, SlaMet):
        MET.labels(*pair, _late(event)).inc()
        MET_WITHDRAWN.labels(*pair, _late(event))
    elif isinstance(event, SlaMetWithdrawn):
        MET_WITHDRAWN.labels(*pair, _late(event)).inc()
    elif isinstance(event, SlaBreachWithdrawn):
        WITHDRAWN.labels(*pair).inc()
    elif isinstance(event, SlaBreached):
        BREACHED.labels(*pair).inc()
        WITHDRAWN.labels(*pair)  # both are there, or there is no difference of the two
        if event.promise_broken:
            PROMISES_BROKEN.labels(*pair).inc()


def _late(event: SlaMet | SlaMetWithdrawn) -> str:
    return "yes" if event.late else "no"


async def renew(store: Store, now: datetime) -> None:
    """Set the gauges to what the database says."""
    counts = {(one.clock, one.priority or NO_PRIORITY): one for one in await store.running_by_clock(now)}
    NEAREST.clear()
    for pair in {*PAIRS, *counts}:
        found = counts.get(pair)
        OPEN.labels(*pair).set(found.running if found else 0)
        OVERDUE.labels(*pair).set(found.overdue if found else 0)
        if found and found.nearest is not None:
            NEAREST.labels(*pair).set(found.nearest.timestamp())
