"""The README says what the code does."""

import re
from pathlib import Path

import services.accounts
from services.accounts.domain import control
from services.accounts.domain.proposal import MOVES
from services.accounts.domain.refusals import SnilsTaken
from services.accounts.importing.columns import HEADERS
from services.accounts.main import PROBLEMS
from tests.accounts.care_samples import NOON, fact, matter

FOLDER = Path(services.accounts.__file__).parent
README = (FOLDER / "README.md").read_text()
CARE = (FOLDER / "CARE.md").read_text()


def test_the_diagram_is_the_table_of_moves() -> None:
    drawn = [line.strip() for line in README.splitlines() if " --> " in line and "[*]" not in line]
    assert drawn == [f"{before} --> {after}: {move}" for (before, move), after in MOVES.items()]


def test_every_header_of_a_list_is_documented() -> None:
    documented = README[README.index("## A base as CSV") :].casefold()
    assert [header for headers in HEADERS.values() for header in headers if header not in documented] == []


def test_the_step_for_a_withdrawn_request_is_quoted_as_it_is_said() -> None:
    shown = control.item(matter(fact("cancel_asked", 1, by="s1"), fact("withdrawn", 2)), NOON, "Asia/Krasnoyarsk")
    (quoted,) = re.findall("with the step «([^»]+)»", CARE)
    assert shown is not None
    assert quoted in shown.next_step


def test_both_doors_that_take_a_snils_say_that_anothers_is_refused() -> None:
    rows = [row for row in README.splitlines() if row.startswith(("| `POST /v1/managers`", "| `PATCH /v1/managers/"))]
    assert [PROBLEMS[SnilsTaken][1] in row and str(PROBLEMS[SnilsTaken][0]) in row for row in rows] == [True, True]
