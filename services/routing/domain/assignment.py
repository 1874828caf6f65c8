"""Who gets it: hard conditions first, then a score with named parts; the reasons are kept (R-URG-4, R-COI-2, R-COI-4).

The hard conditions stand in `BARS`, the parts of the score in scoring.py, their weights in the policy. Equal scores
fall to whoever is being given work at the same moment (one write instead of two), then to whoever holds less, then to
the lower id.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.routing.domain.candidates import Bar, Board, Entry, Pool, Wish, standing_bar
from services.routing.domain.policy import PARTS as SCORED
from services.routing.domain.policy import Parts

BARS: Mapping[Bar, str] = {
    "inactive": "новых заявок не получает",
    "refused": "бухгалтер уже не принял эту работу у него, или её у него забирают",
    "excluded": "к этому клиенту его не пускают: действует запрет",
    "no_product": "не знает продукта",
    "low_level": "не хватает уровня",
    "not_at_work": "сейчас не на работе",
    "no_place": "нет свободного места",
}
PASSING: tuple[Bar, ...] = ("not_at_work", "no_place")
"""What stands against somebody for now alone."""
BEHIND = "свободное место сначала получат те, кто раньше в очереди"
PARTS: Mapping[str, str] = {
    "start": "когда начнёт",
    "level": "уровень",
    "client": "знает этого клиента",
    "record": "история отказов и переносов",
    "load": "загрузка",
    "zone": "общие часы с клиентом",
    "fairness": "давно без новых заявок",
    "skill": "уровень",
}
"""What each part is called; `skill` stands in assignments made before there was a policy."""
OF_OLD = ("skill", "load", "record", "client")
"""The parts of assignments made before there was a policy."""

DETAILED = 50
"""Candidates an explanation lists one by one; the others are counted."""
CLIENT = SCORED.index("client")

_Scored = tuple[int, bool, int, str, Parts]
"""What sorts the best first: score (negative), not yet picked, places taken, id; and the points by part."""
_Ids = dict[Bar, list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """Why it went to whom it went (R-COI-4)."""

    at: datetime
    turn: int
    winner: str | None
    named: str | None = None
    """Whom the manager named."""
    overruled: bool = False
    policy: int = 0
    """The version it was decided by; 0: before there were versions."""
    scored: tuple[str, ...] = ()
    """The able, best first: id and points of each part, in the order of the policy's parts."""
    barred: dict[str, tuple[str, ...]]
    """The others by what stood against them."""
    counts: dict[str, int]
    """How many there were of each, `able` among them; more than are listed where there are many."""
    displaced: str | None = None
    """The routine request whose place it took."""


def choose(wish: Wish, pool: Pool, board: Board) -> Explained:
    """Who gets it; nobody, where none is able."""
    able, barred = _sorted_out(wish, pool, board)
    named = _overruled(wish, pool, board, able)
    if named is not None:
        able.append(named)
        barred = {bar: [one for one in ids if one != wish.only] for bar, ids in barred.items()}
    scored = sorted(_scored(entry, wish, pool, board) for entry in able)
    return _explained(wish, pool, board, scored, barred)


def full(wish: Wish, pool: Pool, board: Board) -> list[str]:
    """Those at work whom nothing stands against but their load, some of it routine; the best first."""
    shut, free = _shut(wish, board), {entry.id for entry in board.with_place(pool)}
    others = [entry for entry in pool.able if entry.id not in shut and entry.id not in free]
    able = [entry for entry in others if board.has_routine(entry.id)]
    return [one[3] for one in sorted(_scored(entry, wish, pool, board) for entry in able)]


def displacing(place: Explained, winner: str, displaced: str, *, wish: Wish, pool: Pool, board: Board) -> Explained:
    """`place`, which nobody had free, now that `winner` has the place of the routine request `displaced`: with their
    score, as each assignment explains itself (R-COI-4). The others lost for what stood against them."""
    entry = pool.entry(winner)
    parts = _scored(entry, wish, pool, board)[4] if entry else ()
    full: Bar = "no_place"
    return replace(
        place,
        winner=winner,
        displaced=displaced,
        scored=(f"{winner} {' '.join(map(str, parts))}",) if entry else (),
        barred=place.barred | {full: tuple(one for one in place.barred.get(full, ()) if one != winner)},
        counts=place.counts | {"able": 1, full: max(0, place.counts.get(full, 0) - 1)},
    )


def nobody_left(pool: Pool, board: Board) -> bool:
    """Whether nobody has a place for this kind of request, at work or later: then no request like it need be tried."""
    return not board.with_place(pool) and not any(board.has_place(entry, pool.rank) for entry in pool.away)


def hopeless(wish: Wish, pool: Pool, board: Board) -> bool:
    """Whether nobody has a place for this very request: those who begin work too late for it do not count."""
    latest = wish.due + pool.in_time
    soon = any(entry.in_time(latest) and board.has_place(entry, pool.rank) for entry in pool.away)
    return not soon and not board.with_place(pool)


def points_of(line: str, policy: int = 1) -> tuple[str, dict[str, int]]:
    """A line of `Explained.scored`: the specialist's id and the points by part."""
    parts = SCORED if policy else OF_OLD
    specialist_id, *points = line.rsplit(" ", len(parts))
    return specialist_id, dict(zip(parts, map(int, points), strict=True))


def why_nobody(counts: Mapping[str, int]) -> str:
    """In words, why nobody got it."""
    if counts.get("able"):
        return f"{BEHIND.capitalize()}."
    reasons = [f"{BARS[bar]} — {counts[bar]}" for bar in BARS if counts.get(bar)]
    return f"Свободных нет: {', '.join(reasons)}." if reasons else "Специалистов пока нет."


def _sorted_out(wish: Wish, pool: Pool, board: Board) -> tuple[list[Entry], _Ids]:
    """The able, and the others by what stands against them."""
    soon, away = _by_hours(wish, pool)
    free = [*board.with_place(pool), *(entry for entry in soon if board.has_place(entry, pool.rank))]
    barred: _Ids = pool.barred | {"not_at_work": [*pool.barred.get("not_at_work", ()), *away]}
    if len(free) < len(pool.able) + len(soon):
        there = {entry.id for entry in free}
        barred["no_place"] = [entry.id for entry in (*pool.able, *soon) if entry.id not in there]
    return _shut_out(_shut(wish, board), free, barred)


def _shut_out(shut: Mapping[str, Bar], free: list[Entry], barred: _Ids) -> tuple[list[Entry], _Ids]:
    """Whoever may not have this very request may not at any hour and load: that is why they do not, not those."""
    if not shut:
        return free, barred
    out = [entry.id for entry in free if entry.id in shut]
    for bar in PASSING:
        ids = barred.get(bar, [])
        barred[bar] = [one for one in ids if one not in shut]
        out += [one for one in ids if one in shut]
    for one in out:
        barred.setdefault(shut[one], []).append(one)
    return [entry for entry in free if entry.id not in shut], barred


def _by_hours(wish: Wish, pool: Pool) -> tuple[list[Entry], list[str]]:
    """Of those not at work yet: who will be in time for this request, and who will not."""
    latest = wish.due + pool.in_time
    soon = [entry for entry in pool.away if entry.in_time(latest)]
    return soon, [entry.id for entry in pool.away if not entry.in_time(latest)]


def _shut(wish: Wish, board: Board) -> dict[str, Bar]:
    """Who may not have this very request."""
    excluded: dict[str, Bar] = dict.fromkeys(board.excluded.get(wish.client_id or "", ()), "excluded")
    refused: dict[str, Bar] = dict.fromkeys(wish.barred, "refused")
    return refused | excluded


def _overruled(wish: Wish, pool: Pool, board: Board, able: Sequence[Entry]) -> Entry | None:
    """Whom the manager names, where product, level or hours alone stand against them."""
    if wish.only is None or not wish.overruled or any(entry.id == wish.only for entry in able):
        return None
    entry = pool.entry(wish.only)
    if entry is None or not entry.candidate.active or wish.only in _shut(wish, board):
        return None
    stands = standing_bar(entry.candidate, entry.level, pool.kind[0]) or not entry.in_time(pool.now)
    return entry if stands and board.has_place(entry, pool.rank) else None


def _scored(entry: Entry, wish: Wish, pool: Pool, board: Board) -> _Scored:
    held = board.held[entry.id]
    total, parts = entry.points(held, board.ahead(entry.id, pool.rank))
    if wish.client_id is not None and entry.id in board.knows.get(wish.client_id, ()):
        total, parts = total + pool.knows, (*parts[:CLIENT], pool.knows, *parts[CLIENT + 1 :])
    return -total, entry.id not in board.picked, held, entry.id, parts


def _explained(wish: Wish, pool: Pool, board: Board, scored: Sequence[_Scored], barred: _Ids) -> Explained:
    winner = scored[0][3] if scored else None
    if wish.only is not None:
        winner = wish.only if any(one[3] == wish.only for one in scored) else None
    counts: dict[str, int] = {bar: len(ids) for bar, ids in barred.items() if ids}
    return Explained(
        at=board.now,
        turn=wish.turn,
        winner=winner,
        named=wish.only,
        overruled=wish.overruled,
        policy=pool.policy.number,
        scored=tuple(f"{one[3]} {' '.join(map(str, one[4]))}" for one in scored[:DETAILED]),
        barred=_listed(wish, barred, DETAILED - len(scored)),
        counts=counts | {"able": len(scored)},
    )


def _listed(wish: Wish, barred: _Ids, room: int) -> dict[str, tuple[str, ...]]:
    """The first of each, whom the manager named before all; at most `room` in all."""
    listed: dict[str, tuple[str, ...]] = {}
    for bar, ids in barred.items():
        if room > 0 and ids:
            mine = [wish.only, *(one for one in ids if one != wish.only)] if wish.only in ids and wish.only else ids
            listed[bar] = tuple(mine[:room])
            room -= len(listed[bar])
    return listed
