"""Who gives work away: our policy, by the same domain code that routing runs, and what other help desks offer."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from deploy.simulate.company import Company, Person
from services.routing.domain.assignment import Explained, choose, full
from services.routing.domain.candidates import FREE, Board, Busy, Candidate, Pool, Wish, idle, kind_of
from services.routing.domain.doing import task_of
from services.routing.domain.estimates import Done, Model, learnt
from services.routing.domain.policy import Policy
from services.routing.stems import stems
from shared.contracts.base import Priority

OURS = "Svoy"
SKILLED = "skills + least loaded"
LIMITED = "skills + least loaded, our limits on postponing"
"""Nobody's product: what `SKILLED` would come to by our limits alone. It shows how much of the saving they are."""
ROUND_ROBIN, LEAST_LOADED = "round robin", "least loaded"
TITLES: Mapping[str, str] = {
    ROUND_ROBIN: "по кругу",
    LEAST_LOADED: "наименее занятый",
    SKILLED: "знающий и наименее занятый",
    LIMITED: "знающий и наименее занятый с нашими пределами откладывания",
}
"""What they are called where people read it; the names are the keys of what programs read."""


@dataclass(slots=True)
class Load:
    """What a giver is told of one specialist at this moment."""

    person: Person
    held: int = 0
    lesser: tuple[int, int] = (0, 0)
    """Of what they hold: important and routine work together, and routine work alone."""
    busy: Busy = FREE
    """Minutes of what they hold, as the giver reckoned when it gave it."""
    record: float = 1.0
    """The share of the score their record leaves (R-COI-1)."""
    given_at: datetime | None = None
    clients: set[str] = field(default_factory=set)


Loads = Mapping[str, Load]


class Giver(ABC):
    """A way of giving work away. What it does besides choosing stands in its flags."""

    name = ""
    replaces_lost = False
    """Whoever does not start in time is replaced as soon as another able one is free (R-URG-7)."""
    elsewhere = False
    """What the accountant refused goes to somebody else (R-COI-2)."""
    displacements = 0
    """How often urgent work may take the place of the same routine work that is not started."""
    postponements: Mapping[Priority, int] | None = None
    """How often work may be put off; None: as often as they like."""

    @abstractmethod
    def pick(self, wish: Wish, loads: Loads, now: datetime) -> Explained:
        """Who gets it; nobody, where it must wait."""

    def instead(self, wish: Wish, loads: Loads, now: datetime) -> Sequence[str]:
        """From whom a routine work might be taken for it, the best first."""
        del wish, loads, now
        return ()

    def minutes(self, wish: Wish, specialist_id: str) -> float:
        """How long it is expected to take."""
        del wish, specialist_id
        return 0.0

    def learn(self, history: Sequence[Done]) -> None:
        """So long did works take so far."""
        del history


class Ours(Giver):
    """Routing's own: hard conditions, explained score, estimates, displacement, replacement of the lost."""

    name = OURS
    replaces_lost = elsewhere = True

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._model: Model | None = None
        self.postponements = policy.postponements
        self.displacements = policy.displacements

    def pick(self, wish: Wish, loads: Loads, now: datetime) -> Explained:
        return choose(wish, self._pool(wish, loads, now), self._board(wish, loads, now))

    def instead(self, wish: Wish, loads: Loads, now: datetime) -> Sequence[str]:
        return full(wish, self._pool(wish, loads, now), self._board(wish, loads, now))

    def minutes(self, wish: Wish, specialist_id: str) -> float:
        if self._model is None:
            return self._policy.minutes_each
        return self._model.minutes(task_of(wish, specialist_id, stems))

    def learn(self, history: Sequence[Done]) -> None:
        self._model = learnt(history)

    def _pool(self, wish: Wish, loads: Loads, now: datetime) -> Pool:
        candidates = [self._seen(load, now) for load in loads.values()]
        return Pool(kind_of(wish), candidates, self._policy, now)

    def _board(self, wish: Wish, loads: Loads, now: datetime) -> Board:
        return Board(
            now=now,
            held={key: load.held for key, load in loads.items()},
            lesser={key: load.lesser for key, load in loads.items()},
            busy={key: load.busy for key, load in loads.items()},
            knows={wish.client_id or "": {key for key, load in loads.items() if wish.client_id in load.clients}},
        )

    def _seen(self, load: Load, now: datetime) -> Candidate:
        at_work, since = load.person.at_work, idle(load.given_at, now, self._policy)
        begins, shifts = at_work.next(now), tuple(at_work.stretches(now))
        return replace(load.person.candidate, begins=begins, shifts=shifts, record=load.record, idle=since)


class Simple(Giver):
    """What other help desks offer: among those at work with a place free, by a simple rule."""

    def __init__(
        self, name: str, *, skilled: bool, least_loaded: bool, postponements: Mapping[Priority, int] | None = None
    ) -> None:
        self.name, self.postponements = name, postponements
        self._skilled, self._least_loaded = skilled, least_loaded
        self._last = ""

    def pick(self, wish: Wish, loads: Loads, now: datetime) -> Explained:
        able = [
            key
            for key, load in loads.items()
            if load.held < load.person.candidate.capacity
            and load.person.at_work.next(now) == now
            and (not self._skilled or load.person.candidate.level(wish.need.products) >= wish.need.level)
        ]
        winner = self._first(able, loads) if able else None
        return Explained(at=now, turn=wish.turn, winner=winner, barred={}, counts={})

    def _first(self, able: Sequence[str], loads: Loads) -> str:
        """By load, where that counts; those who have as much take turns."""
        self._last = min(able, key=lambda key: (loads[key].held if self._least_loaded else 0, self._turn(key)))
        return self._last

    def _turn(self, key: str) -> tuple[bool, str]:
        """Round robin: whoever comes after the last one."""
        return key <= self._last, key


def titled(name: str) -> str:
    """What the giver of this name is called where people read it."""
    return TITLES.get(name, name)


def givers(policy: Policy) -> Mapping[str, Callable[[Company], Giver]]:
    """Everybody who is compared, ours first; the last is what our limits on postponing come to by themselves."""
    limits = policy.postponements
    return {
        OURS: lambda _: Ours(policy),
        ROUND_ROBIN: lambda _: Simple(ROUND_ROBIN, skilled=False, least_loaded=False),
        LEAST_LOADED: lambda _: Simple(LEAST_LOADED, skilled=False, least_loaded=True),
        SKILLED: lambda _: Simple(SKILLED, skilled=True, least_loaded=True),
        LIMITED: lambda _: Simple(LIMITED, skilled=True, least_loaded=True, postponements=limits),
    }
