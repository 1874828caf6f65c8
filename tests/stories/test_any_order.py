"""However the broker reorders and repeats a story's messages, it ends in the same state: real broker, real database."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from services.payroll.main import build_app as payroll_app
from services.payroll.settings import PayrollSettings
from services.routing.main import build_app as routing_app
from services.routing.settings import RoutingSettings
from services.sla_monitor.main import build_app as sla_app
from services.sla_monitor.settings import SlaMonitorSettings
from shared.contracts.accounts import ClientLost, ClientWon, ManagerRegistered
from shared.contracts.base import ClientRef, Event
from shared.contracts.intake import (
    RequestIdentified,
    RequestRegistered,
    RequestReprioritised,
    RequestWithdrawn,
    VerdictGiven,
    WaitPromised,
)
from shared.contracts.routing import (
    WorkAssigned,
    WorkClosed,
    WorkFinished,
    WorkProgressed,
    WorkReopened,
    WorkStarted,
)
from tests.conftest import SettingsFor
from tests.kit import eventually, handled, publish, serving, token

pytestmark = pytest.mark.timeout(400)

BEGAN = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)
CLIENT = ClientRef(client_id="c1", name="Школа № 1", zone="Asia/Krasnoyarsk", manager_id="m1")
DIRECTOR = token("director")
ANY_ORDER = settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
TRIED_AGAIN_WITHIN = 45.0
"""Seconds; what came too early waits 1 s, and 10 s where the machine was busy meanwhile."""
_names = count(1)


@dataclass
class Told:
    """A service that is told a story again and again, and must end the same each time."""

    client: httpx.AsyncClient
    amqp_url: str
    ends: list[Any] = field(default_factory=list)

    async def end(self, story: list[Event], order: list[int], look: Callable[[], Awaitable[Any]]) -> None:
        """Tell the story's events in this order, some twice, and hold what `look` finds against the first ending."""
        ids = [f"{story[0].subject}-{index}" for index in order]
        before = handled()
        await publish(self.amqp_url, *(story[index] for index in order), ids=ids)
        # The last one counts as well: what it would spoil is looked for afterwards.
        await eventually(lambda: handled()["applied"] - before["applied"] >= len(order), within=TRIED_AGAIN_WITHIN)
        assert handled()["parked"] == before["parked"]
        if not self.ends:
            self.ends.append(await eventually(look))

        async def the_same() -> bool:
            found = await look()
            assert found == self.ends[0]
            return True

        await eventually(the_same)

    async def get(self, path: str) -> Any:
        """What a door says; None where there is nothing yet."""
        answer = await self.client.get(path, headers=DIRECTOR)
        return answer.json() if answer.is_success else None


def orders(length: int) -> st.SearchStrategy[list[int]]:
    """Every event at least once, in any order, up to five of them twice."""
    again = st.lists(st.integers(0, length - 1), max_size=5)
    return again.flatmap(lambda more: st.permutations([*range(length), *more]))


def at(minutes: float) -> datetime:
    """So many minutes into the story."""
    return BEGAN + timedelta(minutes=minutes)


def request_story(name: str) -> list[Event]:
    """An urgent request: promised, started, refused, done again by another, satisfied."""
    work = {"request_id": name, "priority": "urgent", "client": CLIENT}
    one, two = {"specialist_id": "s1"}, {"specialist_id": "s2"}
    return [
        RequestRegistered(
            at=at(0), request_id=name, number="1", channel="phone", priority="urgent", subject_text="x", client=CLIENT
        ),
        WorkAssigned(at=at(0.1), **work, **one, specialist_name="Первый"),
        WaitPromised(at=at(2), request_id=name, until=at(15), words="жду", recorded_by="m1"),
        WorkStarted(at=at(20), **work, **one),
        WorkProgressed(at=at(40), **work, **one, note="ищу"),
        WorkFinished(at=at(60), **work, **one, note="готово"),
        VerdictGiven(at=at(70), request_id=name, satisfied=False, words="нет", taken_by="m1"),
        WorkReopened(at=at(70.1), **work | {"round": 2}, refused_specialist_id="s1"),
        WorkAssigned(at=at(70.2), **work | {"round": 2}, **two, specialist_name="Вторая"),
        WorkStarted(at=at(75), **work | {"round": 2}, **two),
        WorkFinished(at=at(90), **work | {"round": 2}, **two, note="теперь да"),
        VerdictGiven(at=at(95), request_id=name, satisfied=True, words="да", taken_by="m1"),
        WorkClosed(at=at(95.1), **work | {"round": 2}, specialist_id="s2"),
    ]


def money_story(name: str) -> list[Event]:
    """The seed's month of one manager."""

    def fact(kind: type[ClientWon | ClientLost], number: int, fee: str, **more: Any) -> Event:
        return kind(
            at=at(number), fact_id=f"{name}-{number}", client_id=f"{name}-c{number}", client_name=f"Клиент {number}",
            manager_id=name, fee=Decimal(fee), effective=date(2026, 11, number), proposed_by="p", confirmed_by="d",
            **more,
        )  # fmt: skip

    return [
        ManagerRegistered(at=at(0), manager_id=name, revision=1, name="Вера", hired=date(2026, 11, 1)),
        fact(ClientLost, 2, "20000", reason="конкурент"),
        fact(ClientWon, 3, "20000", source="referral"),
        fact(ClientWon, 4, "30000", source="referral"),
        fact(ClientWon, 5, "50000", source="referral"),
        fact(ClientWon, 6, "90000", source="advert"),
    ]


def words_story(name: str) -> list[Event]:
    """What the client's side says of a request it withdraws in the end."""
    return [
        RequestRegistered(at=at(0), request_id=name, number="1", channel="phone", priority="routine", subject_text="x"),
        RequestIdentified(at=at(1), request_id=name, client=CLIENT, by="m1"),
        RequestReprioritised(at=at(2), request_id=name, priority="urgent", reason="зарплата", by="m1"),
        WaitPromised(at=at(3), request_id=name, until=at(15), words="жду", recorded_by="m1"),
        RequestWithdrawn(at=at(5), request_id=name, reason="сами", taken_by="m1"),
    ]


@pytest.fixture
async def sla(settings_for: SettingsFor, amqp_url: str) -> AsyncIterator[Told]:
    async with serving(sla_app(settings_for(SlaMonitorSettings))) as client:
        yield Told(client, amqp_url)


@pytest.fixture
async def payroll(settings_for: SettingsFor, amqp_url: str) -> AsyncIterator[Told]:
    async with serving(payroll_app(settings_for(PayrollSettings))) as client:
        yield Told(client, amqp_url)


@pytest.fixture
async def routing(settings_for: SettingsFor, amqp_url: str) -> AsyncIterator[Told]:
    async with serving(routing_app(settings_for(RoutingSettings))) as client:
        every = {day: ["00:00-24:00"] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
        body = {"name": "Один", "products": {"1С:ЗГУ": 5}, "hours": every, "zone": "UTC", "capacity": 50}
        made = await client.post("/v1/specialists", json=body, headers=token("lead"))
        assert made.status_code == 201
        yield Told(client, amqp_url)


@ANY_ORDER
@given(order=orders(13))
async def test_the_clocks_of_a_request_end_the_same(sla: Told, order: list[int]) -> None:
    name = f"r{next(_names)}"

    async def look() -> Any:
        timeline = await sla.get(f"/v1/requests/{name}/timeline")
        return timeline and _nameless(timeline, name)

    if not sla.ends:
        await sla.end(request_story(name), list(range(13)), _complete(look, facts=13))
        return
    await sla.end(request_story(name), order, look)


@ANY_ORDER
@given(order=orders(6))
async def test_the_pay_of_a_month_ends_the_same(payroll: Told, order: list[int]) -> None:
    name = f"m{next(_names)}"

    async def look() -> Any:
        statement = await payroll.get(f"/v1/statements/{name}/2026-11")
        return statement and _nameless(statement, name)

    if not payroll.ends:
        await payroll.end(money_story(name), list(range(6)), _complete(look, won=3, lost=1, without_pay=1))
        assert payroll.ends[0]["total"] == "150000.00"
        return
    await payroll.end(money_story(name), order, look)


@ANY_ORDER
@given(order=orders(5))
async def test_a_withdrawn_request_ends_the_same_and_holds_nobody(routing: Told, order: list[int]) -> None:
    name = f"w{next(_names)}"

    async def look() -> Any:
        work = await routing.get(f"/v1/requests/{name}/work")
        page = await routing.get("/v1/specialists")
        if not work or work["stage"] != "withdrawn" or page["items"][0]["load"]:
            return None
        return {key: work[key] for key in ("stage", "priority", "client", "due", "ended_at")}

    await routing.end(words_story(name), order, look)


def _complete(look: Callable[[], Awaitable[Any]], **wanted: int) -> Callable[[], Awaitable[Any]]:
    """What is found, once every list in it is as long as wanted: the whole story has arrived."""

    async def complete() -> Any:
        found = await look()
        return found if found and all(len(found[name]) == length for name, length in wanted.items()) else None

    return complete


def _nameless(found: Any, name: str) -> Any:
    """What was found, whatever the story's name was and whenever it was looked at."""
    if isinstance(found, dict):
        return {key: _nameless(value, name) for key, value in found.items() if key != "now"}
    if isinstance(found, list):
        return [_nameless(value, name) for value in found]
    return found.replace(name, "NAME") if isinstance(found, str) else found
