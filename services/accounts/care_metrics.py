"""What accounts measures of debt, weekly calls, control and referrals. Each replica shows the same gauges: take their
maximum. Every value of a label is there from the start."""

import asyncio
from typing import get_args

from prometheus_client import Gauge

from services.accounts import care_totals
from services.accounts.care import Care
from services.accounts.care_totals import Rounds
from services.accounts.domain.prospects import Standing
from shared.contracts.accounts import Band

BANDS = Gauge("svoy_accounts_clients_by_band", "Clients with us by band of manual-work debt.", ["band"])
FEES = Gauge("svoy_accounts_fee_by_band_roubles", "Their fees a month; of the band risk: the fee at risk.", ["band"])
WEEK_CALLS = Gauge(
    "svoy_accounts_week_calls", "Calls of the present week: planned, held, attempted and never reached.", ["standing"]
)
NEVER_REACHED = Gauge("svoy_accounts_contacts_never_reached", "Accountants never spoken with on a weekly call.")
PROSPECTS = Gauge("svoy_accounts_prospects", "Prospects by where they stand.", ["state"])
CONTROL = Gauge("svoy_accounts_control_requests", "Requests under control.")
CONTROL_AGE = Gauge("svoy_accounts_control_oldest_age_seconds", "How long the oldest has been there, else 0.")
FANS = Gauge("svoy_accounts_fans", "Clients that are fans (fan), or lack one step (near).", ["standing"])

for _band in get_args(Band):
    BANDS.labels(band=_band)
    FEES.labels(band=_band)
for _standing in ("planned", "held", "attempted"):
    WEEK_CALLS.labels(standing=_standing)
for _state in get_args(Standing):
    PROSPECTS.labels(state=_state)
for _standing in ("fan", "near"):
    FANS.labels(standing=_standing)


async def keep(care: Care, every_seconds: float) -> None:
    """For ever: renew the gauges."""
    rounds = Rounds()
    while True:
        await renew(care, rounds)
        await asyncio.sleep(every_seconds)


async def renew(care: Care, rounds: Rounds) -> None:
    """Set the gauges to what the database says; fans and who was never reached for some managers more."""
    for band, (clients, fees) in (await care_totals.by_band(care)).items():
        BANDS.labels(band=band).set(clients)
        FEES.labels(band=band).set(float(fees))
    for standing, calls in (await care_totals.week_calls(care.store, care.week())).items():
        WEEK_CALLS.labels(standing=standing).set(calls)
    for state, prospects in (await care_totals.prospects_by_state(care.store)).items():
        PROSPECTS.labels(state=state).set(prospects)
    requests, since = await care_totals.under_control(care.store)
    CONTROL.set(requests)
    CONTROL_AGE.set(0 if since is None else max((care.now() - since).total_seconds(), 0))
    await rounds.go_on(care)
    whole = rounds.whole()
    NEVER_REACHED.set(whole["never_reached"])
    FANS.labels(standing="fan").set(whole["fan"])
    FANS.labels(standing="near").set(whole["near"])
