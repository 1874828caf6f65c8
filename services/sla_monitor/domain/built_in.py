"""The clocks the program comes with (R-URG-1…6, R-IMP-1, R-REF-2), as one table: version 1 of the policy.

`starts`, `met_by` and the other conditions name facts (see facts.py). `work.reopened` stands for the accountant's
refusal itself, as soon as it is heard: a new round begins, and the clocks of the work run again. `work.replaced`
stands for every handing over: assigned once more, and forced to go on after «готово», too. The specialist's word
relieves no clock: neither postponing nor asking to cancel is a sign of life or an end (R-REQ-2, R-IMP-5).
"""

from datetime import UTC, datetime, timedelta

from services.sla_monitor.domain.facts import Kind
from services.sla_monitor.domain.policies import SHIPPED_BY, Calendars, Policy, Terms, Version
from shared.calendar import Hours, weekdays
from shared.contracts.base import Priority

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
WORKING_DAY = 8 * HOUR

ALL_ALONG = datetime(1970, 1, 1, tzinfo=UTC)
"""Since when version 1 is in force."""

URGENT: tuple[Priority, ...] = ("urgent",)
IMPORTANT: tuple[Priority, ...] = ("important",)
ROUTINE: tuple[Priority, ...] = ("routine",)

POLICIES: tuple[Policy, ...] = (
    Policy(
        clock="pickup",
        title="не снята трубка",
        rule="R-URG-1",
        about="call",
        starts=("call.rang",),
        met_by=("call.answered",),
        cancelled_by=("call.missed",),
        terms=(Terms(priorities=(None,), target=20 * SECOND, warnings=(0.5,)),),
    ),
    Policy(
        clock="callback",
        title="не перезвонили",
        rule="R-URG-2",
        about="call",
        starts=("call.missed",),
        met_by=("call.returned",),
        cancelled_by=("call.answered",),
        terms=(Terms(priorities=(None,), target=5 * MINUTE, warnings=(0.6,)),),
    ),
    Policy(
        clock="wait_promise",
        title="не получено обещание подождать",
        rule="R-URG-3",
        about="request",
        starts=("request.registered",),
        met_by=("request.wait_promised",),
        cancelled_by=("work.started", "work.finished", "request.satisfied", "request.withdrawn"),
        terms=(Terms(priorities=URGENT, target=10 * MINUTE, warnings=(0.5,)),),
    ),
    Policy(
        clock="assign",
        title="не назначен специалист",
        rule="R-URG-4",
        about="request",
        starts=("request.registered", "work.reopened", "work.displaced"),
        met_by=("work.assigned",),
        cancelled_by=("request.satisfied", "request.withdrawn"),
        terms=(
            Terms(priorities=URGENT, target=5 * MINUTE, warnings=(0.6,)),
            Terms(priorities=IMPORTANT, target=1 * HOUR, calendar="company"),
            Terms(priorities=ROUTINE, target=1 * WORKING_DAY, calendar="company"),
        ),
    ),
    Policy(
        clock="start",
        title="специалист не начал",
        rule="R-URG-4, R-URG-6",
        about="request",
        starts=("work.assigned", "work.replaced"),
        met_by=("work.started", "work.finished"),
        cancelled_by=("work.replaced", "work.displaced", "work.reopened", "request.satisfied", "request.withdrawn"),
        promised=True,
        terms=(
            Terms(priorities=URGENT, target=15 * MINUTE, warnings=(0.6,)),
            Terms(priorities=IMPORTANT, target=1 * WORKING_DAY, calendar="company"),
            Terms(priorities=ROUTINE, target=3 * WORKING_DAY, calendar="company"),
        ),
    ),
    Policy(
        clock="progress",
        title="от специалиста нет вестей",
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
        title="работа не закончена",
        rule="R-URG-5",
        about="request",
        starts=("work.started",),
        met_by=("work.finished", "request.satisfied"),
        cancelled_by=("work.replaced", "work.reopened", "request.withdrawn"),
        continued_by=("work.reopened",),
        terms=(
            Terms(priorities=URGENT, target=4 * HOUR, warnings=(0.75,)),
            Terms(priorities=IMPORTANT, target=3 * WORKING_DAY, calendar="company"),
            Terms(priorities=ROUTINE, target=10 * WORKING_DAY, calendar="company"),
        ),
    ),
    Policy(
        clock="verdict",
        title="бухгалтер не подтвердил решение",
        rule="R-URG-5",
        about="request",
        starts=("work.finished",),
        met_by=("request.satisfied",),
        cancelled_by=("work.replaced", "work.reopened", "request.withdrawn"),
        terms=(
            Terms(priorities=URGENT, target=1 * HOUR, warnings=(0.5,)),
            Terms(priorities=IMPORTANT, target=1 * WORKING_DAY, calendar="company"),
            Terms(priorities=ROUTINE, target=3 * WORKING_DAY, calendar="company"),
        ),
    ),
    Policy(
        clock="weekly_call",
        title="нет еженедельного звонка бухгалтеру",
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
        title="пропущен контакт с потенциальным клиентом",
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


STANDARD = tuple(policy.clock for policy in POLICIES)
"""The clocks there always are: others rely on their names."""


def shipped(zone: str, day: Hours, region: str | None = None) -> Version:
    """Version 1, with the company's hours as its settings have them. Clients work the same hours in their own zones."""
    return Version(
        number=1,
        since=ALL_ALONG,
        made=ALL_ALONG,
        by=SHIPPED_BY,
        reason="Таблица часов, с которой поставлена программа.",
        clocks=POLICIES,
        calendars=Calendars(zone=zone, region=region, company=weekdays(day), client=weekdays(day)),
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
    target += "".join(f"<br>goes on with what is left: `{kind}`" for kind in policy.continued_by)
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
    shares = ", ".join(f"{share:.0%}" for share in terms.warnings)
    return f"{names + ' ' if names else ''}{target}: {shares}"


def _duration(span: timedelta) -> str:
    for unit, name in ((HOUR, "h"), (MINUTE, "min")):
        if not span % unit:
            return f"{span // unit} {name}"
    return f"{span // SECOND} s"
