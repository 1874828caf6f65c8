"""`svoy audit verify` asks accounts, and says what it found."""

import asyncio
from typing import Any

import httpx
import pytest
import uvicorn
from typer.testing import CliRunner

from deploy.audit import app
from services.accounts import audit
from services.accounts.main import build_app
from services.accounts.settings import AccountsSettings
from tests.conftest import SettingsFor
from tests.kit import PRIVATE_KEY, eventually, token

DIRECTOR = token("director", subject="d1")


@pytest.fixture
async def address(settings_for: SettingsFor) -> Any:
    """Accounts on a port of its own, and its office."""
    service = build_app(settings_for(AccountsSettings))
    server = uvicorn.Server(uvicorn.Config(service, host="127.0.0.1", port=0, log_config=None))
    running = asyncio.create_task(server.serve())
    await eventually(lambda: server.started)
    (listening,) = server.servers
    yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}", service.state.deps
    server.should_exit = True
    await running


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
