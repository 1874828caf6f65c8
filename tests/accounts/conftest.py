"""Accounts running, with its doors at hand."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.accounts.main import build_app
from services.accounts.office import Office
from services.accounts.settings import AccountsSettings
from tests.accounts.samples import inn
from tests.conftest import SettingsFor
from tests.kit import Ear, listening, serving, token

DIRECTOR = token("director", subject="d1")
OTHER_DIRECTOR = token("director", subject="d2")
HIRING = token("payroll", subject="h1")
"""Who registers managers, so that directors may decide about their bases."""


@dataclass(frozen=True, slots=True)
class Doors:
    """The service's HTTP doors, and what it was heard to publish."""

    http: httpx.AsyncClient
    heard: Ear
    app: FastAPI
    numbers: "count[int]"

    @property
    def office(self) -> Office:
        """What the doors work with."""
        office: Office = self.app.state.deps
        return office

    async def post(self, path: str, body: Any = None, who: dict[str, str] = DIRECTOR, key: str | None = None) -> Any:
        """The answer to a POST of JSON."""
        headers = who | ({} if key is None else {"Idempotency-Key": key})
        return await self.http.post(path, json=body, headers=headers)

    async def get(self, path: str, who: dict[str, str] = DIRECTOR) -> Any:
        """The answer to a GET."""
        return await self.http.get(path, headers=who)

    async def manager(self, manager_id: str = "m1", name: str = "Мария Свойская") -> str:
        """A registered manager."""
        body = {"name": name, "hired": "2026-01-12", "manager_id": manager_id}
        answer = await self.post("/v1/managers", body, HIRING)
        assert answer.status_code in {200, 201}, answer.text
        return manager_id

    async def client(self, **over: Any) -> str:
        """A registered client of m1, whom it registers as well where need be."""
        number = next(self.numbers)
        body: dict[str, Any] = {"name": f"Школа № {number}", "inn": inn(number), "manager_id": "m1", "fee": "20000.00"}
        body |= {"since": "2026-09-01", "contacts": [{"name": "Анна", "phones": ["+73912000001"]}]}
        await self.manager(str((body | over)["manager_id"]))
        answer = await self.post("/v1/clients", body | over)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["client_id"])

    async def proposed(self, who: dict[str, str] = DIRECTOR, **body: Any) -> str:
        """A proposal that waits."""
        answer = await self.post("/v1/proposals", {"effective": "2026-10-10"} | body, who)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["proposal_id"])

    async def confirmed(self, **body: Any) -> dict[str, Any]:
        """A proposal of one director, confirmed by the other."""
        answer = await self.post(f"/v1/proposals/{await self.proposed(**body)}/confirm", who=OTHER_DIRECTOR)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
def settings(settings_for: SettingsFor) -> AccountsSettings:
    """Settings on a database of this test's own."""
    return settings_for(AccountsSettings)


@pytest.fixture
async def doors(settings: AccountsSettings) -> AsyncIterator[Doors]:
    """Accounts running."""
    app = build_app(settings)
    async with listening(settings.amqp_url.get_secret_value(), "client.#", "manager.#") as heard, serving(app) as http:
        yield Doors(http, heard, app, count(1))
