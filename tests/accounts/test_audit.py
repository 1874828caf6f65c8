"""Every change is kept with who did it, and whoever touches it afterwards is found out (R-BASE-3)."""

import asyncio
from dataclasses import fields, replace
from decimal import Decimal
from typing import Any

import pytest

from services.accounts import audit
from services.accounts.domain import trail
from services.accounts.domain.client import Client
from services.accounts.domain.conflict import Conflict
from services.accounts.domain.contact_calls import ContactCall
from services.accounts.domain.fans import Asks
from services.accounts.domain.manager import Manager
from services.accounts.domain.matters import Given
from services.accounts.domain.proposal import Proposal
from services.accounts.domain.prospects import Prospect
from services.accounts.domain.trail import Deed, broken, linked, recorded, values
from tests.accounts.conftest import Doors
from tests.accounts.samples import AT, client, contact
from tests.kit import eventually, token

MARIA = token("manager", subject="m1")
DEED = Deed(kind="client", about="c1", by="d1", at=AT, why="описан заново")


def test_every_field_that_differs_is_recorded_with_its_values_before_and_after() -> None:
    before = client()
    after = replace(before, name="Гимназия", contacts=(contact(phones=("+73912000009",), role="главный бухгалтер"),))
    (entry,) = recorded(before, after, DEED).trail.waiting
    assert [(change.field, change.before, change.after) for change in entry.changes] == [
        ("contacts.a1.phones", "+73912000001", "+73912000009"),
        ("contacts.a1.role", None, "главный бухгалтер"),
        ("name", "Школа № 1", "Гимназия"),
    ]
    assert (entry.entry_id, entry.by, entry.why) == ("client:c1:1", "d1", "описан заново")
    assert recorded(before, before, DEED) is before


def filled(kind: type[Any]) -> Any:
    """A document of which every field holds something."""
    texts = {each.name: f"«{each.name}»" for each in fields(kind) if each.name != "trail"}
    return kind(**texts)


@pytest.mark.parametrize(
    ("kind", "bookkeeping"),
    [
        (Manager, {"revision", "asked_as"}),
        (Client, {"asked_as", "words", "moved_on", "revision"}),
        (Proposal, {"asked_as"}),
        (Conflict, set[str]()),
        (ContactCall, {"settled"}),
        (Asks, set[str]()),
        (Prospect, {"revision", "asked_as"}),
        (Given, set[str]()),
    ],
)
def test_every_field_of_a_document_is_in_the_chain_but_its_bookkeeping(kind: type[Any], bookkeeping: set[str]) -> None:
    every = {each.name for each in fields(kind)} - {"trail"}
    assert set(values(filled(kind))) == every - bookkeeping


async def test_every_kind_of_document_in_the_chain_is_looked_at_above(doors: Doors) -> None:
    kinds = {"manager", "client", "proposal", "conflict", "prospect", "asks", "contact_call", "control"}
    assert set(doors.office.store.trailed) == kinds


def test_whatever_is_altered_in_a_chain_breaks_it() -> None:
    entries = recorded(None, client(), DEED).trail.waiting
    first = linked(None, entries)
    second = linked(first, entries)
    assert broken(None, first) is None
    assert broken(first, second) is None
    forged = replace(entries[0], by="nobody")
    assert broken(None, replace(first, entries=(forged,))) is not None
    assert broken(None, replace(linked(None, (forged,)), hash=first.hash)) is not None
    assert broken(linked(None, (forged,)), second) is not None
    assert broken(None, second) is not None


async def linked_up(doors: Doors) -> None:
    """Everything that waits is in the chain."""

    async def none_waits() -> bool:
        await audit.link_once(doors.office)
        where = {"trail.waiting.entry_id": {"$exists": True}}
        return not sum([await each.count(where) for each in doors.office.store.trailed.values()])

    await eventually(none_waits)


async def verdict(doors: Doors, query: str = "") -> dict[str, Any]:
    answer = await doors.get(f"/v1/audit/verify{query}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_the_history_of_a_client_says_who_changed_what_from_the_first_moment(doors: Doors) -> None:
    own = await doors.client()
    await doors.http.patch(f"/v1/clients/{own}", json={"name": "Гимназия № 1"}, headers=MARIA)
    await doors.confirmed(kind="fee", client_id=own, fee="25000", effective="2026-10-10")
    for _ in range(2):
        page = (await doors.get(f"/v1/clients/{own}/history")).json()
        assert [(entry["number"], entry["by"]) for entry in page["items"]] == [(3, "d2"), (2, "m1"), (1, "d1")]
        (name,) = page["items"][1]["changes"]
        assert name == {"field": "name", "before": "Школа № 1", "after": "Гимназия № 1"}
        assert {"field": "fee", "before": "20000.00", "after": "25000.00"} in page["items"][0]["changes"]
        await linked_up(doors)
    last = (await doors.get(f"/v1/clients/{own}/history?limit=2")).json()
    rest = (await doors.get(f"/v1/clients/{own}/history?cursor={last['next']}")).json()
    assert [entry["number"] for entry in rest["items"]] == [1]
    assert (await doors.get(f"/v1/clients/{own}/history?cursor=x")).status_code == 422


async def test_a_history_is_for_those_who_see_the_document(doors: Doors) -> None:
    foreign = await doors.client(manager_id="m2")
    waiting = await doors.proposed(kind="lost", client_id=foreign, reason="конкурент")
    for path in (f"clients/{foreign}", "managers/m2", f"proposals/{waiting}"):
        assert (await doors.get(f"/v1/{path}/history", MARIA)).status_code == 403, path
        assert len((await doors.get(f"/v1/{path}/history")).json()["items"]) == 1, path
    assert (await doors.get("/v1/audit/verify", MARIA)).status_code == 403
    assert (await doors.get("/v1/clients/nobody/history")).status_code == 404


async def test_an_untouched_chain_is_intact_while_it_is_written_by_several(doors: Doors) -> None:
    clients = [await doors.client(contacts=[]) for _ in range(4)]
    await doors.confirmed(kind="lost", client_id=clients[0], reason="конкурент")
    await asyncio.gather(*(audit.link_once(doors.office) for _ in range(6)))
    await linked_up(doors)
    found = await verdict(doors)
    assert (found["intact"], found["faults"]) == (True, [])
    assert found["entries"] == 1 + 5 + 3, "a manager, five deeds on clients, a proposal made, confirmed and settled"
    ids = [entry.entry_id for block in await doors.office.store.blocks_after(None, 100) for entry in block.entries]
    assert len(ids) == len(set(ids))


TAMPERED: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("audit", {"number": 1}, {"$set": {"entries.0.by": "somebody"}}, "содержание звена 1 изменено"),
    ("audit", {"number": 1}, {"$set": {"entries.0.changes": []}}, "содержание звена 1 изменено"),
    ("audit", {"number": 1}, {"$set": {"entries.0.number": "x"}}, "не читается"),
    ("clients", {}, {"$set": {"fee": Decimal("1.00")}}, "в документе не то, что в журнале: fee"),
    ("clients", {}, {"$set": {"name": 5}}, "не читается"),
    ("clients", {}, {"$set": {"trail.made": 7}}, "документ сделал записей: 7"),
    ("clients", {}, {"$set": {"kpp": "246601001"}}, "в документе не то, что в журнале: kpp"),
    (
        "clients",
        {},
        {"$push": {"stays.0.fees": {"effective": "2026-10-01", "fee": Decimal("90000.00")}}},
        "в документе не то, что в журнале: stays.1.fees.2.effective, stays.1.fees.2.fee",
    ),
    ("managers", {}, {"$unset": {"trail": 1}}, "manager m1: документ сделал записей: 0"),
]


@pytest.mark.parametrize(("collection", "which", "change", "fault"), TAMPERED)
async def test_who_writes_past_the_program_is_found_out(
    doors: Doors, collection: str, which: dict[str, Any], change: dict[str, Any], fault: str
) -> None:
    await doors.client()
    await linked_up(doors)
    await doors.office.store.clients.collection.database[collection].update_one(which, change)
    found = await verdict(doors)
    assert not found["intact"]
    assert any(fault in each for each in found["faults"]), found["faults"]


async def test_a_chain_cut_off_or_a_document_removed_is_found_out(doors: Doors) -> None:
    await doors.client()
    await linked_up(doors)
    head = (await verdict(doors))["head"]
    assert (await verdict(doors, f"?number={head['number']}&hash={head['hash']}"))["intact"]
    blocks = doors.office.store.blocks.collection
    await blocks.delete_one({"number": head["number"]})
    faults = (await verdict(doors, f"?number={head['number']}&hash={head['hash']}"))["faults"]
    assert any("обрезан" in each for each in faults)
    assert any("в журнале их 0" in each for each in faults)
    await doors.client()
    await linked_up(doors)
    assert (await doors.get("/v1/audit/verify?number=1")).status_code == 422


async def test_a_document_put_in_by_hand_is_found_out(doors: Doors) -> None:
    true = await doors.client()
    await linked_up(doors)
    clients = doors.office.store.clients.collection
    forged = await clients.find_one({"_id": true}) | {"_id": "forged", "client_id": "forged", "inn": "2466000000"}
    await clients.insert_one({name: value for name, value in forged.items() if name != "trail"})
    assert (await verdict(doors))["faults"] == ["client forged: в журнале о нём ничего нет"]


async def test_a_document_removed_leaves_its_trace(doors: Doors) -> None:
    gone = await doors.client()
    await linked_up(doors)
    await doors.office.store.clients.collection.delete_one({"_id": gone})
    assert (await verdict(doors))["faults"] == [f"client {gone}: в журнале есть, а документа нет"]


async def test_what_was_decided_before_the_chain_spoke_of_words_is_no_fault_and_what_is_decided_now_is(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Entries of the first form are made as the program of then made them: without the words, and without a form."""
    for number in (1, 2):
        phones = [f"+7391200000{number}"]
        await doors.client(contacts=[{"name": name, "phones": phones} for name in ("Анна", "Ольга")])
    old, new = (await doors.get("/v1/conflicts")).json()["items"]
    said = {"choice": "shared", "words": "одна приёмная"}
    with monkeypatch.context() as then:
        then.setattr(trail, "FORM", 1)
        then.setattr(trail, "NOT_CHANGES", trail.NOT_CHANGES | {"words"})
        assert (await doors.post(f"/v1/conflicts/{old['conflict_id']}/decide", said)).status_code == 200
    assert (await doors.post(f"/v1/conflicts/{new['conflict_id']}/decide", said)).status_code == 200
    await linked_up(doors)
    assert (await verdict(doors))["faults"] == []
    found = doors.office.store.conflicts.collection
    for field, value, about in (("words", "другое", new), ("choice", None, old), ("decided_by", "d9", old)):
        before = await found.find_one({"_id": about["conflict_id"]})
        await found.update_one({"_id": about["conflict_id"]}, {"$set": {field: value}})
        (fault,) = (await verdict(doors))["faults"]
        assert fault == f"conflict {about['conflict_id']}: в документе не то, что в журнале: {field}"
        await found.replace_one({"_id": about["conflict_id"]}, before)
    (client_id,) = {party["client_id"] for party in old["parties"]}
    without = {"contacts": [{"name": name} for name in ("Анна", "Ольга")]}
    await doors.http.patch(f"/v1/clients/{client_id}", json=without, headers=MARIA)
    await linked_up(doors)
    assert (await verdict(doors))["faults"] == [], "nor when something else happens to it afterwards"


def test_the_form_of_an_entry_is_in_its_hash_and_blocks_of_before_keep_theirs() -> None:
    (entry,) = recorded(None, client(), DEED).trail.waiting
    assert trail.digest(1, trail.GENESIS, [replace(entry, form=1)]) != trail.digest(1, trail.GENESIS, [entry])
    early = trail.Entry(
        entry_id="manager:m1:1", kind="manager", about="m1", number=1, at=AT, by="d1", why="заведён",
        changes=(trail.Change(field="name", before=None, after="Мария"),),
    )  # fmt: skip
    assert trail.digest(1, trail.GENESIS, [early]) == "7eb62882b1f94c6ac050b848239ff74881cb5d7fec18b92cd4b5eeaa062a22ad"
