"""Routing's HTTP doors under `/v1`.

specialists.py  leads register and change specialists
absences.py     when they are not there, and pauses
exclusions.py   who is kept away from which client
policy.py       how work is given away
steps.py        what the assigned specialist says
orders.py       what a manager orders
reading.py      the work, its list, and why it went to whom it went
records.py      the specialists' records, and how true the estimates prove
views.py        what all of them answer with
deps.py         what all of them are given, and who may see what
"""

from services.routing.api import absences, exclusions, orders, policy, reading, records, specialists, steps
from services.routing.api.deps import Routing
from services.routing.csv_import import BadTable
from services.routing.domain import refusals
from shared.service import Service

PROBLEMS: dict[type[Exception], tuple[int, str]] = {
    refusals.UnknownRequest: (404, "unknown-request"),
    refusals.UnknownSpecialist: (404, "unknown-specialist"),
    refusals.NotYours: (403, "not-yours"),
    refusals.NotYourBase: (403, "not-your-base"),
    refusals.StepRefused: (409, "step-refused"),
    refusals.NotAssignedToYou: (409, "not-assigned-to-you"),
    refusals.Overtaken: (409, "overtaken"),
    refusals.NobodyCan: (409, "nobody-can"),
    refusals.BoundByDate: (409, "bound-by-date"),
    refusals.CapacityBelowLoad: (409, "capacity-below-load"),
    refusals.PostponedEnough: (409, "postponed-enough"),
    refusals.PolicyOvertaken: (409, "policy-overtaken"),
    refusals.UnknownPolicy: (404, "unknown-policy"),
    refusals.UnknownAbsence: (404, "unknown-absence"),
    refusals.UnknownExclusion: (404, "unknown-exclusion"),
    refusals.BadPolicy: (422, "bad-policy"),
    refusals.BadAbsence: (422, "bad-absence"),
    refusals.BadPause: (422, "bad-pause"),
    refusals.BadExclusion: (422, "bad-exclusion"),
    refusals.BadDate: (422, "bad-date"),
    refusals.BadProfile: (422, "bad-profile"),
    BadTable: (422, "bad-table"),
}
"""How each refusal is answered."""


def install(service: Service, deps: Routing) -> None:
    """Open the doors of `service`."""
    service.app.state.deps = deps
    service.problems(PROBLEMS)
    for module in (specialists, absences, exclusions, policy, reading, records, steps, orders):
        service.app.include_router(module.routes)


__all__ = ["Routing", "install"]
