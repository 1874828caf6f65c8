"""Payroll is told how far the facts that move money are told, and nothing slips in below it."""

import asyncio
from datetime import timedelta
from functools import partial

from services.accounts import completeness, confirming
from services.accounts.domain import proposal as proposals
from services.accounts.domain.watermark import WATERMARK, Watermark, promise, tell
from shared.contracts.accounts import ClientLost, FactsComplete
from shared.contracts.base import Decision
from tests.accounts.conftest import OTHER_DIRECTOR, Doors
from tests.accounts.samples import AT, loss
from tests.kit import eventually

LATER = AT + timedelta(hours=1)


def test_what_is_promised_and_told_never_goes_back() -> None:
    state = promise(None, LATER).state
    assert promise(state, AT).state is state
    decision = tell(state, LATER, LATER)
    assert decision.events == (FactsComplete(at=LATER, until=LATER),)
    assert tell(decision.state, AT, LATER) == Decision(decision.state)


def test_a_decision_made_before_the_promise_is_told_with_a_later_moment() -> None:
    decided = proposals.confirm(loss(), "d1", AT).state
    late = proposals.put_off(decided, LATER).state
    assert late.decided is not None
    assert (late.decided.at, late.decided.since) == (LATER, AT)
    assert proposals.put_off(late, AT).state is late


async def test_a_confirmed_fact_is_soon_behind_the_watermark(doors: Doors) -> None:
    await doors.confirmed(kind="lost", client_id=await doors.client(), reason="конкурент")
    fact = (await doors.heard.one("client.lost")).body["at"]

    def behind() -> bool:
        return any(event.body["until"] > fact for event in doors.heard.of("client.facts_complete"))

    await eventually(behind)


async def test_a_fact_being_confirmed_holds_the_watermark_back(doors: Doors) -> None:
    client = await doors.client()
    waiting = await doors.proposed(kind="lost", client_id=client, reason="конкурент")
    at = doors.office.now()

    def decide(state: proposals.Proposal | None) -> Decision[proposals.Proposal]:
        assert state is not None
        return proposals.confirm(state, "d2", at)

    await doors.office.store.proposals.step(waiting, decide)
    held = await completeness.tell_once(doors.office)
    assert held.until is None or held.until <= at
    await doors.post(f"/v1/proposals/{waiting}/confirm", who=OTHER_DIRECTOR)
    told = (await doors.heard.one("client.lost")).as_(ClientLost)
    assert told.at >= held.promised


async def test_what_was_promised_meanwhile_puts_a_confirmation_off(doors: Doors) -> None:
    client = await doors.client()
    waiting = await doors.proposed(kind="lost", client_id=client, reason="конкурент")
    far = doors.office.now() + timedelta(days=1)
    await doors.office.store.watermarks.step(WATERMARK, partial(promise, now=far))
    done = await confirming.confirm(doors.office, waiting, "d2")
    assert done.decided is not None
    assert done.decided.at == far
    assert (await doors.heard.one("client.lost")).body["at"] == far.isoformat().replace("+00:00", "Z")


async def test_two_replicas_tell_no_lower_mark_after_a_higher_one(doors: Doors) -> None:
    await asyncio.gather(*(completeness.tell_once(doors.office) for _ in range(5)))
    marks = [event.body["until"] for event in await doors.heard.several(1, "client.facts_complete")]
    assert marks == sorted(marks)
    found = await doors.office.store.watermarks.get(WATERMARK)
    assert isinstance(found, Watermark)
