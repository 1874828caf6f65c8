"""What the tests of the kit may ask for besides."""

import json
import logging
from collections.abc import Callable, Iterator

import pytest
import structlog

from shared.observability import configure_logs


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
