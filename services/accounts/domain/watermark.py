"""How far the facts that move money are known to be told, whole.

    promise(T) ──▶ look: what is being confirmed, what waits in an outbox ──▶ tell(until ≤ T)

A fact confirmed after T was promised is told with a moment not before T (`proposal.put_off`), so that nothing can slip
in below what was promised. Payroll closes no month before the watermark has passed its end.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from shared.contracts.accounts import FactsComplete
from shared.contracts.base import Decision

WATERMARK = "accounts"
"""There is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watermark:
    """`promised`: facts still to be confirmed will not be told with an earlier moment. `until`: what was told."""

    watermark_id: str = WATERMARK
    promised: datetime
    until: datetime | None = None


def promise(known: Watermark | None, now: datetime) -> Decision[Watermark]:
    """From now on no fact is confirmed with a moment before `now`."""
    if known is None:
        return Decision(Watermark(promised=now))
    return Decision(known if known.promised >= now else replace(known, promised=now))


def tell(known: Watermark, until: datetime, at: datetime) -> Decision[Watermark]:
    """All facts confirmed before `until` are published; it never goes back."""
    if known.until is not None and until <= known.until:
        return Decision(known)
    return Decision(replace(known, until=until), (FactsComplete(at=at, watermark=known.watermark_id, until=until),))
