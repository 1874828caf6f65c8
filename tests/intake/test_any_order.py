"""Whatever order messages come in, and however often, intake comes to the same end and tells each thing once."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial, reduce
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as bounded
from hypothesis import strategies as st

from services.intake.domain import closing, managers
from services.intake.domain.callers import KnownClient, indebted, told
from services.intake.domain.conversation import WorkStep
from services.intake.domain.requests import ServiceRequest
from services.intake.main import build_app
from services.intake.settings import IntakeSettings
from shared.contracts.accounts import (
    ContactCallHeld,
    ContactCard,
    DebtChanged,
    DiscoveredOnCall,
    ManagerChanged,
    ManagerRegistered,
)
from shared.contracts.base import Event
from tests.intake.conftest import Doors
from tests.intake.samples import MOBILE, PHONE, a_client
from tests.intake.test_requests import registered
from tests.kit import eventually, handled, listening, publish, serving

AT = datetime(2026, 11, 2, 3, tzinfo=UTC)
names = count()


def orders(length: int, again: int = 4) -> st.SearchStrategy[list[int]]:
    """Each of so many at least once, some of them again, in any order."""
    return st.lists(st.integers(0, length - 1), max_size=again).flatmap(
        lambda more: st.permutations([*range(length), *more])
    )


def debt(client_id: str, revision: int, band: str) -> DebtChanged:
    ref = a_client(client_id).ref()
    fields = {"fee": Decimal(6900), "score": 9, "loss_probability": 0.1, "band": band}
    return DebtChanged.model_validate({"at": AT, "client_id": client_id, "revision": revision, "client": ref} | fields)


CLIENT: list[Event] = [
    a_client(revision=1),
    a_client(revision=2, name="Школа № 5 имени Гагарина", contacts=()),
    a_client(revision=3, manager_id="m2", contacts=(ContactCard(contact_id="c1-b", name="Ли", phones=(MOBILE,)),)),
    debt("c1", 1, "watch"),
    debt("c1", 2, "risk"),
]


def client_after(known: KnownClient | None, event: Event) -> KnownClient:
    return indebted(known, event) if isinstance(event, DebtChanged) else told(known, event)  # type: ignore[arg-type]


@bounded(deadline=None)
@given(orders(len(CLIENT)))
def test_a_client_is_as_the_newest_events_tell(order: list[int]) -> None:
    whole = reduce(client_after, CLIENT, None)
    assert reduce(client_after, [CLIENT[index] for index in order], None) == whole
    assert whole is not None
    assert (whole.revision, whole.band, whole.manager_id, whole.contact_with(f"tel:{PHONE}")) == (3, "risk", "m2", None)


def manager(kind: type[ManagerRegistered | ManagerChanged], revision: int, **over: Any) -> Any:
    return kind(at=AT, manager_id="m1", revision=revision, name="Вера", hired=date(2026, 1, 12), **over)


MANAGER = [
    manager(ManagerRegistered, 1, phones=(MOBILE,)),
    manager(ManagerChanged, 2, phones=(PHONE,)),
    manager(ManagerChanged, 3, phones=(PHONE, MOBILE), left=date(2026, 12, 31)),
]


@bounded(deadline=None)
@given(orders(len(MANAGER)))
def test_a_manager_is_as_the_newest_event_tells(order: list[int]) -> None:
    found = reduce(managers.told, [MANAGER[index] for index in order], None)
    assert found is not None
    assert (found.revision, found.phones, found.left) == (3, (PHONE, MOBILE), date(2026, 12, 31))


def finished(minute: int, round_: int, by: str) -> Callable[[ServiceRequest], ServiceRequest]:
    step = WorkStep("finished", AT + timedelta(minutes=minute), round_, by, "готово")
    ask = partial(closing.finished, step=step, by=by, token=f"t{round_}", to="buh@school5.ru")
    return lambda known: ask(known).state


def begun(minute: int, kind: Any, round_: int, to: int) -> Callable[[ServiceRequest], ServiceRequest]:
    step = WorkStep(kind, AT + timedelta(minutes=minute), round_, "s1")
    return lambda known: closing.round_begun(known, to, step).state


WORK = [
    finished(60, 1, "s2"),
    finished(65, 1, "s1"),
    begun(70, "reopened", 2, 2),
    finished(90, 2, "s1"),
    begun(95, "closed", 2, 3),
]


@bounded(deadline=None)
@given(orders(len(WORK)))
def test_the_steps_of_the_work_and_what_the_accountant_is_asked_are_the_same(order: list[int]) -> None:
    whole = reduce(lambda known, step: step(known), WORK, registered())
    found = reduce(lambda known, step: step(known), [WORK[index] for index in order], registered())
    assert found == whole
    assert [(ask.round, ask.at - AT) for ask in whole.asks] == [(1, timedelta(hours=1)), (2, timedelta(hours=1.5))]
    assert (whole.round, whole.finished_by) == (3, ("s1", "s2"))
    assert all(closing.ask_of(whole, number) is None for number in (1, 2))


Step = Callable[[], Awaitable[object]]


class Story:
    """A client of whom a call was missed and returned, who asks for something, and is spoken with; from all sides."""

    def __init__(self, doors: Doors) -> None:
        self.doors, number = doors, next(names)
        self.name, self.phone = f"c{number}", f"+7913{number:07}"
        card = ContactCard(contact_id=f"{self.name}-a", name="Иванова", phones=(self.phone,))
        self.discovered = f"d-{self.name}"
        held = ContactCallHeld(
            at=AT, contact_call_id=f"w-{self.name}", contact_id=card.contact_id, client=a_client(self.name).ref(),
            manager_id="m1", week="2026-W45", by="m1",
            discovered=(DiscoveredOnCall(request_id=self.discovered, subject_text="Не сходится баланс"),),
        )  # fmt: skip
        self.steps: list[Step] = [
            *map(self.event, (a_client(self.name, 1, contacts=()), a_client(self.name, 2, contacts=(card,)))),
            self.event(debt(self.name, 1, "watch")),
            self.event(held),
            self.asked,
            *map(self.call, ("rang", "missed", "answered"), ("in", "in", "back"), (0, 30, 300)),
        ]

    def event(self, event: Event) -> Step:
        """The same id each time: a repeat is the broker's."""
        name = f"{self.name}-{event.TYPE}-{getattr(event, 'revision', 0)}"
        return lambda: publish(self.doors.amqp_url, event, ids=[name])

    async def asked(self) -> None:
        """Under the same name each time: a repeat is the integration's."""
        contact = {"phone": self.phone}
        asked = await self.doors.registered(contact=contact, external_id=self.name, subject="Отпускные")
        self.request_id = asked["request_id"]

    def call(self, event: str, call: str, second: int) -> Step:
        """Under the same webhook-id each time: a repeat is the telephony's."""
        news = {"event": event, "call_id": f"{self.name}-{call}", "phone": self.phone}
        at = (AT + timedelta(seconds=second)).isoformat()
        direction = "out" if call == "back" else "in"
        return lambda: self.doors.sent(news | {"at": at, "direction": direction}, f"{self.name}-{call}-{event}")

    async def end(self) -> dict[str, Any]:
        """What all of it has come to."""
        missed, back = [(await self.doors.get(f"/v1/calls/{self.name}-{one}")).json() for one in ("in", "back")]
        ids = (self.request_id, self.discovered)
        asked, found = [(await self.doors.get(f"/v1/requests/{one}")).json() for one in ids]
        client = await self.doors.reception.store.clients.get(self.name)
        assert client is not None
        return {
            "client": (client.revision, client.band),
            "missed": (missed["status"], missed["returned_by"], missed["contact_id"], missed["client"]["client_id"]),
            "back": (back["status"], back["contact_id"]),
            "asked": (asked["client"]["client_id"], asked["contact_id"], asked["priority"], asked["state"]),
            "discovered": (found["client"]["client_id"], found["discovered"], found["priority"], found["contact_id"]),
        }

    def told(self) -> Counter[str]:
        """How often each thing was told, but for whose it is: that is told where it was not known at once."""
        events = [one for one in self.doors.heard.events if not one.kind.endswith("identified")]
        mine = {self.request_id, self.discovered, f"{self.name}-in", f"{self.name}-back"}
        return Counter(one.kind for one in events if one.subject in mine)


@pytest.fixture
async def house(settings: IntakeSettings) -> AsyncIterator[Doors]:
    """Intake, which looks soon for what is left undone."""
    app = build_app(settings.model_copy(update={"pair_every_seconds": 0.2}))
    url = settings.amqp_url.get_secret_value()
    async with listening(url, "request.#", "call.#") as heard, serving(app) as http:
        yield Doors(http, heard, app, url)


@bounded(
    max_examples=10,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(order=orders(8))
async def test_a_client_who_calls_asks_and_is_spoken_with_ends_the_same(house: Doors, order: list[int]) -> None:
    story = Story(house)
    before = handled()
    for index in order:
        await story.steps[index]()
    events = sum(index < 4 for index in order)
    await eventually(lambda: handled()["applied"] - before["applied"] >= events)
    await house.worked_off()
    whole = {
        "client": (2, "watch"),
        "missed": ("returned", f"{story.name}-back", f"{story.name}-a", story.name),
        "back": ("answered", f"{story.name}-a"),
        "asked": (story.name, f"{story.name}-a", "routine", "open"),
        "discovered": (story.name, True, "important", f"{story.name}-a"),
    }

    async def the_same() -> bool:
        assert await story.end() == whole
        return True

    await eventually(the_same)
    once = {"call.rang": 1, "call.missed": 1, "call.answered": 1, "call.returned": 1, "request.registered": 2}
    await eventually(lambda: sum(story.told().values()) >= sum(once.values()))
    assert story.told() == once
    assert handled()["parked"] == before["parked"]
