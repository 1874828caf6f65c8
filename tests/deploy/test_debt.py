"""`svoy debt verify` asks accounts, and says what it found."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from deploy.proving import debt as app
from services.accounts import debts
from services.accounts.care import Care
from services.accounts.domain.debt import MissedCall, missed
from services.accounts.main import build_app
from services.accounts.settings import AccountsSettings
from tests.accounts.samples import inn
from tests.conftest import SettingsFor
from tests.kit import PRIVATE_KEY, on_port, token

DIRECTOR = token("director", subject="d1")


@pytest.fixture
async def house(settings_for: SettingsFor) -> AsyncIterator[tuple[str, Care]]:
    """Accounts on a port of its own, and what its doors work with."""
    service = build_app(settings_for(AccountsSettings))
    async with on_port(service) as url:
        yield url, service.state.care


async def test_a_debt_that_was_touched_is_told(house: tuple[str, Care], monkeypatch: pytest.MonkeyPatch) -> None:
    url, care = house
    monkeypatch.setenv("SVOY_JWT_PRIVATE_KEY", PRIVATE_KEY)
    async with httpx.AsyncClient(base_url=url, headers=DIRECTOR) as http:
        await http.post("/v1/managers", json={"name": "Мария", "hired": "2026-01-12", "manager_id": "m1"})
        body: dict[str, Any] = {"name": "Школа", "inn": inn(1), "manager_id": "m1", "fee": "20000.00"}
        client_id = (await http.post("/v1/clients", json=body | {"since": "2026-09-01"})).json()["client_id"]
    call = MissedCall(call_id="k1", client_id=client_id)
    at = care.now() - timedelta(hours=1)
    await care.store.missed_calls.step("k1", lambda _: missed(call, call, at))
    await debts.refresh(care, {client_id})
    found = await asyncio.to_thread(CliRunner().invoke, app, ["verify", "--url", url])
    assert found.exit_code == 0, found.output
    assert "Клиентов проверено: 1" in found.output
    await care.store.debts.collection.update_one({"_id": client_id}, {"$set": {"score": 99.0}})
    touched = await asyncio.to_thread(CliRunner().invoke, app, ["verify", "--url", url])
    assert touched.exit_code == 1
    assert "записано 99.0, по фактам 6.0" in touched.output
