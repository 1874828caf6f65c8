"""Facts, managers and ledgers to begin a test with."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count

from services.payroll.domain import closing, reckoning
from services.payroll.domain.facts import Fact, handed_over, lost, reversal, won
from services.payroll.domain.ledger import Ledger
from services.payroll.domain.months import Month, first_day, following
from services.payroll.domain.policy import Policies, Policy
from services.payroll.domain.recording import introduce, record, reverse
from services.payroll.domain.statement import Statement
from shared.contracts.accounts import (
    ClientHandedOver,
    ClientLost,
    ClientRegistered,
    ClientWon,
    FactReversed,
    FactsComplete,
    ManagerEvent,
    ManagerRegistered,
    Source,
)
from shared.contracts.base import Event
from shared.contracts.payroll import DismissalProposed

AT = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
BASE = Decimal("70000.00")
POLICIES = Policies(Policy(BASE))
_numbers = count(1)


def roubles(text: str | int) -> Decimal:
    """An amount with two places."""
    return Decimal(text).quantize(Decimal("0.01"))


def manager(
    manager_id: str = "m1", *, hired: str = "2026-01-12", left: str | None = None, revision: int = 1, at: datetime = AT
) -> ManagerRegistered:
    """A manager works for us."""
    return ManagerRegistered(
        at=at,
        manager_id=manager_id,
        revision=revision,
        name=f"Менеджер {manager_id}",
        hired=date.fromisoformat(hired),
        left=None if left is None else date.fromisoformat(left),
    )


def client_won(
    fee: str | int, month: Month, *, fact_id: str = "", day: int = 15, source: Source = "referral", by: str = "m1"
) -> ClientWon:
    """A client came."""
    fact_id = fact_id or f"w{next(_numbers):05}"
    return ClientWon(
        at=AT,
        fact_id=fact_id,
        client_id=f"c-{fact_id}",
        client_name=f"Школа {fact_id}",
        manager_id=by,
        fee=roubles(fee),
        effective=first_day(month).replace(day=day),
        proposed_by=by,
        confirmed_by="d1",
        source=source,
        vouched_by_client_id="fan" if source == "referral" else None,
        request_id=f"r-{fact_id}" if source == "referral" else None,
    )


def client_lost(fee: str | int, month: Month, *, fact_id: str = "", day: int = 16, by: str = "m1") -> ClientLost:
    """A client is gone."""
    fact_id = fact_id or f"l{next(_numbers):05}"
    return ClientLost(
        at=AT,
        fact_id=fact_id,
        client_id=f"c-{fact_id}",
        client_name=f"Школа {fact_id}",
        manager_id=by,
        fee=roubles(fee),
        effective=first_day(month).replace(day=day),
        proposed_by=by,
        confirmed_by="d1",
        reason="заявку решил конкурент",
        request_id=f"r-{fact_id}",
    )


def handed(month: Month, *, fact_id: str = "h1", of: str = "m1", to: str = "m2") -> ClientHandedOver:
    """Another manager holds a client."""
    return ClientHandedOver(
        at=AT,
        fact_id=fact_id,
        client_id="c1",
        from_manager_id=of,
        to_manager_id=to,
        effective=first_day(month),
        proposed_by=of,
        confirmed_by="d1",
    )


@dataclass
class Told:
    """One manager's ledger as it is told of facts and its months are closed, and what it tells."""

    ledger: Ledger = field(default_factory=lambda: Ledger(manager_id="m1"))
    events: list[Event] = field(default_factory=list)
    begin: Month | None = None
    first_open: Month | None = None
    """Of the company."""
    closing: Month | None = None
    """The month the company is closing, this manager's statement not closed yet."""
    policies: Policies = POLICIES

    @classmethod
    def of(cls, *facts: ClientWon | ClientLost, hired: str = "2026-01-12", left: str | None = None) -> "Told":
        """A manager with these facts."""
        told = cls()
        told.hear(manager(hired=hired, left=left))
        told.hear(*facts)
        return told

    def hear(self, *events: ClientWon | ClientLost | ClientHandedOver | FactReversed | ManagerEvent) -> None:
        """Facts or news of the manager come."""
        for event in events:
            if isinstance(event, FactReversed):
                word = replace(reversal(event), missed=self.closing)
                decision = reverse(self.ledger, "m1", word, self.policies, AT)
            elif isinstance(event, ManagerEvent):
                decision = introduce(self.ledger, event, event.at.date(), closing=self.closing)
            else:
                fact = replace(fact_of(event), missed=self.closing)
                decision = record(self.ledger, "m1", fact, self.policies, AT)
            self.ledger = decision.state
            self.events += decision.events

    def close(self, month: Month) -> Statement | None:
        """The company closes `month`."""
        self.begin = self.begin or month
        decision = closing.close(self.ledger, month, self.begin, self.policies, AT)
        self.ledger = decision.state
        self.events += decision.events
        self.first_open, self.closing = following(month), None
        return self.ledger.closed_statement(month)

    def statement(self, month: Month) -> Statement:
        """The statement of `month`, which there must be."""
        found = self.maybe(month)
        assert found is not None
        return found

    def maybe(self, month: Month) -> Statement | None:
        """The statement of `month`."""
        return reckoning.statement(
            self.ledger, month, begin=self.begin, first_open=self.first_open, policies=self.policies
        )

    def dismissals(self) -> list[str]:
        """The months a dismissal was proposed for, in order."""
        return [event.month for event in self.events if isinstance(event, DismissalProposed)]


def fact_of(event: ClientWon | ClientLost | ClientHandedOver) -> Fact:
    """What the ledger keeps of it."""
    if isinstance(event, ClientHandedOver):
        return handed_over(event)
    return won(event) if isinstance(event, ClientWon) else lost(event)


def opened(statements: Iterable[Statement]) -> list[Statement]:
    """Statements without what tells open ones from closed ones."""
    return [replace(each, status="open", closed_at=None, seal="") for each in statements]


def reversed_fact(fact_id: str, *, by_id: str = "", of: str = "m1", confirmed_by: str = "d1") -> FactReversed:
    """A fact turns out wrong."""
    return FactReversed(
        at=AT,
        fact_id=by_id or f"undo-{fact_id}",
        reverses_fact_id=fact_id,
        manager_id=of,
        reason="записан по ошибке",
        proposed_by=of,
        confirmed_by=confirmed_by,
    )


def complete(until: datetime) -> FactsComplete:
    """Accounts has published every fact."""
    return FactsComplete(at=AT, until=until)


def client(
    client_id: str, *, by: str = "m1", fee: str | int = 10000, since: str = "2026-01-12", revision: int = 1
) -> ClientRegistered:
    """A client on our books; losses and wins of `fact_id` are about the client `c-{fact_id}`."""
    return ClientRegistered(
        at=AT,
        client_id=f"c-{client_id}",
        revision=revision,
        name=f"Школа {client_id}",
        inn="2463000000",
        zone="Asia/Krasnoyarsk",
        manager_id=by,
        fee=roubles(fee),
        source="opening",
        since=date.fromisoformat(since),
    )
