"""What is wrong with a version of the policy before it is made: every fault by the field it is in.

A clock that could never end, or never run out, would be a promise nobody is held to; so would a calendar in which
nobody works. The clocks others rely on stay, under their names.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from services.sla_monitor.domain.built_in import POLICIES
from services.sla_monitor.domain.facts import BIRTHS, CLOSING, Kind
from services.sla_monitor.domain.policies import Place, Policy, Terms, Version
from services.sla_monitor.domain.rules import Edition
from shared.calendar import BadRegion, Calendar, NoCalendarYear, NoWorkingTime, UnknownZone, add, russia
from shared.contracts.sla_monitor import About

STANDARD = {policy.clock: policy for policy in POLICIES}
FAMILIES: dict[About, tuple[str, ...]] = {
    "request": ("request.", "work."),
    "call": ("call.",),
    "contact_call": ("contact_call.",),
    "prospect": ("prospect.",),
}
RELIEVES_NOTHING: frozenset[Kind] = frozenset({"work.postponed", "work.cancel_asked", "work.order_lapsed"})
"""The specialist's own word (R-REQ-2, R-IMP-5), and an order nobody could carry out."""
UNDONE: frozenset[Kind] = frozenset({"request.unmerged"})
"""After it all is as if the merging had never been: it is no moment of its own."""
OVER: frozenset[Kind] = frozenset({"request.satisfied", "request.withdrawn"})
"""After these nothing is owed: a clock that went on would be broken by nobody (R-REQ-3)."""
CONDITIONS = ("starts", "met_by", "restarts", "cancelled_by", "paused_by", "resumed_by", "continued_by")
LONGEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and where."""

    field: str
    message: str


def faults(version: Version) -> list[Fault]:
    """Everything that is wrong; nothing where the version can be made."""
    found = [*_names(version)]
    for number, policy in enumerate(version.clocks):
        found += (Fault(f"clocks.{number}.{fault.field}", fault.message) for fault in _policy(policy))
    in_calendars = [*_calendars(version)]
    return found + (in_calendars or [*_out_of_reach(version)])


def _names(version: Version) -> Iterator[Fault]:
    names = [policy.clock for policy in version.clocks]
    for number, name in enumerate(names):
        if name in names[:number]:
            yield Fault(f"clocks.{number}.clock", f"часы {name} названы дважды")
    missing = [name for name in STANDARD if name not in names]
    if missing:
        yield Fault("clocks", f"нет часов {', '.join(missing)}: они есть всегда")


def _policy(policy: Policy) -> Iterator[Fault]:
    known = STANDARD.get(policy.clock)
    if known is not None and policy.about != known.about:
        yield Fault("about", f"часы {policy.clock} идут о предмете {known.about}")
        return
    if policy.appointed or (known is not None and known.appointed):
        yield from _appointed(policy, known)
    else:
        for check in CHECKS:
            yield from check(policy)
    yield from _terms(policy)


def _appointed(policy: Policy, known: Policy | None) -> Iterator[Fault]:
    if known is None or not known.appointed or not policy.appointed:
        yield Fault("appointed", "срок назначают сами события лишь у weekly_call и prospect_contact, и у них всегда")
        return
    for name in CONDITIONS:
        if set(getattr(policy, name)) != set(getattr(known, name)):
            yield Fault(name, "события этих часов не меняются: срок назначает учёт клиентов")


def _known_events(policy: Policy) -> Iterator[Fault]:
    if policy.about not in {"request", "call"}:
        yield Fault("about", "свои часы могут идти о заявке (request) или о звонке (call)")
        return
    families = FAMILIES[policy.about]
    for name in CONDITIONS:
        for kind in getattr(policy, name):
            if not kind.startswith(families) or kind in UNDONE:
                yield Fault(name, f"{kind} не бывает условием часов о предмете {policy.about}")


def _begins(policy: Policy) -> Iterator[Fault]:
    if not set(policy.starts) - CLOSING:
        yield Fault("starts", "часы никогда не пойдут: назовите событие, после которого предмет ещё открыт")


def _ends(policy: Policy) -> Iterator[Fault]:
    starts, met_by, cancelled_by = set(policy.starts), set(policy.met_by), set(policy.cancelled_by)
    restarts, continued_by = set(policy.restarts), set(policy.continued_by)
    if not met_by:
        yield Fault("met_by", "часы никогда не кончатся: их ничто не исполняет")
        return
    if restarts - met_by:
        yield Fault("restarts", f"{_list(restarts - met_by)}: заново пускает лишь то, что исполняет (met_by)")
    if (starts & met_by) - restarts:
        same = _list((starts & met_by) - restarts)
        yield Fault("met_by", f"{same} и пускает часы, и тут же исполняет их; если так и нужно, назовите и в restarts")
    if met_by & cancelled_by:
        yield Fault("cancelled_by", f"{_list(met_by & cancelled_by)}: уже исполняет часы (met_by)")
    if not (met_by | cancelled_by) - starts - restarts - continued_by:
        yield Fault("met_by", "часы никогда не кончатся: всё, что их кончает, тут же пускает их снова")
    if starts & continued_by:
        yield Fault("continued_by", f"{_list(starts & continued_by)}: уже пускает часы заново (starts)")


def _ends_with_the_request(policy: Policy) -> Iterator[Fault]:
    met_by = set(policy.met_by)
    if met_by and met_by <= BIRTHS:
        yield Fault("met_by", f"{_list(met_by)} бывает лишь в самом начале: часы никогда не исполнятся")
    left = OVER - met_by - set(policy.cancelled_by)
    if policy.about == "request" and left:
        yield Fault("cancelled_by", f"{_list(left)}: заявки больше нет, а часы шли бы дальше; назовите и здесь")


def _pauses(policy: Policy) -> Iterator[Fault]:
    paused_by, resumed_by = set(policy.paused_by), set(policy.resumed_by)
    ends = {*policy.met_by, *policy.cancelled_by}
    if paused_by and not resumed_by:
        yield Fault("resumed_by", "часы никогда не истекут: после остановки их ничто не пускает дальше")
    if resumed_by and not paused_by:
        yield Fault("paused_by", "часы нечему остановить, а resumed_by названо")
    if paused_by & resumed_by:
        yield Fault("resumed_by", f"{_list(paused_by & resumed_by)}: и останавливает часы, и пускает дальше")
    if paused_by & {*policy.starts, *policy.continued_by}:
        yield Fault("paused_by", f"{_list(paused_by & {*policy.starts, *policy.continued_by})}: и пускает, и стоит")
    if (paused_by | resumed_by) & ends:
        field = "paused_by" if paused_by & ends else "resumed_by"
        yield Fault(field, f"{_list((paused_by | resumed_by) & ends)}: часы этим уже кончаются")


def _relieved(policy: Policy) -> Iterator[Fault]:
    for name in ("cancelled_by", "paused_by"):
        if found := RELIEVES_NOTHING & set(getattr(policy, name)):
            yield Fault(
                name, f"{_list(found)}: слово специалиста не снимает и не останавливает срок (R-REQ-2, R-IMP-5)"
            )


def _promised(policy: Policy) -> Iterator[Fault]:
    if policy.promised and policy.about != "request":
        yield Fault("promised", "подождать обещают только по заявке")


CHECKS: tuple[Callable[[Policy], Iterable[Fault]], ...] = (
    _known_events, _begins, _ends, _ends_with_the_request, _pauses, _relieved, _promised,
)  # fmt: skip


def _terms(policy: Policy) -> Iterator[Fault]:
    for number, terms in enumerate(policy.terms):
        where = f"terms.{number}"
        if policy.about == "request" and None in terms.priorities:
            yield Fault(f"{where}.priorities", "у заявки есть приоритет: urgent, important, routine")
        if policy.about != "request" and (set(terms.priorities) != {None} or terms.natures):
            yield Fault(f"{where}.priorities", "приоритет и сложность есть только у заявки; здесь [null]")
        if not policy.appointed and not timedelta() < terms.target <= LONGEST:
            yield Fault(f"{where}.target_seconds", "больше нуля и не больше 366 дней")
        if policy.appointed and (terms.target or terms.calendar == "always"):
            yield Fault(f"{where}.target_seconds", "срок назначают события: здесь 0, а calendar — company или client")
        if list(terms.warnings) != sorted(set(terms.warnings)):
            yield Fault(f"{where}.warnings", "доли по возрастанию, без повторов")
        covering = [other for other, before in enumerate(policy.terms[:number]) if _covers(before, terms)]
        if covering:
            yield Fault(where, f"сюда не дойдёт никогда: всё забирает terms.{covering[0]}, стоящее раньше")


def _covers(one: Terms, other: Terms) -> bool:
    return (
        set(other.priorities) <= set(one.priorities)
        and (not one.natures or (bool(other.natures) and set(other.natures) <= set(one.natures)))
        and (not one.tariffs or (bool(other.tariffs) and set(other.tariffs) <= set(one.tariffs)))
    )


def _calendars(version: Version) -> Iterator[Fault]:
    calendars = version.calendars
    for region, days in calendars.regional.items():
        try:
            russia().with_region(region, days)
        except BadRegion as error:
            yield Fault(f"calendars.regional_holidays.{region}", str(error))
    for name, week in (("company", calendars.company), ("client", calendars.client)):
        try:
            Calendar(zone=calendars.zone, week=week)
        except (NoWorkingTime, UnknownZone) as error:
            yield Fault(f"calendars.{name}", str(error))


def _out_of_reach(version: Version) -> Iterator[Fault]:
    """What could not be counted although each part of it is well."""
    edition = Edition(version)
    calendars = version.calendars
    for region in calendars.regional:
        for year in sorted(russia().years):
            calendar = edition.calendar("client", Place(calendars.zone, region))
            if not _worked(calendar, year):
                field = f"calendars.regional_holidays.{region}"
                yield Fault(field, f"в календаре нет рабочего времени: в {year} году ни одного рабочего дня")
    for number, policy in enumerate(version.clocks):
        for each, terms in enumerate(policy.terms):
            try:
                add(edition.calendar(terms.calendar, None), version.since, terms.target)
            except NoCalendarYear as error:
                yield Fault(f"clocks.{number}.terms.{each}.target_seconds", str(error))


def _worked(calendar: Calendar, year: int) -> bool:
    days = (date(year, 1, 1) + timedelta(days=number) for number in range(365))
    return any(calendar.hours(day) for day in days)


def _list(kinds: Iterable[Kind]) -> str:
    return ", ".join(sorted(kinds))
