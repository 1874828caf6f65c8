"""The README says what the code does."""

from pathlib import Path

import services.accounts
from services.accounts.domain.proposal import MOVES
from services.accounts.importing.columns import HEADERS

README = (Path(services.accounts.__file__).parent / "README.md").read_text()


def test_the_diagram_is_the_table_of_moves() -> None:
    drawn = [line.strip() for line in README.splitlines() if " --> " in line and "[*]" not in line]
    assert drawn == [f"{before} --> {after}: {move}" for (before, move), after in MOVES.items()]


def test_every_header_of_a_list_is_documented() -> None:
    documented = README[README.index("## A base as CSV") :].casefold()
    assert [header for headers in HEADERS.values() for header in headers if header not in documented] == []
