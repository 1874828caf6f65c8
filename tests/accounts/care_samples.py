"""Matters, callees and prospects to try things on."""

from datetime import UTC, datetime, timedelta
from typing import Any

from services.accounts import care_policy
from services.accounts.domain import matters
from services.accounts.domain.fans import Brief
from services.accounts.domain.matters import Fact, Kind, Matter, Party, Registration
from services.accounts.domain.prospects import Prospect

POLICY = care_policy.load()
NOON = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
"""Monday noon in Krasnoyarsk."""
PARTY = Party(client_id="c1", name="Школа № 1", zone="Asia/Krasnoyarsk", manager_id="m1")


def registration(at: datetime = NOON, **over: Any) -> Registration:
    """An important request of the accountant a1."""
    usual: dict[str, Any] = {
        "at": at, "number": "7", "priority": "important", "subject": "Отчёт", "party": PARTY, "contact_id": "a1",
    }  # fmt: skip
    return Registration(**(usual | over))


def fact(kind: Kind, hours: float = 0, **over: Any) -> Fact:
    """Something so many hours after noon."""
    return Fact(kind=kind, at=NOON + timedelta(hours=hours), **over)


def matter(*facts: Fact, request_id: str = "r1", first: Registration | None = None) -> Matter:
    """A request with these facts."""
    state = matters.registered(None, request_id, first or registration()).state
    return matters.heard(state, request_id, *facts).state


def brief(*facts: Fact, request_id: str = "r1", number: str = "7") -> Brief:
    """The same in brief."""
    whole = matter(*facts, request_id=request_id)
    return Brief(request_id=request_id, number=number, flawless=whole.flawless, refused_at=whole.refused_at)


def prospect(**over: Any) -> Prospect:
    """Somebody the client c1 vouched for."""
    usual: dict[str, Any] = {
        "prospect_id": "p1", "name": "Музей", "zone": "Asia/Krasnoyarsk", "manager_id": "m1",
        "vouched_by_client_id": "c1", "registered_at": NOON, "next_contact": NOON + timedelta(days=3),
    }  # fmt: skip
    return Prospect(**(usual | over))
