"""What accounts shows on /metrics."""

from typing import Any

from services.accounts import metrics
from tests.accounts.conftest import Doors
from tests.accounts.samples import inn


async def test_clients_proposals_and_imported_rows_are_measured(doors: Doors) -> None:
    await doors.manager()
    win: dict[str, Any] = {"kind": "won", "fee": "30000", "source": "advert", "manager_id": "m1"}
    await doors.confirmed(**win, client={"name": "Сад", "inn": inn(77)})
    lost = await doors.client()
    await doors.client()
    await doors.confirmed(kind="lost", client_id=lost, reason="конкурент")
    await doors.proposed(**win, client={"name": "Ясли", "inn": inn(78)})
    await metrics.renew(doors.office)
    shown = (await doors.http.get("/metrics")).text.splitlines()
    assert 'svoy_accounts_clients_active{source="opening"} 1.0' in shown
    assert 'svoy_accounts_clients_active{source="advert"} 1.0' in shown
    assert "svoy_accounts_proposals_open 1.0" in shown
    for outcome in ("taken", "refused"):
        assert any(line.startswith(f'svoy_accounts_import_rows_total{{outcome="{outcome}"}}') for line in shown)
    (age,) = (float(line.split()[1]) for line in shown if line.startswith("svoy_accounts_oldest_proposal_age_seconds "))
    assert 0 < age < 60
