"""The company that is simulated: its people, its clients' requests, and the chance in both, all from one seed."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from math import log
from pathlib import Path
from random import Random  # noqa: TID251 - a simulation lives on chance, all of it from one seed
from zoneinfo import ZoneInfo

from deploy.simulate.figures import ASSUMED, Figures, figures_of
from services.routing.domain.candidates import Candidate
from services.routing.domain.needs import COMPLEX_LEVEL, product_key
from services.routing.domain.scoring import Hours
from services.routing.domain.specialists import Profile
from services.routing.domain.worktime import Worked, worked_by
from shared.contracts.base import Nature, Priority

ZONE = "Asia/Krasnoyarsk"
CLIENT_ZONES = ("Asia/Krasnoyarsk", "Asia/Krasnoyarsk", "Asia/Novosibirsk", "Asia/Irkutsk")
SHIFTS = ((8, 17), (9, 18), (9, 18), (10, 19), (11, 20))
LUNCH, BREAK = 13, timedelta(hours=1)
AHEAD = 4
"""Stretches of work a giver is told of."""
MONTH_END, MONTH_START = 28, 5
MINUTE = timedelta(minutes=1)
AFTERWARDS = 21
"""Days after the last request: what is not done by then is counted as not done."""


class Timetable:
    """When somebody is at work, for the whole time of the simulation."""

    def __init__(self, hours: Hours, start: datetime, days: int) -> None:
        spans = []
        for day in range(-1, days + 1):
            local = (start + timedelta(days=day)).astimezone(ZoneInfo(ZONE))
            midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
            for begin, end in hours[local.weekday()]:
                spans.append(tuple((midnight + timedelta(minutes=m)).astimezone(UTC) for m in (begin, end)))
        self.begins = [span[0] for span in spans]
        self.ends = [span[1] for span in spans]

    def next(self, now: datetime) -> datetime | None:
        """When they are at work next: `now` where they are there; None after the last day."""
        at = bisect_right(self.ends, now)
        return None if at == len(self.ends) else max(now, self.begins[at])

    def stretches(self, now: datetime) -> Sequence[tuple[datetime, datetime]]:
        """The next of them, the one in which `now` lies among them."""
        at = bisect_right(self.ends, now)
        return list(zip(self.begins[at : at + AHEAD], self.ends[at : at + AHEAD], strict=True))

    def end(self, now: datetime, over: timedelta = timedelta()) -> datetime:
        """When the stretch of work in which `now` lies is over, breaks of at most `over` not counted."""
        at = bisect_right(self.ends, now)
        while at + 1 < len(self.ends) and self.begins[at + 1] - self.ends[at] <= over:
            at += 1
        return self.ends[at]

    def minutes(self, since: datetime, until: datetime) -> float:
        """How much of the time between the two they are at work."""
        first, last = bisect_right(self.ends, since), bisect_left(self.begins, until)
        spans = zip(self.begins[first:last], self.ends[first:last], strict=True)
        return sum((min(end, until) - max(begin, since)) / MINUTE for begin, end in spans)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A specialist: what assignment may know of them, and what it may not."""

    candidate: Candidate
    worked: Worked
    at_work: Timetable
    lost: float
    postpones: float
    lost_if_refused: float
    sloppy: float
    silent: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a client wants, and how much work it is for somebody of level 3."""

    request_id: str
    at: datetime
    priority: Priority
    nature: Nature | None
    product: str
    subject: str
    minutes: float
    client_id: str
    client_zone: str


@dataclass(frozen=True)
class Company:
    """One company, drawn from `seed`, and its requests from `start` on for so many `days`."""

    figures: Figures
    seed: int
    start: datetime
    days: int

    @classmethod
    def of(cls, seed: int, start: datetime, days: int, path: Path = ASSUMED) -> "Company":
        """As `path` says: the assumptions shipped, or what a company has measured."""
        return cls(figures_of(path), seed, start, days)

    def chance(self, *of: object) -> Random:
        """The chance in one thing: the same whatever else happened before, so that policies meet the same luck."""
        return Random(f"{self.seed} {' '.join(map(str, of))}")  # noqa: S311 - nobody shall guess it, anybody repeat it

    @cached_property
    def people(self) -> Sequence[Person]:
        """The specialists."""
        return [self._person(number) for number in range(self.figures.specialists)]

    @cached_property
    def requests(self) -> Sequence[Request]:
        """Every request of the time, in order."""
        return list(self._arrivals())

    def slowness(self, person: Person, request: Request) -> float:
        """How many times as long the work takes them as somebody of level 3."""
        level, told = self._level(person, request), self.figures.work
        return told.times_as_long[level] * (told.complex_below_4[0] if self._too_hard(level, request) else 1.0)

    def refusal(self, person: Person, request: Request) -> float:
        """The chance that the accountant does not accept what they call finished."""
        level, told = self._level(person, request), self.figures.work
        too_hard = told.complex_below_4[1] if self._too_hard(level, request) else 0.0
        return told.refused[level] + person.sloppy + too_hard

    def _level(self, person: Person, request: Request) -> int:
        return person.candidate.level((product_key(request.product),))

    def _too_hard(self, level: int, request: Request) -> bool:
        return request.nature == "complex" and level < COMPLEX_LEVEL

    def _person(self, number: int) -> Person:
        chance, products = self.chance("person", number), list(self.figures.products)
        known = chance.sample(products, k=min(len(products), chance.choice((1, 2, 2, 3))))
        skills = {product_key(one): chance.choices(range(1, 6), weights=(1, 2, 4, 3, 2))[0] for one in known}
        begin, end = SHIFTS[number % len(SHIFTS)]
        day = ((begin * 60, LUNCH * 60), (LUNCH * 60 + BREAK // MINUTE, end * 60))
        hours: Hours = (*((day,) * 5), (), ())
        drawn = {trait: min(0.6, max(0.0, chance.gauss(*usual))) for trait, usual in self.figures.specialist}
        return Person(
            candidate=Candidate(
                specialist_id=f"s{number:02}",
                skills=skills,
                best=max(skills.values()),
                capacity=self.figures.capacity,
                active=True,
                begins=None,
                hours=hours,
                zone=ZONE,
            ),
            worked=worked_by(Profile(name="", skills=(), hours=hours, zone=ZONE, capacity=1)),
            at_work=Timetable(hours, self.start, self.days + AFTERWARDS),
            **drawn,
        )

    def _arrivals(self) -> Iterator[Request]:
        chance, told = self.chance("arrivals"), self.figures.requests
        hours, number = told.hours, 0
        for day in range(self.days):
            local = (self.start + timedelta(days=day)).astimezone(ZoneInfo(ZONE))
            busy = told.weekdays[local.weekday()]
            if local.day >= MONTH_END or local.day <= MONTH_START:
                busy *= told.month_end
            midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
            for hour, share in enumerate(hours):
                rate = self.figures.requests_a_day * busy * share / sum(hours) / 60
                minute = chance.expovariate(rate) if rate else 60.0
                while minute < 60:  # noqa: PLR2004 - minutes of an hour
                    yield self._request(number, midnight + timedelta(hours=hour, minutes=minute))
                    number += 1
                    minute += chance.expovariate(rate)

    def _request(self, number: int, at: datetime) -> Request:
        chance, told = self.chance("request", number), self.figures
        products = list(told.products)
        product = chance.choices(products, weights=[told.products[one][0] for one in products])[0]
        priorities: list[Priority] = ["urgent", "important", "routine"]
        client = chance.randrange(told.clients)
        complex_ = chance.random() < told.requests.complex
        usual = chance.lognormvariate(log(told.products[product][1]), told.requests.spread)
        subjects = list(told.subjects)
        subject = chance.choices(subjects, weights=[told.subjects[one][0] for one in subjects])[0]
        return Request(
            request_id=f"r{number:06}",
            at=at.astimezone(self.start.tzinfo),
            priority=chance.choices(priorities, weights=[told.priorities[one] for one in priorities])[0],
            nature="complex" if complex_ else None,
            product=product,
            subject=subject,
            minutes=usual * told.subjects[subject][1],
            client_id=f"c{client:04}",
            client_zone=CLIENT_ZONES[client % len(CLIENT_ZONES)],
        )
