"""The telephony providers, put together: their doors, their gates, and whose phone our side was."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import SecretStr

from services.intake.channels.gate import Gate
from services.intake.channels.megafon import MegafonDoor
from services.intake.channels.uis import UisDoor
from services.intake.channels.zadarma import ZadarmaDoor
from services.intake.domain import calls
from services.intake.domain.calls import Call, Report
from services.intake.domain.managers import KnownManager
from services.intake.reception import Reception
from services.intake.store import MANAGER_INDEXES
from services.intake.telephony_settings import TelephonySettings
from shared.ids import derived_id
from shared.service import Service
from shared.store import Documents, Stepped

SWEPT_AT_ONCE = 200
PROVIDERS = ("generic", "mango", "megafon", "zadarma", "uis")


@dataclass(frozen=True, slots=True, kw_only=True)
class Telephony:
    """What the webhooks of calls work with."""

    reception: Reception
    managers: Documents[KnownManager]
    megafon: MegafonDoor
    zadarma: ZadarmaDoor
    uis: UisDoor
    gates: dict[str, Gate]
    users: dict[str, str]

    async def hear(self, report: Report, once: str | None = None) -> Stepped[Call]:
        """What a provider says about a call: an employee's mobile that rang is a call of ours (R-URG-2)."""
        holders = await self._holders(report)
        inside = calls.from_inside(report, holders)
        once = once or derived_id("webhook", report.provider, report.raw)
        manager = next((holders[fact.ours] for fact in inside.facts if fact.ours in holders), None)
        return await self.reception.hear(inside, once=once, manager_id=manager)

    async def sweep(self) -> None:
        """Close the calls that never ended."""
        now, store = self.reception.clock.now(), self.reception.store
        for call in await store.calls.find({"quiet_at": {"$lte": now}}, limit=SWEPT_AT_ONCE):
            await self.reception.close(call, now)

    async def sweeping(self, every_seconds: float) -> None:
        """For ever."""
        while True:
            await self.sweep()
            await asyncio.sleep(every_seconds)

    async def _holders(self, report: Report) -> dict[str, str]:
        numbers = {number for fact in report.facts for number in (fact.phone, fact.ours) if number}
        if not numbers:
            return {}
        found = await self.managers.find({"phones": {"$in": sorted(numbers)}})
        return {phone: manager.manager_id for manager in found for phone in manager.phones if phone in numbers}


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
    return Telephony(
        reception=reception,
        managers=service.documents("managers", KnownManager, indexes=MANAGER_INDEXES),
        megafon=MegafonDoor(_revealed(settings.megafon_tokens)),
        zadarma=ZadarmaDoor(_revealed(settings.zadarma_secrets), settings.company_zone),
        uis=UisDoor(_revealed(settings.uis_tokens), settings.company_zone),
        gates=gates,
        users=settings.megafon_users,
    )


def _revealed(secrets: Iterable[SecretStr]) -> tuple[str, ...]:
    return tuple(secret.get_secret_value() for secret in secrets)
