"""`/v1/prospects`: from a fan's word to a client (R-REF-2, R-REF-3, R-REF-4)."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from services.accounts import listening, referring
from services.accounts.api.audit import EntryView, history_page
from services.accounts.api.care_fields import Caller, CareDep, CareReader
from services.accounts.api.fields import SEES_ALL, check_base, fingerprint
from services.accounts.api.prospect_forms import (
    DropBody,
    NewProspect,
    ProspectChanges,
    ProspectView,
    TalkBody,
    TrialBody,
    WinBody,
)
from services.accounts.care import Care
from services.accounts.domain import prospects
from services.accounts.domain.contacts import replaced
from services.accounts.domain.proposal import Newcomer, Win
from services.accounts.domain.prospects import Drop, Prospect, Standing, Talk, Trial, Winning
from services.accounts.domain.refusals import WrongValue
from shared.http.auth import Principal
from shared.http.idempotency import IdempotencyKey
from shared.http.paging import Page, Paged
from shared.ids import derived_id

routes = APIRouter(prefix="/v1/prospects", tags=["prospects"])


@routes.post("", status_code=201, responses={200: {"description": "The same again."}})
async def register(
    care: CareDep, who: Caller, key: IdempotencyKey, new: NewProspect, response: Response
) -> ProspectView:
    """A fan named somebody; the next contact is agreed at once (R-REF-2)."""
    prospect_id = care.office.new_id() if key is None else derived_id("prospect", who.subject, key)
    if await care.store.prospects.get(prospect_id) is None:
        await _check_fan(care, who, new)
    manager_id = new.manager_id or who.subject
    check_base(who, manager_id)
    await _check_manager(care, manager_id)
    prospect = Prospect(
        prospect_id=prospect_id,
        name=new.name,
        zone=new.zone or care.office.zone,
        manager_id=manager_id,
        vouched_by_client_id=new.vouched_by_client_id,
        registered_at=care.now(),
        next_contact=new.next_contact,
        competitor=new.competitor,
        expected_fee=new.expected_fee,
        person=new.person,
        phones=new.phones,
        inn=new.inn,
        asked_as=fingerprint(new),
    )
    stepped = await referring.register(care, prospect, who.subject)
    response.status_code = 201 if stepped.written else 200
    return ProspectView.at(stepped.state, care.now())


@routes.get("")
async def listed(
    care: CareDep,
    who: CareReader,
    paging: Paged,
    state: Annotated[Standing | None, Query()] = None,
    manager_id: Annotated[str | None, Query()] = None,
) -> Page[ProspectView]:
    """Prospects in order of id; a manager their own."""
    if not who.has(*SEES_ALL):
        manager_id = manager_id or who.subject
        check_base(who, manager_id)
    wanted = {"state": state, "manager_id": manager_id, "_id": paging.after and {"$gt": paging.after}}
    where = {name: value for name, value in wanted.items() if value is not None}
    found = await care.store.prospects.find(where, limit=paging.limit + 1)
    page = paging.page(found, lambda prospect: prospect.prospect_id)
    return Page(items=[ProspectView.at(each, care.now()) for each in page.items], next=page.next)


@routes.get("/{prospect_id}")
async def one(care: CareDep, who: CareReader, prospect_id: str) -> ProspectView:
    """One prospect with its talks, trials and wins."""
    return ProspectView.at(await _own(care, who, prospect_id), care.now())


@routes.patch("/{prospect_id}")
async def change(care: CareDep, who: Caller, prospect_id: str, body: ProspectChanges) -> ProspectView:
    """Another name, competitor, fee expected, manager."""
    await _own(care, who, prospect_id)
    changes = body.changes()
    if "manager_id" in changes:
        await _check_manager(care, changes["manager_id"])
    decide = partial(prospects.change, at=care.now(), **changes)
    return await _moved(care, who, prospect_id, decide, "описан заново")


@routes.post("/{prospect_id}/talks")
async def talk(care: CareDep, who: Caller, prospect_id: str, body: TalkBody) -> ProspectView:
    """They were spoken with: what was said, and when next."""
    prospect = await _own(care, who, prospect_id)
    said = Talk(at=care.now(), by=who.subject, words=body.words, next_contact=body.next_contact)
    prospects.contact(prospect, said)
    if body.content:
        await listening.take_word(care, prospect, said)
    return await _moved(care, who, prospect_id, partial(prospects.contact, talk=said), "разговор")


@routes.post("/{prospect_id}/trials", status_code=201)
async def open_trial(
    care: CareDep, who: Caller, prospect_id: str, key: IdempotencyKey, body: TrialBody
) -> ProspectView:
    """Their vendor failed: intake registers the request, free, under urgent clocks where it is urgent (R-REF-3)."""
    await _own(care, who, prospect_id)
    request_id = care.office.new_id() if key is None else derived_id("trial", who.subject, key, prospect_id)
    trial = Trial(
        request_id=request_id,
        at=care.now(),
        by=who.subject,
        subject=body.subject,
        priority=body.priority,
        failed_by=body.failed_by,
    )
    decide = partial(prospects.open_trial, trial=trial, text=body.text, products=body.products)
    return await _moved(care, who, prospect_id, decide, "пробная заявка")


@routes.post("/{prospect_id}/win")
async def win(care: CareDep, who: Caller, prospect_id: str, body: WinBody) -> ProspectView:
    """They become our client: proposed as a referral, for a director to confirm (R-REF-4, R-BASE-3)."""
    prospect = await _own(care, who, prospect_id)
    if prospect.state == "winning":
        return ProspectView.at(prospect, care.now())
    reason = body.reason.strip()
    trial = prospects.check_win(prospect, director=who.has("director"), reason=reason)
    terms = referring.Terms(
        win=_win(care, prospect, body, trial),
        winning=Winning(
            proposal_id=referring.proposal_id_of(prospect),
            at=care.now(),
            by=who.subject,
            effective=body.effective,
            reason=reason,
        ),
        asked_as=fingerprint(body),
        unusual_fee=body.unusual_fee,
    )
    return ProspectView.at(await referring.propose(care, prospect, terms), care.now())


@routes.post("/{prospect_id}/drop")
async def drop(care: CareDep, who: Caller, prospect_id: str, body: DropBody) -> ProspectView:
    """Nothing will come of it, and why."""
    await _own(care, who, prospect_id)
    dropped = Drop(at=care.now(), by=who.subject, reason=body.reason)
    return await _moved(care, who, prospect_id, partial(prospects.drop, dropped=dropped), "отпущен")


@routes.get("/{prospect_id}/history")
async def history(care: CareDep, who: CareReader, prospect_id: str, paging: Paged) -> Page[EntryView]:
    """Every change of the prospect, by whom and why, the newest first."""
    await _own(care, who, prospect_id)
    return await history_page(care.office, "prospect", prospect_id, paging)


def _win(care: Care, prospect: Prospect, body: WinBody, trial: Trial) -> Win:
    contacts = replaced((), [contact.given() for contact in body.contacts], care.office.new_id)
    return Win(
        manager_id=prospect.manager_id,
        fee=body.fee,
        source="referral",
        newcomer=Newcomer(name=prospect.name, inn=body.inn, zone=prospect.zone, contacts=contacts),
        vouched_by_client_id=prospect.vouched_by_client_id,
        request_id=trial.request_id,
        reason=body.reason.strip(),
    )


async def _moved(care: Care, who: Principal, prospect_id: str, decide: Any, why: str) -> ProspectView:
    return ProspectView.at(await referring.move(care, prospect_id, decide, by=who.subject, why=why), care.now())


async def _own(care: Care, who: Principal, prospect_id: str) -> Prospect:
    """The prospect as it stands after what directors decided about it so far."""
    prospect = await care.prospect(prospect_id)
    check_base(who, prospect.manager_id)
    return await referring.follow_win(care, prospect)


async def _check_manager(care: Care, manager_id: str) -> None:
    await care.office.check_works("manager_id", manager_id, care.office.today())


async def _check_fan(care: Care, who: Principal, new: NewProspect) -> None:
    client = await care.office.store.clients.get(new.vouched_by_client_id)
    if client is None or not client.active:
        raise WrongValue("vouched_by_client_id", "поручиться может только действующий клиент")
    check_base(who, client.manager_id)
