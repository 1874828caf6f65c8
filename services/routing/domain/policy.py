"""How work is given away: weights and limits, versioned, so that every decision can be explained by what held then."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from math import isfinite
from typing import Any

from services.routing.domain.refusals import BadPolicy, PolicyOvertaken
from shared.contracts.base import Decision, Priority

Parts = tuple[int, ...]
"""Points by part, in the order of `PARTS`."""
MOST = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """The most points each part of the score can bring."""

    start: float
    level: float
    client: float
    record: float
    load: float
    zone: float
    fairness: float


PARTS: tuple[str, ...] = tuple(one.name for one in fields(Weights))
"""The parts of the score, in the order in which an explanation keeps them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One version of the policy. All times are minutes."""

    number: int
    """The first one is 1; outside it is called the version."""
    weights: Weights
    patience_minutes: Mapping[Priority, float]
    """An expected start this far away brings half of `start`."""
    start_within_minutes: Mapping[Priority, float]
    """Who begins work so long after the client expects them is still in time."""
    postponements: Mapping[Priority, int]
    """How often one specialist may postpone the same work."""
    minutes_each: float
    """How long one piece of work takes, where history does not say."""
    record_floor: float
    """The least share of `record` anybody keeps, 0…1 (R-COI-1)."""
    idle_minutes: float
    """Without new work for so long: the whole of `fairness`."""
    displacements: int
    """How often urgent work may take the place of the same routine work."""
    handover_minutes: float
    """An absence this long hands the work over."""
    by: str = "shipped"
    reason: str = ""


def checked(policy: Policy) -> Policy:
    """`policy`, if it can be reckoned with. Raises `BadPolicy` saying what cannot."""
    for where, value in _numbers(policy):
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            raise BadPolicy(f"{where}: нужно число, а не {value!r}.")
        if not 0 <= value <= MOST:
            raise BadPolicy(f"{where}: от 0 до {MOST}, а не {value}.")
    if not any(value for _, value in _of(policy.weights)):
        raise BadPolicy("weights: все веса нулевые, выбирать будет не по чему.")
    if policy.record_floor > 1:
        raise BadPolicy("record_floor: это доля, от 0 до 1.")
    zeros = [name for name in ("minutes_each", "idle_minutes") if not getattr(policy, name)]
    zeros += [f"patience_minutes.{priority}" for priority, value in policy.patience_minutes.items() if not value]
    if zeros:
        raise BadPolicy(f"{', '.join(zeros)}: нужно больше нуля.")
    return policy


def enacted(state: Policy | None, policy: Policy) -> Decision[Policy]:
    """This version is in force from now on. Raises `BadPolicy`, or `PolicyOvertaken` where there is one already."""
    if state is not None:
        raise PolicyOvertaken(f"Версию {state.number} уже ввёл в действие {state.by}; посмотрите её и повторите.")
    return Decision(checked(policy))


def _numbers(policy: Policy) -> list[tuple[str, Any]]:
    found = [(f"weights.{part}", value) for part, value in _of(policy.weights)]
    for name in ("patience_minutes", "start_within_minutes", "postponements"):
        found += [(f"{name}.{priority}", value) for priority, value in getattr(policy, name).items()]
    names = ("minutes_each", "record_floor", "idle_minutes", "displacements", "handover_minutes")
    return found + [(name, getattr(policy, name)) for name in names]


def _of(weights: Weights) -> list[tuple[str, Any]]:
    return list(asdict(weights).items())
