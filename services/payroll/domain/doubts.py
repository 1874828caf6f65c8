"""Facts that do not fit: a client won twice, lost without having been a client, borne by a manager who did not work
on that day; and days of work that change what closed months paid. A person has to look."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from itertools import groupby

from services.payroll.domain.adjustments import overpaid, unpaid
from services.payroll.domain.facts import Fact
from services.payroll.domain.ledger import Employment, Ledger
from services.payroll.domain.months import Month, named
from services.payroll.domain.policy import Policies


def doubtful(facts: Iterable[Fact], since: Mapping[str, date]) -> dict[str, str]:
    """Why, in Russian, by fact id. `since` is from when a client is ours, where it was told.

    A fact that was reversed is as if it had never been; one that was reversed twice is in doubt.
    """
    moving = sorted(facts, key=lambda fact: (fact.client_id, fact.effective, fact.fact_id))
    found: dict[str, str] = {}
    for client_id, each in groupby(moving, key=lambda fact: fact.client_id):
        found |= dict(_of_client(list(each), since.get(client_id)))
    return found


def out_of_work(facts: Iterable[Fact], manager: Employment, policies: Policies) -> dict[str, str]:
    """Which of a manager's facts that pay or cost are of a day on which the manager did not work, and why: by fact id.

    A fact that was reversed is as if it had never been.
    """
    every = list(facts)
    standing = _standing(every)
    moving = [fact for fact in every if policies.of(fact.month).amount(fact) and standing(fact.fact_id)]
    return {
        fact.fact_id: f"«{manager.name}» в этот день не работает: «{fact.client_name}», {fact.effective:%d.%m.%Y}"
        for fact in moving
        if fact.undoes is None and not manager.works_on(fact.effective)
    }


def unsure_of_work(
    ledger: Ledger, month: Month, begin: Month | None, asked: Callable[[Month], date | None]
) -> dict[str, str]:
    """Closed months that a change of a manager's days of work makes owed, or paid for nothing, and why: by
    `manager:month`. `asked` is the company's day on which a month's close was confirmed: a manager first told of after
    that is owed it without a doubt."""
    manager = ledger.manager
    if manager is None or begin is None:
        return {}
    known = [each for each in unpaid(ledger, month, begin) if manager.known_from <= (asked(each) or date.min)]
    owed = [each for each in known if not ledger.first_told_while(each)]
    why = dict.fromkeys(owed, "по новым срокам работы менеджер работал и не получил оклад за")
    why |= dict.fromkeys(overpaid(ledger, month), "по новым срокам работы менеджер не работал, а оплату получил за")
    return {f"{ledger.manager_id}:{each}": f"«{manager.name}»: {why[each]} {named(each)}" for each in sorted(why)}


def _of_client(facts: list[Fact], since: date | None) -> Iterator[tuple[str, str]]:
    for fact_id, by in _undoing(facts).items():
        yield from ((each, f"факт {fact_id} отменён не один раз") for each in by[1:])
    standing = _standing(facts)
    yield from _in_order([fact for fact in facts if fact.kind in {"won", "lost"} and standing(fact.fact_id)], since)


def _undoing(facts: list[Fact]) -> dict[str, list[str]]:
    undoing: dict[str, list[str]] = {}
    for fact in facts:
        if fact.reverses_fact_id is not None:
            undoing.setdefault(fact.reverses_fact_id, []).append(fact.fact_id)
    return undoing


def _standing(facts: list[Fact]) -> Callable[[str], bool]:
    """Whether a fact stands: nothing that stands reversed it."""
    undoing = _undoing(facts)

    def stands(fact_id: str) -> bool:
        return not any(map(stands, undoing.get(fact_id, ())))

    return stands


def _in_order(facts: list[Fact], since: date | None) -> Iterator[tuple[str, str]]:
    """Won and lost have to take turns. The facts of one day are taken in whichever order fits."""
    ours: bool | None = None
    for _, day in groupby(facts, key=lambda fact: fact.effective):
        for fact in sorted(day, key=lambda fact: (fact.kind == "won") == bool(ours)):
            why = _why_not(fact, ours, since)
            if why is not None:
                yield fact.fact_id, f"{why}: «{fact.client_name}», {fact.effective:%d.%m.%Y}"
            ours = fact.kind == "won"


def _why_not(fact: Fact, ours: bool | None, since: date | None) -> str | None:  # noqa: FBT001 - three-valued
    if fact.kind == "won":
        return "клиент пришёл второй раз, не уходив" if ours else None
    if ours is False:
        return "клиент потерян второй раз, не приходив"
    if ours is None and (since is None or since > fact.effective):
        return "потерян тот, кто клиентом не был"
    return None
