"""Helpers of the policy tests: newer versions of the shipped table, and the door that asks for them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from services.sla_monitor.api.policy_forms import CalendarsForm, PolicyForm
from services.sla_monitor.domain.policies import Policy, Terms, Version
from services.sla_monitor.domain.rules import Edition, Rules
from tests.kit import eventually
from tests.sla_monitor.running import DIRECTOR, Running
from tests.sla_monitor.telling import SHIPPED, minute

POLICY = "/v1/policies"
REQUEST = "/v1/requests/r1/timeline"


def clock(name: str, **over: Any) -> Policy:
    """A clock of the shipped table, with something changed."""
    (policy,) = [one for one in SHIPPED.clocks if one.clock == name]
    return replace(policy, **over)


def own(**over: Any) -> Policy:
    """A clock nobody ships: look at an urgent request within ten minutes."""
    usual: dict[str, Any] = {
        "clock": "look",
        "title": "не посмотрели",
        "about": "request",
        "starts": ("request.registered",),
        "met_by": ("work.started",),
        "cancelled_by": ("request.satisfied", "request.withdrawn"),
        "terms": (urgent(10),),
    }
    return Policy(**(usual | over))


def urgent(minutes: float, **over: Any) -> Terms:
    """So many minutes for the urgent."""
    return Terms(priorities=("urgent",), target=timedelta(minutes=minutes), **over)


def version(number: int, at: float, *policies: Policy, **over: Any) -> Version:
    """The shipped table with these clocks in place of, or besides, its own; in force from minute `at` on."""
    changed = {policy.clock: policy for policy in policies}
    clocks = [changed.pop(one.clock, one) for one in SHIPPED.clocks]
    since = minute(at)
    new = replace(SHIPPED, number=number, since=since, made=since, by="d1", reason="так лучше")
    return replace(new, clocks=(*clocks, *changed.values()), **over)


def rules(*versions: Version) -> Rules:
    """The shipped table and these."""
    return Rules([Edition(SHIPPED), *map(Edition, versions)])


def body(policies: Sequence[Policy] = (), **over: Any) -> dict[str, Any]:
    """What a director sends."""
    made = version(2, 0, *policies)
    sent = {
        "reason": "так лучше",
        "clocks": [PolicyForm.of(one).model_dump(mode="json") for one in made.clocks],
        "calendars": CalendarsForm.of(made.calendars).model_dump(mode="json"),
    }
    return sent | over


async def put(
    monitor: Running, sent: Any, status: int = 200, *, after: int | str | None = 1, who: Any = DIRECTOR
) -> Any:
    """What the door answers to a new version after that one."""
    match = {} if after is None else {"If-Match": f'"{after}"' if isinstance(after, int) else after}
    answer = await monitor.client.put(POLICY, headers=who | match, json=sent)
    assert answer.status_code == status, answer.text
    return answer.json()


async def applied(monitor: Running, number: int) -> Any:
    """The version, once it has gone through the timelines."""

    async def found() -> Any:
        shown = (await monitor.client.get(POLICY, headers=DIRECTOR, params={"version": number})).json()
        return shown if shown.get("applied") else None

    return await eventually(found)
