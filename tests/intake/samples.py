"""A client as accounts tells of it, and addresses."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from shared.contracts.accounts import ClientChanged, ContactCard

PHONE, MOBILE, MAIL = "+73912223344", "+79131234567", "buh@school5.ru"
PUBLIC = "https://svoy.example"
"""Where our pages are, as links in letters name them."""


def a_client(client_id: str = "c1", revision: int = 1, **over: Any) -> ClientChanged:
    """A client with one accountant."""
    fields = {
        "at": datetime(2026, 11, 2, 3, tzinfo=UTC),
        "client_id": client_id,
        "revision": revision,
        "name": f"Школа № {client_id}",
        "inn": "7707083893",
        "zone": "Asia/Krasnoyarsk",
        "manager_id": "m1",
        "fee": Decimal("6900.00"),
        "source": "opening",
        "since": date(2020, 1, 1),
        "contacts": (ContactCard(contact_id=f"{client_id}-a", name="Иванова", phones=(PHONE,), emails=(MAIL,)),),
    }
    return ClientChanged.model_validate(fields | over)
