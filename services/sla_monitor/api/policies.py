"""The policy: the version in force, every version there was, a newer one, and what it would move."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Response
from pydantic import BaseModel

from services.sla_monitor.api.policy_forms import CalendarsForm, PolicyForm, VersionForm
from services.sla_monitor.api.wiring import Deps
from services.sla_monitor.domain.checking import Fault, faults
from services.sla_monitor.domain.policies import Version
from services.sla_monitor.previewing import Preview
from shared.calendar import written
from shared.contracts.sla_monitor import About, ClockName
from shared.http.auth import Principal, requires
from shared.http.paging import Page, Paged, Paging
from shared.http.problems import Problem

AROUND = timedelta(hours=1)
"""How far ahead a version may come into force, and for how long a preview of it can be paged through."""
SHOWN = 5
"""Faults the text names; the list beside it has all."""
DIGITS = 9
"""Longer numbers are none of ours."""

routes = APIRouter(prefix="/v1/policies", tags=["policies"])

Reader = Annotated[Principal, Depends(requires("manager", "lead", "director", "service"))]
Looker = Annotated[Principal, Depends(requires("lead", "director"))]
Director = Annotated[Principal, Depends(requires("director"))]


class VersionHead(BaseModel):
    """Which version, from when, made when, by whom and why."""

    version: int
    since: datetime
    made: datetime
    by: str
    reason: str
    applies_to_open: bool
    in_force: bool
    applied: bool
    """It has gone through the timelines it concerns."""


class VersionView(VersionHead):
    """A whole version."""

    clocks: list[PolicyForm]
    calendars: CalendarsForm
    company_zone: str


class MoveView(BaseModel):
    """An obligation that would be due otherwise; `due_after` is null where nothing would be due any more."""

    about: About
    about_id: str
    number: str | None
    clock: ClockName
    obligation_id: str
    due_before: datetime | None
    due_after: datetime | None
    warn_before: datetime | None
    warn_after: datetime | None


class PreviewView(BaseModel):
    """What a version would move among some of what is open; ask on with `cursor` = `next` until that is null."""

    since: datetime
    """What was assumed; send it along to get exactly this."""
    checked: int
    items: list[MoveView]
    next: str | None


@routes.get("")
async def policy(
    deps: Deps, _: Reader, response: Response, version: Annotated[int | None, Query(ge=1, le=10**9)] = None
) -> VersionView:
    """The newest version, or the one asked for. Its `ETag` is what `If-Match` of a newer one names."""
    await deps.book.refresh()
    shown = await deps.book.version(version or deps.monitor.rules.newest.number)
    response.headers["ETag"] = f'"{shown.number}"'
    return _view(deps, shown)


@routes.get("/history")
async def history(deps: Deps, _: Reader, paging: Paged) -> Page[VersionHead]:
    """Every version, the newest first."""
    await deps.book.refresh()
    after = _after(paging)
    newest = deps.monitor.rules.newest.number
    first = newest if after is None else min(after - 1, newest)
    numbers = range(first, max(first - paging.limit - 1, 0), -1)
    page = paging.page([await deps.book.version(number) for number in numbers], lambda one: str(one.number))
    return Page(items=[VersionHead(**_head(deps, one)) for one in page.items], next=page.next)


@routes.put("")
async def enact(
    deps: Deps,
    who: Director,
    response: Response,
    body: VersionForm,
    if_match: Annotated[str | None, Header(description='The version it follows: `"3"`.')] = None,
) -> VersionView:
    """A newer version: in force a few seconds later, for what starts from then on, or for what is open, too."""
    number = _matched(if_match)
    await deps.book.refresh()
    since = _since(deps, body, deps.book.soonest())
    version = _checked(deps, body, number + 1, who.subject, since)
    made = await deps.book.enact(version)
    response.headers["ETag"] = f'"{made.number}"'
    return _view(deps, made)


@routes.post("/preview")
async def preview(
    deps: Deps,
    who: Looker,
    body: VersionForm,
    limit: Annotated[int, Query(ge=1, le=1000, description="How many of what is open to look at.")] = 200,
    cursor: Annotated[str | None, Query(min_length=1, max_length=400)] = None,
) -> PreviewView:
    """Every due time such a version would move, by what is known now: page by page, and nothing is changed."""
    await deps.book.refresh()
    since = _since(deps, body, deps.monitor.clock.now() - AROUND)
    version = _checked(deps, body, deps.monitor.rules.newest.number + 1, who.subject, since)
    found = await Preview(deps.monitor).page(version, cursor, limit)
    items = [MoveView.model_validate(one, from_attributes=True) for one in found.moves]
    return PreviewView(since=version.since, checked=found.checked, items=items, next=found.next)


def _since(deps: Deps, body: VersionForm, first: datetime) -> datetime:
    """From when it is to be in force: as soon as every replica knows it unless the body says when."""
    soonest = deps.book.soonest()
    if body.since is None:
        return soonest
    if not first <= body.since <= soonest + AROUND:
        earliest = written(_whole_second(first), deps.company_zone, seconds=True)
        says = f"since: не раньше {earliest} (о версии должны узнать все) и не дальше часа вперёд."
        raise Problem(422, "bad-since", says)
    return body.since


def _whole_second(moment: datetime) -> datetime:
    """The first whole second that is not before it: as it is written it must be taken."""
    return moment + timedelta(microseconds=-moment.microsecond % 10**6)


def _checked(deps: Deps, body: VersionForm, number: int, by: str, since: datetime) -> Version:
    made = deps.monitor.clock.now()
    version = body.version(number, since=since, made=made, by=by, zone=deps.company_zone)
    found = faults(version)
    if found:
        raise refused(found)
    return version


def refused(found: list[Fault]) -> Problem:
    """All that is wrong with a version."""
    detail = "; ".join(f"{fault.field}: {fault.message}" for fault in found[:SHOWN])
    return Problem(
        422, "bad-policy", detail, errors=[{"field": fault.field, "message": fault.message} for fault in found]
    )


def _matched(if_match: str | None) -> int:
    if if_match is None:
        raise Problem(
            428, "if-match-required", 'If-Match: назовите версию, которую видели (ETag из GET), например "3".'
        )
    number = _number(if_match.strip().strip('"'))
    if number is None:
        raise Problem(422, "bad-if-match", 'If-Match: номер версии в кавычках, например "3".')
    return number


def _after(paging: Paging) -> int | None:
    if paging.after is None:
        return None
    number = _number(paging.after)
    if number is None:
        raise Problem(422, "bad-cursor", "cursor: берите его из поля next предыдущей страницы.")
    return number


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= DIGITS else None


def _view(deps: Deps, version: Version) -> VersionView:
    return VersionView(
        **_head(deps, version),
        clocks=[PolicyForm.of(one) for one in version.clocks],
        calendars=CalendarsForm.of(version.calendars),
        company_zone=version.calendars.zone,
    )


def _head(deps: Deps, version: Version) -> dict[str, object]:
    return {
        "version": version.number,
        "since": version.since,
        "made": version.made,
        "by": version.by,
        "reason": version.reason,
        "applies_to_open": version.applies_to_open,
        "in_force": deps.monitor.rules.at(deps.monitor.clock.now()).number == version.number,
        "applied": deps.book.applied >= version.number,
    }
