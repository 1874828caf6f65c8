"""Payroll running, with its doors at hand."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.payroll.main import build_app
from services.payroll.office import Office
from services.payroll.settings import PayrollSettings
from services.payroll.store import WATERMARK
from shared.clock import ServiceClock, machine_now
from shared.contracts.accounts import ClientHandedOver, FactReversed, ManagerEvent, MoneyFact
from shared.contracts.base import Event
from tests.conftest import SettingsFor
from tests.kit import Ear, eventually, listening, publish, serving, token
from tests.payroll.given import complete

OFFICER = token("payroll", subject="p1")
DIRECTOR = token("director", subject="d1")
ASKER = token("payroll", subject="p2")
"""Asks for what `OFFICER` confirms."""
FAR = datetime(2030, 1, 1, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 5, 3, 0, tzinfo=UTC)


def clock_at(moment: datetime) -> ServiceClock:
    """A clock that goes on from `moment`."""
    clock = ServiceClock()
    clock.offset = moment - machine_now()
    return clock


def slug(answer: httpx.Response) -> str:
    """The problem's name."""
    assert answer.headers["content-type"] == "application/problem+json"
    return str(answer.json()["type"]).rpartition("/")[2]


def accepting(why: str, *fact_ids: str) -> dict[str, Any]:
    """A request for a close with these facts in doubt."""
    return {"doubts_accepted": why, "doubts": fact_ids}


@dataclass(frozen=True, slots=True)
class Doors:
    """The service's doors: HTTP and the broker."""

    http: httpx.AsyncClient
    heard: Ear
    app: FastAPI
    amqp_url: str

    @property
    def office(self) -> Office:
        """What the doors work with."""
        office: Office = self.app.state.deps
        return office

    async def get(self, path: str, who: dict[str, str] = OFFICER) -> httpx.Response:
        """The answer to a GET."""
        return await self.http.get(path, headers=who)

    async def shown(self, path: str, who: dict[str, str] = OFFICER) -> Any:
        """The body of a GET that must succeed."""
        answer = await self.get(path, who)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, who: dict[str, str] = OFFICER, body: Any = None) -> httpx.Response:
        """The answer to a POST."""
        return await self.http.post(path, headers=who, json=body)

    async def made(self, path: str, who: dict[str, str] = OFFICER, body: Any = None) -> Any:
        """The body of a POST that must succeed."""
        answer = await self.post(path, who, body)
        assert answer.is_success, answer.text
        return answer.json()

    async def close(self, month: str, who: dict[str, str] = OFFICER) -> httpx.Response:
        """The answer to closing a month: looked through and asked for by another, confirmed by `who`. The first
        refusal, where there is one."""
        asked = await self.ask(month, ASKER if who in (OFFICER, DIRECTOR) else who)
        return await self.confirm(month, who) if asked.status_code == 200 else asked

    async def ask(self, month: str, who: dict[str, str] = ASKER) -> httpx.Response:
        """The answer to looking a month through and asking for its close; the first refusal, where there is one."""
        await self.complete()
        reviewed = await self.post(f"/v1/months/{month}/review", who)
        if reviewed.status_code == 202:
            await eventually(partial(self._seen, month), within=20)
        elif reviewed.status_code != 200:
            return reviewed
        seen = await self.shown(f"/v1/months/{month}/review", who)
        return await self.post(f"/v1/months/{month}/request", who, accepting("проверено", *seen["doubts"]))

    async def _seen(self, month: str) -> bool:
        return bool((await self.shown(f"/v1/months/{month}"))["state"] == "in_review")

    async def asked(self, month: str) -> None:
        """A month looked through, and asked to be closed."""
        answer = await self.ask(month)
        assert answer.status_code == 200, answer.text

    async def confirm(self, month: str, who: dict[str, str] = OFFICER) -> httpx.Response:
        """The answer to confirming the close."""
        return await self.post(f"/v1/months/{month}/close", who)

    async def complete(self, until: datetime = FAR) -> None:
        """Accounts has told every fact, and nothing waits here."""
        known = await self.office.store.watermarks.get(WATERMARK)
        if known is None or known.until < until:
            await publish(self.amqp_url, complete(until))

        async def there() -> bool:
            told = await self.office.store.watermarks.get(WATERMARK)
            return told is not None and told.until >= until and not await self.office.unprocessed()

        await eventually(there, within=20)

    async def closed(self, month: str) -> Any:
        """A month closed, as soon as nothing is on its way to the service."""

        async def done() -> Any:
            answer = await self.close(month)
            if answer.status_code == 409 and slug(answer) == "events-pending":
                return None
            assert answer.status_code == 200, answer.text
            return answer.json()

        return await eventually(done)

    async def told(self, *events: Event) -> None:
        """Events published, and taken in by the service."""
        await publish(self.amqp_url, *events)
        await self.taken_in(*events)

    async def taken_in(self, *events: Event) -> None:
        """Wait until these are in the ledgers."""
        facts = {(by, event.subject) for event in events for by in _bearers(event)}
        managers = {event.subject for event in events if isinstance(event, ManagerEvent)}

        async def there() -> bool:
            ledgers = await self.office.store.ledgers_after(None, 1000)
            known = {(ledger.manager_id, fact.fact_id) for ledger in ledgers for fact in ledger.facts}
            employed = {ledger.manager_id for ledger in ledgers if ledger.manager is not None}
            return facts <= known and managers <= employed

        await eventually(there, within=20)


def _bearers(event: Event) -> tuple[str, ...]:
    """The managers in whose ledgers a fact stands."""
    if isinstance(event, ClientHandedOver):
        return event.from_manager_id, event.to_manager_id
    return (event.manager_id,) if isinstance(event, MoneyFact | FactReversed) else ()


@pytest.fixture
def settings(settings_for: SettingsFor) -> PayrollSettings:
    """Settings on a database of this test's own."""
    return settings_for(PayrollSettings, resume_after_seconds=0.2)


@pytest.fixture
async def doors(settings: PayrollSettings) -> AsyncIterator[Doors]:
    """Payroll running on the 5th of December 2026."""
    app = build_app(settings, clock_at(DECEMBER))
    url = settings.amqp_url.get_secret_value()
    async with listening(url, "statement.#", "dismissal.#") as heard, serving(app) as http:
        yield Doors(http, heard, app, url)
