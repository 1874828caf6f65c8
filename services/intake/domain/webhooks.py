"""What a telephony sent, kept before anything is done about it, and worked off in order of urgency.

A webhook is kept as soon as it is known who sent it. What was worked off is done; what cannot be understood stays,
whole, for a person, who may let it be worked off again.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from services.intake.domain.calls import Fact
from services.intake.domain.refusals import NotPossibleNow, UnknownWebhook
from shared.contracts.base import Decision

State = Literal["waiting", "done", "not_understood"]
MOST, LIVE, REST, LEAST = range(4)
"""How urgent: a clock starts; a conversation begins; it is over; recordings, messages, whatever else."""
WHY = 1_000
"""Characters of a reason that are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A webhook that is really from its provider."""

    webhook_id: str
    """Derived from what it says: a repeat finds the first."""
    provider: str
    kind: str = ""
    """What the address says it is about, where the provider has an address for each kind."""
    payload: bytes
    """What was sent, without the provider's secret."""
    urgency: int
    """`MOST` … `LEAST`: lower ones are worked off first."""
    received_at: datetime
    state: State = "waiting"
    why: str | None = None
    """What could not be understood; Russian."""
    call_id: str | None = None
    """The call it told of, where it told of one."""
    done_at: datetime | None = None


def urgency(facts: Iterable[Fact]) -> int:
    """How urgent these facts are: a call that rings or was missed goes before one that is over (R-URG-1, R-URG-2)."""
    heard = tuple(facts)
    live = {fact.kind for fact in heard if not fact.final}
    if "rang" in live or any(fact.kind == "missed" for fact in heard):
        return MOST
    if not live.isdisjoint({"answered", "returned"}):
        return LIVE
    return REST if heard else LEAST


def keep(known: Webhook | None, new: Webhook) -> Decision[Webhook]:
    """Keep a webhook that has not come before."""
    return Decision(known or new)


def worked_off(known: Webhook | None, call_id: str | None, now: datetime) -> Decision[Webhook]:
    """It has had its effect."""
    webhook = _known(known)
    if webhook.state == "done":
        return Decision(webhook)
    return Decision(replace(webhook, state="done", call_id=call_id, done_at=now, why=None))


def not_understood(known: Webhook | None, why: str) -> Decision[Webhook]:
    """It stays for a person."""
    webhook = _known(known)
    if webhook.state != "waiting":
        return Decision(webhook)
    return Decision(replace(webhook, state="not_understood", why=why[:WHY]))


def again(known: Webhook | None) -> Decision[Webhook]:
    """It shall be worked off again. Raises `UnknownWebhook`, `NotPossibleNow` for one that is done."""
    webhook = _known(known)
    if webhook.state == "done":
        raise NotPossibleNow("Это событие уже обработано.")
    return Decision(replace(webhook, state="waiting") if webhook.state == "not_understood" else webhook)


def _known(webhook: Webhook | None) -> Webhook:
    if webhook is None:
        raise UnknownWebhook
    return webhook
