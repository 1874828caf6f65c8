"""Whatever is killed while requests come in: each accepted one exists once, is assigned once, has its clocks; nothing
is parked; the ledger has every fact."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from deploy.local.home import Home
from deploy.local.house import House
from tests.chaos.traffic import Traffic, during
from tests.kit import eventually

pytestmark = [pytest.mark.timeout(600), pytest.mark.xdist_group("chaos")]

FROZEN = 30.0
"""Seconds; longer than it takes to notice a dead peer."""


@pytest.fixture(scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder: Path = tmp_path_factory.mktemp("chaos")
    async with House(Home(folder / "house")).running() as house:
        yield house


@pytest.fixture
async def traffic(house: House) -> AsyncIterator[Traffic]:
    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
        traffic = Traffic(house, client)
        await traffic.settle_in()
        yield traffic


@pytest.mark.parametrize("name", ["intake", "routing", "sla_monitor", "accounts", "payroll", "rabbitmq", "mongod"])
async def test_nothing_is_lost_when_one_process_is_killed(house: House, traffic: Traffic, name: str) -> None:
    async def kill_and_start_again() -> None:
        await house.kill(name)
        await asyncio.sleep(1)
        await house.start(name)

    await during(traffic, kill_and_start_again)
    await traffic.agrees()


async def test_no_webhook_that_was_answered_is_lost_when_intake_is_killed(house: House, traffic: Traffic) -> None:
    """Killed while they come in: some are kept and not worked off yet."""
    sending = asyncio.create_task(traffic.webhooks_until_nobody_answers())
    await eventually(lambda: len(traffic.calls) > 40, within=60)
    await house.kill("intake")
    await sending
    await house.start("intake")
    await eventually(traffic.calls_agree, within=60)


async def test_nothing_is_lost_when_the_broker_hangs(house: House, traffic: Traffic) -> None:
    async def hang() -> None:
        house.freeze("rabbitmq")
        await asyncio.sleep(FROZEN)
        house.thaw("rabbitmq")

    await during(traffic, hang)
    await traffic.agrees()
