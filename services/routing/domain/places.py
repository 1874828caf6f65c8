"""The places of a specialist's capacity: taken and given back in one guarded write of the one document, so that a load
never exceeds the capacity, and no exclusion is passed, whatever runs side by side (R-URG-4, R-COI-3)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.routing.domain.candidates import FREE, Busy, busier
from services.routing.domain.exclusions import excluded
from services.routing.domain.refusals import UnknownSpecialist
from services.routing.domain.specialists import CLIENTS_KEPT, Specialist
from shared.contracts.base import Decision


@dataclass(frozen=True, slots=True)
class Ask:
    """A place is asked for."""

    ticket: str
    rank: int = 0
    """Of the priority: 0 is urgent."""
    client_id: str | None = None
    minutes: int = 0
    """How long the work is expected to take whoever it is asked of; 0 where nobody can say."""


def claim(
    state: Specialist | None, asks: Sequence[Ask], now: datetime, *, instead_of: str | None = None
) -> Decision[Specialist]:
    """Take a place for as many of `asks`, the first ones first, as there are free for them; the place of the ticket
    `instead_of` is given up for them."""
    if state is None:
        raise UnknownSpecialist
    before = state if instead_of is None else _without(state, {instead_of})
    granted = _granted(before, asks, now)
    if not granted:
        return Decision(state)
    after = replace(
        state,
        holds=(*before.holds, *(ask.ticket for ask in granted)),
        ranks=(*ranks_of(before), *(ask.rank for ask in granted)),
        minutes=(*minutes_of(before), *(ask.minutes for ask in granted)),
        given_at=now,
        edition=state.edition + 1,
    )
    return Decision(after)


def release(state: Specialist | None, tickets: Sequence[str], client_id: str | None = None) -> Decision[Specialist]:
    """Give the places of `tickets` back; `client_id` where work for that client was finished."""
    if state is None:
        raise UnknownSpecialist
    gone = set(tickets)
    if gone.isdisjoint(state.holds):
        return Decision(state)
    clients = state.clients
    if client_id is not None:
        clients = (client_id, *(one for one in clients if one != client_id))[:CLIENTS_KEPT]
    return Decision(replace(_without(state, gone), clients=clients, edition=state.edition + 1))


def ranks_of(state: Specialist) -> tuple[int, ...]:
    """Of the places taken, one by one, 0 for urgent; what was taken before ranks were kept counts as urgent."""
    return _padded(state.ranks, len(state.holds))


def minutes_of(state: Specialist) -> tuple[int, ...]:
    """Of the places taken, one by one, how long the work was expected to take; 0 where nobody could say."""
    return _padded(state.minutes, len(state.holds))


def busy(state: Specialist, usual: float) -> Busy:
    """Minutes of work they hold; `usual` is what one takes where nobody could say."""
    found = FREE
    for rank, minutes in zip(ranks_of(state), minutes_of(state), strict=True):
        found = busier(found, rank, minutes or usual)
    return found


def _padded(kept: tuple[int, ...], count: int) -> tuple[int, ...]:
    return (*(0,) * (count - len(kept)), *kept)


def _granted(state: Specialist, asks: Sequence[Ask], now: datetime) -> list[Ask]:
    """Those that get a place."""
    profile = state.profile
    room = profile.capacity - len(state.holds) if profile.active else 0
    held, ranks, granted = set(state.holds), list(ranks_of(state)), list[Ask]()
    for ask in asks:
        if len(granted) >= room:
            break
        if ask.ticket in held or (state.exclusions and excluded(state.exclusions, ask.client_id, now)):
            continue
        if not ask.rank or not profile.limits or sum(one >= ask.rank for one in ranks) < profile.places(ask.rank):
            granted.append(ask)
            held.add(ask.ticket)
            ranks.append(ask.rank)
    return granted


def _without(state: Specialist, gone: Collection[str]) -> Specialist:
    kept = [one for one in zip(state.holds, ranks_of(state), minutes_of(state), strict=True) if one[0] not in gone]
    holds, ranks, minutes = zip(*kept, strict=True) if kept else ((), (), ())
    return replace(state, holds=holds, ranks=ranks, minutes=minutes)
