"""Who changed what, and why: written in the same write as the change itself, then linked into a chain.

    change ──▶ `trail.waiting` of the document (the same write) ──▶ a block of the chain ──▶ cleared

An entry holds every field that differs. A block holds entries and the hash of the block before it, so that nothing in
the past can be altered, left out or put in without every later hash telling (R-BASE-3).
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import Field, dataclass, fields, is_dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, Protocol, TypeVar

from shared.contracts.base import Decide, Decision

GENESIS = "0" * 64
"""What the first block names as the hash before it."""
NOT_CHANGES = frozenset({"trail", "revision", "asked_as"})
"""Bookkeeping of every document: follows from the rest of it."""
BOOKKEEPING: Mapping[str, bool] = {"bookkeeping": True}
"""The metadata of a field that is bookkeeping in its class alone: another's of the same name may be a person's word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field that differs; None where it is empty. `contacts.a1.phones` is a field of a part."""

    field: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """Who does something to the document `about` of a `kind`, when, and why."""

    kind: str
    about: str
    by: str
    at: datetime
    why: str


FORM = 2
"""How entries are made now."""
UNSPOKEN: Mapping[tuple[str, int], Mapping[str, str]] = {("conflict", 1): {"words": "decided_at"}}
"""Fields that entries about a kind of document, in an earlier form, kept silent about, and the field that changed with
them: what was decided in that form may hold words the chain never spoke of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What one deed changed. `number` counts the entries about one document, from 1."""

    entry_id: str
    kind: str
    about: str
    number: int
    at: datetime
    by: str
    why: str
    changes: tuple[Change, ...]
    form: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """How many entries a document has made, and those not yet in the chain."""

    made: int = 0
    waiting: tuple[Entry, ...] = ()


UNTOUCHED = Trail()


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A link of the chain. `number` counts from 1."""

    block_id: str
    number: int
    before: str
    """The hash of the block before."""
    entries: tuple[Entry, ...]
    hash: str


class Trailed(Protocol):
    """A state whose changes are kept. It is a frozen dataclass."""

    @property
    def trail(self) -> Trail: ...


S = TypeVar("S", bound=Trailed)


def kept(decide: Decide[S], deed: Deed) -> Decide[S]:
    """`decide`, with what it changes recorded as `deed`."""

    def decided(state: S | None) -> Decision[S]:
        decision = decide(state)
        if decision.state is state:
            return decision
        return Decision(recorded(state, decision.state, deed), decision.events)

    return decided


def recorded(before: S | None, after: S, deed: Deed) -> S:
    """`after` with an entry for every field that differs from `before`; as it is where none does."""
    changes = differences(values(before), values(after))
    if not changes:
        return after
    number = after.trail.made + 1
    entry = Entry(
        entry_id=f"{deed.kind}:{deed.about}:{number}",
        kind=deed.kind,
        about=deed.about,
        number=number,
        at=deed.at,
        by=deed.by,
        why=deed.why,
        changes=changes,
        form=FORM,
    )
    trail = Trail(made=number, waiting=(*after.trail.waiting, entry))
    known: Any = after
    changed: S = replace(known, trail=trail)
    return changed


def chained(state: S | None, entry_ids: frozenset[str]) -> Decision[S]:
    """The document without the waiting entries that are in the chain by now. Raises `KeyError` where it is gone."""
    if state is None:
        raise KeyError("no such document")
    waiting = tuple(entry for entry in state.trail.waiting if entry.entry_id not in entry_ids)
    if waiting == state.trail.waiting:
        return Decision(state)
    known: Any = state
    return Decision(replace(known, trail=replace(state.trail, waiting=waiting)))


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Change, ...]:
    """The fields that differ, in order of name."""
    return tuple(
        Change(field=field, before=before.get(field), after=after.get(field))
        for field in sorted(before.keys() | after.keys())
        if before.get(field) != after.get(field)
    )


def values(state: object) -> dict[str, str]:
    """Every field of a state that is not empty, as text; of one that says what of it is `audited`, of that alone."""
    return {} if state is None else dict(_values(getattr(state, "audited", state), ""))


def unusual(state: object) -> frozenset[str]:
    """The fields of a state that hold something else than a new one would: the chain must speak of each of them."""
    return frozenset(dict(_values(getattr(state, "audited", state), "", usual=False)))


def replayed(entries: Sequence[Entry]) -> dict[str, str | None]:
    """What the entries about one document, in order, say its fields hold."""
    return {change.field: change.after for entry in entries for change in entry.changes}


def unspoken(entries: Sequence[Entry]) -> frozenset[str]:
    """The fields of one document of which the chain could not speak, in the form its entries had then."""
    last = {change.field: (entry.kind, entry.form) for entry in entries for change in entry.changes}
    silent = ((name, last.get(witness) == place) for place, by in UNSPOKEN.items() for name, witness in by.items())
    return frozenset(name for name, found in silent if found) - last.keys()


def linked(before: Block | None, entries: tuple[Entry, ...]) -> Block:
    """The next block of the chain."""
    number = 1 if before is None else before.number + 1
    previous = GENESIS if before is None else before.hash
    found = digest(number, previous, entries)
    return Block(block_id=f"{number:012d}", number=number, before=previous, entries=entries, hash=found)


def broken(before: Block | None, block: Block) -> str | None:
    """What is wrong with `block` after `before`, in Russian; None where nothing is."""
    number, previous = (1, GENESIS) if before is None else (before.number + 1, before.hash)
    if block.number != number:
        return f"после звена {number - 1} идёт звено {block.number}"
    if block.before != previous:
        return f"звено {block.number} не продолжает звено {number - 1}"
    if block.hash != digest(block.number, block.before, block.entries):
        return f"содержание звена {block.number} изменено"
    return None


def digest(number: int, before: str, entries: Sequence[Entry]) -> str:
    """SHA-256 over everything a block says."""
    said = [
        [e.entry_id, e.kind, e.about, e.number, _moment(e.at), e.by, e.why]
        + [[change.field, change.before, change.after] for change in e.changes]
        + ([] if e.form == 1 else [e.form])
        for e in entries
    ]
    text = json.dumps([number, before, said], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _values(value: object, path: str, *, usual: bool = True) -> Iterator[tuple[str, str]]:
    """Every field below `path`; without the `usual` ones, which hold their default."""
    if is_dataclass(value):
        for field in fields(value):
            part = getattr(value, field.name)
            if (path or not _follows(field)) and (usual or part != field.default):
                yield from _values(part, f"{path}.{field.name}" if path else field.name, usual=usual)
    elif isinstance(value, tuple) and value and is_dataclass(value[0]):
        for number, part in enumerate(value, 1):
            yield from _values(part, f"{path}.{_name(part, number)}", usual=usual)
    elif value is not None and value not in {"", ()}:
        yield path, _text(value)


def _follows(field: Field[Any]) -> bool:
    return field.name in NOT_CHANGES or BOOKKEEPING.items() <= field.metadata.items()


def _name(part: object, number: int) -> object:
    """What one of several parts is called: by its own id, where it has one that does not come twice."""
    return getattr(part, "ask_id", getattr(part, "contact_id", number))


def _text(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case tuple():
            return ", ".join(map(_text, value))
        case datetime():
            return _moment(value)
        case date():
            return value.isoformat()
    return str(value)


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds")
