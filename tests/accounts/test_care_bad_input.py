"""What people send by mistake about calls, control and prospects is refused with a clear problem."""

from typing import Any

from tests.accounts.conftest import Doors
from tests.kit import token

MARIA = token("manager", subject="m1")
OTHER = token("manager", subject="m2")

HOSTILE: list[tuple[str, dict[str, Any] | None, int]] = [
    ("/v1/contacts/nobody/calls", {"reached": False}, 404),
    ("/v1/contacts/{anna}/calls", {"reached": "maybe"}, 422),
    ("/v1/contacts/{anna}/calls", {"reached": False, "discovered": [{"subject": "x"}]}, 422),
    ("/v1/contacts/{anna}/calls", {"reached": True, "discovered": [{"subject": " "}]}, 422),
    ("/v1/contacts/{anna}/calls", {"reached": True, "findings": [{"request_id": "r", "finding": "bad"}]}, 422),
    ("/v1/contacts/{anna}/calls", {"reached": True, "findings": [{"request_id": "r", "finding": "cancelled"}]}, 422),
    ("/v1/contacts/{anna}/calls", {"reached": True, "findings": [{"request_id": "r", "finding": "fine"}]}, 404),
    ("/v1/control/nobody/orders", {"action": "keep", "reason": "x"}, 404),
    ("/v1/control/nobody/orders", {"action": "burn", "reason": "x"}, 422),
    ("/v1/control/nobody/orders", {"action": "force", "reason": "x", "finish_by": 1760054400}, 422),
    ("/v1/control/nobody/orders", {"action": "force", "reason": "x", "finish_by": "9999-12-31T23:59:59-12:00"}, 422),
    ("/v1/clients/nobody/referral-asks", {"contact_id": "a"}, 404),
    ("/v1/prospects/nobody/talks", {"words": "x", "next_contact": "2030-01-01T00:00:00Z"}, 404),
    ("/v1/prospects/nobody/drop", {"reason": " "}, 422),
]


async def test_what_cannot_be_is_refused_at_each_door(doors: Doors) -> None:
    anna = (await doors.get(f"/v1/clients/{await doors.client()}")).json()["contacts"][0]["contact_id"]
    answers = [(await doors.post(path.format(anna=anna), body)).status_code for path, body, _ in HOSTILE]
    assert answers == [status for _, _, status in HOSTILE]
    weeks = ["2026-W54", "2026-W00", "2026-48", "9999-W52", "0000-W01", "2026-W53"]
    plans = [(await doors.get(f"/v1/managers/m1/call-plan?week={week}", MARIA)).status_code for week in weeks]
    assert plans == [422, 422, 422, 422, 422, 200]
    for path in ("call-plan", "coverage", "control", "debts", "fans", "never-reached", "discovered"):
        assert (await doors.get(f"/v1/managers/m1/{path}", OTHER)).status_code == 403
        assert (await doors.get(f"/v1/managers/nobody/{path}")).status_code in {200, 404}
