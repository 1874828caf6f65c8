"""What the doors of escalation and reading work with."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from services.sla_monitor.bases import Bases
from services.sla_monitor.monitor import Monitor
from services.sla_monitor.notify.escalations import Escalations
from services.sla_monitor.policy_book import PolicyBook
from shared.contracts.sla_monitor import ClockName
from shared.http.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Wired:
    """Put together in main.py."""

    monitor: Monitor
    book: PolicyBook
    bases: Bases
    escalations: Escalations
    company_zone: str
    plain_hooks: bool
    """Webhooks may go to http addresses: in development alone."""


async def _wired(request: Request) -> Wired:
    return request.app.state.wired  # type: ignore[no-any-return]  # main.py puts it there


def known_clock(deps: Wired, clock: ClockName | None) -> None:
    """Raises `Problem` 422 for a clock no version of the policy has."""
    clocks = deps.monitor.rules.clocks
    if clock is not None and clock not in clocks:
        raise Problem(422, "unknown-clock", f"clock: таких часов нет; есть {', '.join(clocks)}.")


Deps = Annotated[Wired, Depends(_wired)]
