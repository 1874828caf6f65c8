"""The chain of what was changed and by whom: links what documents have waiting, shows it, and proves it untouched.

What a replica links is kept by whoever inserts the next block first; the other finds it there and looks again.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec

from services.accounts.domain.trail import (
    Block,
    Entry,
    Trailed,
    broken,
    chained,
    linked,
    replayed,
    unspoken,
    unusual,
    values,
)
from services.accounts.office import Office
from services.accounts.store import Store
from shared.contracts.base import Decision
from shared.store import Documents

LINKED_TOGETHER = 200
"""Entries of one block at most."""
BLOCKS_AT_ONCE = 50
DOCUMENTS_AT_ONCE = 200
FAULTS_SHOWN = 100
LOOKS = 3
"""How often a document that seems wrong is looked at, since somebody may be changing it."""


class Taken(Exception):
    """Another replica linked this block first."""


@dataclass(frozen=True, slots=True)
class Head:
    """The last block: whoever keeps it elsewhere can tell later whether the end of the chain was cut off."""

    number: int
    hash: str


@dataclass(slots=True)
class Verdict:
    """What a look through the whole chain found."""

    blocks: int = 0
    entries: int = 0
    head: Head | None = None
    documents: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def intact(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults

    def blame(self, fault: str | None) -> None:
        """Remember what is wrong, where something is."""
        if fault is not None and len(self.faults) < FAULTS_SHOWN:
            self.faults.append(fault)


async def keep_linking(office: Office, every_seconds: float) -> None:
    """For ever: link what waits."""
    while True:
        while await link_once(office):
            pass
        await asyncio.sleep(every_seconds)


async def link_once(office: Office) -> bool:
    """Link some of what waits; False where nothing does."""
    # The head is read first: a block another replica links after it makes ours be refused.
    head = await office.store.last_block()
    waiting = [entry for documents in office.store.trailed.values() for entry in await _waiting(documents)]
    if not waiting:
        return False
    known = await office.store.chained_among([entry.entry_id for entry in waiting])
    fresh = tuple(entry for entry in waiting if entry.entry_id not in known)[:LINKED_TOGETHER]
    if fresh and not await _linked(office.store, linked(head, fresh)):
        return True
    done = known | {entry.entry_id for entry in fresh}
    about = {(entry.kind, entry.about) for entry in waiting if entry.entry_id in done}
    await asyncio.gather(
        *(office.store.trailed[kind].step(key, partial(chained, entry_ids=frozenset(done))) for kind, key in about)
    )
    return True


async def history(office: Office, kind: str, about: str, after: int | None, limit: int) -> list[Entry]:
    """The entries about one document, the newest first; those with a smaller number than `after`."""
    state: Trailed | None = await office.store.trailed[kind].get(about)
    found = {entry.number: entry for entry in await office.store.chained_about(kind, about, after, limit)}
    for entry in state.trail.waiting if state else ():
        if after is None or entry.number < after:
            found[entry.number] = entry
    return [found[number] for number in sorted(found, reverse=True)][:limit]


async def verify(office: Office, remembered: Head | None = None) -> Verdict:
    """Look through every block, then hold every document against what the chain says of it.

    `remembered` is a head noted down earlier, which must still be there.
    """
    verdict = Verdict()
    try:
        abouts = await _verify_chain(office.store, verdict, remembered)
    except msgspec.ValidationError as error:
        verdict.blame(f"звено {verdict.blocks + 1} или одно из следующих не читается: {error}")
        return verdict
    for kind, documents in office.store.trailed.items():
        seen = await _verify_documents(office.store, kind, documents, verdict)
        unseen = sorted(abouts.get(kind, set()) - seen)
        for start in range(0, len(unseen), DOCUMENTS_AT_ONCE):
            await _verify_some(office.store, kind, documents, unseen[start : start + DOCUMENTS_AT_ONCE], verdict)
    return verdict


async def _verify_chain(store: Store, verdict: Verdict, remembered: Head | None) -> dict[str, set[str]]:
    abouts: dict[str, set[str]] = {}
    before: Block | None = None
    kept = remembered is None
    while blocks := await store.blocks_after(before, BLOCKS_AT_ONCE):
        for fault in await asyncio.to_thread(_faults, before, blocks):
            verdict.blame(fault)
        for block in blocks:
            kept = kept or remembered == Head(block.number, block.hash)
            for entry in block.entries:
                abouts.setdefault(entry.kind, set()).add(entry.about)
        verdict.blocks += len(blocks)
        verdict.entries += sum(len(block.entries) for block in blocks)
        before = blocks[-1]
    if not kept and remembered is not None:
        verdict.blame(f"звена {remembered.number} с записанным хешем нет: конец журнала обрезан или переписан")
    verdict.head = Head(before.number, before.hash) if before else None
    return abouts


def _faults(before: Block | None, blocks: Sequence[Block]) -> list[str]:
    pairs = zip([before, *blocks], blocks, strict=False)
    return [fault for previous, block in pairs if (fault := broken(previous, block))]


async def _verify_documents(store: Store, kind: str, documents: Documents[Any], verdict: Verdict) -> set[str]:
    seen: set[str] = set()
    last = ""
    while keys := await store.keys_after(kind, last, DOCUMENTS_AT_ONCE):
        await _verify_some(store, kind, documents, keys, verdict)
        seen.update(keys)
        last = keys[-1]
    return seen


async def _verify_some(
    store: Store, kind: str, documents: Documents[Any], keys: Sequence[str], verdict: Verdict
) -> None:
    for key, fault in (await _look(store, kind, documents, keys)).items():
        verdict.blame(f"{kind} {key}: {fault}")
    verdict.documents += len(keys)


async def _look(store: Store, kind: str, documents: Documents[Any], keys: Sequence[str]) -> dict[str, str]:
    """What is wrong with these documents; they may change while they are looked at, so what seems wrong is looked at
    again."""
    wrong: dict[str, str] = {}
    left = list(keys)
    for _ in range(LOOKS):
        states = await asyncio.gather(*(documents.get(key) for key in left), return_exceptions=True)
        entries = await store.chained_of(kind, left)
        wrong = await asyncio.to_thread(_contradictions, list(zip(left, states, strict=True)), entries)
        left = list(wrong)
        if not left:
            break
    return wrong


def _contradictions(
    states: Sequence[tuple[str, Trailed | BaseException | None]], entries: Mapping[str, Sequence[Entry]]
) -> dict[str, str]:
    return {key: fault for key, state in states if (fault := _contradiction(state, entries.get(key, ())))}


def _contradiction(state: Trailed | BaseException | None, entries: Sequence[Entry]) -> str | None:
    if state is None:
        return "в журнале есть, а документа нет"
    if isinstance(state, BaseException):
        return f"не читается: {state}"
    chain = {entry.number: entry for entry in (*entries, *state.trail.waiting)}
    if not chain and not state.trail.made:
        return "в журнале о нём ничего нет"
    if sorted(chain) != list(range(1, state.trail.made + 1)):
        return f"документ сделал записей: {state.trail.made}, в журнале их {len(chain)}"
    now = values(state)
    entries = [chain[number] for number in sorted(chain)]
    said = replayed(entries)
    odd = {name for name, value in said.items() if now.get(name) != value} | (unusual(state) - said.keys())
    odd -= unspoken(entries)
    return f"в документе не то, что в журнале: {', '.join(sorted(odd))}" if odd else None


async def _waiting(documents: Documents[Any]) -> list[Entry]:
    where, sort = {"trail.waiting.entry_id": {"$exists": True}}, (("trail.waiting.entry_id", 1),)
    found = await documents.find(where, sort=sort, limit=LINKED_TOGETHER)
    return [entry for state in found for entry in state.trail.waiting]


async def _linked(store: Store, block: Block) -> bool:
    def decide(known: Block | None) -> Decision[Block]:
        if known is not None:
            raise Taken
        return Decision(block)

    try:
        await store.blocks.step(block.block_id, decide, new=True)
    except Taken:
        return False
    return True
