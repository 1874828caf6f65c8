"""`/v1/triage-rules` and `/v1/triage`: the rules of priority, tried on past requests, and how people correct them."""

import asyncio
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field

from services.intake.api.fields import SEES_ALL, Body, Deps, Reader, View
from services.intake.channels import quotes
from services.intake.domain.requests import ServiceRequest
from services.intake.domain.triage import DEBT, GIVEN, judge
from services.intake.domain.triage_rules import PHRASE_LENGTH, Compiled, TriageRules, UnknownRules
from services.intake.lists import Wanted, place
from services.intake.reception import Reception
from services.intake.triaging import rules_of, shipped, stem
from shared.contracts.base import Priority
from shared.http.auth import Principal, requires
from shared.http.problems import Problem

routes = APIRouter(tags=["triage"])

Ruler = Annotated[Principal, Depends(requires("lead", "director"))]
Counter = Annotated[Principal, Depends(requires(*SEES_ALL))]
Phrase = Annotated[str, Field(min_length=1, max_length=PHRASE_LENGTH)]
Phrases = Annotated[tuple[Phrase, ...], Field(max_length=300)]
Name = Annotated[str, Field(min_length=1, max_length=100)]
DayOfMonth = Annotated[int, Field(strict=True, ge=1, le=31)]
Month = Annotated[int, Field(strict=True, ge=1, le=12)]
LONGEST = timedelta(days=400)
USUAL = timedelta(days=30)


class RuleIn(Body):
    """Phrases that make a request so pressing."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,49}$")]
    priority: Priority
    phrases: Annotated[Phrases, Field(min_length=1)]


class ProductIn(Body):
    """A 1C product as skills name it, and what accountants call it."""

    name: Name
    phrases: Annotated[Phrases, Field(min_length=1)]


class ReportIn(Body):
    """A report, due on this day of these months or the next working day."""

    name: Name
    phrases: Annotated[Phrases, Field(min_length=1)]
    months: Annotated[tuple[Month, ...], Field(min_length=1, max_length=12)]
    day: DayOfMonth


class NearIn(Body):
    """How near a day must be to raise the priority."""

    urgent_hours: Annotated[int, Field(strict=True, ge=0, le=72)] = 12
    important_days: Annotated[int, Field(strict=True, ge=0, le=31)] = 3
    calendar_days: Annotated[int, Field(strict=True, ge=0, le=31)] = 2


class RulesIn(Body):
    """Rules as a file has them; what the language of phrases is, `triage.toml` says."""

    rules: Annotated[tuple[RuleIn, ...], Field(min_length=1, max_length=200)]
    denials: Phrases = ()
    groups: Annotated[dict[Annotated[str, Field(pattern=r"^\w{1,50}$")], Phrases], Field(max_length=100)] = {}  # noqa: RUF012
    products: Annotated[tuple[ProductIn, ...], Field(max_length=100)] = ()
    need: Phrases = ()
    soft: Phrases = ()
    trouble: Phrases = ()
    pay: Phrases = ()
    pay_days: Annotated[tuple[DayOfMonth, ...], Field(max_length=10)] = ()
    reports: Annotated[tuple[ReportIn, ...], Field(max_length=100)] = ()
    near: NearIn = NearIn()
    debt_raises: bool = True

    def as_version(self, version: int, **over: Any) -> TriageRules:
        """As the domain takes them."""
        return rules_of(self.model_dump() | {"version": version} | over)


class Enactment(Body):
    """Rules to be in force; `after` is the version they follow, so that nobody overwrites what they have not seen."""

    after: Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
    reason: Annotated[str, Field(min_length=1, max_length=500)]
    rules: RulesIn


class Trial(Body):
    """Rules to be tried on the requests registered before `cursor` (the newest, where there is none)."""

    rules: RulesIn
    cursor: Annotated[str, Field(max_length=300)] | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 200


class Changed(View):
    """A request the tried rules see otherwise."""

    request_id: str
    number: str
    subject: str
    was: Priority
    becomes: Priority
    people: Priority | None
    """What a person made of it, where one did."""
    reasons: tuple[str, ...]
    """`rule: evidence` of the tried rules."""


class Tried(View):
    """What would have been otherwise."""

    checked: int
    given: int
    """Left out: an integration or a person had named the priority."""
    changes: list[Changed]
    corrected: int
    """Requests of these a person had corrected; of them as people saw it, by the rules of then and by the tried."""
    right_then: int
    right_now: int
    next: str | None


class ByRule(View):
    """How often a rule spoke, and how often people then saw it otherwise."""

    rule: str
    requests: int
    corrected: int


class Confusion(View):
    """What the rules said against what people made of it; a request nobody corrected counts as agreed."""

    since: date
    until: date
    """Inclusive, in the company's zone."""
    requests: int
    differ: int
    table: dict[str, dict[str, int]]
    """Rows are the rules', columns people's."""
    rules: list[ByRule]


@routes.get("/v1/triage-rules")
async def current(reception: Deps, _: Reader) -> dict[str, Any]:
    """The rules in force."""
    return _shown((await reception.triager.current(fresh=True)).rules)


@routes.get("/v1/triage-rules/{version}")
async def one(reception: Deps, _: Reader, version: int) -> dict[str, Any]:
    """A version, as requests name it."""
    first = shipped().rules
    found = first if version == first.number else await reception.triager.versions.get(str(version))
    if found is None:
        raise UnknownRules
    return _shown(found)


@routes.put("/v1/triage-rules")
async def enact(reception: Deps, who: Ruler, new: Enactment) -> dict[str, Any]:
    """A newer version, in force at once."""
    named = {"by": who.subject, "reason": new.reason, "at": reception.clock.now()}
    return _shown((await reception.triager.enact(new.rules.as_version(new.after + 1, **named))).rules)


@routes.post("/v1/triage-rules/try")
async def tried(reception: Deps, _: Ruler, trial: Trial) -> Tried:
    """What these rules would have made of past requests. Nothing is changed."""
    compiled = await asyncio.to_thread(Compiled, trial.rules.as_version(1), stem)
    try:
        found = (await reception.store.listed_requests.found(Wanted(), trial.cursor, trial.limit)).items
    except ValueError:
        raise Problem(422, "bad-cursor", "cursor: берите его из поля next предыдущего ответа.") from None
    last = found[-1] if len(found) == trial.limit else None
    tale = await asyncio.to_thread(_compared, reception, compiled, found)
    return tale.model_copy(update={"next": None if last is None else place(last.registered_at, last.request_id)})


@routes.get("/v1/triage/confusion")
async def confusion(
    request: Request,
    reception: Deps,
    _: Counter,
    since: Annotated[date | None, Query(alias="from")] = None,
    until: date | None = None,
) -> Confusion:
    """How often rules and people differ, by the day of registration; the last 30 days, unless told otherwise."""
    zone = ZoneInfo(request.app.state.post.settings.company_zone)
    last = until or reception.clock.now().astimezone(zone).date()
    try:
        first = since or last - USUAL
        begin, end = (datetime.combine(day, time(), zone) for day in (first, last + timedelta(days=1)))
        counted = await reception.store.confusion(begin, end) if timedelta() <= last - first <= LONGEST else None
    except (OverflowError, ValueError):
        counted = None
    if counted is None:
        raise Problem(422, "bad-period", f"from и until: не дальше {LONGEST.days} дней друг от друга, по порядку.")
    table, rules = counted
    return Confusion(
        since=first,
        until=last,
        requests=sum(sum(row.values()) for row in table.values()),
        differ=sum(count for was, row in table.items() for became, count in row.items() if was != became),
        table=table,
        rules=[ByRule(rule=rule, requests=spoke, corrected=wrong) for rule, spoke, wrong in rules],
    )


def _compared(reception: Reception, rules: Compiled, requests: list[ServiceRequest]) -> Tried:
    judged = [request for request in requests if all(one.rule != GIVEN for one in request.triage.reasons)]
    changes, corrected, right_then, right_now = [], 0, 0, 0
    for request in judged:
        change = _again(reception, rules, request)
        if change.becomes != change.was:
            changes.append(change)
        if change.people is not None:
            corrected += 1
            right_then += change.people == change.was
            right_now += change.people == change.becomes
    return Tried(
        checked=len(judged),
        given=len(requests) - len(judged),
        changes=changes,
        corrected=corrected,
        right_then=right_then,
        right_now=right_now,
        next=None,
    )


def _again(reception: Reception, rules: Compiled, request: ServiceRequest) -> Changed:
    said = quotes.said(request.text) if request.channel == "email" else request.text
    around = reception.triager.circumstances(
        request.registered_at,
        None if request.client is None else request.client.zone,
        at_risk=any(reason.rule == DEBT for reason in request.triage.reasons),
    )
    found = judge(f"{request.subject}\n{said}", rules, None, around)
    return Changed(
        request_id=request.request_id,
        number=request.number,
        subject=request.subject,
        was=request.triage.priority,
        becomes=found.priority,
        people=request.corrections[-1].priority if request.corrections else None,
        reasons=tuple(f"{reason.rule}: {reason.evidence}" for reason in found.reasons),
    )


def _shown(rules: TriageRules) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(rules)
    return {"version": fields.pop("number")} | fields
