"""Who gives work away: our policy, by the same domain code that routing runs, and what other help desks offer."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from deploy.simulate.company import Company, Person, Request
from services.routing.domain.assignment import choose, full
from services.routing.domain.candidates import Board, Candidate, Kind, Pool, Wish, kind_of
from services.routing.domain.needs import need_of
from services.routing.domain.policy import Policy
from shared.contracts.base import Priority

IDLE_STEPS = 4


@dataclass(slots=True)
class Load:
    """What a giver is told of one specialist at this moment."""

    person: Person
    held: int = 0
    lesser: tuple[int, int] = (0, 0)
    """Of what they hold: important and routine work together, and routine work alone."""
    record: float = 1.0
    """The share of the score their record leaves (R-COI-1)."""
    given_at: datetime | None = None
    clients: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request that wants somebody, and who shall not get it."""

    request: Request
    barred: frozenset[str] = frozenset()
    ahead: int = 0

    def wish(self, turn: int = 1) -> Wish:
        """In the words of routing's domain."""
        one = self.request
        return Wish(
            request_id=one.request_id,
            turn=turn,
            priority=one.priority,
            due=one.at,
            registered_at=one.at,
            need=need_of((one.product,), one.nature),
            client_id=one.client_id,
            client_zone=one.client_zone,
            ahead=self.ahead,
            barred=self.barred,
        )


class Giver(ABC):
    """A way of giving work away. What it does besides choosing stands in its flags."""

    name = ""
    replaces_lost = False
    """Whoever does not start in time is replaced at once where another able one is free (R-URG-7)."""
    elsewhere = False
    """What the accountant refused goes to somebody else (R-COI-2)."""
    displaces = False
    """Urgent work takes the place of routine work that is not started."""
    postponements: Mapping[Priority, int] | None = None
    """How often work may be put off; None: as often as they like."""

    @abstractmethod
    def pick(self, asked: Asked, loads: Mapping[str, Load], now: datetime) -> str | None:
        """Who gets it; None where it must wait."""

    def instead(self, asked: Asked, loads: Mapping[str, Load], now: datetime) -> Sequence[str]:
        """From whom a routine work might be taken for it, the best first."""
        del asked, loads, now
        return ()


class Ours(Giver):
    """Routing's own: hard conditions, explained score, displacement, replacement of the lost."""

    name = "Svoy"
    replaces_lost = elsewhere = displaces = True

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self.postponements = policy.postponements
        self._pools: dict[tuple[Kind, tuple[Candidate, ...]], Pool] = {}

    def pick(self, asked: Asked, loads: Mapping[str, Load], now: datetime) -> str | None:
        wish = asked.wish()
        return choose(wish, self._pool(wish, loads, now), self._board(wish, loads, now)).winner

    def instead(self, asked: Asked, loads: Mapping[str, Load], now: datetime) -> Sequence[str]:
        wish = asked.wish()
        return full(wish, self._pool(wish, loads, now), self._board(wish, loads, now))

    def _pool(self, wish: Wish, loads: Mapping[str, Load], now: datetime) -> Pool:
        candidates = [self._seen(load, now) for load in loads.values()]
        return Pool(kind_of(wish), candidates, self._policy, now)

    def _board(self, wish: Wish, loads: Mapping[str, Load], now: datetime) -> Board:
        knows = {wish.client_id or "": {key for key, load in loads.items() if wish.client_id in load.clients}}
        return Board(
            now=now,
            held={key: load.held for key, load in loads.items()},
            lesser={key: load.lesser for key, load in loads.items()},
            knows=knows,
        )

    def _seen(self, load: Load, now: datetime) -> Candidate:
        idle = 1.0
        if load.given_at is not None:
            minutes = (now - load.given_at).total_seconds() / 60
            idle = min(1.0, int(minutes / self._policy.idle_minutes * IDLE_STEPS) / IDLE_STEPS)
        person = load.person
        return replace(person.candidate, begins=person.at_work.next(now), record=load.record, idle=idle)


class Simple(Giver):
    """What other help desks offer: among those at work with a place free, by a simple rule."""

    def __init__(self, name: str, *, skilled: bool, least_loaded: bool) -> None:
        self.name = name
        self._skilled, self._least_loaded = skilled, least_loaded
        self._last = ""

    def pick(self, asked: Asked, loads: Mapping[str, Load], now: datetime) -> str | None:
        need = need_of((asked.request.product,), asked.request.nature)
        able = [
            key
            for key, load in loads.items()
            if load.held < load.person.candidate.capacity
            and load.person.at_work.next(now) == now
            and (not self._skilled or load.person.candidate.level(need.products) >= need.level)
        ]
        if not able:
            return None
        if self._least_loaded:
            return min(able, key=lambda key: (loads[key].held, self._turn(key)))
        self._last = min(able, key=self._turn)
        return self._last

    def _turn(self, key: str) -> tuple[bool, str]:
        """Round robin: whoever comes after the last one."""
        return key <= self._last, key


def givers(policy: Policy) -> Mapping[str, Callable[[Company], Giver]]:
    """Everybody who is compared, ours first."""
    return {
        "Svoy": lambda _: Ours(policy),
        "round robin": lambda _: Simple("round robin", skilled=False, least_loaded=False),
        "least loaded": lambda _: Simple("least loaded", skilled=False, least_loaded=True),
        "skills + least loaded": lambda _: Simple("skills + least loaded", skilled=True, least_loaded=True),
    }
