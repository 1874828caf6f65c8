"""What calls, control, debt and referrals work with: the collections, the policy, and who may see what."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.accounts.care_store import CareStore, Outline
from services.accounts.domain.care_policy import CarePolicy
from services.accounts.domain.care_refusals import UnknownContact, UnknownProspect, UnknownRequest
from services.accounts.domain.client import Client, Contact
from services.accounts.domain.matters import Matter, Party
from services.accounts.domain.prospects import Prospect
from services.accounts.domain.refusals import UnknownClient
from services.accounts.domain.weeks import Week
from services.accounts.office import Office, known
from shared.ids import derived_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Care:
    """`dirty` are the clients whose debt has to be computed anew."""

    office: Office
    store: CareStore
    policy: CarePolicy
    dirty: set[str]
    planned: dict[str, int] = field(default_factory=dict)
    """A hash of what each plan was last made from: looked at again, it is made anew only where that differs."""

    def now(self) -> datetime:
        """The present moment."""
        return self.office.now()

    def week(self) -> Week:
        """The present week in the company's zone."""
        return Week.of(self.office.today())

    def horizon(self) -> datetime:
        """The moment before which nothing weighs any more."""
        return self.now() - timedelta(days=self.policy.horizon_days)

    async def contact(self, contact_id: str) -> tuple[Client, Contact]:
        """An accountant and the client. Raises `UnknownContact`."""
        client_id = known(await self.store.client_id_of_contact(contact_id), UnknownContact)
        client = await self.office.client(client_id)
        contact = next((each for each in client.contacts if each.contact_id == contact_id), None)
        return client, known(contact, UnknownContact)

    async def party(self, client_id: str) -> Party:
        """A client, or a prospect on trial, as it stands now. Raises `UnknownClient`."""
        client = await self.office.store.clients.get(client_id)
        if client is not None:
            return party_of(client)
        prospect = known(await self.store.prospects.get(client_id), UnknownClient)
        return Party(
            client_id=prospect.prospect_id, name=prospect.name, zone=prospect.zone, manager_id=prospect.manager_id
        )

    async def matter(self, request_id: str) -> Matter:
        """Raises `UnknownRequest`."""
        return known(await self.store.matters.get(request_id), UnknownRequest)

    async def prospect(self, prospect_id: str) -> Prospect:
        """Raises `UnknownProspect`."""
        return known(await self.store.prospects.get(prospect_id), UnknownProspect)

    def touch(self, client_id: str | None) -> None:
        """The client's debt has to be computed anew."""
        if client_id is not None:
            self.dirty.add(client_id)


def party_of(client: Client | Outline) -> Party:
    """The client as its requests carry it."""
    return Party(
        client_id=client.client_id,
        name=client.name,
        zone=client.zone,
        manager_id=client.manager_id,
        tariff=client.tariff,
    )


def call_id_of(contact_id: str, week: Week) -> str:
    """The id of the call with this accountant in this week."""
    return derived_id("contact_call", contact_id, str(week))
