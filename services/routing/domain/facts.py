"""What is known about one request: words the client's side said (they come from intake, in any order and more than
once), and deeds of ours (routing, specialists, managers), which are written in the order in which they were done."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from shared.contracts.base import STANDARD_TARIFF, ClientRef, Nature, Priority

Said = Literal[
    "identified", "reprioritised", "promised", "accept", "refuse", "withdraw", "merge", "unmerge", "followed_up",
    "doubted", "lost", "not_lost", "ordered", "order_lapsed",
]  # fmt: skip
Did = Literal[
    "wait", "assign", "start", "progress", "postpone", "finish", "ask_cancel", "replace", "force", "lapse", "displace",
]  # fmt: skip
Action = Literal["force", "replace", "keep"]

ROUTING = "routing"
"""Who acts where no person does."""
TICK = timedelta(milliseconds=1)
"""The finest time a document keeps."""
CLOCKS_DIFFER = timedelta(seconds=1)
"""How far apart the clocks of two machines may be: below that, what was heard later counts as later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Whose request it is."""

    client_id: str
    name: str
    zone: str
    manager_id: str | None = None
    tariff: str = STANDARD_TARIFF

    @classmethod
    def of(cls, ref: ClientRef | None) -> "Client | None":
        """From an event."""
        if ref is None:
            return None
        return cls(client_id=ref.client_id, name=ref.name, zone=ref.zone, manager_id=ref.manager_id, tariff=ref.tariff)

    def ref(self) -> ClientRef:
        """For an event."""
        return ClientRef(
            client_id=self.client_id, name=self.name, zone=self.zone, manager_id=self.manager_id, tariff=self.tariff
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What the client wants solved (R-REQ-1)."""

    at: datetime
    number: str
    priority: Priority
    nature: Nature | None = None
    subject_text: str = ""
    products: tuple[str, ...] = ()
    client: Client | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """Something said about the request on the client's side."""

    said: Said
    at: datetime
    counts_at: datetime
    """`at`, or a moment later where it was heard after a deed younger by less than `CLOCKS_DIFFER`."""
    by: str = ""
    text: str = ""
    client: Client | None = None
    priority: Priority | None = None
    nature: Nature | None = None
    until: datetime | None = None
    specialist_id: str | None = None
    """Of `lost`: whom the clock of `start` or `progress` caught."""
    clock: str = ""
    """Of `lost` and `not_lost`: which clock it was, and when it was due."""
    action: Action | None = None
    """Of `ordered`: what the manager demands (R-IMP-3)."""
    kept_away: bool = False
    """Of `ordered`: whether it is because whoever has it is kept away from the client (R-COI-3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """Something done about the request by us."""

    did: Did
    at: datetime
    by: str
    """Who did it: a specialist's or manager's id, or `routing`."""
    specialist_id: str | None = None
    """Whom it concerns."""
    turn: int = 0
    """The turn whose place this deed takes; 0 where it takes none."""
    text: str = ""
    until: datetime | None = None
    note: str = ""
    """Where the work stands, for whoever takes it over."""
    minutes: int | None = None
    """Of `start`: how long the specialist says it will take, in minutes of their working time."""
