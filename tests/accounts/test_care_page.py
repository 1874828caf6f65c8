"""The page about care says what the code does."""

from pathlib import Path
from typing import cast

import services.accounts
from services.accounts.care import Care
from services.accounts.domain.prospects import MOVES
from services.accounts.handlers import handlers
from shared.messaging.topology import LISTENS
from tests.contracts.accounts_care_events import EVENTS

PAGE = (Path(services.accounts.__file__).parent / "CARE.md").read_text()


def test_the_diagram_is_the_table_of_moves() -> None:
    drawn = [line.strip() for line in PAGE.splitlines() if " --> " in line and "[*]" not in line]
    assert drawn == [f"{before} --> {after}: {move}" for (before, move), after in MOVES.items()]


def test_every_event_listened_to_has_its_handler_and_the_other_way_round() -> None:
    handled = {event.TYPE for event in handlers(cast("Care", None))}  # nothing is handled here
    assert handled == set(LISTENS["accounts"])


def test_every_event_published_is_on_the_page() -> None:
    names = {name for event in EVENTS for name in (event.TYPE.split(".")[0], event.TYPE.split(".")[1])}
    assert [name for name in sorted(names) if name not in PAGE] == []
