"""The README says what the code does."""

from pathlib import Path

import services.intake
from services.intake.api.fields import SCOPES
from services.intake.domain.requests import NEXT
from services.intake.settings import IntakeSettings
from services.intake.triaging import shipped
from shared.settings import ServiceSettings

README = (Path(services.intake.__file__).parent / "README.md").read_text()


def test_the_diagram_is_the_table_of_steps() -> None:
    drawn = [line.strip() for line in README.splitlines() if " --> " in line and "[*]" not in line]
    assert drawn == [f"{before} --> {after}: {step}" for (before, step), after in NEXT.items()]


def test_every_rule_scope_and_setting_is_documented() -> None:
    own = IntakeSettings.model_fields.keys() - ServiceSettings.model_fields.keys()
    names = [*(rule.name for rule in shipped().rules.rules), *SCOPES, *(f"SVOY_{name.upper()}" for name in own)]
    assert [name for name in names if f"`{name}`" not in README] == []
