"""Every question accounts asks of its database is served by an index, at whatever size.

What the doors, the loops and the queries of the stores ask is listened to (the profiler of the database), and each
question is explained: a partial index is of use only to a question that repeats its condition, and nothing else tells.
"""

import re
from collections.abc import Callable, Iterator
from functools import wraps
from inspect import getmembers, iscoroutinefunction
from typing import Any

import pytest
from bson.codec_options import CodecOptions, DatetimeConversion

from services.accounts import (
    audit,
    care_metrics,
    completeness,
    confirming,
    conflicts,
    debts,
    metrics,
    planning,
    referring,
)
from services.accounts.care_store import CareStore
from services.accounts.care_totals import Rounds
from services.accounts.store import Store, client_place, place_of
from tests.accounts.conftest import DIRECTOR, Doors
from tests.accounts.samples import TODAY, inn
from tests.accounts.test_control import care_of
from tests.kit import token

MARIA = token("manager", subject="m1")
SEARCHES = (
    "clients?q=школа", "clients?q=7391200", "clients?q=an@", "clients?name=анна школа", f"clients?inn={inn(1)}",
    "clients?phone=%2B73912000001", "clients?email=a@s.ru", "clients?manager_id=m1&active=true",
    "proposals?state=proposed", "conflicts?state=open&kind=phone", "prospects?state=known",
    "referrals/conversion?manager_id=m1", "managers/m1/growth?since=2026-01&until=2026-11", "growth?month=2026-10",
)  # fmt: skip
WHOLE = {
    ("clients", "$inn"): "each hour: which INN several have",
    ("clients", "$contacts.phones"): "each hour: which phone several have",
    ("debts", "None"): "`svoy debt verify`: every stored debt",
}
"""What is looked through as a whole, on purpose: the collection, and words of the question."""
OFTEN = {
    "{'trail.waiting.entry_id': {'$exists': True}}": {"trail.waiting.entry_id_1"},
    "{'settled': False}": {"unsettled"},
    "{'quiet': False}": {"untold"},
    "{'state': 'winning'}": {"state_1__id_1"},
    "{'reversals.fact_id': {'$gt': ''}}": {"reversed"},
    "{'outbox.saved_at': {'$exists': True}}": {"outbox"},
}
LENIENT: CodecOptions[dict[str, Any]] = CodecOptions(datetime_conversion=DatetimeConversion.DATETIME_AUTO)
"""The bounds of an index scan hold dates no calendar has."""
KINDS = ("find", "aggregate", "count", "distinct")
ABOUT = re.compile(r"\{(\w+)\}")


def heard(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names of the stores' queries, as they are asked from now on."""
    asked: set[str] = set()

    def listened(name: str, query: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(query)
        async def ask(*args: Any, **named: Any) -> Any:
            asked.add(name)
            return await query(*args, **named)

        return ask

    for store in (Store, CareStore):
        for name in queries(store):
            monkeypatch.setattr(store, name, listened(f"{store.__name__}.{name}", getattr(store, name)))
    return asked


def queries(store: type) -> list[str]:
    """The names of the public queries of a store."""
    return [name for name, _ in getmembers(store, iscoroutinefunction) if not name.startswith("_")]


async def knock(doors: Doors, **ids: str) -> None:
    """Every door that only reads, as a director and as the manager."""
    paths = [path for path, moves in doors.app.openapi()["paths"].items() if path.startswith("/v1") and "get" in moves]
    named = [ABOUT.sub(lambda found: ids.get(found[1], "nobody"), path) for path in paths]
    for path in [*named, *(f"/v1/{each}" for each in SEARCHES)]:
        for who in (DIRECTOR, MARIA):
            answer = await doors.get(path, who)
            assert answer.status_code in {200, 403, 404}, (path, answer.text)


async def turn(doors: Doors) -> None:
    """One round of every loop."""
    care, office = care_of(doors), doors.office
    await audit.link_once(office)
    await completeness.tell_once(office)
    await referring.follow_wins(care)
    await debts.refresh(care, await care.store.indebted(care.horizon()))
    await debts.verify(care)
    await planning.plan_everybody(care)
    await planning.tell(care)
    await care_metrics.renew(care, Rounds())
    await metrics.renew(office)
    await metrics.renew_growth(office)
    await conflicts.look_everywhere(office)
    await confirming.resume_once(office, 0)


async def ask_the_rest(doors: Doors, client_id: str, contact_id: str) -> None:
    """What is asked only where a page goes on, or something was left by a crash."""
    store, care = doors.office.store, care_of(doors)
    place = place_of(care.now(), client_id)
    await store.drop_outdated()
    await store.clients_where({"manager_id": "m1"}, client_place(client_id, "Школа"), 10)
    await store.proposals_where({"state": "proposed"}, place, 10)
    await store.conflicts_where({"parties.manager_id": "m1", "state": "open"}, "x", 10)
    await store.client_by_inn(inn(1))
    await store.clients_by_inn([inn(1)])
    await store.trial("r1", "p1")
    await store.client_of_request("r1")
    await store.clients_with("phone", "+73912000001")
    await store.clients_with("inn", inn(1))
    await store.managers_of(["m1"])
    await store.managers_with("11223344595")
    await store.unindexed(10)
    await store.moved_since(TODAY, ["m1"])
    await care.store.calls_where({"manager_id": "m1"}, f"{care.week()} x", 10)
    await care.store.asks_where({"asks.contact_id": contact_id}, place, 10)
    await care.store.answered_for("m1")
    await care.store.unsettled()
    await care.store.telling_plans()


async def explained(doors: Doors) -> dict[tuple[str, str], set[str]]:
    """Every question that was asked, and the indexes it could be answered by; `COLLSCAN` where by none."""
    database, found = doors.office.store.clients.collection.database, dict[tuple[str, str], set[str]]()
    async for asked in database["system.profile"].find({"op": {"$in": ["query", "command"]}}):
        question = asked["command"]
        kind = next((each for each in KINDS if each in question), None)
        if kind is None or question[kind] == "system.profile":
            continue
        words = f"{question.get('filter') or question.get('pipeline') or question.get('query')}"
        again = {name: value for name, value in question.items() if name not in {"lsid", "$db", "$clusterTime"}}
        answer = await database.command("explain", again, verbosity="queryPlanner", codec_options=LENIENT)
        found.setdefault((question[kind], words), set()).update(indexes(answer))
    return found


def indexes(explanation: Any) -> Iterator[str]:
    """Those of the winning plan, and of those that lost."""
    if isinstance(explanation, dict):
        yield from (each for each in [explanation.get("indexName")] if each)
        yield from (each for each in [explanation.get("stage")] if each == "COLLSCAN")
    inner = explanation.values() if isinstance(explanation, dict) else explanation
    for part in inner if isinstance(explanation, dict | list) else ():
        yield from indexes(part)


async def test_every_question_is_answered_by_an_index_made_for_it(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    client_id = await doors.client()
    (contact,) = (await doors.office.client(client_id)).contacts
    await doors.proposed(kind="lost", client_id=client_id, reason="конкурент")
    asked = heard(monkeypatch)
    database = doors.office.store.clients.collection.database
    await database.command("profile", 2)
    await knock(doors, client_id=client_id, manager_id="m1", contact_id=contact.contact_id)
    await turn(doors)
    await ask_the_rest(doors, client_id, contact.contact_id)
    await database.command("profile", 0)
    every = {f"{store.__name__}.{name}" for store in (Store, CareStore) for name in queries(store)}
    assert every - asked == set(), "a query nobody asked here: ask it above"
    found = await explained(doors)
    scans = {place for place, by in found.items() if "COLLSCAN" in by}
    meant = {place for place in scans for collection, words in WHOLE if place[0] == collection and words in place[1]}
    assert scans - meant == set()
    assert len(meant) == len(WHOLE), "what is not looked through any more needs no excuse"
    unserved = {place for place, by in found.items() if by == {"_id_"} and "'_id'" not in place[1]}
    assert {words for _, words in unserved} <= {"None", "{}"}, "in order of id, and everything looked at"
    loops = {words: by for (_, words), by in found.items() if words in OFTEN}
    assert loops == OFTEN, "asked every few seconds: nothing but this index may serve it"
