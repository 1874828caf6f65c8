"""The page about care says what the code does."""

from pathlib import Path

import services.accounts
from services.accounts.domain.prospects import MOVES
from tests.contracts.accounts_care_events import EVENTS

PAGE = (Path(services.accounts.__file__).parent / "CARE.md").read_text()


def test_the_diagram_is_the_table_of_moves() -> None:
    drawn = [line.strip() for line in PAGE.splitlines() if " --> " in line and "[*]" not in line]
    assert drawn == [f"{before} --> {after}: {move}" for (before, move), after in MOVES.items()]


def test_every_event_published_is_on_the_page() -> None:
    names = {name for event in EVENTS for name in (event.TYPE.split(".")[0], event.TYPE.split(".")[1])}
    assert [name for name in sorted(names) if name not in PAGE] == []
