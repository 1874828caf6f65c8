"""What the doors of intake work with: whose is it, keep it, tell what follows."""

from dataclasses import dataclass
from datetime import datetime

from services.intake import metrics
from services.intake.channels.mailgun import MailgunDoor
from services.intake.domain import calls, requests
from services.intake.domain.callers import NOBODY, Caller, Identity, identity
from services.intake.domain.calls import Call, Report
from services.intake.domain.requests import Register, ServiceRequest
from services.intake.domain.triage import Triage
from services.intake.domain.words import claim
from services.intake.store import Store
from services.intake.triaging import Triager
from shared.clock import Clock
from shared.contracts.base import Priority
from shared.ids import NewId
from shared.store import Stepped


@dataclass(frozen=True, slots=True, kw_only=True)
class Reception:
    """Takes in what clients say, whichever way it comes."""

    store: Store
    triager: Triager
    clock: Clock
    new_id: NewId
    mailgun: MailgunDoor

    async def identity(self, caller: Caller) -> Identity:
        """Whose call or letter it is."""
        return identity(caller, await self.store.directory.having(caller))

    async def judged(
        self, text: str, given: Priority | None, identity: Identity, *, at: datetime | None = None
    ) -> Triage:
        """How pressing what this client says is, and why; `at` is when it was said."""
        return await self.triager.judged(
            text,
            given,
            now=at or self.clock.now(),
            zone=None if identity.client is None else identity.client.zone,
            at_risk=identity.band == "risk",
        )

    async def register(
        self, command: Register, request_id: str, *, at: datetime | None = None
    ) -> Stepped[ServiceRequest]:
        """A new request, unless there is one with this id.

        While it is nobody's its caller is looked up once more after the write: a client heard of meanwhile has not
        seen it. `at` is when the client said so, where that was not just now.
        """
        number, now = await self.store.numbers.take(), at or self.clock.now()
        stepped = await self.store.requests.step(
            request_id, lambda request: requests.register(request, command, request_id, number, now), new=True
        )
        if stepped.written:
            identified = "no" if stepped.state.client is None else "yes"
            metrics.REQUESTS.labels(command.channel, stepped.state.priority, identified).inc()
        if stepped.state.unclaimed:
            await self.claim(stepped.state)
        return stepped

    async def claim(self, request: ServiceRequest) -> None:
        """Give a request of nobody to the client that has turned out to be its caller's, if one has."""
        found, now = await self.identity(request.caller), self.clock.now()
        if found.client is not None:
            claimed = await self.store.requests.step(request.request_id, lambda state: claim(state, found, now))
            metrics.CLAIMED.inc(len(claimed.events))

    async def hear(self, report: Report, once: str | None = None, manager_id: str | None = None) -> Stepped[Call]:
        """What a provider says about a call; `once` names the webhook, which has effect at most once. `manager_id` is
        whose phone our side was."""
        asked = calls.course(report.facts).phone
        found = await self.identity(Caller(phone=asked))
        stepped = await self.store.calls.step(
            report.call_id,
            lambda call: calls.hear(call, report, lambda phone: found if phone == asked else NOBODY, manager_id),
            once=once,
        )
        _count(stepped)
        if stepped.state.unpaired:
            await self.pair(stepped.state)
        return stepped

    async def close(self, call: Call, now: datetime) -> None:
        """A call nobody said the end of is over by now."""
        stepped = await self.store.calls.step(call.call_id, lambda state: calls.swept(state, now))
        _count(stepped)
        if stepped.state.unpaired:
            await self.pair(stepped.state)

    async def pair(self, call: Call) -> None:
        """Pair missed calls from the call's number with conversations with it (R-URG-2)."""
        course = call.course
        if course.phone is not None and course.answered_at is not None:
            for missed in await self.store.missed_until(course.phone, course.answered_at):
                await self._returned(missed, call)
        elif course.phone is not None and course.missed_at is not None:
            conversation = await self.store.conversation_since(course.phone, course.missed_at)
            if conversation is not None:
                await self._returned(call, conversation)
        await self.store.calls.step(call.call_id, calls.paired)

    async def pair_left(self) -> None:
        """Pair what a crash left unpaired."""
        for call in await self.store.unpaired():
            await self.pair(call)

    async def _returned(self, missed: Call, conversation: Call) -> None:
        _count(await self.store.calls.step(missed.call_id, lambda call: calls.returned(call, conversation)))


def _count(stepped: Stepped[Call]) -> None:
    for event in stepped.events:
        metrics.CALLS.labels(event.TYPE.removeprefix("call.")).inc()
