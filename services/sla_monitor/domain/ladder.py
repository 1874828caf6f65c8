"""Who is called when a clock is broken, how soon after each other, and how often again."""

from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Literal

Role = Literal["manager", "lead", "director"]
UPWARD: tuple[Role, ...] = ("manager", "lead", "director")

MOST_STEPS = 10
SOONEST_REPEAT = timedelta(minutes=1)
LONGEST = timedelta(days=31)

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


class BadLadder(ValueError):
    """Лестница эскалации: от 1 до 10 ступеней, каждая не раньше предыдущей, повтор не чаще раза в минуту."""


@dataclass(frozen=True, slots=True)
class Step:
    """Who is called, and how long after the breach, counted in the clock's own calendar."""

    role: Role
    after: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """The steps upward, and how often the step it stands on is repeated. Raises `BadLadder` when it is made."""

    steps: tuple[Step, ...]
    repeat_every: timedelta
    warned: tuple[Role, ...] = ()
    """Who gets a letter already when most of the time has passed; the others see the warning at the desk alone."""

    def __post_init__(self) -> None:
        if not 1 <= len(self.steps) <= MOST_STEPS:
            raise BadLadder(f"Лестница эскалации: ступеней {len(self.steps)}, а нужно от 1 до {MOST_STEPS}.")
        times = [step.after for step in self.steps]
        if times[0] < timedelta() or any(later < sooner for sooner, later in pairwise(times)) or times[-1] > LONGEST:
            raise BadLadder("Лестница эскалации: каждая ступень не раньше предыдущей и не позже 31 дня.")
        if not SOONEST_REPEAT <= self.repeat_every <= LONGEST:
            raise BadLadder("Лестница эскалации: повтор не чаще раза в минуту и не реже раза в 31 день.")

    def gap(self, step: int) -> timedelta | None:
        """How long after step `step` (from 1) the next one is; None where it is the last."""
        if step >= len(self.steps):
            return None
        return self.steps[step].after - self.steps[step - 1].after


def _ladder(lead: timedelta, director: timedelta, repeat_every: timedelta) -> Ladder:
    steps = (Step("manager", timedelta()), Step("lead", lead), Step("director", director))
    return Ladder(steps=steps, repeat_every=repeat_every)


ROUND_THE_CLOCK = _ladder(10 * MINUTE, 30 * MINUTE, 30 * MINUTE)
"""For a clock that runs at night, too."""
WORKING_TIME = _ladder(2 * HOUR, 8 * HOUR, 8 * HOUR)
"""For a clock that counts working time."""
PROMISE = _ladder(5 * MINUTE, 15 * MINUTE, 15 * MINUTE)
"""For a broken promise, whatever the clock (R-URG-6)."""


def usual(*, always: bool, promise_broken: bool) -> Ladder:
    """The ladder of a clock whose policy names none."""
    if promise_broken:
        return PROMISE
    return ROUND_THE_CLOCK if always else WORKING_TIME
