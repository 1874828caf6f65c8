"""Whose base a client is in is looked up by indexes, however many clients others have."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.sla_monitor.bases import Bases, KnownClient
from services.sla_monitor.domain.facts import Client
from services.sla_monitor.domain.obligations import Obligation
from services.sla_monitor.domain.timeline import Timeline
from services.sla_monitor.notify.store import NotifyStore
from services.sla_monitor.store import Base, Store, Wanted
from shared.service import Service
from shared.store.codec import to_fields
from tests.sla_monitor.telling import NOON, ZONE

OTHERS = 200
MANAGERS = 50
GIVEN_AWAY = 20
"""Clients that events name the manager for, and others have by now."""
PLAIN = Timeline(about="request", about_id="x", began=NOON)


def known(client_id: str, manager_id: str) -> KnownClient:
    """A client as accounts says."""
    return KnownClient(client_id=client_id, revision=1, name="Школа", zone=ZONE, manager_id=manager_id)


def named(client_id: str, manager_id: str) -> Timeline:
    """A request whose events named that manager."""
    return replace(PLAIN, client=Client(client_id=client_id, name="Школа", zone=ZONE, manager_id=manager_id))


def other(number: int) -> str:
    """Another manager."""
    return f"m{2 + number % MANAGERS}"


async def test_a_base_is_looked_up_without_going_through_the_clients_of_others(service: Service) -> None:
    bases, store, notify, database = Bases(service), Store(service), NotifyStore(service), service.database
    for documents in (store.timelines, notify.escalations):
        await documents.collection.create_index([("client.manager_id", 1), ("client.client_id", 1)])  # as it once was
    await service.store.prepare()
    for documents in (store.timelines, notify.escalations):
        await documents.collection.drop_index("client.manager_id_1_client.client_id_1")
    clients = [known("mine", "m1"), known("given away", "m2"), *(known(f"c{one}", other(one)) for one in range(OTHERS))]
    await database.clients.insert_many([to_fields(one) | {"_id": one.client_id, "version": 1} for one in clients])
    told = [named("mine", "m2"), named("given away", "m1"), named("unheard of", "m1")]
    told += [named(f"c{one}", other(one)) for one in range(OTHERS)]
    told += [named(f"c{one}", "m1") for one in range(GIVEN_AWAY)]
    told += [PLAIN] * 30
    for documents in (store.timelines, notify.escalations):
        await documents.collection.insert_many(
            [{"_id": f"{number}", "client": to_fields(one)["client"]} for number, one in enumerate(told)]
        )
        checked = await database.command("validate", documents.collection.name)
        assert checked["keysPerIndex"]["named"] == len(told) - 30
    await database.command("profile", 2)
    found = [await bases.base_of("m1", documents) for documents in (store.timelines, notify.escalations)]
    await database.command("profile", 0)
    assert [(base.clients, base.unheard) for base in found] == [(("mine",), ("unheard of",))] * 2
    looks = [look async for look in database["system.profile"].find({"op": {"$in": ["query", "command"]}})]
    looks = [look for look in looks if "keysExamined" in look]
    assert len(looks) == 6
    assert not {look["planSummary"] for look in looks if "COLLSCAN" in look["planSummary"]}
    assert max(look["keysExamined"] for look in looks) <= 2 * (GIVEN_AWAY + 3)


@pytest.mark.parametrize("unheard", [(), ("unheard of",)], ids=["all told of", "one nobody told of"])
async def test_of_a_base_no_more_is_looked_at_than_what_is_open(service: Service, unheard: tuple[str, ...]) -> None:
    store, database = Store(service), service.database
    await service.store.prepare()
    owed = Obligation(id="x", clock="start", priority=None, since=NOON, warn_at=NOON, due=NOON + timedelta(days=1))
    told = [(named("mine", "m1"), True)] * 5 + [(named("unheard of", "m1"), True)] * 3
    told += [(named(client_id, "m1"), False) for client_id in ("mine", "unheard of", "given away")] * 60
    told += [(named(f"c{one}", other(one)), True) for one in range(OTHERS)]
    every = [replace(one, obligations=(owed,), nearest=owed.due if is_open else None) for one, is_open in told]
    await store.timelines.collection.insert_many(
        [to_fields(one) | {"_id": f"{number}"} for number, one in enumerate(every)]
    )
    await database.command("profile", 2)
    wanted = Wanted(base=Base(manager_id="m1", clients=("mine",), unheard=unheard), since=NOON)
    rows = await store.rows(wanted, NOON, None, 100)
    await database.command("profile", 0)
    assert len(rows) == 5 + 3 * len(unheard)
    (look,) = [look async for look in database["system.profile"].find({"command.aggregate": "timelines"})]
    assert look["docsExamined"] <= 2 * len(rows)
