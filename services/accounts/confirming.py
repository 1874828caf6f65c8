"""From a proposal to a fact: proposed, decided by a director, taken by the client, settled (R-BASE-3).

    proposal: proposed ──▶ confirming          one write: a director decided
    client:                   the fact         one write: history and events; the client takes each fact once
    proposal:              confirming ──▶ confirmed

A crash in between leaves the proposal `confirming`; `resume` takes it up again, on any replica. Where the client cannot
follow (it was lost meanwhile), nothing is told and the proposal is open again.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from functools import partial

import structlog

from services.accounts import conflicts
from services.accounts.completeness import promised
from services.accounts.domain import facts
from services.accounts.domain import proposal as proposals
from services.accounts.domain.client import Client
from services.accounts.domain.proposal import Evidence, Kind, Proposal, Win
from services.accounts.domain.refusals import AccountsError, ProposalChanged, UnknownProposal, WrongValue
from services.accounts.metrics import RESUMED
from services.accounts.office import Office, known
from services.accounts.store import Tried
from shared.contracts.base import Decision
from shared.store import DuplicateKey, Stepped

log = structlog.get_logger()

IN_RUSSIAN_KIND: Mapping[Kind, str] = {
    "won": "приход",
    "lost": "потеря",
    "handed_over": "передача",
    "fee": "плата",
    "reversed": "отмена факта",
}
ALREADY_CAME = "по этой пробной заявке клиент уже пришёл"


async def propose(office: Office, new: Proposal) -> Stepped[Proposal]:
    """`new` waits for a director. What could not be confirmed as things stand is refused at once."""
    if await office.store.proposals.get(new.proposal_id) is None:
        client = await office.store.clients.get(new.client_id)
        await check_people(office, client, new)
        new = as_things_stand(client, replace(new, client_name=facts.after(client, new).name))
    decide = partial(proposals.propose, new=new, today=office.today())
    return await office.proposals_step(new.proposal_id, decide, by=new.proposed_by, why="предложено")


async def attach(office: Office, proposal_id: str, evidence: Evidence) -> Proposal:
    """The proposal with one more piece of evidence."""

    def decide(state: Proposal | None) -> Decision[Proposal]:
        return proposals.attach(known(state, UnknownProposal), evidence)

    return (await office.proposals_step(proposal_id, decide, by=evidence.by, why="приложено основание")).state


async def confirm(office: Office, proposal_id: str, by: str) -> Proposal:
    """The director `by` says yes, and the client follows. The same again finds it confirmed. Raises `ProposalChanged`
    where what the director was shown is not so any more."""
    at = office.now()
    found = await office.proposal(proposal_id)
    trial = await _trial(office, found)
    if found.state == "proposed":
        client = await office.store.clients.get(found.client_id)
        now = proposals.given_to(found, trial.manager_id) if trial else found
        await check_people(office, client, now)
        facts.settle(client, now, by, at)
        now = as_things_stand(client, now)
        await office.check_registered_by_another(by, now.concerns)
        await _check_as_shown(office, found, now, by)

    def decide(state: Proposal | None) -> Decision[Proposal]:
        return proposals.confirm(known(state, UnknownProposal), by, at, trial.prospect_id if trial else None)

    try:
        decided = await office.proposals_step(proposal_id, decide, by=by, why="подтверждено")
    except DuplicateKey:
        raise WrongValue("request_id", ALREADY_CAME) from None
    return await follow(office, decided.state)


async def _check_as_shown(office: Office, found: Proposal, now: Proposal, by: str) -> None:
    """What it costs, whom it concerns and who gets the client is shown anew where it changed while it waited, before
    anybody says yes."""
    if (now.fee_that_day, now.concerns, now.won) == (found.fee_that_day, found.concerns, found.won):
        return
    await _move(office, found, partial(proposals.restated, now=now), by, why="обстоятельства изменились")
    raise ProposalChanged(found.fee_that_day, now.fee_that_day, now.concerns)


def as_things_stand(client: Client | None, proposal: Proposal) -> Proposal:
    """`proposal` with what a director is shown of its effect. Raises what `facts.after` raises."""
    return replace(
        proposal,
        concerns=tuple(sorted(facts.concerned(client, proposal))),
        fee_that_day=facts.fee_that_day(client, proposal),
    )


async def refuse(office: Office, proposal_id: str, by: str, reason: str) -> Proposal:
    """The director `by` says no, and why."""
    at = office.now()
    await office.check_registered_by_another(by, (await office.proposal(proposal_id)).concerns)

    def decide(state: Proposal | None) -> Decision[Proposal]:
        return proposals.refuse(known(state, UnknownProposal), by, at, reason)

    return (await office.proposals_step(proposal_id, decide, by=by, why="отклонено")).state


async def follow(office: Office, proposal: Proposal) -> Proposal:
    """The client takes the fact, then the proposal is settled. Raises what the client refuses with, having reopened
    the proposal."""
    proposal = await _not_before_what_was_promised(office, proposal)
    decided = proposal.decided
    if proposal.state != "confirming" or decided is None:
        return proposal
    settle = partial(facts.settle, proposal=proposal, by=decided.by, at=decided.at)
    why = f"{IN_RUSSIAN_KIND[proposal.kind]}: предложение {proposal.proposal_id}"
    try:
        followed = await office.clients_step(proposal.client_id, settle, by=decided.by, why=why)
    except (AccountsError, DuplicateKey):
        await _move(office, proposal, partial(proposals.reopened, decided=decided), decided.by)
        await _check_newcomer(office, proposal)
        raise
    office.confirmed.set()
    if followed.written and proposal.won is not None:
        await conflicts.look_after(office, followed.state)
    return await _move(office, proposal, proposals.settled, decided.by)


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


async def check_people(office: Office, client: Client | None, proposal: Proposal) -> None:
    """Raises `WrongValue` or `InnTaken` where the proposal names somebody who does not fit."""
    if proposal.handed_over is not None:
        await _check_takes_over(office, client, proposal, proposal.handed_over.to_manager_id)
    if proposal.lost is not None and proposal.lost.request_id is not None:
        whose = await office.store.client_of_request(proposal.lost.request_id)
        if whose not in {None, proposal.client_id}:
            raise WrongValue("request_id", "это заявка другого клиента")
    if proposal.lost is not None and client is not None:
        await _check_had_come(office, client, proposal.effective)
    win = proposal.won
    if win is None:
        return
    await office.check_works("manager_id", win.manager_id, proposal.effective)
    await _check_newcomer(office, proposal)
    _check_trial(win, await _trial(office, proposal))
    if win.vouched_by_client_id is not None and await office.store.clients.get(win.vouched_by_client_id) is None:
        raise WrongValue("vouched_by_client_id", "такого клиента нет")


async def _check_had_come(office: Office, client: Client, day: date) -> None:
    """A client of the opening base was ours before its manager came, who bears no loss of then (R-PAY-5)."""
    holder = await office.store.managers.get(client.stay.holder_on(max(day, client.stay.since)))
    if holder is not None and day < holder.hired:
        wrong = f"«{holder.name}» работает с {holder.hired:%d.%m.%Y}: потеря {day:%d.%m.%Y} — раньше; проверьте день"
        raise WrongValue("effective", wrong)


async def _trial(office: Office, proposal: Proposal) -> Tried | None:
    """The trial request a win names, where it is one."""
    win = proposal.won
    return await office.store.trial(win.request_id, proposal.proposal_id) if win and win.request_id else None


def _check_trial(win: Win, trial: Tried | None) -> None:
    """Who comes by referral comes after a trial request that closed flawless, else by a director's word and with a
    reason (R-REF-4); one trial brings one client, to the manager whose prospect it was and by the fan who vouched."""
    if trial is not None:
        _check_whose(win, trial)
    if win.source == "referral" and not (trial is not None and trial.flawless) and not win.reason:
        wrong = "по рекомендации приходят после пробной заявки, решённой безупречно; без неё напишите, почему (R-REF-4)"
        raise WrongValue("reason", wrong)


def _check_whose(win: Win, trial: Tried) -> None:
    if not trial.ended:
        raise WrongValue("request_id", "пробная заявка ещё не закрыта: приход предлагают после неё (R-REF-4)")
    if trial.won:
        raise WrongValue("request_id", ALREADY_CAME)
    if win.manager_id != trial.manager_id:
        raise WrongValue("manager_id", f"пробная заявка — менеджера {trial.manager_id}: приход тоже его")
    if win.vouched_by_client_id != trial.vouched_by_client_id:
        wrong = f"за того, чья это пробная заявка, поручился клиент {trial.vouched_by_client_id}: назовите его"
        raise WrongValue("vouched_by_client_id", wrong)


async def _check_takes_over(office: Office, client: Client | None, proposal: Proposal, manager_id: str) -> None:
    """Who takes a client over works that day and, where the client stays with them, today."""
    await office.check_works("to_manager_id", manager_id, proposal.effective)
    if client is not None and client.active and facts.after(client, proposal).manager_id == manager_id:
        await office.check_works("to_manager_id", manager_id, office.today())


async def _check_newcomer(office: Office, proposal: Proposal) -> None:
    new = proposal.won.newcomer if proposal.won else None
    if new is not None:
        await office.check_inn_free(new.inn, proposal.client_id, new.kpp if new.apart else None)


async def _not_before_what_was_promised(office: Office, proposal: Proposal) -> Proposal:
    """Facts confirmed before a promised moment may have been declared complete: this one is told with a later one."""
    decided = proposal.decided
    at = await promised(office)
    if proposal.state != "confirming" or decided is None or at is None or decided.at >= at:
        return proposal
    return await _move(office, proposal, partial(proposals.put_off, at=max(at, office.now())), decided.by)


async def _move(
    office: Office,
    proposal: Proposal,
    move: Callable[[Proposal], Decision[Proposal]],
    by: str,
    why: str = "подтверждение",
) -> Proposal:
    def decide(state: Proposal | None) -> Decision[Proposal]:
        return move(known(state, UnknownProposal))

    return (await office.proposals_step(proposal.proposal_id, decide, by=by, why=why)).state
