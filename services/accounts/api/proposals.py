"""`/v1/proposals`: facts that move money, proposed by anybody and confirmed by a director (R-BASE-3)."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.accounts import confirming
from services.accounts.api.fields import SEES_ALL, Deps, Director, Person, Reader, check_base, fingerprint
from services.accounts.api.proposal_forms import AnyProposal, EvidenceBody, NewWin, ProposalView, Refusal
from services.accounts.domain.proposal import Proposal, Standing
from services.accounts.domain.refusals import NotYourBase
from services.accounts.office import Office
from services.accounts.store import in_state, place_of, seen_by
from shared.http.auth import Principal
from shared.http.idempotency import IdempotencyKey
from shared.http.paging import Page, Paged, bad_cursor
from shared.ids import derived_id

routes = APIRouter(prefix="/v1/proposals", tags=["proposals"])


@routes.post("", status_code=201, responses={200: {"description": "The same again."}})
async def propose(
    office: Deps, who: Person, key: IdempotencyKey, asked: AnyProposal, response: Response
) -> ProposalView:
    """A fact that would move money: it waits for a director."""
    new_id = office.new_id() if key is None else derived_id("proposal", who.subject, key)
    before = await office.store.proposals.get(new_id)
    if before is None:
        await _check_own_base(office, who, asked)
    client_id = asked.client_id or derived_id("client", "proposal", new_id)
    at = office.now()
    new = Proposal(
        proposal_id=new_id,
        client_id=client_id,
        client_name="",
        effective=before.effective if before else asked.day(await office.store.clients.get(client_id)),
        proposed_by=who.subject,
        proposed_at=at,
        concerns=(),
        asked_as=fingerprint(asked),
        evidence=tuple(each.given(who.subject, at) for each in asked.evidence),
        **asked.terms(office, who),
    )
    stepped = await confirming.propose(office, new)
    response.status_code = 201 if stepped.written else 200
    return ProposalView.of(stepped.state)


@routes.get("")
async def listed(
    office: Deps, who: Reader, paging: Paged, state: Annotated[Standing | None, Query()] = None
) -> Page[ProposalView]:
    """Proposals, the oldest first; a manager sees their own and those about their base."""
    where = in_state(state) | ({} if who.has(*SEES_ALL) else seen_by(who.subject))
    try:
        found = await office.store.proposals_where(where, paging.after, paging.limit + 1)
    except ValueError:
        raise bad_cursor() from None
    page = paging.page(found, lambda proposal: place_of(proposal.proposed_at, proposal.proposal_id))
    return Page(items=[ProposalView.of(proposal) for proposal in page.items], next=page.next)


@routes.get("/{proposal_id}")
async def one(office: Deps, who: Reader, proposal_id: str) -> ProposalView:
    """One proposal."""
    proposal = await office.proposal(proposal_id)
    check_involved(who, proposal)
    return ProposalView.of(proposal)


@routes.post("/{proposal_id}/evidence")
async def attach(office: Deps, who: Person, proposal_id: str, evidence: EvidenceBody) -> ProposalView:
    """One more request, call, letter or document that shows it is so; until it is decided."""
    proposal = await office.proposal(proposal_id)
    check_involved(who, proposal)
    return ProposalView.of(await confirming.attach(office, proposal_id, evidence.given(who.subject, office.now())))


@routes.post("/{proposal_id}/confirm")
async def confirm(office: Deps, who: Director, proposal_id: str) -> ProposalView:
    """Yes: the fact is told, and the client follows. Never by the one who proposed it, nor about one's own pay."""
    return ProposalView.of(await confirming.confirm(office, proposal_id, who.subject))


@routes.post("/{proposal_id}/refuse")
async def refuse(office: Deps, who: Director, proposal_id: str, refusal: Refusal) -> ProposalView:
    """No, and why."""
    return ProposalView.of(await confirming.refuse(office, proposal_id, who.subject, refusal.reason))


def check_involved(who: Principal, proposal: Proposal) -> None:
    """Raises `NotYourBase` for a manager who neither proposed it nor is concerned by it."""
    if not who.has(*SEES_ALL) and who.subject not in {proposal.proposed_by, *proposal.concerns}:
        raise NotYourBase


async def _check_own_base(office: Office, who: Principal, asked: AnyProposal) -> None:
    """A manager proposes about their own base; a win may be proposed by anybody."""
    if who.has(*SEES_ALL, "specialist") or isinstance(asked, NewWin):
        return
    check_base(who, (await office.client(asked.client_id)).manager_id)
