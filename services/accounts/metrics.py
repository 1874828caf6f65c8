"""What accounts measures besides what every service does. Each replica shows the same gauges: take their maximum."""

from typing import get_args

from prometheus_client import Counter, Gauge

from services.accounts import growing
from services.accounts.domain.growth import Month
from services.accounts.office import Office
from shared.contracts.accounts import Source

CLIENTS_ACTIVE = Gauge("svoy_accounts_clients_active", "Clients with us at present, by how they came.", ["source"])
PROPOSALS_OPEN = Gauge("svoy_accounts_proposals_open", "Proposals waiting for a director or for their client.")
OLDEST_PROPOSAL = Gauge("svoy_accounts_oldest_proposal_age_seconds", "Age of the oldest open proposal, else 0.")
MONTH_CLIENTS = Gauge("svoy_accounts_month_clients", "Clients of the present month, by what became of them.", ["part"])
MONTH_FEES = Gauge("svoy_accounts_month_fees_roubles", "Their fees a month, by what became of them.", ["part"])
MANAGERS_BY_GROWTH = Gauge(
    "svoy_accounts_managers_by_growth", "Managers by the present month: goal, growing, level, shrinking.", ["growth"]
)
IMPORT_ROWS = Counter(
    "svoy_accounts_import_rows", "Rows of imported lists by what became of them: taken, refused.", ["outcome"]
)
RESUMED = Counter("svoy_accounts_confirmations_resumed", "Confirmations another replica, or a crash, left unfinished.")

PARTS = ("start", "won", "begun", "lost", "end")
FEE_PARTS = ("start", "won", "lost", "end")

for _part in PARTS:
    MONTH_CLIENTS.labels(part=_part)
for _part in FEE_PARTS:
    MONTH_FEES.labels(part=_part)
for _growth in growing.VERDICTS:
    MANAGERS_BY_GROWTH.labels(growth=_growth)
for _source in get_args(Source):
    CLIENTS_ACTIVE.labels(source=_source)
for _outcome in ("taken", "refused"):
    IMPORT_ROWS.labels(outcome=_outcome)


async def renew_growth(office: Office) -> None:
    """Set the gauges of the present month."""
    today = office.today()
    whole, verdicts = await growing.totals(office, Month(today.year, today.month))
    for part in PARTS:
        MONTH_CLIENTS.labels(part=part).set(getattr(whole, part))
    for part in FEE_PARTS:
        MONTH_FEES.labels(part=part).set(float(getattr(whole, f"fees_{part}")))
    for name, count in verdicts.items():
        MANAGERS_BY_GROWTH.labels(growth=name).set(count)


async def renew(office: Office) -> None:
    """Set the gauges to what the database says."""
    store, now = office.store, office.now()
    active = await store.active_by_source()
    for source in get_args(Source):
        CLIENTS_ACTIVE.labels(source=source).set(active.get(source, 0))
    count, oldest = await store.open_proposals()
    PROPOSALS_OPEN.set(count)
    OLDEST_PROPOSAL.set(0 if oldest is None else (now - oldest).total_seconds())
