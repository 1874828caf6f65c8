"""Which confirmed fact a reversal takes back, and what the client is without it (R-BASE-3).

A fact that others stand on is taken back after them, the last first: so no fact that was told ever loses its ground.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from services.accounts.domain.client import Client, Reversal, with_stay
from services.accounts.domain.refusals import NotReversible, WrongValue
from services.accounts.domain.stay import Entry, FeeFrom, HeldFrom, Stay, standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A confirmed fact in the history of a client. `manager_id` bore it (R-PAY-5)."""

    fact_id: str
    kind: Literal["won", "lost", "handed_over", "fee"]
    effective: date
    manager_id: str
    stay: Stay


def find(client: Client, fact_id: str) -> Fact:
    """Raises `NotReversible` where it was reversed before, `WrongValue` where this client has no such fact."""
    if fact_id in {each.fact_id for each in client.reversals}:
        raise NotReversible("Этот факт уже отменён.")
    found = [fact for stay in client.stays for fact in _facts(stay) if fact.fact_id == fact_id]
    if not found:
        raise WrongValue("reverses_fact_id", "у этого клиента нет такого подтверждённого факта")
    return found[0]


def without(client: Client, fact_id: str, by_fact_id: str) -> Client:
    """The client as if the fact had never been. Raises `NotReversible` where others stand on it."""
    fact = find(client, fact_id)
    if fact.stay is not client.stay:
        raise NotReversible("После него клиент приходил снова: сначала отмените тот приход.")
    if fact.kind != "lost" and fact.stay.lost_by is not None:
        raise NotReversible("После него клиент потерян: сначала отмените потерю.")
    if fact.kind == "won" and len(_standing(fact.stay)) > 1:
        raise NotReversible("После прихода клиента передавали или меняли плату: сначала отмените это.")
    changed = replace(client, reversals=(*client.reversals, Reversal(fact_id, by_fact_id)))
    return with_stay(changed, _without(fact, by_fact_id))


def _without(fact: Fact, by: str) -> Stay:
    stay = fact.stay
    match fact.kind:
        case "won":
            return replace(stay, reversed_by=by)
        case "lost":
            return replace(stay, until=None, lost_by=None)
        case "handed_over":
            return replace(stay, holders=_reversed(stay.holders, fact.fact_id, by))
        case "fee":
            return replace(stay, fees=_reversed(stay.fees, fact.fact_id, by))


def _reversed(entries: tuple[Entry, ...], fact_id: str, by: str) -> tuple[Entry, ...]:
    return tuple(_marked(each, by) if _id(each) == fact_id else each for each in entries)


def _marked(entry: Entry, by: str) -> Entry:
    known: HeldFrom | FeeFrom = entry  # type: ignore[assignment]  # there are no other entries
    return replace(known, reversed_by=by)  # type: ignore[return-value]


def _id(entry: object) -> str | None:
    return entry.fact_id if isinstance(entry, HeldFrom | FeeFrom) else None


def _facts(stay: Stay) -> Sequence[Fact]:
    if stay.reversed_by is not None:
        return ()
    found = _standing(stay)
    if stay.lost_by is not None and stay.until is not None:
        found.append(_fact(stay, stay.lost_by, "lost", stay.until, stay.holder_on(stay.until)))
    return found


def _standing(stay: Stay) -> list[Fact]:
    """What began the stay, and what was changed in it."""
    began, *handed = standing(stay.holders)
    _, *paid = standing(stay.fees)
    return [
        *[_fact(stay, each.fact_id, "won", each.effective, each.manager_id) for each in [began] if each.fact_id],
        *[_fact(stay, each.fact_id, "handed_over", each.effective, each.manager_id) for each in handed],
        *[_fact(stay, each.fact_id, "fee", each.effective, stay.holder_on(each.effective)) for each in paid],
    ]


def _fact(
    stay: Stay,
    fact_id: str | None,
    kind: Literal["won", "lost", "handed_over", "fee"],
    effective: date,
    manager_id: str,
) -> Fact:
    return Fact(fact_id=fact_id or "", kind=kind, effective=effective, manager_id=manager_id, stay=stay)
