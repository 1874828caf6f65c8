"""`/v1/conflicts`: phones of two accountants and INNs of two clients, which a person decides about, and СНИЛС of two
managers, which a director puts right."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from services.accounts import conflicts
from services.accounts.api.audit import EntryView, history_page
from services.accounts.api.fields import SEES_ALL, Body, Deps, Id, Keeper, Reader, Text, View
from services.accounts.domain.conflict import Choice, Condition, Kind
from services.accounts.domain.refusals import NotYourBase, UnknownConflict
from services.accounts.office import known
from shared.http.paging import Page, Paged

routes = APIRouter(prefix="/v1/conflicts", tags=["conflicts"])


class PartyView(View):
    """Who has it."""

    client_id: str
    client_name: str
    manager_id: str
    contact_id: str | None
    contact_name: str | None


class SnilsHolderView(View):
    """A manager who has it."""

    manager_id: str
    name: str


class ConflictView(View):
    """A phone, an INN or a СНИЛС that several have, and what was decided."""

    conflict_id: str
    kind: Kind
    value: str
    parties: tuple[PartyView, ...]
    found_at: datetime
    state: Condition
    choice: Choice | None
    contact_id: str | None
    decided_by: str | None
    decided_at: datetime | None
    words: str | None
    holders: Annotated[tuple[SnilsHolderView, ...], Field(description="The managers, of a СНИЛС; it has no parties.")]


class Word(Body):
    """`shared`: all of them have it; `belongs_to`: it is the phone of `contact_id` alone, and taken from the others."""

    choice: Choice
    contact_id: Id | None = None
    words: Text | None = None


@routes.get("")
async def listed(
    office: Deps,
    who: Reader,
    paging: Paged,
    state: Annotated[Condition, Query()] = "open",
    kind: Annotated[Kind | None, Query()] = None,
) -> Page[ConflictView]:
    """Conflicts; a manager sees those that touch their base (no СНИЛС: those are numbers of the payroll)."""
    where: dict[str, Any] = {"state": state} | ({} if kind is None else {"kind": kind})
    if not who.has(*SEES_ALL):
        where["parties.manager_id"] = who.subject
    found = await office.store.conflicts_where(where, paging.after, paging.limit + 1)
    views = [ConflictView.model_validate(each) for each in found]
    return paging.page(views, lambda each: each.conflict_id)


@routes.get("/{conflict_id}/history")
async def history(office: Deps, who: Reader, conflict_id: str, paging: Paged) -> Page[EntryView]:
    """How it was found, and who decided what, the newest first."""
    found = known(await office.store.conflicts.get(conflict_id), UnknownConflict)
    if not who.has(*SEES_ALL) and who.subject not in {party.manager_id for party in found.parties}:
        raise NotYourBase
    return await history_page(office, "conflict", conflict_id, paging)


@routes.post("/{conflict_id}/decide")
async def decide(office: Deps, who: Keeper, conflict_id: str, word: Word) -> ConflictView:
    """A person's word; a manager's where all of it is in their own base."""
    found = known(await office.store.conflicts.get(conflict_id), UnknownConflict)
    if not who.has(*SEES_ALL) and {party.manager_id for party in found.parties} != {who.subject}:
        raise NotYourBase
    decided = await conflicts.decide(
        office, conflict_id, who.subject, choice=word.choice, contact_id=word.contact_id, words=word.words
    )
    return ConflictView.model_validate(decided)
