"""Taking a base of clients from a CSV or XLSX file: plan against what is recorded, write unless told not to, report."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from services.accounts import conflicts
from services.accounts.domain.client import Client
from services.accounts.domain.opening import NotTaken, Taking
from services.accounts.domain.refusals import WrongValue
from services.accounts.importing.cells import Fault, Managers
from services.accounts.importing.sheet import Entry, Sheet, read
from services.accounts.metrics import IMPORT_ROWS
from services.accounts.office import Office
from services.accounts.store import MANAGERS_LIMIT
from services.accounts.values import Unfit
from shared.contracts.accounts import ClientRegistered
from shared.contracts.base import Event
from shared.ids import derived_id
from shared.store import DuplicateKey

TOGETHER = 250
"""Clients written at the same time."""

Outcome = Literal["created", "changed", "unchanged"]
Result = Outcome | tuple[Fault, ...]


class Order(BaseModel):
    """What the person who sends a file wants."""

    manager_id: Annotated[str | None, Field(description="Who gets the clients whose rows name nobody.")] = None
    dry_run: Annotated[bool, Field(description="Only report.")] = False
    all_or_nothing: Annotated[bool, Field(description="Take nothing where a single row is bad.")] = False
    unusual_fees: Annotated[bool, Field(description="Fees that are not between 6 900 and 250 000 ₽ are meant.")] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What became, or without writing would become, of one row."""

    line: int
    inn: str
    outcome: Outcome | Literal["refused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What became of a file, row by row and client by client."""

    dry_run: bool
    written: bool
    """False where it was a dry run, or a bad row kept all of it out."""
    rows: int
    rows_taken: int
    rows_refused: int
    clients_created: int
    clients_changed: int
    clients_unchanged: int
    ignored_columns: tuple[str, ...]
    faults: tuple[Fault, ...]
    lines: tuple[Line, ...]
    """Every row in order; what is wrong with a refused one stands in `faults`."""


async def import_base(office: Office, by: str, body: bytes, order: Order) -> Report:
    """Take the clients of the CSV or XLSX file `body`, sent `by` somebody. The same file again changes nothing.

    Raises `Unreadable` where the file as a whole cannot be taken, `UnknownManager` for the order's manager.
    """
    if order.manager_id is not None:
        await office.manager(order.manager_id)
    people = await office.store.managers_after(None, MANAGERS_LIMIT)
    managers = Managers.of({each.manager_id: each.name for each in people}, order.manager_id)
    sheet = await asyncio.to_thread(read, body, managers)
    taking = Taking(
        new_id=office.new_id,
        at=office.now(),
        today=office.today(),
        zone=office.zone,
        working={each.manager_id: each.hired for each in people if each.works_on(office.today())},
        unusual_fees=order.unusual_fees,
    )
    recorded = _meant(sheet, await office.store.clients_by_inn(entry.listed.inn for entry in sheet.entries))
    results = await asyncio.to_thread(_plan, taking, sheet, recorded)
    bad = sheet.faults or any(isinstance(result, tuple) for result in results.values())
    write = not order.dry_run and not (order.all_or_nothing and bad)
    if write:
        good = [entry for entry in sheet.entries if not isinstance(results[entry.listed.inn], tuple)]
        results |= await _written(office, by, taking, good, recorded)
    report = _report(sheet, results, dry_run=order.dry_run, written=write)
    if write:
        phones = (phone for entry in sheet.entries for each in entry.listed.contacts for phone in each.phones)
        await conflicts.look_after_many(office, phones)
        IMPORT_ROWS.labels(outcome="taken").inc(report.rows_taken)
        IMPORT_ROWS.labels(outcome="refused").inc(report.rows_refused)
    return report


def _report(sheet: Sheet, results: Mapping[str, Result], *, dry_run: bool, written: bool) -> Report:
    faults = [*sheet.faults, *(fault for result in results.values() if isinstance(result, tuple) for fault in result)]
    clients = Counter(result for result in results.values() if not isinstance(result, tuple))
    refused = len({fault.line for fault in faults})
    return Report(
        dry_run=dry_run,
        written=written,
        rows=sheet.rows,
        rows_taken=sheet.rows - refused,
        rows_refused=refused,
        clients_created=clients["created"],
        clients_changed=clients["changed"],
        clients_unchanged=clients["unchanged"],
        ignored_columns=sheet.columns.ignored,
        faults=tuple(sorted(faults, key=lambda fault: fault.line)),
        lines=tuple(sorted(_lines(sheet, results), key=lambda line: line.line)),
    )


def _lines(sheet: Sheet, results: Mapping[str, Result]) -> Iterator[Line]:
    for number in sorted({fault.line for fault in sheet.faults}):
        yield Line(line=number, inn="", outcome="refused")
    for entry in sheet.entries:
        result = results[entry.listed.inn]
        for row in entry.rows:
            yield Line(line=row.line, inn=entry.listed.inn, outcome="refused" if isinstance(result, tuple) else result)


def _plan(taking: Taking, sheet: Sheet, recorded: Mapping[str, Client]) -> dict[str, Result]:
    return {entry.listed.inn: _planned(taking, entry, recorded.get(entry.listed.inn)) for entry in sheet.entries}


def _planned(taking: Taking, entry: Entry, client: Client | None) -> Result:
    """What taking the entry would do, as things stand."""
    try:
        return _outcome(taking.take(client, entry.listed, _id_for(client, entry)).events)
    except (NotTaken, WrongValue) as refusal:
        return _faults(entry, refusal)


def _meant(sheet: Sheet, recorded: Mapping[tuple[str, str | None], Client]) -> dict[str, Client]:
    """The recorded client each entry means, by INN: the branch with its KPP, else the one that is no branch."""
    found = {}
    for entry in sheet.entries:
        inn, kpp = entry.listed.inn, entry.listed.kpp
        client = (recorded.get((inn, kpp)) if kpp else None) or recorded.get((inn, None))
        if client is not None:
            found[inn] = client
    return found


async def _written(
    office: Office, by: str, taking: Taking, entries: list[Entry], recorded: Mapping[str, Client]
) -> dict[str, Result]:
    results: dict[str, Result] = {}
    for start in range(0, len(entries), TOGETHER):
        some = entries[start : start + TOGETHER]
        done = await asyncio.gather(
            *(_taken(office, by, taking, entry, _id_for(recorded.get(entry.listed.inn), entry)) for entry in some)
        )
        results |= {entry.listed.inn: result for entry, result in zip(some, done, strict=True)}
    return results


async def _taken(office: Office, by: str, taking: Taking, entry: Entry, client_id: str) -> Result:
    try:
        decide = partial(taking.take, listed=entry.listed, client_id=client_id)
        stepped = await office.clients_step(client_id, decide, by=by, why="из списка")
    except (NotTaken, WrongValue) as refusal:
        return _faults(entry, refusal)
    except DuplicateKey:
        return entry.fault("inn", Unfit("такой клиент только что появился", "отправьте файл ещё раз"))
    return _outcome(stepped.events)


def _id_for(client: Client | None, entry: Entry) -> str:
    return client.client_id if client else derived_id("client", "inn", entry.listed.inn)


def _outcome(events: tuple[Event, ...]) -> Outcome:
    if not events:
        return "unchanged"
    return "created" if isinstance(events[0], ClientRegistered) else "changed"


def _faults(entry: Entry, refusal: NotTaken | WrongValue) -> tuple[Fault, ...]:
    if isinstance(refusal, NotTaken):
        return entry.fault(refusal.field, Unfit(refusal.wrong, refusal.advice))
    error = refusal.errors[0]
    return entry.fault(error["field"], Unfit(error["message"], "исправьте строку"))
