"""What sla_monitor's tests may ask for."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from pydantic import SecretStr

from services.sla_monitor.main import build_app
from services.sla_monitor.settings import SlaMonitorSettings
from shared.clock import ServiceClock
from shared.service import Service
from tests.conftest import SettingsFor, Unserved
from tests.kit import listening, serving
from tests.mail_server import mail_server
from tests.sla_monitor.calling import House
from tests.sla_monitor.outside import SECRET, hook_server
from tests.sla_monitor.running import Running, Start


@pytest.fixture
def settings(settings_for: SettingsFor) -> SlaMonitorSettings:
    """Settings on a database of this test's own."""
    return settings_for(SlaMonitorSettings)


@pytest.fixture
async def service(settings: SlaMonitorSettings, unserved: Unserved) -> Service:
    """A service on that database that is not served."""
    return unserved(Service("sla_monitor", settings))


@pytest.fixture
def start(settings_for: SettingsFor, amqp_url: str) -> Start:
    """`async with start() as monitor`: a replica on a fresh database, or with the given settings."""

    @asynccontextmanager
    async def started(settings: SlaMonitorSettings | None = None) -> AsyncIterator[Running]:
        clock = ServiceClock()
        settings = settings or settings_for(SlaMonitorSettings, measure_every_seconds=0.2)
        async with serving(build_app(settings, clock)) as client, listening(amqp_url, "sla.#") as ear:
            yield Running(client, ear, clock, amqp_url)

    return started


@pytest.fixture
async def monitor(start: Start) -> AsyncIterator[Running]:
    """A running sla_monitor."""
    async with start() as running:
        yield running


@pytest.fixture
async def house(settings_for: SettingsFor, amqp_url: str) -> AsyncIterator[House]:
    """A running sla_monitor that can write to people."""
    clock = ServiceClock()
    async with mail_server() as post, hook_server() as hooks:
        settings = settings_for(
            SlaMonitorSettings, smtp_url=SecretStr(post.url), mail_from="svoy@svoy.example", hook_secrets=SECRET
        )
        async with (
            serving(build_app(settings, clock)) as client,
            listening(amqp_url, "sla.#", "escalation.#") as ear,
        ):
            yield House(client, ear, clock, amqp_url, post, hooks, settings)
