"""`svoy audit verify` asks accounts, and says what it found."""

import asyncio
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from deploy.proving import audit as app
from services.accounts import audit
from services.accounts.main import build_app
from services.accounts.settings import AccountsSettings
from tests.conftest import SettingsFor
from tests.kit import PRIVATE_KEY, on_port, token

DIRECTOR = token("director", subject="d1")


@pytest.fixture
async def address(settings_for: SettingsFor) -> Any:
    """Accounts on a port of its own, and its office."""
    service = build_app(settings_for(AccountsSettings))
    async with on_port(service) as url:
        yield url, service.state.deps


async def test_an_untouched_trail_is_proved_and_a_touched_one_is_told(
    address: tuple[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, office = address
    monkeypatch.setenv("SVOY_JWT_PRIVATE_KEY", PRIVATE_KEY)
    async with httpx.AsyncClient(base_url=url) as http:
        body = {"name": "Мария", "hired": "2026-01-12", "manager_id": "m1"}
        assert (await http.post("/v1/managers", json=body, headers=DIRECTOR)).status_code == 201
    while await audit.link_once(office):
        pass
    found = await asyncio.to_thread(CliRunner().invoke, app, ["verify", "--url", url])
    assert found.exit_code == 0, found.output
    assert "Журнал цел" in found.output
    await office.store.managers.collection.update_one({}, {"$set": {"name": "Не Мария"}})
    touched = await asyncio.to_thread(CliRunner().invoke, app, ["verify", "--url", url])
    assert touched.exit_code == 1
    assert "manager m1: в документе не то, что в журнале: name" in touched.output
    wrong = await asyncio.to_thread(CliRunner().invoke, app, ["verify", "--url", url, "--head", "x"])
    assert wrong.exit_code == 1
    assert "--head" in str(wrong.exception)
