"""One promise to a client with its due time, and how it stands."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shared.contracts.base import Priority
from shared.contracts.sla_monitor import ClockName

Standing = Literal["open", "warned", "breached", "met", "cancelled"]
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
    due: datetime
    promised: bool = False
    """Due because the contact was promised so (R-URG-6)."""
    specialist_id: str | None = None
    ended: datetime | None = None
    ending: Ending | None = None

    @property
    def ended_late(self) -> bool:
        """Whether it ended, either way, after its due time."""
        return self.ended is not None and self.ended > self.due

    def standing(self, now: datetime) -> Standing:
        """How it stands."""
        if self.ending is not None:
            return self.ending
        if now > self.due:
            return "breached"
        return "warned" if now >= self.warn_at else "open"
