"""Stories are told on real processes: one house for all of them, its clocks moved forward from story to story."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from itertools import count

import httpx
import pytest

from deploy.demo.doors import Doors
from deploy.demo.stage import Stage
from deploy.demo.story import opening
from deploy.local.home import Home
from deploy.local.house import House

_tellings = count(1)


@pytest.fixture(scope="session")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """RabbitMQ, mongod and the five services."""
    async with House(Home(tmp_path_factory.mktemp("stories") / "house")).running() as house:
        yield house


@pytest.fixture
async def stage(house: House) -> AsyncIterator[Stage]:
    """A month of its own for each story, with a manager, a base of 100 and specialists; it is 9:00 on its first day."""
    kept = house.wiring.credentials
    urls = {name: house.url(name) for name in house.services}
    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
        doors = Doors(client, urls, private_key=kept.jwt_private_key, webhook_secret=kept.webhook_secret)
        telling = next(_tellings)
        month = (date(2026, 11, 1) + timedelta(days=32 * telling)).replace(day=1)
        stage = Stage(doors, month, 1000 + telling, lambda _: None)
        await opening(stage)
        yield stage
        await doors.set_clock(None)
