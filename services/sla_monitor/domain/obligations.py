"""One promise to a client with its due time, and how it stands."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.sla_monitor.domain.policies import Place
from services.sla_monitor.domain.rules import Span
from shared.contracts.base import Priority
from shared.contracts.sla_monitor import ClockName

Standing = Literal["open", "warned", "breached", "paused", "met", "cancelled"]
"""`breached` is what is late and still to be done; what was done late is `met` (and breached as well)."""
Ending = Literal["met", "cancelled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligation:
    """Something that has to happen by a time. It says nothing of the present: `standing` does."""

    id: str
    """`<request or call>:<clock>:<occurrence>`: the round of the work, and after the first in a round the moment it
    began."""
    clock: ClockName
    priority: Priority | None
    since: datetime
    warn_at: datetime
    """The first warning."""
    warn_again: tuple[datetime, ...] = ()
    """The warnings after it."""
    due: datetime
    """While it is paused: when it would be due had it not been."""
    promised: bool = False
    """Due because the contact was promised so (R-URG-6)."""
    specialist_id: str | None = None
    policy: int = 1
    """The version of the policy it is reckoned by."""
    terms: int = 0
    """Which of that version's terms for the clock, from 0."""
    place: Place | None = None
    """Where the client's hours are counted, where they are."""
    earlier: tuple[Span, ...] = ()
    """What counted before `counted_from`: before a pause, or in rounds before (R-URG-5)."""
    counted_from: datetime | None = None
    """Where other than `since`."""
    paused: datetime | None = None
    """Since when no time counts."""
    ended: datetime | None = None
    ending: Ending | None = None

    @property
    def ended_late(self) -> bool:
        """Whether it ended, either way, after its due time."""
        return self.ended is not None and self.ended > self.due

    @property
    def ticks(self) -> bool:
        """Whether time brings it nearer to its due time, or is past that."""
        return self.ending is None and self.paused is None

    def warnings(self) -> Iterator[tuple[str, datetime]]:
        """The mark a warning is announced under, and when it is."""
        yield f"warned {self.id}", self.warn_at
        for number, moment in enumerate(self.warn_again, 2):
            yield f"warned.{number} {self.id}", moment

    def standing(self, now: datetime) -> Standing:
        """How it stands."""
        if self.ending is not None:
            return self.ending
        if self.paused is not None:
            return "paused"
        if now > self.due:
            return "breached"
        return "warned" if now >= self.warn_at else "open"
