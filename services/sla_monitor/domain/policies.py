"""Every clock there is (R-URG-1…6), as one table.

`starts`, `met_by` and `cancelled_by` name facts (see facts.py). `work.reopened` stands for the accountant's refusal
itself, as soon as it is heard: a new round begins, and the clocks of the work run again. `work.replaced` stands for
every handing over: assigned once more, and forced to go on after «готово», too. The specialist's word relieves no
clock: neither postponing nor asking to cancel is a sign of life or an end (R-REQ-2, R-IMP-5).
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from services.sla_monitor.domain.facts import Kind
from services.sla_monitor.domain.ladder import Ladder
from shared.contracts.base import Priority
from shared.contracts.sla_monitor import About, ClockName

CalendarName = Literal["always", "company"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a clock allows to requests of these priorities. Calls have none: `None`."""

    priorities: tuple[Priority | None, ...]
    target: timedelta
    """Counted in `calendar`; nothing where the due time is appointed."""
    warning: float = 0.8
    """The share of the time allowed after which there is a warning."""
    calendar: CalendarName = "always"
    ladder: Ladder | None = None
    """Who is called when it is broken; None for the usual one of such a calendar (domain/ladder.py)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One clock. Requests of a priority it has no terms for are free of it."""

    clock: ClockName
    rule: str
    about: About
    starts: tuple[Kind, ...]
    met_by: tuple[Kind, ...]
    cancelled_by: tuple[Kind, ...]
    restarts: tuple[Kind, ...] = ()
    """Of `met_by`: what starts it anew as well."""
    promised: bool = False
    """Due at the time T the contact promised to wait until, where such a promise stands (R-URG-3, R-URG-4); it runs
    from the promise on, whether or not somebody has the work by then (R-URG-6)."""
    appointed: bool = False
    """Due when the facts themselves say (domain/appointments.py): the calendar is that of the escalation."""
    terms: tuple[Terms, ...]


SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
WORKING_DAY = 8 * HOUR

URGENT: tuple[Priority, ...] = ("urgent",)
IMPORTANT: tuple[Priority, ...] = ("important",)
ROUTINE: tuple[Priority, ...] = ("routine",)

POLICIES: tuple[Policy, ...] = (
    Policy(
        clock="pickup",
        rule="R-URG-1",
        about="call",
        starts=("call.rang",),
        met_by=("call.answered",),
        cancelled_by=("call.missed",),
        terms=(Terms(priorities=(None,), target=20 * SECOND, warning=0.5),),
    ),
    Policy(
        clock="callback",
        rule="R-URG-2",
        about="call",
        starts=("call.missed",),
        met_by=("call.returned",),
        cancelled_by=("call.answered",),
        terms=(Terms(priorities=(None,), target=5 * MINUTE, warning=0.6),),
    ),
    Policy(
        clock="wait_promise",
        rule="R-URG-3",
        about="request",
        starts=("request.registered",),
        met_by=("request.wait_promised",),
        cancelled_by=("work.started", "work.finished", "request.satisfied", "request.withdrawn"),
        terms=(Terms(priorities=URGENT, target=10 * MINUTE, warning=0.5),),
    ),
    Policy(
        clock="assign",
        rule="R-URG-4",
        about="request",
        starts=("request.registered", "work.reopened", "work.displaced"),
        met_by=("work.assigned",),
        cancelled_by=("request.satisfied", "request.withdrawn"),
        terms=(
            Terms(priorities=URGENT, target=5 * MINUTE, warning=0.6),
            Terms(priorities=IMPORTANT, target=1 * HOUR, calendar="company"),
            Terms(priorities=ROUTINE, target=1 * WORKING_DAY, calendar="company"),
        ),
    ),
    Policy(
        clock="start",
        rule="R-URG-4, R-URG-6",
        about="request",
        starts=("work.assigned", "work.replaced"),
        met_by=("work.started", "work.finished"),
        cancelled_by=("work.replaced", "work.displaced", "work.reopened", "request.satisfied", "request.withdrawn"),
        promised=True,
        terms=(
            Terms(priorities=URGENT, target=15 * MINUTE, warning=0.6),
            Terms(priorities=IMPORTANT, target=1 * WORKING_DAY, calendar="company"),
            Terms(priorities=ROUTINE, target=3 * WORKING_DAY, calendar="company"),
        ),
    ),
    Policy(
        clock="progress",
        rule="R-URG-4",
        about="request",
        starts=("work.started",),
        met_by=("work.progressed", "work.started", "work.finished"),
        restarts=("work.progressed", "work.started"),
        cancelled_by=("work.replaced", "work.reopened", "request.satisfied", "request.withdrawn"),
        terms=(
            Terms(priorities=URGENT, target=30 * MINUTE),
            Terms(priorities=IMPORTANT, target=1 * WORKING_DAY, calendar="company"),
        ),
    ),
    Policy(
        clock="finish",
        rule="R-URG-5",
        about="request",
        starts=("work.started",),
        met_by=("work.finished", "request.satisfied"),
        cancelled_by=("work.replaced", "work.reopened", "request.withdrawn"),
        terms=(
            Terms(priorities=URGENT, target=4 * HOUR, warning=0.75),
            Terms(priorities=IMPORTANT, target=3 * WORKING_DAY, calendar="company"),
            Terms(priorities=ROUTINE, target=10 * WORKING_DAY, calendar="company"),
        ),
    ),
    Policy(
        clock="verdict",
        rule="R-URG-5",
        about="request",
        starts=("work.finished",),
        met_by=("request.satisfied",),
        cancelled_by=("work.replaced", "work.reopened", "request.withdrawn"),
        terms=(
            Terms(priorities=URGENT, target=1 * HOUR, warning=0.5),
            Terms(priorities=IMPORTANT, target=1 * WORKING_DAY, calendar="company"),
            Terms(priorities=ROUTINE, target=3 * WORKING_DAY, calendar="company"),
        ),
    ),
    Policy(
        clock="weekly_call",
        rule="R-IMP-1",
        about="contact_call",
        starts=("contact_call.planned",),
        met_by=("contact_call.held",),
        cancelled_by=("contact_call.cancelled",),
        appointed=True,
        terms=(Terms(priorities=(None,), target=timedelta(), calendar="company"),),
    ),
    Policy(
        clock="prospect_contact",
        rule="R-REF-2",
        about="prospect",
        starts=("prospect.registered",),
        met_by=("prospect.contacted",),
        restarts=("prospect.contacted",),
        cancelled_by=("prospect.won", "prospect.dropped"),
        appointed=True,
        terms=(Terms(priorities=(None,), target=timedelta(), calendar="company"),),
    ),
)


APPOINTED = {
    "weekly_call": "the week's end: Friday noon",
    "prospect_contact": "the next contact agreed: 80%",
}
"""What the README says of the clocks whose due time is appointed."""


def table() -> str:
    """The clocks as a Markdown table, as the README shows them."""
    head = ["| clock | rule | starts | met by | cancelled by | target: warning |", "|---|---|---|---|---|---|"]
    return "\n".join([*head, *map(_row, POLICIES)])


def _row(policy: Policy) -> str:
    met_by = [f"`{kind}`{' ↻' if kind in policy.restarts else ''}" for kind in policy.met_by]
    target = "<br>".join(map(_allowed, policy.terms)) + ("<br>or the promised time T" if policy.promised else "")
    target = APPOINTED.get(policy.clock, target)
    cells = (f"`{policy.clock}`", policy.rule, _named(policy.starts), ", ".join(met_by), _named(policy.cancelled_by))
    return f"| {' | '.join((*cells, target))} |"


def _named(kinds: tuple[Kind, ...]) -> str:
    return ", ".join(f"`{kind}`" for kind in kinds)


def _allowed(terms: Terms) -> str:
    names = ", ".join(priority for priority in terms.priorities if priority is not None)
    days, rest = divmod(terms.target, WORKING_DAY)
    if terms.calendar == "company" and not rest:
        target = f"{days} working day{'s' if days > 1 else ''}"
    else:
        target = _duration(terms.target) + (" of working time" if terms.calendar == "company" else "")
    return f"{names + ' ' if names else ''}{target}: {terms.warning:.0%}"


def _duration(span: timedelta) -> str:
    for unit, name in ((HOUR, "h"), (MINUTE, "min")):
        if not span % unit:
            return f"{span // unit} {name}"
    return f"{span // SECOND} s"
