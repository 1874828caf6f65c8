"""The policy table is complete, and the README shows it as it is."""

from pathlib import Path
from typing import get_args

import pytest

from services.sla_monitor.domain.built_in import POLICIES, table
from services.sla_monitor.domain.facts import FACTS, RANK, Kind
from services.sla_monitor.domain.policies import Policy
from shared.contracts import accounts, intake, routing
from shared.contracts.base import Event, Priority
from shared.messaging.topology import LISTENS

README = Path(__file__).parents[2] / "services" / "sla_monitor" / "README.md"


def test_the_readme_shows_the_table() -> None:
    assert table() in README.read_text("utf-8")


def test_every_clock_of_the_contract_has_one_policy() -> None:
    assert [policy.clock for policy in POLICIES] == [
        "pickup", "callback", "wait_promise", "assign", "start", "progress", "finish", "verdict", "weekly_call",
        "prospect_contact",
    ]  # fmt: skip


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.clock)
def test_a_clock_can_start_end_and_has_one_target_a_priority(policy: Policy) -> None:
    assert policy.starts
    assert policy.met_by
    assert set(policy.restarts) <= set(policy.met_by)
    named = [priority for terms in policy.terms for priority in terms.priorities]
    assert len(named) == len(set(named))
    assert set(named) <= (set(get_args(Priority)) if policy.about == "request" else {None})
    assert all((policy.appointed or terms.target) and 0 < terms.warnings[0] < 1 for terms in policy.terms)


def test_urgent_requests_have_every_clock_round_the_clock() -> None:
    of_requests = [policy for policy in POLICIES if policy.about == "request"]
    urgent = [terms for policy in of_requests for terms in policy.terms if "urgent" in terms.priorities]
    assert len(urgent) == len(of_requests)
    assert {terms.calendar for terms in urgent} == {"always"}


def test_every_event_that_comes_is_known() -> None:
    """An event of these families that nobody handles would be parked."""
    families = tuple(pattern.removesuffix("*") for pattern in LISTENS["sla_monitor"] if pattern.endswith("*"))
    contracts = [
        one for module in (accounts, intake, routing) for one in vars(module).values() if isinstance(one, type)
    ]
    coming = {one for one in contracts if issubclass(one, Event) and getattr(one, "TYPE", "").startswith(families)}
    assert coming == set(FACTS)


def test_every_kind_has_a_place_in_the_order() -> None:
    assert set(RANK) == set(get_args(Kind))
