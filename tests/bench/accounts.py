"""What a week's plan for a whole company costs: `python -m tests.bench.accounts [managers]`. Some minutes.

1 000 managers × 100 clients × 3 accountants: every base planned for the week, durably (`plan_s`), the peak memory of
the process that does it (`peak_rss_mb`), planned once more with nothing changed (`replan_s`), and the pages of lists
(`list_p95_ms`: of the slowest list), none of them empty, asked one after another through the HTTP app without the
network.

Telling the clocks (`contact_call.planned`, 300 000 events) goes on afterwards at the broker's pace, and is not counted.
"""

import resource
import secrets
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from time import perf_counter, process_time
from typing import Any

import httpx
import uvloop

from deploy.local.mongo import ROOT, EmbeddedMongo
from services.accounts import care_main, planning
from services.accounts.api import ROUTERS
from services.accounts.care import Care, call_id_of, party_of
from services.accounts.care_store import Debt
from services.accounts.domain import matters
from services.accounts.domain.client import Client, Contact, begin
from services.accounts.domain.conflict import Conflict
from services.accounts.domain.conflict import Party as Sharing
from services.accounts.domain.contact_calls import ContactCall, Talk
from services.accounts.domain.debt import Part
from services.accounts.domain.fans import Ask, Asks
from services.accounts.domain.manager import Manager
from services.accounts.domain.matters import Fact, Kind, Matter, Party, Registration
from services.accounts.domain.proposal import Loss, Proposal
from services.accounts.domain.prospects import Prospect
from services.accounts.domain.stay import handed_to
from services.accounts.domain.weeks import Week
from services.accounts.office import Office
from services.accounts.settings import AccountsSettings
from services.accounts.store import Store
from shared.clock import ServiceClock
from shared.service import Service
from shared.store.codec import to_fields
from tests.bench.load import quantile
from tests.bench.results import Aim, console, keep, scratch, show_aims, step, table
from tests.kit import PUBLIC_KEY, token

MANAGERS, CLIENTS, CONTACTS = 1_000, 100, 3
INDEBTED = 5
"""One client in so many has a debt."""
WAITING = 10
"""One client in so many has something that waits for a person."""
PRAISED = 4
"""Requests of a fan that closed flawless."""
PAGES = 600
PATHS = (
    "/v1/clients?manager_id={m}",
    "/v1/clients",
    "/v1/clients?name=школа {n}",
    "/v1/clients?name=школа",
    "/v1/clients?q={n}",
    "/v1/managers/{m}/growth",
    "/v1/growth",
    "/v1/proposals?state=proposed",
    "/v1/conflicts",
    "/v1/managers/{m}/call-plan",
    "/v1/managers/{m}/coverage?weeks=2",
    "/v1/managers/{m}/never-reached",
    "/v1/managers/{m}/debts",
    "/v1/managers/{m}/fans",
    "/v1/managers/{m}/control",
    "/v1/managers/{m}/calls",
    "/v1/managers/{m}/referral-asks",
    "/v1/prospects?manager_id={m}",
)
"""Lists; `{m}` is a manager, `{n}` a number in a client's name."""
ZONE = "Asia/Krasnoyarsk"
MONDAY = datetime(2026, 11, 23, 2, tzinfo=UTC)
"""When everybody is planned: on a Saturday nobody would be."""
AIMS = (
    Aim(figure="plan_s", bound=60, at_most=True),
    Aim(figure="peak_rss_mb", bound=500, at_most=True),
    Aim(figure="list_p95_ms", bound=50, at_most=True),
)


def house(mongo_url: str) -> tuple[Service, Care]:
    """Accounts without its connections to the broker."""
    settings = AccountsSettings(
        mode="development", amqp_url="amqp://nobody@127.0.0.1:1/", mongo_url=mongo_url, jwt_public_key=PUBLIC_KEY
    )
    clock = ServiceClock()
    clock.offset = MONDAY - clock.now()
    service = Service("accounts", settings, clock=clock)
    office = Office(store=Store(service), clock=service.clock, new_id=service.new_id, zone=ZONE)
    service.app.state.deps = office
    for routes in ROUTERS:
        service.app.include_router(routes)
    return service, care_main.install(service, office, settings)


async def seed(care: Care, managers: int) -> None:
    """Fill the database, a manager at a time: clients, last week's calls (of all but one client), debts, requests,
    askings, prospects, proposals, conflicts."""
    last_week = care.week().later(-1)
    for number in range(managers):
        manager = Manager(manager_id=f"m{number}", name=f"Менеджер {number}", hired=date(2025, 1, 1))
        clients = [_client(number, place) for place in range(CLIENTS)]
        await _insert(care.office.store.managers.collection, [(manager.manager_id, manager)])
        await _insert(care.office.store.clients.collection, [(client.client_id, client) for client in clients])
        calls = [_call(client, contact, last_week) for client in clients[1:] for contact in client.contacts]
        await _insert(care.store.contact_calls.collection, [(call.call_id, call) for call in calls])
        debts = [_debt(client) for client in clients[::INDEBTED]]
        await _insert(care.store.debts.collection, [(debt.client_id, debt) for debt in debts])
        await _seed_requests(care, clients)
        await _seed_decisions(care, clients)


async def _seed_requests(care: Care, clients: list[Client]) -> None:
    """Of one client in so many a request under control, of another enough praised ones to be a fan and an asking."""
    fans = clients[1::INDEBTED]
    found = [_matter(client, 0, "cancel_asked") for client in clients[::INDEBTED]]
    found += [_matter(client, place, "satisfied") for client in fans for place in range(PRAISED)]
    await _insert(care.store.matters.collection, [(each.request_id, each) for each in found])
    await _insert(care.store.asks.collection, [(client.client_id, _asked(client)) for client in fans])


async def _seed_decisions(care: Care, clients: list[Client]) -> None:
    """Of one client in so many a prospect it vouched for, a loss proposed, a phone another client has as well."""
    store, some = care.office.store, clients[::WAITING]
    await _insert(care.store.prospects.collection, [(f"p{each.client_id}", _prospect(each)) for each in some])
    await _insert(store.proposals.collection, [(f"w{each.client_id}", _loss(each)) for each in some])
    await _insert(store.conflicts.collection, [(f"x{each.client_id}", _conflict(each, clients[1])) for each in some])


async def _insert(collection: Any, states: list[tuple[str, Any]]) -> None:
    documents = [
        {"_id": key, "version": 1, "outbox": [], "seen": [], "write_id": "seed"} | to_fields(state)
        for key, state in states
    ]
    await collection.insert_many(documents, ordered=False)


def _client(manager: int, place: int) -> Client:
    number = manager * CLIENTS + place
    return begin(
        client_id=f"c{number}",
        name=f"Школа № {number}",
        inn=f"{number:010d}",
        zone=ZONE,
        contacts=tuple(
            Contact(contact_id=f"a{number}.{each}", name=f"Бухгалтер {each}", phones=(f"+7391{number:06d}{each}",))
            for each in range(CONTACTS)
        ),
        stay=handed_to(f"m{manager}", since=date(2026, 1, 12), fee=Decimal("20000.00"), source="opening"),
    )


def _call(client: Client, contact: Contact, week: Week) -> ContactCall:
    at = datetime.combine(week.monday, datetime.min.time(), UTC) + timedelta(hours=hash(contact.contact_id) % 100)
    party = Party(client_id=client.client_id, name=client.name, zone=client.zone, manager_id=client.manager_id)
    return ContactCall(
        call_id=call_id_of(contact.contact_id, week),
        contact_id=contact.contact_id,
        client_id=client.client_id,
        party=party,
        manager_id=client.manager_id,
        week=str(week),
        talk=Talk(at=at, by=client.manager_id),
        held_at=at,
    )


def _debt(client: Client) -> Debt:
    score = float(hash(client.client_id) % 90 + 1)
    return Debt(
        client_id=client.client_id,
        zone=client.zone,
        as_of=datetime(2026, 11, 23, tzinfo=UTC),
        policy_version="bench",
        manager_id=client.manager_id,
        fee=client.fee,
        name=client.name,
        score=score,
        band="risk",
        loss_probability=0.1,
        parts=(Part(part="open", about="r", score=score, reason="Заявка открыта"),),
        contacts=((client.contacts[0].contact_id, score),),
    )


def _matter(client: Client, place: int, kind: Kind) -> Matter:
    request_id, at = f"r{client.client_id}.{place}", MONDAY - timedelta(days=20 - place)
    party = party_of(client)
    first = Registration(
        at=at, number=request_id, priority="urgent", subject="Отчёт не уходит", party=party,
        contact_id=client.contacts[0].contact_id,
    )  # fmt: skip
    came = matters.registered(None, request_id, first).state
    return matters.heard(came, request_id, Fact(kind=kind, at=at + timedelta(hours=2), by="s1", party=party)).state


def _asked(client: Client) -> Asks:
    at, manager_id = MONDAY - timedelta(days=3), client.manager_id
    ask = Ask(ask_id="1", at=at, contact_id=client.contacts[0].contact_id, by=manager_id, manager_id=manager_id)
    return Asks(client_id=client.client_id, asks=(ask,), manager_id=manager_id, last_at=at)


def _prospect(client: Client) -> Prospect:
    return Prospect(
        prospect_id=f"p{client.client_id}",
        name=f"Сосед «{client.name}»",
        zone=ZONE,
        manager_id=client.manager_id,
        vouched_by_client_id=client.client_id,
        registered_at=MONDAY - timedelta(days=3),
        next_contact=MONDAY + timedelta(days=3),
    )


def _loss(client: Client) -> Proposal:
    return Proposal(
        proposal_id=f"w{client.client_id}",
        client_id=client.client_id,
        client_name=client.name,
        effective=MONDAY.date(),
        proposed_by=client.manager_id,
        proposed_at=MONDAY,
        concerns=(client.manager_id,),
        fee_that_day=client.fee,
        lost=Loss(reason="заявку решил конкурент"),
    )


def _conflict(client: Client, other: Client) -> Conflict:
    phone = client.contacts[0].phones[0]
    parties = tuple(
        Sharing(
            client_id=each.client_id, client_name=each.name, manager_id=each.manager_id,
            contact_id=each.contacts[0].contact_id, contact_name=each.contacts[0].name,
        )
        for each in (client, other)
    )  # fmt: skip
    return Conflict(conflict_id=f"x{client.client_id}", kind="phone", value=phone, parties=parties, found_at=MONDAY)


async def pages(service: Service, managers: int) -> dict[str, list[float]]:
    """Milliseconds each page took, by list."""
    transport, took = httpx.ASGITransport(app=service.app), dict[str, list[float]]()
    async with httpx.AsyncClient(transport=transport, base_url="http://bench", headers=token("director")) as http:
        for number in range(PAGES):
            path = PATHS[number % len(PATHS)]
            asked = path.format(m=f"m{number * 7 % managers}", n=number * 31 % managers)
            began = perf_counter()
            answer = await http.get(asked)
            took.setdefault(path, []).append((perf_counter() - began) * 1000)
            if answer.status_code != 200:
                raise RuntimeError(f"{asked}: {answer.status_code} {answer.text}")
            page = answer.json()
            if not (page.get("items", page) if isinstance(page, dict) else page):
                raise RuntimeError(f"{asked}: nothing there")
    return took


async def bench(managers: int) -> dict[str, Any]:
    """Every figure."""
    with scratch() as folder:
        async with EmbeddedMongo(folder, passwords={ROOT: secrets.token_hex(8)}).running() as mongo:
            service, care = house(mongo.root_url("bench"))
            await service.store.prepare()
            step(f"filling: {managers} managers × {CLIENTS} clients × {CONTACTS} accountants")
            await seed(care, managers)
            step("planning")
            began, worked = perf_counter(), process_time()
            planned = await planning.plan_everybody(care)
            if planned != managers * CLIENTS * CONTACTS:
                raise RuntimeError(f"planned: {planned}")
            plan_s, plan_cpu_s = perf_counter() - began, process_time() - worked
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            began = perf_counter()
            await planning.plan_everybody(care)
            replan_s = perf_counter() - began
            step("pages")
            by_list = await pages(service, managers)
            service.store.close()
    took = [each for some in by_list.values() for each in some]
    slow = {path: round(quantile(some, 0.95), 1) for path, some in by_list.items()}
    return {
        "managers": managers,
        "accountants_planned": planned,
        "plan_s": round(plan_s, 1),
        "plan_cpu_s": round(plan_cpu_s, 1),
        "replan_s": round(replan_s, 1),
        "peak_rss_mb": round(peak),
        "list_p50_ms": round(quantile(took, 0.5), 1),
        "list_p95_ms": max(slow.values()),
        "p95_ms_by_list": slow,
    }


def main() -> None:
    """Measure, show, keep."""
    found = uvloop.run(bench(int(sys.argv[1]) if sys.argv[1:] else MANAGERS))
    shown = table("A week planned for the company", "figure", "value")
    for name, value in found.items():
        if name != "p95_ms_by_list":
            shown.add_row(name, str(value))
    for path, value in found["p95_ms_by_list"].items():
        shown.add_row(f"p95_ms of {path}", str(value))
    console.print(shown)
    show_aims(found, AIMS)
    console.print(f"→ {keep('accounts', found)}", highlight=False)


if __name__ == "__main__":
    main()
