"""A confirmation is finished whatever happens in between, and a fact is told once."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

from services.accounts import confirming
from services.accounts.domain import facts, proposal
from services.accounts.domain.proposal import Proposal
from services.accounts.main import build_app
from services.accounts.office import known
from services.accounts.settings import AccountsSettings
from shared.contracts.base import Decision
from tests.accounts.conftest import OTHER_DIRECTOR, Doors
from tests.accounts.samples import inn
from tests.kit import eventually, serving


async def decided(doors: Doors, proposal_id: str) -> Proposal:
    """A proposal a director decided on just before a crash."""
    at = doors.office.now() - timedelta(minutes=1)

    def decide(state: Proposal | None) -> Decision[Proposal]:
        return proposal.confirm(known(state, AssertionError), "d2", at)

    return (await doors.office.store.proposals.step(proposal_id, decide)).state


async def standing(doors: Doors, proposal_id: str) -> str:
    return str((await doors.get(f"/v1/proposals/{proposal_id}")).json()["state"])


async def test_a_crash_before_the_client_followed_is_healed(doors: Doors, settings: AccountsSettings) -> None:
    client = await doors.client()
    waiting = await doors.proposed(kind="lost", client_id=client, reason="конкурент")
    await decided(doors, waiting)
    assert (await doors.get(f"/v1/clients/{client}")).json()["active"]
    async with serving(build_app(settings)):
        assert (await doors.heard.one("client.lost")).subject == waiting
    await eventually(lambda: _confirmed(doors, waiting))
    assert not (await doors.get(f"/v1/clients/{client}")).json()["active"]


async def _confirmed(doors: Doors, proposal_id: str) -> bool:
    return await standing(doors, proposal_id) == "confirmed"


async def test_a_crash_after_the_client_followed_tells_nothing_twice(doors: Doors) -> None:
    client = await doors.client()
    waiting = await decided(doors, await doors.proposed(kind="lost", client_id=client, reason="конкурент"))
    assert waiting.decided is not None
    at = waiting.decided.at
    await doors.office.store.clients.step(client, lambda state: facts.settle(state, waiting, "d2", at))
    await confirming.resume_once(doors.office, 10)
    assert await standing(doors, waiting.proposal_id) == "confirmed"
    await doors.heard.one("client.lost")
    await doors.client()
    await doors.heard.several(2, "client.registered")
    assert len(doors.heard.of("client.lost")) == 1


async def test_what_is_only_just_decided_is_left_to_who_decides_it(doors: Doors) -> None:
    client = await doors.client()
    waiting = await decided(doors, await doors.proposed(kind="lost", client_id=client, reason="конкурент"))
    await confirming.resume_once(doors.office, 120)
    assert await standing(doors, waiting.proposal_id) == "confirming"
    again = await doors.post(f"/v1/proposals/{waiting.proposal_id}/confirm", who=OTHER_DIRECTOR)
    assert again.json()["state"] == "confirmed"


async def test_a_decision_the_client_cannot_follow_any_more_is_open_again(doors: Doors) -> None:
    client = await doors.client()
    waiting = await decided(doors, await doors.proposed(kind="fee", client_id=client, fee="7000"))
    await doors.confirmed(kind="lost", client_id=client, reason="конкурент")
    await confirming.resume_once(doors.office, 10)
    assert await standing(doors, waiting.proposal_id) == "proposed"
    assert (await doors.get(f"/v1/clients/{client}")).json()["fee"] == "20000.00"


async def test_a_client_is_lost_once_however_many_losses_are_confirmed_at_once(doors: Doors) -> None:
    client = await doors.client()
    waiting = [await doors.proposed(kind="lost", client_id=client, reason=f"причина {n}") for n in range(5)]
    answers = await asyncio.gather(
        *(doors.post(f"/v1/proposals/{each}/confirm", who=OTHER_DIRECTOR) for each in waiting for _ in range(2))
    )
    assert {answer.status_code for answer in answers} == {200, 409}
    states = Counter([await standing(doors, each) for each in waiting])
    assert states == {"confirmed": 1, "proposed": 4}
    (told,) = await doors.heard.several(1, "client.lost")
    assert await standing(doors, told.subject) == "confirmed"


async def test_of_two_wins_of_one_inn_the_second_is_refused_and_names_the_first(doors: Doors) -> None:
    await doors.manager()
    new = {"name": "Детский сад № 7", "inn": inn(77)}
    win: dict[str, Any] = {"kind": "won", "client": new, "fee": "30000", "source": "advert", "manager_id": "m1"}
    waiting = [await doors.proposed(**win) for _ in range(2)]
    answers = await asyncio.gather(
        *(doors.post(f"/v1/proposals/{each}/confirm", who=OTHER_DIRECTOR) for each in waiting)
    )
    refused = next(answer for answer in answers if answer.status_code == 409)
    first = next(answer for answer in answers if answer.status_code == 200)
    assert refused.json()["client_id"] == first.json()["client_id"]
    assert "Детский сад № 7" in refused.json()["detail"]
    assert Counter([await standing(doors, each) for each in waiting]) == {"confirmed": 1, "proposed": 1}
    await doors.heard.one("client.won")
    assert len(doors.heard.of("client.registered")) == 1
