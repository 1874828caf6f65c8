"""From a fan's word to a client: askings, trials, wins (R-REF-1 to R-REF-4)."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from services.accounts import confirming
from services.accounts.care import Care, party_of
from services.accounts.care_store import BASE_LIMIT
from services.accounts.domain import fans, prospects
from services.accounts.domain import proposal as proposals
from services.accounts.domain.care_refusals import UnknownProspect
from services.accounts.domain.client import Client
from services.accounts.domain.fans import Ask, Asks, History
from services.accounts.domain.matters import Matter
from services.accounts.domain.proposal import Proposal, Win
from services.accounts.domain.prospects import Prospect, Winning
from services.accounts.domain.refusals import UnknownProposal
from services.accounts.domain.trail import kept
from services.accounts.office import known
from shared.contracts.base import Decision
from shared.ids import derived_id
from shared.store import Stepped

PROGRAM = "accounts"
"""Who moves a prospect on when its trial request ends, in the history."""


async def histories(care: Care, client_ids: Sequence[str]) -> dict[str, History]:
    """What speaks for and against each of these clients as a fan."""
    since = care.now() - timedelta(days=care.policy.fans.quiet_days)
    closed = await care.store.praised(client_ids)
    unhappy = await care.store.refused_since(client_ids, since)
    waiting = await care.store.open_briefs(client_ids, care.now())
    return {
        each: History(closed=closed.get(each, ()), unhappy=unhappy.get(each, ()), open=waiting.get(each, ()))
        for each in client_ids
    }


async def ask(care: Care, client: Client, new: Ask) -> Stepped[Asks]:
    """The client was asked. Raises `MayNotAsk` with every reason against it."""
    policy = care.policy.fans
    history = (await histories(care, [client.client_id]))[client.client_id]
    against = fans.may_ask(policy, history, None, new.at, care.office.zone)
    decide = partial(fans.ask, new=new, party=party_of(client), against=against, policy=policy, zone=care.office.zone)
    deed = care.office.deed("asks", client.client_id, new.by, "просьба о рекомендации")
    return await care.store.asks.step(client.client_id, kept(decide, deed))


async def register(care: Care, new: Prospect, by: str) -> Stepped[Prospect]:
    """A fan named somebody. Raises `ContactInThePast`, `KeyReused`."""
    deed = care.office.deed("prospect", new.prospect_id, by, "назван")
    return await care.store.prospects.step(new.prospect_id, kept(partial(prospects.register, new=new), deed))


async def move(care: Care, prospect_id: str, decide: Any, *, by: str, why: str) -> Prospect:
    """One step of the prospect by `decide(prospect)`, recorded as done `by` somebody. Raises `UnknownProspect`."""

    def decided(state: Prospect | None) -> Decision[Prospect]:
        found: Decision[Prospect] = decide(known(state, UnknownProspect))
        return found

    deed = care.office.deed("prospect", prospect_id, by, why)
    return (await care.store.prospects.step(prospect_id, kept(decided, deed))).state


async def follow_trial(care: Care, matter: Matter) -> None:
    """The prospect learns what its trial request has come to; one withdrawn has shown nothing, and is over."""
    origin = matter.registration.origin_id if matter.registration else None
    if origin is None or await care.store.prospects.get(origin) is None:
        return
    told = None
    while told != matter:  # what another hears of it meanwhile must not be overtaken by what we know
        at = matter.of("withdrawn")[-1].at if matter.withdrawn else matter.closed_at
        ended = partial(prospects.end_trial, request_id=matter.request_id, at=at, flawless=matter.flawless)
        await move(care, origin, ended, by=PROGRAM, why="пробная заявка")
        told, matter = matter, await care.matter(matter.request_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a win is proposed with."""

    win: Win
    winning: Winning
    asked_as: str
    unusual_fee: bool = False


def proposal_id_of(prospect: Prospect) -> str:
    """The id of the proposal that would make a client of them next: a repeat finds the first."""
    number = len(prospect.wins) - (prospect.state == "winning")
    return derived_id("proposal", "prospect", prospect.prospect_id, str(number))


async def propose(care: Care, prospect: Prospect, terms: Terms) -> Prospect:
    """The win is proposed to the director, then the prospect waits for the decision. Who was our client before, or was
    taken for one by mistake, comes back as that one."""
    winning, newcomer = terms.winning, terms.win.newcomer
    before = await care.office.store.client_by_inn(newcomer.inn) if newcomer else None
    returns = before if before is not None and not before.active else None
    new = Proposal(
        proposal_id=winning.proposal_id,
        client_id=returns.client_id if returns else derived_id("client", "proposal", winning.proposal_id),
        client_name="",
        effective=winning.effective,
        proposed_by=winning.by,
        proposed_at=winning.at,
        concerns=(),
        won=replace(terms.win, newcomer=None) if returns else terms.win,
        unusual_fee=terms.unusual_fee,
        asked_as=terms.asked_as,
    )
    await confirming.propose(care.office, new)
    return await move(
        care, prospect.prospect_id, partial(prospects.win, winning=winning), by=winning.by, why="приход предложен"
    )


async def watch(care: Care, every_seconds: float) -> None:
    """For ever: follow what directors decided about wins."""
    while True:
        await follow_wins(care)
        await asyncio.sleep(every_seconds)


async def follow_wins(care: Care) -> None:
    """Prospects whose win was confirmed become clients; where it was refused they stand as before."""
    for prospect in await care.store.prospects.find({"state": "winning"}, limit=BASE_LIMIT):
        await follow_win(care, prospect)
    tried = await care.store.prospects.find({"state": {"$in": ["trial", "tried"]}}, limit=BASE_LIMIT)
    for proposal in await care.office.store.won_of([each.prospect_id for each in tried]):
        await _follow_another(care, proposal)
    for prospect in await care.store.won_as(await care.office.store.reversed_ever()):
        await follow_win(care, prospect)


async def _follow_another(care: Care, proposal: Proposal) -> None:
    """The prospect came by a proposal made past it."""
    decided = proposal.decided
    if proposal.prospect_id is None or decided is None:
        return
    came = Winning(
        proposal_id=proposal.proposal_id,
        at=decided.at,
        by=proposal.proposed_by,
        effective=proposal.effective,
        reason=proposal.won.reason if proposal.won else "",
        client_id=proposal.client_id,
    )
    come = partial(prospects.come, winning=came)
    await move(care, proposal.prospect_id, come, by=decided.by, why="приход подтверждён")


async def follow_win(care: Care, prospect: Prospect) -> Prospect:
    """The prospect after what the director decided, if anything: to win it, or that winning it was wrong."""
    if prospect.state == "won":
        return await _follow_reversal(care, prospect)
    if prospect.state != "winning":
        return prospect
    proposal_id = prospect.wins[-1].proposal_id
    proposal = await care.office.store.proposals.get(proposal_id)
    by = proposal.decided.by if proposal and proposal.decided else PROGRAM
    if proposal is None or proposal.state == "refused":
        reopen = partial(prospects.reopen, proposal_id=proposal_id)
        return await move(care, prospect.prospect_id, reopen, by=by, why="приход отклонён")
    if proposal.state != "confirmed":
        return prospect
    at = proposal.decided.at if proposal.decided else care.now()
    settle = partial(prospects.settle, proposal_id=proposal_id, client_id=proposal.client_id, at=at)
    return await move(care, prospect.prospect_id, settle, by=by, why="приход подтверждён")


async def _follow_reversal(care: Care, prospect: Prospect) -> Prospect:
    """First the trial is free for another proposal, then the prospect moves: a crash in between is looked at again."""
    won = prospect.wins[-1]
    client = await care.office.store.clients.get(won.client_id or "")
    by_fact = client.reversed_by(won.proposal_id) if client else None
    if by_fact is None:
        return prospect
    reversal = await care.office.proposal(by_fact)
    by = reversal.decided.by if reversal.decided else PROGRAM

    def free(state: Proposal | None) -> Decision[Proposal]:
        return proposals.let_go(known(state, UnknownProposal))

    await care.office.proposals_step(won.proposal_id, free, by=by, why="приход отменён")
    take_back = partial(prospects.take_back, proposal_id=won.proposal_id, at=care.now())
    moved = await move(care, prospect.prospect_id, take_back, by=by, why="приход отменён")
    matter = await care.store.matters.get(moved.trial.request_id) if moved.trial else None
    if matter is not None:  # what was said of it while they were a client
        await follow_trial(care, matter)
    return await care.prospect(prospect.prospect_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """How many went how far."""

    asked: int
    named: int
    tried: int
    flawless: int
    won: int
    dropped: int


async def conversion(care: Care, manager_id: str | None, since: datetime) -> Conversion:
    """From asking to winning, of what began since then."""
    where = {} if manager_id is None else {"manager_id": manager_id}
    return Conversion(asked=await care.store.asked(manager_id, since), **await care.store.went_how_far(where, since))


async def came_through(care: Care, client_id: str) -> list[Prospect]:
    """The prospects through which the client came, back to the first fan."""
    found: list[Prospect] = []
    seen = {client_id}
    while link := next(iter(await care.store.prospects.find({"wins.client_id": client_id}, limit=1)), None):
        found.append(link)
        client_id = link.vouched_by_client_id
        if client_id in seen:
            break
        seen.add(client_id)
    return found
