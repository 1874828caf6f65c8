"""The telephony providers, put together: their doors, their gates, and whose phone our side was."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydantic import SecretStr

from services.intake.channels import forms, generic, mango, megafon, uis, zadarma
from services.intake.channels.doors import Unreadable
from services.intake.channels.gate import Gate
from services.intake.channels.generic import GenericDoor
from services.intake.channels.mango import MangoDoor
from services.intake.channels.megafon import MegafonDoor
from services.intake.channels.uis import UisDoor
from services.intake.channels.zadarma import ZadarmaDoor
from services.intake.domain import calls
from services.intake.domain.calls import Call, Report
from services.intake.domain.managers import KnownManager
from services.intake.domain.webhooks import LEAST, Webhook
from services.intake.inbox import Inbox
from services.intake.reception import Reception
from services.intake.store import MANAGER_INDEXES
from services.intake.telephony_settings import TelephonySettings
from shared.ids import derived_id
from shared.service import Service
from shared.store import Documents, Stepped
from shared.store.batching import Batcher

SWEPT_AT_ONCE = 200
ASKED_AT_ONCE = 200
PROVIDERS = ("generic", "mango", "megafon", "zadarma", "uis", "mailgun")


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """What is really from a provider, and what it says."""

    generic: GenericDoor
    mango: MangoDoor
    megafon: MegafonDoor
    zadarma: ZadarmaDoor
    uis: UisDoor

    def read(self, webhook: Webhook) -> Report | None:
        """What a webhook says about a call; None where it is about none. Raises `Refused`, `ValidationError`."""
        payload, at = webhook.payload, webhook.received_at
        match webhook.provider:
            case generic.PROVIDER:
                return self.generic.report(payload, at)
            case mango.PROVIDER:
                return mango.report(webhook.kind, payload.decode(), at)
            case megafon.PROVIDER:
                return megafon.report(forms.fields(payload), at)
            case zadarma.PROVIDER:
                return self.zadarma.report(forms.fields(payload), at)
            case uis.PROVIDER:
                return self.uis.report(payload)
        raise Unreadable("Такой телефонии больше нет.")


class Telephony:
    """What the webhooks of calls work with."""

    def __init__(
        self,
        reception: Reception,
        managers: Documents[KnownManager],
        doors: Doors,
        gates: dict[str, Gate],
        users: dict[str, str],
    ) -> None:
        self.reception = reception
        self.managers = managers
        self.doors = doors
        self.gates = gates
        self.users = users
        self._asked: Batcher[frozenset[str], dict[str, str]] = Batcher(self._managers_of, ASKED_AT_ONCE)
        self.inbox = Inbox(reception.store.webhooks, doors.read, self.hear, reception.clock)

    async def take(
        self, provider: str, payload: bytes, *, named: str | None = None, kind: str = ""
    ) -> Stepped[Webhook]:
        """Keep what is really from `provider`; `named` is the webhook's own id, where it has one: else the same content
        is the same webhook. Raises `TooOften`."""
        self.gates[provider].count()
        key = payload.decode("latin-1") if named is None else named
        return await self.inbox.take(
            Webhook(
                webhook_id=derived_id("webhook", provider, kind, key),
                provider=provider,
                kind=kind,
                payload=payload,
                urgency=LEAST,
                received_at=self.reception.clock.now(),
            )
        )

    async def hear(self, report: Report, once: str) -> Stepped[Call]:
        """What a provider says about a call: an employee's mobile that rang is a call of ours (R-URG-2)."""
        holders = await self._holders(report)
        inside = calls.from_inside(report, holders)
        manager = next((holders[fact.ours] for fact in inside.facts if fact.ours in holders), None)
        return await self.reception.hear(inside, once=once, manager_id=manager)

    async def sweep(self) -> None:
        """Close the calls that never ended."""
        now, store = self.reception.clock.now(), self.reception.store
        for call in await store.calls.find({"quiet_at": {"$type": "date", "$lte": now}}, limit=SWEPT_AT_ONCE):
            await self.reception.close(call, now)

    async def sweeping(self, every_seconds: float) -> None:
        """For ever."""
        while True:
            await self.sweep()
            await asyncio.sleep(every_seconds)

    async def _holders(self, report: Report) -> dict[str, str]:
        numbers = frozenset(number for fact in report.facts for number in (fact.phone, fact.ours) if number)
        return await self._asked.call(numbers) if numbers else {}

    async def _managers_of(self, asked: Sequence[frozenset[str]]) -> Sequence[dict[str, str]]:
        """Of each set of numbers, whose they are: what is asked at the same moment is one query."""
        wanted = frozenset[str]().union(*asked)
        found = await self.managers.find({"phones": {"$in": sorted(wanted)}}, limit=0)
        holders = {phone: manager.manager_id for manager in found for phone in manager.phones}
        return [{number: holders[number] for number in numbers if number in holders} for numbers in asked]


def telephony(service: Service, reception: Reception, settings: TelephonySettings) -> Telephony:
    """The providers as the settings have them."""
    gates = {
        name: Gate(
            getattr(settings, f"{name}_addresses"),
            per_second=settings.webhooks_per_second,
            burst=settings.webhooks_burst,
        )
        for name in PROVIDERS
    }
    doors = Doors(
        generic=GenericDoor(_revealed(settings.webhook_secret)),
        mango=MangoDoor(_revealed(settings.mango_api_key), _revealed(settings.mango_api_salt)),
        megafon=MegafonDoor(_revealed(settings.megafon_tokens)),
        zadarma=ZadarmaDoor(_revealed(settings.zadarma_secrets), settings.company_zone),
        uis=UisDoor(_revealed(settings.uis_tokens), settings.company_zone),
    )
    managers = service.documents("managers", KnownManager, indexes=MANAGER_INDEXES)
    return Telephony(reception, managers, doors, gates, settings.megafon_users)


def _revealed(secrets: Iterable[SecretStr]) -> tuple[str, ...]:
    return tuple(secret.get_secret_value() for secret in secrets)
