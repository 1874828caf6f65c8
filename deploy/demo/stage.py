"""What the acts of the demo share: the time, the doors, and the deeds that several acts do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from deploy.demo.cast import Institution
from deploy.demo.doors import DIRECTOR, Differs, Doors, NotThere, Who, until
from shared.ids import random_id

ZONE = "Asia/Krasnoyarsk"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
SAYS = {
    "start": "work.started",
    "progress": "work.progressed",
    "finish": "work.finished",
    "ask-cancel": "work.cancel_asked",
}
"""The fact that each step of a specialist is."""


@dataclass
class Stage:
    """What the acts share: the doors, the month, who is who, and what was kept for the tables at the end."""

    doors: Doors
    month: date
    """Its first day."""
    seed: int
    say: Callable[[str], None]
    manager: Who = ("", "manager")
    base: list[Institution] = field(default_factory=list)
    clients: dict[str, str] = field(default_factory=dict)
    """Client ids by INN."""
    shown: dict[str, str] = field(default_factory=dict)
    """Requests whose timelines are shown at the end: id by title."""
    moment: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.moment = self.local(self.month, 0)

    async def at(self, day: int, hour: int, minute: int = 0) -> None:
        """It is this hour of this day of the month."""
        await self.go(self.local(self.month.replace(day=day), hour) + minute * MINUTE)

    async def later(self, by: timedelta) -> None:
        """Time passes."""
        await self.go(self.moment + by)

    async def go(self, moment: datetime) -> None:
        """It is `moment`."""
        self.moment = moment
        await self.doors.set_clock(moment)

    def local(self, day: date, hour: int) -> datetime:
        """An hour of a day in the company's zone."""
        return datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo(ZONE))

    async def clock_is(self, request_id: str, clock: str, *states: str) -> dict[str, Any]:
        """The obligation of a request's latest `clock`, once it is in one of `states`."""

        async def look() -> dict[str, Any] | None:
            timeline = await self.doors.get("sla_monitor", f"/v1/requests/{request_id}/timeline", DIRECTOR)
            found = [one for one in timeline["obligations"] if one["clock"] == clock]
            return found[-1] if found and found[-1]["state"] in states else None

        return await until(look, f"часы {clock} заявки {request_id}: {' или '.join(states)}")

    async def clock_is_broken(self, request_id: str, clock: str) -> dict[str, Any]:
        """The first obligation of a request's `clock` that was breached, whatever routing has done about it since."""

        async def look() -> dict[str, Any] | None:
            timeline = await self.doors.get("sla_monitor", f"/v1/requests/{request_id}/timeline", DIRECTOR)
            return next((one for one in timeline["obligations"] if one["clock"] == clock and one["breached"]), None)

        return await until(look, f"часы {clock} заявки {request_id} нарушены")

    async def call_clock_is_met(self, call_id: str, clock: str) -> None:
        """Wait until what was owed to a caller has happened in time."""

        async def look() -> bool:
            timeline = await self.doors.get("sla_monitor", f"/v1/calls/{call_id}/timeline", DIRECTOR)
            return any(one["clock"] == clock and one["state"] == "met" for one in timeline["obligations"])

        await until(look, f"часы {clock} звонка {call_id} выдержаны")

    async def heard(self, request_id: str, fact: str) -> int:
        """How many such facts of a request the clocks know."""
        try:
            timeline = await self.doors.get("sla_monitor", f"/v1/requests/{request_id}/timeline", DIRECTOR)
        except NotThere:
            return 0
        return sum(one["kind"] == fact for one in timeline["facts"])

    async def assigned(self, request_id: str, *, but: str | None = None) -> Who:
        """Who has the request, once somebody (other than `but`) has."""

        async def look() -> Who | None:
            work = await self.doors.get("routing", f"/v1/requests/{request_id}/work", DIRECTOR)
            holder = work["specialist_id"]
            return (holder, "specialist") if holder and holder != but else None

        return await until(look, f"заявка {request_id} назначена")

    async def stage_is(self, request_id: str, stage: str) -> None:
        """Wait until the work on a request stands at `stage`."""

        async def look() -> bool:
            work = await self.doors.get("routing", f"/v1/requests/{request_id}/work", DIRECTOR)
            return bool(work["stage"] == stage)

        await until(look, f"работа по заявке {request_id}: {stage}")


def must(what: str, found: object, wanted: object) -> None:
    """Raises `Differs` unless they are the same."""
    if found != wanted:
        raise Differs(f"{what}: ожидалось {wanted}, получено {found}")


async def call(
    stage: Stage, one: Institution, event: str, exchange_id: str | None = None, *, direction: str = "in"
) -> tuple[str, str]:
    """The telephone exchange tells of a call; its id at the exchange and in the house."""
    told = {
        "event": event,
        "call_id": exchange_id or random_id(),
        "phone": one.phone,
        "direction": direction,
        "at": stage.moment.isoformat(),
    }
    answer = await stage.doors.call_event(told)
    return told["call_id"], str(answer["call_id"])


async def registered(
    stage: Stage,
    one: Institution,
    subject: str,
    product: str,
    *,
    call_id: str | None = None,
    priority: str | None = None,
) -> str:
    """The manager registers what the accountant says on the phone; somebody has it at once."""
    body = {
        "channel": "phone", "contact": {"phone": one.phone}, "subject": subject, "text": subject,
        "products": [product], "external_id": random_id(), "call_id": call_id, "priority": priority,
    }  # fmt: skip
    answer = await stage.doors.post(
        "intake", "/v1/requests", stage.manager, {name: value for name, value in body.items() if value is not None}
    )
    must("чей звонок", answer["client_id"], stage.clients[one.inn])
    must("приоритет", answer["priority"], priority or "urgent")
    await stage.clock_is(answer["request_id"], "assign", "met")
    return str(answer["request_id"])


async def promise(stage: Stage, request_id: str, moment: datetime, words: str) -> None:
    """The contact promises to wait (R-URG-3)."""
    body = {"until": moment.isoformat(), "words": words}
    await stage.doors.post("intake", f"/v1/requests/{request_id}/wait-promise", stage.manager, body)
    await stage.clock_is(request_id, "wait_promise", "met")


async def deed(stage: Stage, request_id: str, step: str, who: Who, **body: str) -> None:
    """The specialist says something about the work (R-REQ-2). The clocks have heard it before time goes on: they would
    break for what is still on its way to them."""
    fact = SAYS[step]
    before = await stage.heard(request_id, fact)
    await stage.doors.post("routing", f"/v1/requests/{request_id}/{step}", who, body)

    async def heard() -> bool:
        return await stage.heard(request_id, fact) > before

    await until(heard, f"часы заявки {request_id} слышали {fact}")


async def finished(stage: Stage, request_id: str, who: Who, note: str) -> None:
    """«Готово»: the accountant has the last word."""
    await deed(stage, request_id, "finish", who, note=note)
    await stage.clock_is(request_id, "finish", "met")


async def verdict(stage: Stage, request_id: str, words: str) -> None:
    """The accountant is content: the request is closed (R-REQ-3)."""
    body = {"satisfied": True, "words": words}
    await stage.doors.post("intake", f"/v1/requests/{request_id}/verdict", stage.manager, body)
    await stage.clock_is(request_id, "verdict", "met")
    await stage.stage_is(request_id, "closed")


async def solved(stage: Stage, request_id: str, note: str) -> None:
    """From assignment to a satisfied verdict, without a hitch."""
    holder = await stage.assigned(request_id)
    await deed(stage, request_id, "start", holder)
    await stage.later(timedelta(hours=1))
    await finished(stage, request_id, holder, note)
    await verdict(stage, request_id, "Да, всё хорошо")


async def referred(stage: Stage, new: Institution, fan_id: str) -> None:
    """From a fan's word to a client: a prospect, its trial request solved flawless, the win (R-REF-2 to R-REF-4)."""
    manager, doors = stage.manager, stage.doors
    soon = (stage.moment + timedelta(days=2)).isoformat()
    body = {"name": new.name, "vouched_by_client_id": fan_id, "next_contact": soon, "zone": ZONE, "inn": new.inn}
    prospect = await doors.post("accounts", "/v1/prospects", manager, body)
    path = f"/v1/prospects/{prospect['prospect_id']}"
    failed = {"subject": "Срочно: не выгружается отчёт", "failed_by": "Обещали через неделю", "products": ["1С:БГУ"]}
    opened = await doors.post("accounts", f"{path}/trials", manager, failed)
    request_id = opened["trials"][0]["request_id"]
    await _tried(stage, request_id)

    async def flawless() -> bool:
        shown = await doors.get("accounts", path, manager)
        return bool(shown["state"] == "tried" and shown["trials"][0]["flawless"])

    await until(flawless, f"пробная заявка «{new.name}» решена безупречно")
    contact = {"name": new.accountant, "phones": [new.phone], "emails": [new.email]}
    terms = {"inn": new.inn, "fee": f"{new.fee}", "effective": stage.moment.date().isoformat(), "contacts": [contact]}
    won = await doors.post("accounts", f"{path}/win", manager, terms)
    await doors.post("accounts", f"/v1/proposals/{won['wins'][0]['proposal_id']}/confirm", DIRECTOR)


async def _tried(stage: Stage, request_id: str) -> None:
    """A trial request is served under the clocks of urgent ones, and every one of them is met (R-REF-3)."""
    holder = await stage.assigned(request_id)
    await promise(stage, request_id, stage.moment + 15 * MINUTE, "Подождём, наши и не брались")
    await deed(stage, request_id, "start", holder)
    await stage.later(20 * MINUTE)
    await finished(stage, request_id, holder, "Отчёт выгружен")
    await verdict(stage, request_id, "За двадцать минут! Спасибо")


async def fact(stage: Stage, body: Mapping[str, Any]) -> None:
    """A fact that moves money: the manager proposes, the director confirms (R-BASE-3)."""
    effective = {"effective": stage.moment.date().isoformat()}
    proposal = await stage.doors.post("accounts", "/v1/proposals", stage.manager, dict(body) | effective)
    await stage.doors.post("accounts", f"/v1/proposals/{proposal['proposal_id']}/confirm", DIRECTOR)
