"""Facts that do not fit each other: a client won twice, lost without having been a client. A person has to look."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import groupby

from services.payroll.domain.facts import Fact


def doubtful(facts: Iterable[Fact], since: Mapping[str, date]) -> dict[str, str]:
    """Why, in Russian, by fact id. `since` is from when a client is ours, where it was told.

    A fact that was reversed is as if it had never been; one that was reversed twice is in doubt.
    """
    moving = sorted(facts, key=lambda fact: (fact.client_id, fact.effective, fact.fact_id))
    found: dict[str, str] = {}
    for client_id, each in groupby(moving, key=lambda fact: fact.client_id):
        found |= dict(_of_client(list(each), since.get(client_id)))
    return found


def _of_client(facts: list[Fact], since: date | None) -> Iterator[tuple[str, str]]:
    undoing: dict[str, list[str]] = {}
    for fact in facts:
        if fact.reverses_fact_id is not None:
            undoing.setdefault(fact.reverses_fact_id, []).append(fact.fact_id)
    for fact_id, by in undoing.items():
        yield from ((each, f"факт {fact_id} отменён не один раз") for each in by[1:])

    def counts(fact_id: str) -> bool:
        return not any(map(counts, undoing.get(fact_id, ())))

    yield from _in_order([fact for fact in facts if fact.kind in {"won", "lost"} and counts(fact.fact_id)], since)


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
