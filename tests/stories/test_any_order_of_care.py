"""However the broker reorders and repeats what accounts hears of requests, calls and trials, it comes to the same."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from fastapi import FastAPI
from hypothesis import given

from services.accounts.care import Care
from services.accounts.domain import debt
from services.accounts.main import build_app
from services.accounts.settings import AccountsSettings
from shared.contracts.base import ClientRef, Event
from shared.contracts.intake import (
    CallIdentified,
    CallMissed,
    CallReturned,
    RequestIdentified,
    RequestMerged,
    RequestRegistered,
    RequestReprioritised,
    RequestUnmerged,
    RequestWithdrawn,
    VerdictGiven,
)
from shared.contracts.routing import WorkCancelAsked, WorkFinished, WorkReplaced
from shared.contracts.sla_monitor import SlaBreached, SlaBreachWithdrawn
from shared.store.codec import to_fields
from tests.accounts.samples import inn
from tests.conftest import SettingsFor
from tests.kit import serving, token
from tests.stories.test_any_order import ANY_ORDER, BEGAN, Told, at, orders

LENGTH = 27
_numbers = count(1)


@dataclass(frozen=True)
class Cast:
    """Whom one telling is about: nothing of it is shared with another one."""

    name: str
    manager_id: str
    client: ClientRef
    contact_id: str
    prospect: ClientRef
    trial_id: str

    def plain(self, found: Any) -> Any:
        """What was found, whoever it was told of."""
        text = repr(found)
        names = (self.trial_id, self.contact_id, self.client.client_id, self.prospect.client_id, self.manager_id)
        for place, name in enumerate((*names, self.name)):
            text = text.replace(name, f"<{place}>")
        return text


@pytest.fixture
async def app(settings_for: SettingsFor) -> FastAPI:
    return build_app(settings_for(AccountsSettings))


@pytest.fixture
async def told(app: FastAPI, amqp_url: str) -> AsyncIterator[Told]:
    async with serving(app) as client:
        yield Told(client, amqp_url)


async def cast(told: Told) -> Cast:
    """A manager with one client, and a prospect on trial."""
    number = next(_numbers)
    manager_id, director = f"anyorder{number}", token("director")

    async def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = await told.client.post(path, json=body, headers=director)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    await post("/v1/managers", {"manager_id": manager_id, "name": "Вера", "hired": "2026-01-12"})
    contacts = [{"name": "Анна", "emails": [f"anna{number}@s.ru"]}]
    school = {"name": "Школа", "inn": inn(number), "manager_id": manager_id, "fee": "20000", "since": "2026-01-12"}
    client = await post("/v1/clients", school | {"contacts": contacts})
    named = {"name": "Музей", "manager_id": manager_id, "vouched_by_client_id": client["client_id"]}
    prospect = await post("/v1/prospects", named | {"next_contact": "2100-01-01T00:00:00Z"})
    path = f"/v1/prospects/{prospect['prospect_id']}/trials"
    tried = await post(path, {"subject": "Отчёт", "failed_by": "не взялись"})
    zone = "Asia/Krasnoyarsk"
    return Cast(
        name=f"story{number}-",
        manager_id=manager_id,
        client=ClientRef(client_id=client["client_id"], name="Школа", zone=zone, manager_id=manager_id),
        contact_id=client["contacts"][0]["contact_id"],
        prospect=ClientRef(client_id=prospect["prospect_id"], name="Музей", zone=zone, manager_id=manager_id),
        trial_id=tried["trials"][0]["request_id"],
    )


def registered(minutes: float, request_id: str, **more: Any) -> Event:
    usual: dict[str, Any] = {"number": "1", "channel": "phone", "priority": "important", "subject_text": "Отчёт"}
    return RequestRegistered(at=at(minutes), request_id=request_id, **(usual | more))


def merging_story(who: Cast) -> list[Event]:
    """One is merged into another while that is merged into it, and taken out of the circle; a third was answered before
    it was merged."""
    one, two, three = (f"{who.name}r{number}" for number in (1, 2, 3))
    whose = {"client": who.client, "contact_id": who.contact_id}
    work = {"priority": "important", "client": who.client, "specialist_id": "s1"}
    breach = {"about": "request", "about_id": two, "due": at(32)}
    return [
        registered(0, one, **whose),
        registered(1, two, **whose),
        registered(2, three, **whose),
        RequestReprioritised(at=at(5), request_id=one, priority="urgent", nature="complex", reason="срочно", by="m"),
        WorkCancelAsked(at=at(10), request_id=one, reason="не моё", **work),
        WorkCancelAsked(at=at(12), request_id=three, reason="не моё", **work),
        VerdictGiven(at=at(13), request_id=three, satisfied=True, words="да", taken_by="m"),
        RequestMerged(at=at(20), request_id=three, into_request_id=two, by="m"),
        RequestMerged(at=at(21), request_id=one, into_request_id=two, by="m"),
        RequestMerged(at=at(21), request_id=two, into_request_id=one, by="n"),
        RequestUnmerged(at=at(23), request_id=two, from_request_id=one, by="intake"),
        WorkFinished(at=at(30), request_id=two, note="готово", **work),
        VerdictGiven(at=at(31), request_id=two, satisfied=False, words="нет", taken_by="m"),
        SlaBreached(at=at(32), obligation_id=f"{two}:1", clock="finish", **breach),
        SlaBreachWithdrawn(at=at(33), obligation_id=f"{two}:1", clock="finish", reason="успели", **breach),
        SlaBreached(at=at(34), obligation_id=f"{two}:2", clock="start", promise_broken=True, **breach),
    ]


def other_story(who: Cast) -> list[Event]:
    """A request whose client is known late and withdraws it; two missed calls; the trial of a prospect."""
    four, trial = f"{who.name}r4", {"request_id": who.trial_id, "priority": "urgent", "client": who.prospect}
    call = {"direction": "in", "phone": "+73912000001", "client": who.client}
    return [
        registered(3, four),
        RequestIdentified(at=at(4), request_id=four, client=who.client, contact_id=who.contact_id, by="m"),
        WorkCancelAsked(at=at(6), request_id=four, priority="important", specialist_id="s1", reason="не нужно"),
        RequestWithdrawn(at=at(35), request_id=four, reason="сами", taken_by="m"),
        CallMissed(at=at(40), call_id=f"{who.name}k1", **call),
        CallReturned(at=at(55), call_id=f"{who.name}k1", contact_id=who.contact_id, by_call_id="k9", **call),
        CallIdentified(
            at=at(60), call_id=f"{who.name}k2", contact_id=who.contact_id, by="m", missed_at=at(41), **call
        ),
        registered(
            61, who.trial_id, priority="urgent", client=who.prospect, trial=True, origin_id=who.prospect.client_id
        ),
        WorkFinished(at=at(70), note="готово", specialist_id="s1", **trial),
        WorkReplaced(
            at=at(65), from_specialist_id="s2", to_specialist_id="s1", to_specialist_name="Пётр", reason="потерялся",
            by="routing", **trial,
        ),
        VerdictGiven(at=at(75), request_id=who.trial_id, satisfied=True, words="да", taken_by="m"),
    ]  # fmt: skip


async def known(care: Care, told: Told, who: Cast) -> dict[str, Any]:
    """Everything accounts makes of the story; the debt as of the second day."""
    asked = {"_id": {"$regex": f"^({who.name}|{who.trial_id})"}}
    matters = await care.store.matters.find(asked)
    calls = await care.store.missed_calls.find(asked)
    facts = debt.Known(zone=who.client.zone, matters=tuple(matters), calls=tuple(calls))
    prospect = await told.get(f"/v1/prospects/{who.prospect.client_id}")
    return {
        "matters": [to_fields(matter) for matter in matters],
        "calls": [to_fields(call) for call in calls],
        "debt": debt.parts(care.policy, facts, BEGAN + timedelta(days=1)),
        "control": [
            (item["request_id"], item["reason"], item["next_step"])
            for item in await told.get(f"/v1/managers/{who.manager_id}/control")
        ],
        "prospect": (prospect["state"], [(each["flawless"], each["ended_at"]) for each in prospect["trials"]]),
    }


@ANY_ORDER
@given(order=orders(LENGTH))
async def test_what_accounts_makes_of_a_story_ends_the_same(app: FastAPI, told: Told, order: list[int]) -> None:
    who, care = await cast(told), app.state.care
    story = merging_story(who) + other_story(who)
    assert len(story) == LENGTH

    async def look() -> Any:
        return who.plain(await known(care, told, who))

    first = not told.ends
    await told.end(story, list(range(LENGTH)) if first else order, look)
    if first:
        found = await known(care, told, who)
        assert [each[0] for each in found["control"]] == [f"{who.name}r4", f"{who.name}r2"]
        assert found["prospect"] == ("tried", [(False, found["prospect"][1][0][1])])
        assert {part.part for part in found["debt"]} >= {"open", "reopened", "unhappy", "promise_broken", "missed_call"}
