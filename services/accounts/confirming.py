"""From a proposal to a fact: proposed, decided by a director, taken by the client, settled (R-BASE-3).

    proposal: proposed ──▶ confirming          one write: a director decided
    client:                   the fact         one write: history and events; the client takes each fact once
    proposal:              confirming ──▶ confirmed

A crash in between leaves the proposal `confirming`; `resume` takes it up again, on any replica. Where the client cannot
follow (it was lost meanwhile), nothing is told and the proposal is open again.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import structlog

from services.accounts.domain import facts
from services.accounts.domain import proposal as proposals
from services.accounts.domain.proposal import Proposal
from services.accounts.domain.refusals import AccountsError, UnknownProposal, WrongValue
from services.accounts.metrics import RESUMED
from services.accounts.office import Office, known
from shared.contracts.base import Decision
from shared.store import DuplicateKey, Stepped

log = structlog.get_logger()


async def propose(office: Office, new: Proposal) -> Stepped[Proposal]:
    """`new` waits for a director. What could not be confirmed as things stand is refused at once."""
    if await office.store.proposals.get(new.proposal_id) is None:
        await check_people(office, new)
        client = await office.store.clients.get(new.client_id)
        new = replace(
            new,
            client_name=facts.after(client, new).name,
            concerns=tuple(sorted(facts.concerned(client, new))),
            fee_that_day=facts.fee_that_day(client, new),
        )
    decide = partial(proposals.propose, new=new, today=office.today())
    return await office.store.proposals.step(new.proposal_id, decide)


async def confirm(office: Office, proposal_id: str, by: str) -> Proposal:
    """The director `by` says yes, and the client follows. The same again finds it confirmed."""
    at = office.now()
    found = await office.proposal(proposal_id)
    if found.state == "proposed":
        await check_people(office, found)
        facts.settle(await office.store.clients.get(found.client_id), found, by, at)

    def decide(state: Proposal | None) -> Decision[Proposal]:
        return proposals.confirm(known(state, UnknownProposal), by, at)

    decided = await office.store.proposals.step(proposal_id, decide)
    return await follow(office, decided.state)


async def refuse(office: Office, proposal_id: str, by: str, reason: str) -> Proposal:
    """The director `by` says no, and why."""
    at = office.now()

    def decide(state: Proposal | None) -> Decision[Proposal]:
        return proposals.refuse(known(state, UnknownProposal), by, at, reason)

    return (await office.store.proposals.step(proposal_id, decide)).state


async def follow(office: Office, proposal: Proposal) -> Proposal:
    """The client takes the fact, then the proposal is settled. Raises what the client refuses with, having reopened
    the proposal."""
    decided = proposal.decided
    if proposal.state != "confirming" or decided is None:
        return proposal
    try:
        await office.store.clients.step(
            proposal.client_id, partial(facts.settle, proposal=proposal, by=decided.by, at=decided.at)
        )
    except (AccountsError, DuplicateKey):
        await _move(office, proposal, partial(proposals.reopened, decided=decided))
        if proposal.won is not None and proposal.won.newcomer is not None:
            await office.check_inn_free(proposal.won.newcomer.inn, proposal.client_id)
        raise
    return await _move(office, proposal, proposals.settled)


async def resume(office: Office, after_seconds: float) -> None:
    """For ever: finish the confirmations that stand unfinished for longer than `after_seconds`."""
    while True:
        await resume_once(office, after_seconds)
        await asyncio.sleep(after_seconds)


async def resume_once(office: Office, after_seconds: float) -> None:
    """Finish what a crash left unfinished."""
    for proposal in await office.store.unfinished(office.now() - timedelta(seconds=after_seconds)):
        RESUMED.inc()
        try:
            await follow(office, proposal)
        except (AccountsError, DuplicateKey) as refusal:
            log.warning(
                "reopened", action="proposal.reopened", proposal_id=proposal.proposal_id, refusal=type(refusal).__name__
            )


async def check_people(office: Office, proposal: Proposal) -> None:
    """Raises `WrongValue` or `InnTaken` where the proposal names somebody who does not fit."""
    if proposal.handed_over is not None:
        await office.check_works("to_manager_id", proposal.handed_over.to_manager_id, proposal.effective)
    win = proposal.won
    if win is None:
        return
    await office.check_works("manager_id", win.manager_id, proposal.effective)
    if win.newcomer is not None:
        await office.check_inn_free(win.newcomer.inn, proposal.client_id)
    if win.vouched_by_client_id is not None and await office.store.clients.get(win.vouched_by_client_id) is None:
        raise WrongValue("vouched_by_client_id", "такого клиента нет")


async def _move(office: Office, proposal: Proposal, move: Callable[[Proposal], Decision[Proposal]]) -> Proposal:
    def decide(state: Proposal | None) -> Decision[Proposal]:
        return move(known(state, UnknownProposal))

    return (await office.store.proposals.step(proposal.proposal_id, decide)).state
