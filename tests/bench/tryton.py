"""Tryton's commission module, settling the same facts: `python -m tests.bench.tryton [managers] [facts each]`.

In an environment and on a SQLite of its own, as its administrator would set it up; only the settling is timed: the
search for what is due, the invoices, the commit.
"""

import json
import sys
from pathlib import Path
from typing import Any

from tests.bench.environments import python_with, run
from tests.bench.results import console, scratch

PACKAGES = ("trytond-commission==8.0.1", "trytond==8.0.12")
SETTLE = Path(__file__).resolve().parent / "tryton_site" / "settle.py"
MANAGERS, EACH = 20, 100
WITHIN = 900.0


def settled(folder: Path, managers: int = MANAGERS, each: int = EACH) -> dict[str, Any]:
    """The seconds it took, how many facts and statements, and their total. Raises `NotInstalled`."""
    python = python_with("tryton", PACKAGES)
    found: dict[str, Any] = json.loads(
        run(str(python), str(SETTLE), str(folder), str(managers), str(each), within=WITHIN)
    )
    return found


def main() -> None:
    """Try it alone."""
    with scratch() as folder:
        console.print(settled(folder, *map(int, sys.argv[1:])))


if __name__ == "__main__":
    main()
