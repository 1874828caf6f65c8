"""What routing's tests may ask for."""

from collections.abc import AsyncIterator

import pytest

from services.routing.settings import RoutingSettings
from tests.conftest import SettingsFor
from tests.routing.house import House, routing


@pytest.fixture
async def house(settings_for: SettingsFor) -> AsyncIterator[House]:
    """Routing on a fresh database."""
    async with routing(settings_for(RoutingSettings, refresh_seconds=0.1, sweep_seconds=0.2)) as found:
        yield found
