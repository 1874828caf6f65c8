"""Who changed what: the history of a document, and the proof that nobody touched it (R-BASE-3)."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query

from services.accounts import audit
from services.accounts.api.fields import Deps, Director, Reader, View, check_base
from services.accounts.api.proposals import check_involved
from services.accounts.office import Office
from shared.http.paging import Page, Paged, Paging, bad_cursor
from shared.http.problems import Problem

routes = APIRouter(prefix="/v1", tags=["audit"])

Number = Annotated[int | None, Query(ge=1, description="Of a block noted down earlier.")]
Hash = Annotated[str | None, Query(pattern=r"^[0-9a-f]{64}$", description="Of that block.")]


class ChangeView(View):
    """One field that changed; null where it was, or is, empty."""

    field: str
    before: str | None
    after: str | None


class EntryView(View):
    """What one deed changed."""

    entry_id: str
    number: int
    at: datetime
    by: str
    why: str
    changes: tuple[ChangeView, ...]


class HeadView(View):
    """The end of the chain. Noted down elsewhere, it proves later that nothing was cut off."""

    number: int
    hash: str


class VerdictView(View):
    """What a look through everything found."""

    intact: bool
    blocks: int
    entries: int
    documents: int
    head: HeadView | None
    faults: tuple[str, ...]
    """What is wrong and where, at most 100."""


@routes.get("/clients/{client_id}/history")
async def client_history(office: Deps, who: Reader, client_id: str, paging: Paged) -> Page[EntryView]:
    """Every change of a client, by whom and why, the newest first."""
    check_base(who, (await office.client(client_id)).manager_id)
    return await history_page(office, "client", client_id, paging)


@routes.get("/managers/{manager_id}/history")
async def manager_history(office: Deps, who: Reader, manager_id: str, paging: Paged) -> Page[EntryView]:
    """Every change of a manager; a manager sees their own."""
    check_base(who, manager_id)
    await office.manager(manager_id)
    return await history_page(office, "manager", manager_id, paging)


@routes.get("/proposals/{proposal_id}/history")
async def proposal_history(office: Deps, who: Reader, proposal_id: str, paging: Paged) -> Page[EntryView]:
    """Who proposed, attached, confirmed or refused."""
    proposal = await office.proposal(proposal_id)
    check_involved(who, proposal)
    return await history_page(office, "proposal", proposal_id, paging)


@routes.get("/audit/verify")
async def verify(office: Deps, _: Director, number: Number = None, hash: Hash = None) -> VerdictView:  # noqa: A002
    """Recompute the whole chain, and hold every document against it."""
    if (number is None) != (hash is None):
        raise Problem(422, "invalid", "number и hash называют вместе: это звено, записанное раньше.")
    remembered = audit.Head(number, hash) if number is not None and hash is not None else None
    return VerdictView.model_validate(await audit.verify(office, remembered))


async def history_page(office: Office, kind: str, about: str, paging: Paging) -> Page[EntryView]:
    """The entries about one document, the newest first."""
    if paging.after is not None and not (paging.after.isdecimal() and paging.after.isascii()):
        raise bad_cursor()
    after = None if paging.after is None else min(int(paging.after[:9]), 10**9)
    found = await audit.history(office, kind, about, after, paging.limit + 1)
    return paging.page([EntryView.model_validate(entry) for entry in found], lambda entry: str(entry.number))
