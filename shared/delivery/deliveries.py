"""The way out to people: kept before it is tried, tried until it arrives, shown while it does not.

    send ──▶ one durable write ──▶ claimed ──▶ delivered
                                     │  ▲
                                     ▼  └── 5 s … 24 h
                                   failed ──(for good, or too often)──▶ given up ──(a person)──▶ waiting

What may not go out at night waits for its hours, however often it was tried before them.

A crash between arriving and being written down sends once more under the same Message-ID or webhook-id.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import structlog
from prometheus_client import Counter, Gauge
from pymongo import IndexModel
from pymongo.errors import PyMongoError

from shared.clock import machine_now
from shared.contracts.base import Decision
from shared.delivery.delivery import Delivery, Hook, Hours, Kind, Letter
from shared.delivery.failure import Failed
from shared.delivery.hooks import Hooks
from shared.delivery.mail import Mail
from shared.delivery.settings import DeliverySettings
from shared.service import Service
from shared.store import Documents

log = structlog.get_logger()

ATTEMPTS = Counter("svoy_delivery_attempts", "Letters and webhooks tried, by what came of it.", ["what", "outcome"])
WAITING = Gauge("svoy_deliveries_waiting", "Letters and webhooks not yet delivered.", ["what"])
OLDEST = Gauge("svoy_deliveries_oldest_age_seconds", "Age of the oldest not yet delivered, though it may be.", ["what"])

LOOK_EVERY = 2.0
AT_ONCE = 8
"""Attempts of one kind side by side: a slow mail server does not hold up webhooks."""
ERROR_LIMIT = 500
INDEXES = (
    IndexModel([("standing", 1), ("urgent", -1), ("due", 1)]),
    IndexModel([("about", 1), ("_id", 1)]),
    IndexModel("forget_at", expireAfterSeconds=0),
)


class Deliveries:
    """A service's letters and webhooks. Made in `build_app`; runs as long as the service does."""

    def __init__(self, service: Service, settings: DeliverySettings) -> None:
        self.documents: Documents[Delivery] = service.documents("deliveries", Delivery, indexes=INDEXES)
        secrets = [secret.get_secret_value() for secret in settings.hook_secrets]
        self.mail = Mail(settings.smtp_url.get_secret_value(), settings.mail_from) if settings.smtp_url else None
        self.hooks = Hooks(secrets) if secrets else None
        self._clock = service.clock
        self._news = {kind: asyncio.Event() for kind in ("letter", "hook")}
        service.background("letters", lambda: self._run("letter"))
        service.background("hooks", lambda: self._run("hook"))

    def takes(self, kind: Kind) -> bool:
        """Whether this kind can leave us at all: it is in the settings."""
        return (self.mail if kind == "letter" else self.hooks) is not None

    async def send(
        self,
        delivery_id: str,
        what: Letter | Hook,
        *,
        about: str,
        urgent: bool = False,
        hours: Hours = (),
    ) -> None:
        """Keep it, durably, to be delivered soon, or in these hours alone; what has this id already is left as is."""
        now = machine_now()
        delivery = Delivery(
            delivery_id=delivery_id,
            about=about,
            letter=what.writable() if isinstance(what, Letter) else None,
            hook=what if isinstance(what, Hook) else None,
            urgent=urgent,
            hours=hours,
            created_at=now,
            due=now,
        )
        rest = delivery.rest(self._clock.now())
        if rest:
            delivery = delivery.put_off(now + rest)
        await self.documents.step(delivery_id, lambda known: Decision(known or delivery), new=True)
        self._news[delivery.kind].set()

    async def send_again(self, delivery_id: str) -> Delivery | None:
        """A person wants it sent once more; None where there is no such delivery."""
        found = await self.documents.get(delivery_id)
        if found is None:
            return None
        now = machine_now()
        stepped = await self.documents.step(delivery_id, lambda known: Decision(_there(known).asked_again(now)))
        self._news[found.kind].set()
        return stepped.state

    async def _run(self, kind: Kind) -> None:
        while True:
            try:
                async with asyncio.timeout(LOOK_EVERY):
                    await self._news[kind].wait()
            except TimeoutError:
                await self._measure(kind)
            self._news[kind].clear()
            if self.takes(kind):
                await self._all_due(kind)

    async def _all_due(self, kind: Kind) -> None:
        gate = asyncio.Semaphore(AT_ONCE)
        while found := await self.documents.find(
            {"standing": "waiting", kind: {"$ne": None}, "due": {"$lte": machine_now()}},
            sort=(("urgent", -1), ("due", 1)),
            limit=AT_ONCE * 4,
        ):
            # Each for itself: what is wrong with one is none of the others' business.
            outcomes = await asyncio.gather(*(self._attempt(one, gate) for one in found), return_exceptions=True)
            for one, outcome in zip(found, outcomes, strict=True):
                if isinstance(outcome, BaseException):
                    log.error("not written down", action="delivery.unsettled", delivery_id=one.delivery_id,
                              error=repr(outcome))  # fmt: skip

    async def _attempt(self, delivery: Delivery, gate: asyncio.Semaphore) -> None:
        async with gate:
            now = machine_now()
            rest = delivery.rest(self._clock.now())
            if rest:
                await self._taken(delivery, partial(Delivery.put_off, due=now + rest))
                return
            if not await self._taken(delivery, partial(Delivery.claimed, now=now)):
                return
            try:
                await self._deliver(delivery)
            except Failed as error:
                await self._failed(delivery, str(error), error.told, for_good=error.for_good)
            except Exception as error:
                log.exception("not delivered", action="delivery.unexpected", delivery_id=delivery.delivery_id)
                await self._failed(delivery, repr(error), f"Ошибка в программе: {error!r}", for_good=False)
            else:
                await self._settle(delivery, None)
                ATTEMPTS.labels(delivery.kind, "delivered").inc()

    async def _failed(self, delivery: Delivery, why: str, told: str, *, for_good: bool) -> None:
        settled = await self._settle(delivery, told[:ERROR_LIMIT], for_good=for_good)
        log.warning("not delivered", action="delivery.failed", kind=delivery.kind, error=why[:ERROR_LIMIT],
                    delivery_id=delivery.delivery_id, standing=settled.standing)  # fmt: skip
        ATTEMPTS.labels(delivery.kind, settled.standing).inc()

    async def _taken(self, delivery: Delivery, so: Callable[[Delivery], Delivery]) -> bool:
        """Whether it is ours to make it so: another replica may have taken it since it was found."""

        def take(known: Delivery | None) -> Decision[Delivery]:
            known = _there(known)
            return Decision(so(known) if (known.standing, known.due) == ("waiting", delivery.due) else known)

        return (await self.documents.step(delivery.delivery_id, take)).written

    async def _deliver(self, delivery: Delivery) -> None:
        if delivery.letter is not None and self.mail is not None:
            await self.mail.send(delivery, delivery.letter)
        elif delivery.hook is not None and self.hooks is not None:
            await self.hooks.send(delivery, delivery.hook)

    async def _settle(self, delivery: Delivery, error: str | None, *, for_good: bool = False) -> Delivery:
        now = machine_now()

        def settle(known: Delivery | None) -> Decision[Delivery]:
            known = _there(known)
            return Decision(known.delivered(now) if error is None else known.failed(now, error, for_good=for_good))

        return (await self.documents.step(delivery.delivery_id, settle)).state

    async def _measure(self, kind: Kind) -> None:
        where: dict[str, Any] = {"standing": "waiting", kind: {"$ne": None}}
        stuck = where | {"resting": {"$ne": True}}
        try:
            WAITING.labels(kind).set(await self.documents.count(where))
            oldest = await self.documents.find(stuck, sort=(("created_at", 1),), limit=1)
        except PyMongoError as error:
            log.warning("deliveries cannot be counted", action="delivery.measure", error=str(error))
            return
        OLDEST.labels(kind).set((machine_now() - oldest[0].created_at).total_seconds() if oldest else 0)


def _there(known: Delivery | None) -> Delivery:
    if known is None:
        raise LookupError("the delivery was forgotten meanwhile")
    return known
