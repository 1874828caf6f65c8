"""What was spoken in the past, a page at a time: weekly calls and askings, by accountant, client and manager."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from services.accounts.api.audit import EntryView, history_page
from services.accounts.api.call_forms import CallView
from services.accounts.api.care_fields import CareDep, CareReader, own_client
from services.accounts.api.fields import check_base
from services.accounts.api.referrals import AskView
from services.accounts.care import Care
from services.accounts.care_store import Asked, call_place
from services.accounts.domain.care_refusals import UnknownCall, UnknownContact
from services.accounts.office import known
from services.accounts.store import place_of
from shared.http.paging import Page, Paged, Paging, bad_cursor

routes = APIRouter(prefix="/v1", tags=["spoken"])


class PastAskView(AskView):
    """An asking, and whose client was asked."""

    client_id: str
    manager_id: str


async def _contact(care: CareDep, who: CareReader, contact_id: str) -> str:
    """Raises `UnknownContact` for somebody never heard of, `NotYourBase` for a manager who does not hold the client."""
    await own_client(care, who, known(await care.store.client_ever_of(contact_id), UnknownContact))
    return contact_id


async def _client(care: CareDep, who: CareReader, client_id: str) -> str:
    return (await own_client(care, who, client_id)).client_id


async def _manager(care: CareDep, who: CareReader, manager_id: str) -> str:
    check_base(who, manager_id)
    return (await care.office.manager(manager_id)).manager_id


OfContact = Annotated[str, Depends(_contact)]
OfClient = Annotated[str, Depends(_client)]
OfManager = Annotated[str, Depends(_manager)]


@routes.get("/contacts/{contact_id}/calls")
async def calls_of_contact(care: CareDep, contact_id: OfContact, paging: Paged) -> Page[CallView]:
    """The accountant's weekly calls, the latest week first; of one who has left the client too."""
    return await _calls(care, {"contact_id": contact_id}, paging)


@routes.get("/clients/{client_id}/calls")
async def calls_of_client(care: CareDep, client_id: OfClient, paging: Paged) -> Page[CallView]:
    """The weekly calls with everybody at the client, whoever held it then."""
    return await _calls(care, {"client_id": client_id}, paging)


@routes.get("/managers/{manager_id}/calls")
async def calls_of_manager(care: CareDep, manager_id: OfManager, paging: Paged) -> Page[CallView]:
    """The weekly calls of the manager's base, with clients since handed over or lost too."""
    return await _calls(care, {"manager_id": manager_id}, paging)


@routes.get("/calls/{call_id}/history")
async def call_history(care: CareDep, who: CareReader, call_id: str, paging: Paged) -> Page[EntryView]:
    """Who wrote down what of a weekly call, the newest first."""
    call = known(await care.store.contact_calls.get(call_id), UnknownCall)
    await own_client(care, who, call.client_id)
    return await history_page(care.office, "contact_call", call_id, paging)


@routes.get("/contacts/{contact_id}/referral-asks")
async def asks_of_contact(care: CareDep, contact_id: OfContact, paging: Paged) -> Page[PastAskView]:
    """When the accountant was asked for a referral, the latest first."""
    return await _asks(care, {"asks.contact_id": contact_id}, paging)


@routes.get("/clients/{client_id}/referral-asks")
async def asks_of_client(care: CareDep, client_id: OfClient, paging: Paged) -> Page[PastAskView]:
    """When anybody at the client was asked, the latest first."""
    return await _asks(care, {"_id": client_id}, paging)


@routes.get("/managers/{manager_id}/referral-asks")
async def asks_of_manager(care: CareDep, manager_id: OfManager, paging: Paged) -> Page[PastAskView]:
    """Whom the manager's base was asked in, the latest first; clients since handed over or lost too."""
    return await _asks(care, {"asks.manager_id": manager_id}, paging)


@routes.get("/clients/{client_id}/referral-asks/history")
async def ask_history(care: CareDep, client_id: OfClient, paging: Paged) -> Page[EntryView]:
    """Who wrote down which asking of the client, the newest first."""
    return await history_page(care.office, "asks", client_id, paging)


async def _calls(care: Care, where: dict[str, Any], paging: Paging) -> Page[CallView]:
    try:
        found = await care.store.calls_where(where, paging.after, paging.limit + 1)
    except ValueError:
        raise bad_cursor() from None
    page = paging.page(found, call_place)
    return Page(items=[CallView.of(call) for call in page.items], next=page.next)


async def _asks(care: Care, where: dict[str, Any], paging: Paging) -> Page[PastAskView]:
    try:
        found = await care.store.asks_where(where, paging.after, paging.limit + 1)
    except ValueError:
        raise bad_cursor() from None
    page = paging.page(found, lambda asked: place_of(asked.ask.at, asked.ask.ask_id))
    return Page(items=[_ask_view(each) for each in page.items], next=page.next)


def _ask_view(asked: Asked) -> PastAskView:
    shown = AskView.model_validate(asked.ask)
    return PastAskView(**shown.model_dump(), client_id=asked.client_id, manager_id=asked.ask.manager_id)
