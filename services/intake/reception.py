"""What the doors of intake work with: whose is it, keep it, tell what follows."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from services.intake import metrics
from services.intake.channels.mailgun import MailgunDoor
from services.intake.domain import calls, mails, requests, senders
from services.intake.domain.callers import Caller, KnownClient, client_key
from services.intake.domain.calls import Call, Report
from services.intake.domain.identity import NOBODY, Identity, Said, Word, identity
from services.intake.domain.mails import Mail
from services.intake.domain.merging import with_proposals
from services.intake.domain.requests import Register, ServiceRequest
from services.intake.domain.triage import Triage
from services.intake.domain.words import claim
from services.intake.recent import Recent
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
    recent: Recent
    triager: Triager
    clock: Clock
    new_id: NewId
    mailgun: MailgunDoor

    async def identity(self, caller: Caller) -> Identity:
        """Whose call or letter it is."""
        return identity(caller, *await self.known_of(caller))

    async def known_of(self, caller: Caller) -> tuple[list[KnownClient], list[Said]]:
        """The clients with one of the caller's keys, the one it claims to be, and what was said of it with whom."""
        directory, keys = self.store.directory, caller.looked_up_by()
        found, said = await asyncio.gather(directory.having(keys), directory.said(caller.senders()))
        meant = tuple(client_key(one.client_id) for one in said if one.client_id is not None)
        missing = tuple(key for key in meant if all(key not in client.keys for client in found))
        return found + (await directory.having(missing) if missing else []), said

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
        beside = await self.recent.beside(command.identity.client, now)
        stepped = await self.store.requests.step(
            request_id,
            lambda request: with_proposals(requests.register(request, command, request_id, number, now), beside),
            new=True,
        )
        if stepped.written:
            self.recent.add(stepped.state)
            identified = "no" if stepped.state.client is None else "yes"
            metrics.REQUESTS.labels(command.channel, stepped.state.priority, identified).inc()
        if stepped.state.unclaimed:
            await self.claim(stepped.state)
        elif stepped.written:
            await self.keep_up(stepped.state.link)
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
        if stepped.written and stepped.state.client is None:
            await self.claim_call(stepped.state)
        elif stepped.written:
            await self.keep_up(stepped.state.link)
        if stepped.state.unpaired:
            await self.pair(stepped.state)
        return stepped

    async def claim_call(self, call: Call) -> None:
        """Give a call of nobody to the client that has turned out to have its number, if one has."""
        found, now = await self.identity(Caller(phone=call.course.phone)), self.clock.now()
        if found.client is not None:
            await self.store.calls.step(call.call_id, lambda state: calls.claim(state, found, now))

    async def keep_up(self, link: Word | None) -> None:
        """What was just written by a word on its sender is moved on soon, where a newer word was said meanwhile."""
        if link is not None and all(one.word != link for one in await self.store.directory.said((link.sender,))):
            await self.store.senders.step(link.sender, senders.unjoined)

    async def claim_mail(self, mail: Mail) -> None:
        """Give a letter of nobody to the client that has turned out to have its address, if one has."""
        found, now = await self.identity(Caller(email=mail.sender)), self.clock.now()
        if found.client is not None:
            await self.store.mails.step(mail.message_id, lambda state: mails.claim(state, found, now))

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
