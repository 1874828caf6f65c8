"""The README says what the code does."""

from pathlib import Path

from prometheus_client import Counter, Gauge, Histogram

import services.payroll
from services.payroll import metrics
from services.payroll.domain.books import MOVES
from services.payroll.main import PROBLEMS
from services.payroll.settings import PayrollSettings
from shared.settings import ServiceSettings

README = (Path(services.payroll.__file__).parent / "README.md").read_text()


def test_the_diagram_is_the_table_of_moves() -> None:
    drawn = [line.strip() for line in README.splitlines() if " --> " in line and "[*]" not in line]
    assert drawn == [f"{before} --> {after}: {move}" for (before, move), after in MOVES.items()]


def test_every_refusal_of_a_close_is_documented() -> None:
    assert [slug for status, slug in PROBLEMS.values() if status == 409 and f"`{slug}`" not in README] == []


def test_every_metric_and_setting_is_documented() -> None:
    measured = [
        family.name
        for metric in vars(metrics).values()
        if isinstance(metric, Counter | Gauge | Histogram)
        for family in metric.describe()
    ]
    assert [name for name in measured if name not in README] == []
    own = set(PayrollSettings.model_fields) - set(ServiceSettings.model_fields)
    assert [name for name in own if f"SVOY_{name.upper()}" not in README] == []
