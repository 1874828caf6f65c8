"""Weekly plans made, kept up with who came, left, or is away, and told at a pace the broker bears (R-IMP-1)."""

import asyncio
from collections.abc import Sequence
from datetime import date, datetime
from functools import partial

import structlog

from services.accounts.care import Care, call_id_of, party_of
from services.accounts.care_store import Outline
from services.accounts.domain import calls_plan
from services.accounts.domain.calls_plan import Callee, CallPlan, Entry, Planning
from services.accounts.domain.weeks import Week
from services.accounts.domain.working_days import local_day
from services.accounts.office import known
from shared.calendar import NoCalendarYear
from shared.contracts.base import Decision

log = structlog.get_logger()

PLANNED_AT_ONCE = 4
"""Bases planned while others wait for the database."""
TOLD_AT_ONCE = 4
"""Plans that wait for the broker at a time: some thousand events."""
LOOK_AGAIN = 0.1
REMEMBERED = 10_000
"""Plans of which it is known what they were made from."""


def plan_key(manager_id: str, week: Week) -> str:
    """The id of the plan of this manager and week."""
    return f"{manager_id}:{week}"


async def keep(care: Care, every_seconds: float) -> None:
    """For ever: plan every base when a day of the company begins, and tell what is planned."""
    planned: date | None = None
    while True:
        today = care.office.today()
        if today != planned:
            await plan_everybody(care)
            planned = today
        await tell(care)
        await asyncio.sleep(every_seconds)


async def plan_everybody(care: Care) -> int:
    """Plan the present week of every base. Returns how many accountants are in the plans."""
    week, turns = care.week(), asyncio.Semaphore(PLANNED_AT_ONCE)
    managers = await care.office.store.holding()
    return sum(await asyncio.gather(*(_planned(care, manager_id, week, turns) for manager_id in managers)))


async def keep_up(care: Care, manager_ids: Sequence[str]) -> None:
    """The present week of these managers as it should be now, made anew only where anything changed. Raises
    `NoCalendarYear`: a base that could not be planned would look as if everything in it was done."""
    week, turns = care.week(), asyncio.Semaphore(PLANNED_AT_ONCE)

    async def look(manager_id: str) -> None:
        async with turns:
            await looked_at(care, manager_id, week)

    await asyncio.gather(*map(look, manager_ids))


async def _planned(care: Care, manager_id: str, week: Week, turns: asyncio.Semaphore) -> int:
    async with turns:
        try:
            return len((await plan(care, manager_id, week)).entries)
        except NoCalendarYear as error:
            log.warning("week not planned", action="plan.failed", week=str(week), error=str(error))
            return 0


async def plan(care: Care, manager_id: str, week: Week) -> CallPlan:
    """The plan of this manager and week as it should be now. Raises `NoCalendarYear`."""
    return await _made(care, manager_id, week, await care.store.outline(manager_id))


async def looked_at(care: Care, manager_id: str, week: Week) -> tuple[CallPlan, dict[str, date | None]]:
    """The plan as `plan` would make it, made only where something it is made of changed; and who is away until when."""
    outline = await care.store.outline(manager_id)
    key = plan_key(manager_id, week)
    known_plan = await care.store.plans.get(key) if care.planned.get(key) == _made_of(care, outline) else None
    found = known_plan or await _made(care, manager_id, week, outline)
    return found, {contact.contact_id: contact.away_until for client in outline for contact in client.contacts}


async def _made(care: Care, manager_id: str, week: Week, outline: Sequence[Outline]) -> CallPlan:
    key, made_of = plan_key(manager_id, week), _made_of(care, outline)
    callees = await _callees(care, outline)
    planning = await _planning(care, week, callees, await care.store.plans.get(key))
    decide = partial(calls_plan.plan, manager_id=manager_id, callees=callees, planning=planning)
    made = await care.store.plans.step(key, decide)
    if len(care.planned) >= REMEMBERED:
        care.planned.clear()
    care.planned[key] = made_of
    return made.state


def _made_of(care: Care, outline: Sequence[Outline]) -> int:
    """Tells what one plan is made from from what another is: the day, the clients and their accountants."""
    return hash((care.office.today(), tuple(outline)))


async def in_order(care: Care, found: CallPlan) -> tuple[Entry, ...]:
    """The plan in the order of the debts of now."""
    debts = await care.store.debts_of({entry.client_id for entry in found.entries})
    own = {contact_id: points for each in debts.values() for contact_id, points in each.contacts}
    return calls_plan.in_order(found.entries, {each.client_id: each.score for each in debts.values()}, own)


async def tell(care: Care) -> None:
    """Tell everything planned and untold, a few plans at a time."""
    while keys := await care.store.untold_plans(TOLD_AT_ONCE):
        await asyncio.gather(*(care.store.plans.step(key, partial(_told, zone=care.office.zone)) for key in keys))
        while await care.store.telling_plans() > TOLD_AT_ONCE // 2:  # noqa: ASYNC110 - the broker confirms, not we
            await asyncio.sleep(LOOK_AGAIN)


def _told(state: CallPlan | None, zone: str) -> Decision[CallPlan]:
    return calls_plan.told(known(state, LookupError), zone)


async def _callees(care: Care, clients: Sequence[Outline]) -> list[Callee]:
    debts = await care.store.debts_of([client.client_id for client in clients])
    contact_ids = [contact.contact_id for client in clients for contact in client.contacts]
    held = await care.store.last_held(contact_ids)
    found = []
    for client in clients:
        debt, party = debts.get(client.client_id), party_of(client)
        own = dict(debt.contacts) if debt else {}
        found += [
            Callee(
                contact_id=contact.contact_id,
                name=contact.name,
                party=party,
                away_until=contact.away_until,
                client_debt=debt.score if debt else 0.0,
                own_debt=own.get(contact.contact_id, 0.0),
                last_held=held.get(contact.contact_id),
            )
            for contact in client.contacts
        ]
    return found


async def _planning(care: Care, week: Week, callees: Sequence[Callee], planned: CallPlan | None) -> Planning:
    now = care.now()
    here = {callee.contact_id for callee in callees}
    before = [entry.contact_id for entry in planned.entries] if planned else []
    gone = [contact_id for contact_id in before if contact_id not in here]
    zones = {callee.party.zone for callee in callees}
    return Planning(
        week=week,
        zone=care.office.zone,
        at=now,
        today={zone: local_day(now, zone) for zone in zones},
        call_ids={contact_id: call_id_of(contact_id, week) for contact_id in here},
        done=await _done(care, week, before, now),
        elsewhere=await _elsewhere(care, gone),
    )


async def _done(care: Care, week: Week, contact_ids: Sequence[str], now: datetime) -> frozenset[str]:
    """Who of these has been spoken with this week."""
    if not contact_ids or now < week.begins(care.office.zone):
        return frozenset()
    where = {"contact_id": {"$in": list(contact_ids)}, "week": str(week), "held_at": {"$lte": now}}
    return frozenset(call.contact_id for call in await care.store.calls_in(where))


async def _elsewhere(care: Care, contact_ids: Sequence[str]) -> frozenset[str]:
    """Who of these is still an accountant of ours, with another manager."""
    if not contact_ids:
        return frozenset()
    where = {"contacts.contact_id": {"$in": list(contact_ids)}, "active": True}
    found = await care.office.store.clients.find(where, limit=len(contact_ids))
    return frozenset(contact.contact_id for client in found for contact in client.contacts)
