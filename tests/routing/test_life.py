"""The table of the work's life, and the README that shows it."""

from pathlib import Path
from typing import get_args

import pytest

from services.routing.domain.life import ENDED, HOLDING, LIFE, SPECIALIST_STEPS, Stage, Step, allowed, diagram
from services.routing.domain.refusals import StepRefused
from services.routing.domain.said import STAGES, STEPS
from services.routing.domain.steps import spoken
from services.routing.domain.work import Work
from tests.routing.given import MONDAY, given_to, minutes, waiting, word
from tests.routing.test_story import hear_all, life

README = Path(__file__).parents[2] / "services/routing/README.md"

LIVED: dict[Stage, Work] = {
    "assigned": given_to(waiting(), "ivan", MONDAY),
    "started": life(waiting(), ["ivan", "start"]),
    "postponed": spoken(
        given_to(waiting(), "ivan", MONDAY), "postpone", "ivan", minutes(5), text="занят", until=minutes(500)
    ).state,
    "cancel_asked": life(waiting(), ["ivan", "ask_cancel"]),
    "finished": life(waiting(), ["ivan", "start", "finish"]),
    "closed": hear_all(life(waiting(), ["ivan", "start", "finish"]), [word("accept", minutes(60))]),
    "withdrawn": hear_all(life(waiting(), ["ivan", "start"]), [word("withdraw", minutes(60))]),
}


def test_the_readme_shows_the_table() -> None:
    assert f"```mermaid\n{diagram()}\n```" in README.read_text(encoding="utf-8")


def test_nothing_a_specialist_says_ends_it() -> None:
    assert {LIFE[stage][step] for stage in LIFE for step in SPECIALIST_STEPS if step in LIFE[stage]} & ENDED == set()


@pytest.mark.parametrize("stage", [stage for stage in LIFE if stage in HOLDING])
def test_whoever_holds_it_may_be_replaced_or_forced_and_the_accountant_may_end_it(stage: Stage) -> None:
    assert {"replace", "force", "accept", "withdraw"} <= LIFE[stage].keys()


@pytest.mark.parametrize("stage", LIVED)
@pytest.mark.parametrize("step", SPECIALIST_STEPS)
def test_the_specialist_may_do_what_the_table_says_and_nothing_else(stage: Stage, step: str) -> None:
    work = LIVED[stage]
    assert work.tale.stage == stage
    until = minutes(900) if step == "postpone" else None
    if step in LIFE[stage]:
        after = spoken(work, step, "ivan", minutes(100), text="…", until=until).state  # type: ignore[arg-type]
        assert after.tale.stage == LIFE[stage][step]  # type: ignore[index]
    else:
        with pytest.raises(StepRefused) as refused:
            spoken(work, step, "ivan", minutes(100), text="…", until=until)  # type: ignore[arg-type]
        assert refused.value.stage == stage
        assert refused.value.allowed == allowed(stage, SPECIALIST_STEPS)
        assert f"заявка сейчас: {STAGES[stage]}. " in str(refused.value)
        assert all(f"{STEPS[can]} ({can})" in str(refused.value) for can in refused.value.allowed)


def test_every_step_and_stage_has_words_for_people() -> None:
    assert set(STEPS) == set(get_args(Step))
    assert set(STAGES) == set(get_args(Stage))
