"""What the tests of the kit may ask for besides."""

import json
import logging
from collections.abc import Callable, Iterator

import pytest
import structlog

from shared.observability import configure_logs
from shared.settings import ServiceSettings
from tests.conftest import SettingsFor, Unserved
from tests.shared.notes import Notes


@pytest.fixture
def settings(settings_for: SettingsFor) -> ServiceSettings:
    """Settings of a service on a database of its own."""
    return settings_for(ServiceSettings)


@pytest.fixture
async def kept(settings: ServiceSettings, unserved: Unserved) -> Notes:
    """What stands in that database: these notes are not served, they can write and have no way out."""
    notes = Notes(settings)
    unserved(notes.service)
    return notes


@pytest.fixture
def logged(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], list[dict[str, str]]]]:
    """The log of a service called `notes`, as it is written: `logged()` is every line since it was last asked."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    root.handlers.clear()
    configure_logs("notes", "INFO", "json")
    yield lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)
