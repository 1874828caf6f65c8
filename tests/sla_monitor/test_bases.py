"""Whose base a client is in is looked up by indexes, however many clients others have."""

from dataclasses import replace

from services.sla_monitor.bases import Bases, KnownClient
from services.sla_monitor.domain.facts import Client
from services.sla_monitor.domain.timeline import Timeline
from services.sla_monitor.notify.store import NotifyStore
from services.sla_monitor.store import Store
from shared.service import Service
from shared.store.codec import to_fields
from tests.sla_monitor.telling import NOON, ZONE

OTHERS = 200
PLAIN = Timeline(about="request", about_id="x", began=NOON)


def known(client_id: str, manager_id: str) -> KnownClient:
    """A client as accounts says."""
    return KnownClient(client_id=client_id, revision=1, name="Школа", zone=ZONE, manager_id=manager_id)


def named(client_id: str, manager_id: str) -> Timeline:
    """A request whose events named that manager."""
    return replace(PLAIN, client=Client(client_id=client_id, name="Школа", zone=ZONE, manager_id=manager_id))


async def test_a_base_is_looked_up_without_going_through_the_clients_of_others(service: Service) -> None:
    bases, store, notify, database = Bases(service), Store(service), NotifyStore(service), service.database
    await service.store.prepare()
    clients = [known("mine", "m1"), known("given away", "m2"), *(known(f"c{one}", "m2") for one in range(OTHERS))]
    await database.clients.insert_many([to_fields(one) | {"_id": one.client_id, "version": 1} for one in clients])
    told = [named("mine", "m2"), named("given away", "m1"), named("unheard of", "m1")]
    told += [named(f"c{one}", "m2") for one in range(OTHERS)]
    for documents in (store.timelines, notify.escalations):
        await documents.collection.insert_many(
            [{"_id": f"{number}", "client": to_fields(one)["client"]} for number, one in enumerate(told)]
        )
    await database.command("profile", 2)
    found = [await bases.base_of("m1", documents) for documents in (store.timelines, notify.escalations)]
    await database.command("profile", 0)
    assert [(base.clients, base.foreign) for base in found] == [(("mine",), ("given away",))] * 2
    looks = [look async for look in database["system.profile"].find({"command.distinct": {"$exists": True}})]
    assert len(looks) == 6
    assert not {look["planSummary"] for look in looks if "COLLSCAN" in look["planSummary"]}
    assert max(look["keysExamined"] for look in looks) <= 5
