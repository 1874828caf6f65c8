"""What accounts measures besides what every service does. Each replica shows the same gauges: take their maximum."""

from datetime import datetime
from typing import get_args

from prometheus_client import Counter, Gauge

from services.accounts.store import Store
from shared.contracts.accounts import Source

CLIENTS_ACTIVE = Gauge("svoy_accounts_clients_active", "Clients with us at present, by how they came.", ["source"])
PROPOSALS_OPEN = Gauge("svoy_accounts_proposals_open", "Proposals waiting for a director or for their client.")
OLDEST_PROPOSAL = Gauge("svoy_accounts_oldest_proposal_age_seconds", "Age of the oldest open proposal, else 0.")
IMPORT_ROWS = Counter(
    "svoy_accounts_import_rows", "Rows of imported lists by what became of them: taken, refused.", ["outcome"]
)
RESUMED = Counter("svoy_accounts_confirmations_resumed", "Confirmations another replica, or a crash, left unfinished.")

for _outcome in ("taken", "refused"):
    IMPORT_ROWS.labels(outcome=_outcome)


async def renew(store: Store, now: datetime) -> None:
    """Set the gauges to what the database says."""
    active = await store.active_by_source()
    for source in get_args(Source):
        CLIENTS_ACTIVE.labels(source=source).set(active.get(source, 0))
    count, oldest = await store.open_proposals()
    PROPOSALS_OPEN.set(count)
    OLDEST_PROPOSAL.set(0 if oldest is None else (now - oldest).total_seconds())
