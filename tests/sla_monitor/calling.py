"""A running sla_monitor that can write to people, and who they are."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from services.sla_monitor.settings import SlaMonitorSettings
from shared.contracts.accounts import ClientChanged, ManagerRegistered
from shared.contracts.base import Event
from tests.kit import eventually, token
from tests.mail_server import Post
from tests.sla_monitor.outside import Listener
from tests.sla_monitor.running import Running
from tests.sla_monitor.telling import ZONE

VERA, OLGA = "vera@svoy.example", "olga@svoy.example"
M1, M2, LEAD = token("manager", subject="m1"), token("manager", subject="m2"), token("lead", subject="l1")
ALL = "/v1/escalations"


@dataclass(frozen=True)
class House(Running):
    """A running sla_monitor with a mail server and a server for webhooks."""

    post: Post
    hooks: Listener
    settings: SlaMonitorSettings

    async def escalation(self, key: str, **over: Any) -> dict[str, Any]:
        """An escalation, once it stands so."""

        async def found() -> dict[str, Any] | None:
            answer = await self.client.get(f"{ALL}/{key}", headers=LEAD)
            if answer.status_code != 200:
                return None
            shown: dict[str, Any] = answer.json()
            return shown if all(shown[name] == value for name, value in over.items()) else None

        return await eventually(found)

    async def person(self, person_id: str, status: int = 200, **body: Any) -> Any:
        """Set somebody."""
        usual = {"role": "manager", "name": person_id}
        director = token("director", subject="d1")
        answer = await self.client.put(f"/v1/people/{person_id}", headers=director, json={**usual, **body})
        assert answer.status_code == status, answer.text
        return answer.json()

    async def acknowledge(self, key: str, who: dict[str, str], status: int = 200, **body: Any) -> Any:
        """Take it."""
        answer = await self.client.post(f"{ALL}/{key}/acknowledge", headers=who, json={"minutes": 30, **body})
        assert answer.status_code == status, answer.text
        return answer.json()

    async def known(self, person_id: str) -> dict[str, Any]:
        """A person, once heard of."""

        async def found() -> Any:
            answer = await self.client.get(f"/v1/people/{person_id}", headers=LEAD)
            return answer.json() if answer.status_code == 200 else None

        return await eventually(found)


def manager(house: House, manager_id: str = "m1", **over: Any) -> Event:
    """As accounts tells of one."""
    usual = {"revision": 1, "name": "Вера", "hired": date(2026, 1, 1), "email": VERA}
    return ManagerRegistered(at=house.clock.now(), manager_id=manager_id, **{**usual, **over})


def handed_over(house: House, to: str) -> Event:
    """The client c1 as accounts says after a hand-over."""
    about: dict[str, Any] = {"client_id": "c1", "name": "Гимназия № 3", "inn": "7707083893", "zone": ZONE}
    fee = {"fee": "20000.00", "source": "opening", "since": date(2026, 1, 1)}
    return ClientChanged(at=house.clock.now(), revision=2, manager_id=to, **about, **fee)
