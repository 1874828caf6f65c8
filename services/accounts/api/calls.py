"""The weekly calls: plan, call sheet, submission, coverage (R-IMP-1, R-IMP-2)."""

from collections import Counter
from collections.abc import Collection
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.accounts import calling, covering, planning
from services.accounts.api.call_forms import (
    CallBody,
    CallView,
    CompanyView,
    CoverageView,
    DiscoveredView,
    ManagersWeek,
    NeverView,
    PlannedView,
    PlanView,
    SheetItem,
    TotalsView,
)
from services.accounts.api.care_fields import Caller, CareDep, CareReader, Overseer, week_of
from services.accounts.api.fields import check_base, fingerprint
from services.accounts.care import Care, call_id_of, party_of
from services.accounts.care_store import Accountant, Outline
from services.accounts.domain.calls_plan import CallPlan, Entry, returns_on
from services.accounts.domain.client import Client, Contact
from services.accounts.domain.contact_calls import Attempt, ContactCall, Talk, needs_finding
from services.accounts.domain.coverage import Coverage, together
from services.accounts.domain.matters import Matter
from services.accounts.domain.weeks import Week
from services.accounts.domain.working_days import local_day
from shared.http.auth import Principal
from shared.http.paging import Paged

routes = APIRouter(prefix="/v1", tags=["calls"])
WEEKS_BACK = 26

WeekText = Annotated[str | None, Query(alias="week", description="ISO week, `2026-W48`; the present one if left out.")]


@routes.get("/managers/{manager_id}/call-plan")
async def call_plan(care: CareDep, who: CareReader, manager_id: str, week: WeekText = None) -> PlanView:
    """Whom to call on which day, and why in this order: by the debts of now, in a week that is over by those of then.
    The present week is planned anew where anything changed."""
    check_base(who, manager_id)
    await care.office.manager(manager_id)
    wanted = week_of(care, week)
    plan, away = await _plan(care, manager_id, wanted)
    calls = await _calls(care, plan)
    entries = plan.entries if wanted < care.week() else await planning.in_order(care, plan)
    items = [_planned(entry, calls.get(entry.contact_id), away.get(entry.contact_id), wanted) for entry in entries]
    zone = care.office.zone
    return PlanView(
        manager_id=manager_id,
        week=str(wanted),
        warn_at=wanted.warn_at(zone),
        due=wanted.ends(zone),
        items=sorted(items, key=lambda item: (item.day, item.place, item.contact_id)),
    )


@routes.get("/contacts/{contact_id}/call-sheet")
async def call_sheet(care: CareDep, who: CareReader, contact_id: str) -> list[SheetItem]:
    """What to speak about: the client's open requests, and those under control."""
    client, _ = await _own_contact(care, who, contact_id)
    others = calling.others_than(client, contact_id)
    return [_sheet_item(matter, others) for matter in await calling.sheet(care, client.client_id)]


@routes.post("/contacts/{contact_id}/calls", status_code=201, responses={200: {"description": "The same again."}})
async def submit(care: CareDep, who: Caller, contact_id: str, body: CallBody, response: Response) -> CallView:
    """A weekly call of the present week: the conversation with its findings, whole or not at all; or an attempt."""
    client, contact = await _own_contact(care, who, contact_id)
    now, week = care.now(), care.week()
    new = ContactCall(
        call_id=call_id_of(contact.contact_id, week),
        contact_id=contact.contact_id,
        client_id=client.client_id,
        party=party_of(client),
        manager_id=client.manager_id,
        week=str(week),
    )
    if not body.reached:
        stepped = await calling.attempt(care, new, Attempt(at=now, by=who.subject, note=body.note))
    else:
        talk = Talk(
            at=now,
            by=who.subject,
            findings=tuple(finding.found() for finding in body.findings),
            discovered=tuple(each.discovered(new.call_id, place) for place, each in enumerate(body.discovered)),
            note=body.note,
            asked_as=fingerprint(body),
        )
        stepped = await calling.submit(care, new, talk)
    response.status_code = 201 if stepped.written else 200
    return CallView.of(stepped.state)


@routes.get("/managers/{manager_id}/coverage")
async def coverage(
    care: CareDep,
    who: CareReader,
    manager_id: str,
    weeks: Annotated[int, Query(ge=1, le=WEEKS_BACK, description="How many weeks back, the present one counted.")] = 4,
) -> list[CoverageView]:
    """Of how many accountants the manager had each week, how many were spoken with; the latest week first."""
    check_base(who, manager_id)
    await care.office.manager(manager_id)
    wanted = [care.week().later(-back) for back in range(weeks)]
    return [await _coverage(care, manager_id, week) for week in wanted]


@routes.get("/coverage")
async def coverage_of_all(care: CareDep, who: Overseer, paging: Paged, week: WeekText = None) -> CompanyView:
    """Everybody's week in order of manager, with what the whole company comes to: who owed calls, or held any. Plans of
    the present week are those of this morning, made anew for the managers of the page where anything changed."""
    del who
    wanted = week_of(care, week)
    owing = await covering.owing(care, wanted)
    everybody = sorted(owing | set(await care.store.calling_in(wanted)))
    beyond = [each for each in everybody if paging.after is None or each > paging.after]
    page = paging.page(beyond[: paging.limit + 1], str)
    if wanted == care.week():
        await planning.keep_up(care, [each for each in page.items if each in owing])
    found = await covering.of_week(care.store, wanted)
    names = {each.manager_id: each.name for each in await care.office.store.managers_of(page.items)}
    return CompanyView(
        week=str(wanted),
        managers=len(everybody),
        totals=TotalsView.model_validate(together(found.values())),
        items=[ManagersWeek.named(names.get(each), each, wanted, found.get(each, Coverage())) for each in page.items],
        next=page.next,
    )


@routes.get("/managers/{manager_id}/never-reached")
async def never_reached(care: CareDep, who: CareReader, manager_id: str) -> list[NeverView]:
    """The manager's accountants nobody has ever spoken with on a weekly call."""
    check_base(who, manager_id)
    clients = await care.store.outline(manager_id)
    everybody = {contact.contact_id: (client, contact) for client in clients for contact in client.contacts}
    held = await care.store.last_held(list(everybody))
    missing = [contact_id for contact_id in everybody if contact_id not in held]
    calls = await care.store.calls_in({"contact_id": {"$in": missing}})
    tried = Counter(dict.fromkeys(missing, 0))
    for call in calls:
        tried[call.contact_id] += len(call.attempts)
    return [_never(*everybody[contact_id], tried[contact_id]) for contact_id in missing]


@routes.get("/managers/{manager_id}/discovered")
async def discovered(care: CareDep, who: CareReader, manager_id: str, week: WeekText = None) -> list[DiscoveredView]:
    """The requests that came up on the week's calls because nobody had registered them."""
    check_base(who, manager_id)
    where = {"manager_id": manager_id, "week": str(week_of(care, week)), "discovered": {"$gt": 0}}
    calls = await care.store.calls_in(where)
    return [
        DiscoveredView(
            request_id=each.request_id,
            subject=each.subject,
            priority=each.priority,
            week=call.week,
            call_id=call.call_id,
            contact_id=call.contact_id,
            client_id=call.client_id,
            at=call.talk.at,
        )
        for call in calls
        if call.talk is not None
        for each in call.talk.discovered
    ]


async def _plan(care: Care, manager_id: str, week: Week) -> tuple[CallPlan, dict[str, date | None]]:
    """The present and the next week are planned; of others only what was planned then is shown."""
    if care.week() <= week <= care.week().later(1):
        return await planning.looked_at(care, manager_id, week)
    known = await care.store.plans.get(planning.plan_key(manager_id, week))
    return known or CallPlan(manager_id=manager_id, week=str(week), planned_at=care.now()), {}


async def _calls(care: Care, plan: CallPlan) -> dict[str, ContactCall]:
    where = {"week": plan.week, "contact_id": {"$in": [entry.contact_id for entry in plan.entries]}}
    return {call.contact_id: call for call in await care.store.calls_in(where)}


def _planned(entry: Entry, call: ContactCall | None, away_until: date | None, week: Week) -> PlannedView:
    attempts = call.attempts if call else ()
    held_at = call.held_at if call else None
    tried = local_day(attempts[-1].at, call.party.zone) if attempts and call and held_at is None else None
    return PlannedView(
        place=entry.place,
        call_id=entry.call_id,
        contact_id=entry.contact_id,
        name=entry.name,
        client_id=entry.client_id,
        client_name=entry.client_name,
        day=returns_on(entry, tried, away_until, week),
        standing="held" if held_at else "attempted" if attempts else "planned",
        attempts=len(attempts),
        held_at=held_at,
        debt=entry.debt,
        last_held=entry.last_held,
    )


async def _coverage(care: Care, manager_id: str, week: Week) -> CoverageView:
    await _plan(care, manager_id, week)
    found = await covering.of_week(care.store, week, [manager_id])
    return CoverageView.of(manager_id, week, found.get(manager_id, Coverage()))


async def _own_contact(care: Care, who: Principal, contact_id: str) -> tuple[Client, Contact]:
    client, contact = await care.contact(contact_id)
    check_base(who, client.manager_id)
    return client, contact


def _never(client: Outline, contact: Accountant, attempts: int) -> NeverView:
    return NeverView(
        contact_id=contact.contact_id,
        name=contact.name,
        client_id=client.client_id,
        client_name=client.name,
        attempts=attempts,
    )


def _sheet_item(matter: Matter, others: Collection[str]) -> SheetItem:
    first = matter.registration
    return SheetItem(
        request_id=matter.request_id,
        number=first.number if first else matter.request_id,
        subject=first.subject if first else "",
        priority=matter.priority,
        nature=matter.nature,
        contact_id=matter.contact_id,
        registered_at=first and first.at,
        open=matter.open,
        under_control=matter.controlled,
        withdrawn=matter.withdrawn,
        needs_finding=needs_finding(matter, others),
    )
