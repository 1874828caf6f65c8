"""What routing's tests start from: specialists, requests, words, and the facts of a life."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from services.routing.domain.assignment import Explained
from services.routing.domain.candidates import Candidate, Wish
from services.routing.domain.facts import Client, Did, Registration, Said, Word
from services.routing.domain.needs import need_of, product_key
from services.routing.domain.specialists import Profile, Skill, Specialist
from services.routing.domain.steps import placed, spoken
from services.routing.domain.work import Work, heard, registered
from services.routing.store import Store
from shared.contracts.base import ClientRef, Decision, Nature, Priority
from shared.contracts.intake import RequestRegistered

MONDAY = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
"""10:00 on a Monday in Krasnoyarsk."""
ALWAYS = (((0, 1440),),) * 7
OFFICE = (((540, 1080),),) * 5 + ((), ())
SCHOOL = Client(client_id="school", name="Школа № 4", zone="Asia/Krasnoyarsk", manager_id="m1")


def minutes(count: float) -> datetime:
    """So many minutes after `MONDAY`."""
    return MONDAY + timedelta(minutes=count)


def profile(**over: Any) -> Profile:
    """Somebody who knows 1С:ЗГУ well and is always at work."""
    usual: dict[str, Any] = {
        "name": "Иван Петров",
        "skills": (Skill("1С:ЗГУ", 4),),
        "hours": ALWAYS,
        "zone": "Asia/Krasnoyarsk",
        "capacity": 2,
    }
    return Profile(**usual | over)


def specialist(specialist_id: str = "ivan", holds: tuple[str, ...] = (), **over: Any) -> Specialist:
    """A specialist with this profile."""
    return Specialist(specialist_id=specialist_id, profile=profile(**over), holds=holds)


def candidate(specialist_id: str = "ivan", level: int = 3, product: str = "1С:ЗГУ", **over: Any) -> Candidate:
    """Somebody free, able and at work."""
    usual: dict[str, Any] = {
        "specialist_id": specialist_id,
        "skills": {product_key(product): level},
        "best": level,
        "capacity": 10,
        "active": True,
        "begins": MONDAY,
    }
    return Candidate(**usual | over)


def wish(priority: Priority = "routine", products: tuple[str, ...] = ("1С:ЗГУ",), **over: Any) -> Wish:
    """A request that wants a place."""
    nature: Nature | None = over.pop("nature", None)
    usual: dict[str, Any] = {"request_id": "r1", "turn": 1, "priority": priority}
    usual |= {"due": MONDAY, "registered_at": MONDAY}
    return Wish(**usual | {"need": need_of(products, nature)} | over)


def registration(priority: Priority = "urgent", **over: Any) -> Registration:
    """What a client wants solved."""
    usual: dict[str, Any] = {
        "at": MONDAY,
        "number": "100 001",
        "priority": priority,
        "subject_text": "не считает зарплату",
        "products": ("1С:ЗГУ",),
        "client": SCHOOL,
    }
    return Registration(**usual | over)


def word(said: Said, at: datetime, **more: Any) -> Word:
    """Something said on the client's side at `at`."""
    return Word(said=said, at=at, counts_at=at, by="бухгалтер", **more)


def place(work: Work, winner: str | None, at: datetime = MONDAY) -> Explained:
    """A place found for the work's next turn, or none."""
    return Explained(at=at, turn=work.turn + 1, winner=winner, barred={}, counts={"no_place": 1})


def waiting(**over: Any) -> Work:
    """Work nobody has yet."""
    return registered(None, "r1", registration(**over)).state


def given_to(work: Work, specialist_id: str, at: datetime) -> Work:
    """`work`, assigned."""
    return placed(work, place(work, specialist_id, at), specialist_id, at).state


def asked(request_id: str = "r1", at: float = 0, text: str = "не считает зарплату", **over: Any) -> Work:
    """A request nobody has yet."""
    usual: dict[str, Any] = {"at": minutes(at), "subject_text": text, "priority": "routine"}
    return registered(None, request_id, registration(**usual | over)).state


def had(work: Work, who: str, at: float, *steps: tuple[Did, float], **more: Any) -> Work:
    """`work`, given to somebody who then says all this; `more` goes with each step that takes it."""
    work = given_to(work, who, minutes(at))
    for step, when in steps:
        says = {key: value for key, value in more.items() if key == TAKES.get(step)}
        work = spoken(work, step, who, minutes(when), text="почему", **says).state
    return work


TAKES: Mapping[str, str] = {"start": "minutes", "postpone": "until"}


def told(work: Work, said: Any, at: float) -> Work:
    """`work`, after the accountant's word."""
    return heard(work, work.request_id, word(said, minutes(at))).state


async def kept(store: Store, *works: Work) -> None:
    """Written as they are."""
    for work in works:
        decided = Decision(work)
        await store.works.step(work.request_id, lambda _, decided=decided: decided, new=True)  # type: ignore[misc]


def request(request_id: str, priority: Priority = "urgent", **over: Any) -> RequestRegistered:
    """The event of a request."""
    usual: dict[str, Any] = {
        "at": MONDAY,
        "number": f"№ {request_id}",
        "channel": "api",
        "priority": priority,
        "subject_text": "не считает зарплату",
        "products": ("1С:ЗГУ",),
        "client": ClientRef(client_id="school", name="Школа № 4", zone="Asia/Krasnoyarsk", manager_id="m1"),
    }
    return RequestRegistered(request_id=request_id, **usual | over)
