"""What accounts shows on /metrics of debt, weekly calls, control and referrals."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from prometheus_client import REGISTRY

from services.accounts import care_metrics, care_totals, debts, listening, planning
from services.accounts.care import Care, party_of
from services.accounts.care_totals import Rounds
from services.accounts.domain.matters import Fact, Registration
from tests.accounts.conftest import Doors
from tests.kit import eventually, token

MARIA = token("manager", subject="m1")
TWO = [{"name": "Анна", "phones": ["+73912000001"]}, {"name": "Вера", "emails": ["v@s.ru"]}]


def shown(name: str, **labels: str) -> float | None:
    """The gauge now; None where that value of a label is not there."""
    return REGISTRY.get_sample_value(f"svoy_accounts_{name}", labels)


async def asked_for(care: Care, client_id: str, request_id: str, days: int, *, cancelling: bool = False) -> None:
    """An urgent request of so many days ago, which a specialist may want to cancel."""
    client = await care.office.client(client_id)
    first = Registration(
        at=care.now() - timedelta(days=days), number=request_id, priority="urgent", subject="Отчёт",
        party=party_of(client), contact_id=client.contacts[0].contact_id if client.contacts else None,
    )  # fmt: skip
    await listening.take_in(care, request_id, first)
    if cancelling:
        await listening.hear(care, request_id, Fact(kind="cancel_asked", at=care.now(), party=party_of(client)))


async def praised(care: Care, client_id: str, *request_ids: str) -> None:
    """Urgent requests closed satisfied."""
    for request_id in request_ids:
        await asked_for(care, client_id, request_id, 0)
        await listening.hear(care, request_id, Fact(kind="satisfied", at=care.now()))


def test_every_value_of_a_label_is_there_from_the_start() -> None:
    for band in ("calm", "watch", "risk"):
        assert shown("clients_by_band", band=band) is not None
        assert shown("fee_by_band_roubles", band=band) is not None
    for state in ("known", "trial", "tried", "winning", "won", "dropped"):
        assert shown("prospects", state=state) is not None
    for standing in ("planned", "held", "attempted"):
        assert shown("week_calls", standing=standing) is not None
    assert shown("fans", standing="near") is not None
    assert shown("month_clients", part="won") is not None
    assert shown("managers_by_growth", growth="goal") is not None


async def test_debt_calls_control_and_prospects_are_measured_without_names(doors: Doors) -> None:
    care: Care = doors.app.state.care
    heavy = await doors.client(contacts=TWO, fee="30000.00")
    praising, near = await doors.client(contacts=[]), await doors.client(contacts=[])
    await asked_for(care, heavy, "r1", 60, cancelling=True)
    await praised(care, praising, "p1", "p2", "p3")
    await praised(care, near, "n1", "n2")
    await debts.refresh(care, [heavy])
    await planning.plan(care, "m1", care.week())
    anna = (await care.office.client(heavy)).contacts[0].contact_id
    assert (await doors.post(f"/v1/contacts/{anna}/calls", {"reached": True}, MARIA)).status_code == 201
    named = {"name": "Музей", "vouched_by_client_id": praising, "next_contact": "2100-01-01T00:00:00Z"}
    assert (await doors.post("/v1/prospects", named, MARIA)).status_code == 201

    async def measured() -> None:
        await care_metrics.renew(care, Rounds())
        assert [shown("clients_by_band", band=band) for band in ("calm", "risk")] == [2, 1]
        assert [shown("fee_by_band_roubles", band=band) for band in ("calm", "watch", "risk")] == [40_000, 0, 30_000]
        assert shown("week_calls", standing="held") == 1
        assert shown("contacts_never_reached") == 1
        assert [shown("prospects", state=state) for state in ("known", "won")] == [1, 0]
        assert shown("control_requests") == 1
        assert (shown("control_oldest_age_seconds") or 0) > 0
        assert [shown("fans", standing=each) for each in ("fan", "near")] == [1, 1]

    await eventually(lambda: _true(measured))
    plan = (await doors.get("/v1/managers/m1/call-plan", MARIA)).json()["items"]
    assert (await care_totals.week_calls(care.store, care.week()))["planned"] == len(plan)
    assert "m1" not in "".join(
        line for line in (await doors.http.get("/metrics")).text.splitlines() if "svoy_acc" in line
    )
    fans = (await doors.get("/v1/managers/m1/fans", MARIA)).json()
    assert [(each["client_id"], each["fan"], each["streak"]) for each in fans] == [
        (praising, True, 3),
        (near, False, 2),
    ]


async def _true(measured: Callable[[], Awaitable[None]]) -> bool:
    await measured()
    return True
