"""From a fan's word to a client: askings, trials, wins (R-REF-1 to R-REF-4)."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from services.accounts import confirming
from services.accounts.care import Care, party_of
from services.accounts.care_store import BASE_LIMIT
from services.accounts.domain import fans, prospects
from services.accounts.domain.care_refusals import UnknownProspect
from services.accounts.domain.client import Client
from services.accounts.domain.fans import Ask, Asks, History
from services.accounts.domain.matters import Matter
from services.accounts.domain.proposal import Proposal, Win
from services.accounts.domain.prospects import Prospect, Winning
from services.accounts.office import known
from shared.contracts.base import Decision
from shared.ids import derived_id
from shared.store import Stepped


async def history(care: Care, client_id: str) -> History:
    """What speaks for and against the client as a fan."""
    since = care.now() - timedelta(days=care.policy.fans.quiet_days)
    return History(
        closed=await care.store.praised(client_id),
        unhappy=await care.store.refused_since(client_id, since),
        open=tuple(matter for matter in await care.store.open_of(client_id, care.now()) if matter.open),
    )


async def ask(care: Care, client: Client, new: Ask) -> Stepped[Asks]:
    """The client was asked. Raises `MayNotAsk` with every reason against it."""
    policy = care.policy.fans
    against = fans.may_ask(policy, await history(care, client.client_id), None, new.at)
    decide = partial(
        fans.ask, new=new, party=party_of(client), manager_id=client.manager_id, against=against, policy=policy
    )
    return await care.store.asks.step(client.client_id, decide)


async def move(care: Care, prospect_id: str, decide: Any) -> Prospect:
    """One step of the prospect by `decide(prospect)`. Raises `UnknownProspect`."""

    def decided(state: Prospect | None) -> Decision[Prospect]:
        found: Decision[Prospect] = decide(known(state, UnknownProspect))
        return found

    return (await care.store.prospects.step(prospect_id, decided)).state


async def follow_trial(care: Care, matter: Matter) -> None:
    """The prospect learns what its trial request has come to."""
    origin = matter.registration.origin_id if matter.registration else None
    if origin is None or await care.store.prospects.get(origin) is None:
        return
    ended = partial(prospects.end_trial, request_id=matter.request_id, at=matter.closed_at, flawless=matter.flawless)
    await move(care, origin, ended)


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
    """The win is proposed to the director, then the prospect waits for the decision."""
    winning = terms.winning
    new = Proposal(
        proposal_id=winning.proposal_id,
        client_id=derived_id("client", "proposal", winning.proposal_id),
        client_name="",
        effective=winning.effective,
        proposed_by=winning.by,
        proposed_at=winning.at,
        concerns=(),
        won=terms.win,
        unusual_fee=terms.unusual_fee,
        asked_as=terms.asked_as,
    )
    await confirming.propose(care.office, new)
    return await move(care, prospect.prospect_id, partial(prospects.win, winning=winning))


async def watch(care: Care, every_seconds: float) -> None:
    """For ever: follow what directors decided about wins."""
    while True:
        await follow_wins(care)
        await asyncio.sleep(every_seconds)


async def follow_wins(care: Care) -> None:
    """Prospects whose win was confirmed become clients; where it was refused they stand as before."""
    for prospect in await care.store.prospects.find({"state": "winning"}, limit=BASE_LIMIT):
        await follow_win(care, prospect)


async def follow_win(care: Care, prospect: Prospect) -> Prospect:
    """The prospect after what the director decided, if anything."""
    if prospect.state != "winning":
        return prospect
    proposal_id = prospect.wins[-1].proposal_id
    proposal = await care.office.store.proposals.get(proposal_id)
    if proposal is None or proposal.state == "refused":
        return await move(care, prospect.prospect_id, partial(prospects.reopen, proposal_id=proposal_id))
    if proposal.state != "confirmed":
        return prospect
    at = proposal.decided.at if proposal.decided else care.now()
    settle = partial(prospects.settle, proposal_id=proposal_id, client_id=proposal.client_id, at=at)
    return await move(care, prospect.prospect_id, settle)


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
    asked = await care.store.asks.find(where | {"last_at": {"$gte": since}}, limit=BASE_LIMIT)
    named = await care.store.prospects.find(where | {"registered_at": {"$gte": since}}, limit=BASE_LIMIT)
    return Conversion(
        asked=sum(each.at >= since for asks in asked for each in asks.asks),
        named=len(named),
        tried=sum(bool(prospect.trials) for prospect in named),
        flawless=sum(any(trial.flawless for trial in prospect.trials) for prospect in named),
        won=sum(prospect.state == "won" for prospect in named),
        dropped=sum(prospect.state == "dropped" for prospect in named),
    )


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
