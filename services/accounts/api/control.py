"""The control list, and what a manager orders (R-IMP-3, R-IMP-4, R-IMP-5)."""

from fastapi import APIRouter

from services.accounts import calling
from services.accounts.api.audit import EntryView, history_page
from services.accounts.api.call_forms import ItemView, OrderBody
from services.accounts.api.care_fields import Caller, CareDep, CareReader, own_client
from services.accounts.api.fields import check_base
from services.accounts.care import Care
from services.accounts.domain import control
from services.accounts.domain.care_refusals import NotUnderControl, UnknownRequest
from services.accounts.domain.matters import Matter
from services.accounts.office import known
from shared.http.auth import Principal
from shared.http.idempotency import IdempotencyKey
from shared.http.paging import Page, Paged
from shared.ids import derived_id

routes = APIRouter(prefix="/v1", tags=["control"])


@routes.get("/managers/{manager_id}/control")
async def listed(care: CareDep, who: CareReader, manager_id: str) -> list[ItemView]:
    """Every request under control of the base and of prospects, the longest there first; of those who are lost too,
    since nothing but the accountant's word takes it off (R-IMP-4)."""
    check_base(who, manager_id)
    await care.office.manager(manager_id)
    return await _items(care, await care.store.answered_for(manager_id))


@routes.get("/clients/{client_id}/control")
async def of_client(care: CareDep, who: CareReader, client_id: str) -> list[ItemView]:
    """The client's requests under control."""
    client = await own_client(care, who, client_id)
    return await _items(care, {client_id: not client.active})


@routes.post("/control/{request_id}/orders", status_code=201)
async def order(care: CareDep, who: Caller, request_id: str, key: IdempotencyKey, demanded: OrderBody) -> ItemView:
    """Force (the same specialist, by a time), replace (a stronger one), or keep with a reason: routing is told."""
    matter = await _own_request(care, who, request_id)
    order_id = care.office.new_id() if key is None else derived_id("order", who.subject, key, request_id)
    after = await calling.order(care, matter, demanded.order(), order_id, who.subject)
    return ItemView.model_validate(known(control.item(after, care.now(), care.office.zone), NotUnderControl))


@routes.get("/control/{request_id}/history")
async def history(care: CareDep, who: CareReader, request_id: str, paging: Paged) -> Page[EntryView]:
    """Who ordered what for the request, the newest first."""
    await _own_request(care, who, request_id)
    return await history_page(care.office, "control", request_id, paging)


async def _own_request(care: Care, who: Principal, request_id: str) -> Matter:
    matter = await care.matter(request_id)
    if matter.client_id is None:
        raise UnknownRequest("Чья это заявка, ещё не известно: сначала назовите клиента.")
    check_base(who, (await care.party(matter.client_id)).manager_id)
    return matter


async def _items(care: Care, lost: dict[str, bool]) -> list[ItemView]:
    """The list of these clients and prospects, each with whether it is lost."""
    now, found = care.now(), await care.store.controlled(lost)
    items = [control.item(matter, now, care.office.zone, lost=lost[matter.client_id or ""]) for matter in found]
    return [ItemView.model_validate(item) for item in items if item is not None]
