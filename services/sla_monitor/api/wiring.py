"""What the doors of escalation and reading work with."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request

from services.sla_monitor.bases import Bases
from services.sla_monitor.monitor import Monitor
from services.sla_monitor.notify.escalations import Escalations
from services.sla_monitor.policy_book import PolicyBook
from services.sla_monitor.store import Base
from shared.contracts.sla_monitor import ClockName
from shared.http.auth import Principal
from shared.http.problems import Problem
from shared.store import Documents

SEES_ALL = ("lead", "director", "service")
"""Whoever is bound to no base."""


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


async def base_asked(
    deps: Wired, who: Principal, asked: str | None, listed: Documents[Any], *, sees: str
) -> Base | None:
    """Whose base is shown of what is `listed`: a manager's own, whoever sees all may name one; None is everybody's.

    Raises `Problem` 403 where a manager names another's; `sees` says what is shown.
    """
    if who.has(*SEES_ALL):
        return None if asked is None else await deps.bases.base_of(asked, listed)
    if asked not in {None, who.subject}:
        raise Problem(403, "foreign-base", f"Менеджер видит {sees} только своей базы.")
    return await deps.bases.base_of(who.subject, listed)


Deps = Annotated[Wired, Depends(_wired)]
