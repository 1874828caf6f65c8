"""A request as accounts knows it: the set of facts heard about it, each with its own time, and what they come to.

Messages come in any order and more than once; what a request stands at is a pure function of the set of its facts.
A matter is *under control* from a bad finding, or from a cancellation a specialist asked for, until the accountant
says it is solved; nothing else takes it off (R-IMP-4, R-IMP-5).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from services.accounts.domain.trail import UNTOUCHED, Trail
from shared.contracts.accounts import Action, ControlClosed, ControlOpened, Finding
from shared.contracts.base import ClientRef, Decision, Event, Nature, Priority

Kind = Literal[
    "identified", "reprioritised", "satisfied", "refused", "withdrawn", "merged", "unmerged", "finished",
    "cancel_asked", "replaced", "breached", "breach_withdrawn", "found", "ordered", "inherited",
]  # fmt: skip
FOR_EVER = datetime(9999, 12, 31, tzinfo=UTC)
WEIGHTY: frozenset[Kind] = frozenset({"refused", "breached", "cancel_asked"})
"""What the manual-work debt remembers after the request is closed."""
PRAISED: tuple[Priority, ...] = ("urgent", "important")
"""Only these make a fan (R-REF-1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Whose request it is: a client, or a prospect on trial."""

    client_id: str
    name: str
    zone: str
    manager_id: str | None = None
    tariff: str = "standard"

    @classmethod
    def of(cls, ref: ClientRef | None) -> "Party | None":
        """As an event carries it."""
        if ref is None:
            return None
        return cls(client_id=ref.client_id, name=ref.name, zone=ref.zone, manager_id=ref.manager_id, tariff=ref.tariff)

    def ref(self) -> ClientRef:
        """As other events carry it."""
        return ClientRef(
            client_id=self.client_id, name=self.name, zone=self.zone, manager_id=self.manager_id, tariff=self.tariff
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """How the request came in."""

    at: datetime
    number: str
    priority: Priority
    nature: Nature | None = None
    subject: str
    products: tuple[str, ...] = ()
    party: Party | None = None
    contact_id: str | None = None
    discovered: bool = False
    trial: bool = False
    origin_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that happened to a request. `ref` tells it from others of its kind and moment."""

    kind: Kind
    at: datetime
    ref: str = ""
    by: str | None = None
    text: str = ""
    priority: Priority | None = None
    nature: Nature | None = None
    party: Party | None = None
    contact_id: str | None = None
    finding: Finding | None = None
    cancelled_by: str | None = None
    action: Action | None = None
    finish_by: datetime | None = None
    promise_broken: bool = False
    via: str = ""
    """Of what is inherited: the request merged into this one that it came from."""

    @property
    def bad(self) -> bool:
        """Whether it puts the request under control (R-IMP-3, R-IMP-5)."""
        return self.kind in {"cancel_asked", "inherited"} or (self.kind == "found" and self.finding != "fine")


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody demanded for a request under control, as the audit chain keeps it."""

    order_id: str
    at: datetime
    by: str | None
    action: Action | None
    reason: str
    finish_by: datetime | None


@dataclass(frozen=True, slots=True)
class Ordered:
    """Everything demanded for one request, in order."""

    orders: tuple[Given, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """The facts, and what stands at present beside them, because lists are searched by it."""

    request_id: str
    registration: Registration | None = None
    facts: tuple[Fact, ...] = ()
    client_id: str | None = None
    party: Party | None = None
    contact_id: str | None = None
    priority: Priority = "routine"
    nature: Nature | None = None
    open: bool = False
    withdrawn: bool = False
    merged_into: str | None = None
    circled: bool = False
    """Merged, and that one on and on back into this one: none of them stands under control for another."""
    controlled: bool = False
    control_since: datetime | None = None
    closed_at: datetime | None = None
    """When the accountant said it is solved; None where that is not their last word."""
    flawless: bool = False
    praised: bool = False
    """Closed satisfied, and urgent or important: it counts for a fan (R-REF-1)."""
    refused_at: datetime | None = None
    """When the accountant was last not content."""
    weighs_at: datetime | None = None
    """The last moment at which the manual-work debt knows of it; far ahead while it is open or under control."""
    trail: Trail = UNTOUCHED

    @property
    def audited(self) -> "Ordered":
        """What people ordered: the rest of it is facts others told us, which they keep."""
        orders = self.of("ordered")
        return Ordered(
            tuple(Given(each.ref, each.at, each.by, each.action, each.text, each.finish_by) for each in orders)
        )

    def of(self, kind: Kind) -> tuple[Fact, ...]:
        """The facts of one kind, the oldest first."""
        return tuple(fact for fact in self.facts if fact.kind == kind)

    def breaches(self) -> tuple[Fact, ...]:
        """The breaches that really happened."""
        taken_back = {fact.ref for fact in self.facts if fact.kind == "breach_withdrawn"}
        return tuple(fact for fact in self.of("breached") if fact.ref not in taken_back)

    def order(self) -> Fact | None:
        """The last order since it came under control."""
        since = self.control_since
        return next((fact for fact in reversed(self.of("ordered")) if since is None or fact.at >= since), None)

    def finding(self) -> Fact | None:
        """The last thing that speaks for control."""
        return next((fact for fact in reversed(self.facts) if fact.bad), None)


def registered(matter: Matter | None, request_id: str, registration: Registration) -> Decision[Matter]:
    """The request came in; the same again changes nothing."""
    known = matter or Matter(request_id=request_id)
    if known.registration is not None:
        return Decision(known)
    return _moved(known, stand(replace(known, registration=registration)), registration.at)


def heard(matter: Matter | None, request_id: str, *facts: Fact) -> Decision[Matter]:
    """Something happened to the request; what was heard before changes nothing."""
    known = matter or Matter(request_id=request_id)
    places = {_place(fact) for fact in known.facts}
    new = [fact for fact in facts if _place(fact) not in places]
    if not new:
        return Decision(known)
    together = tuple(sorted({*known.facts, *new}, key=_place))
    return _moved(known, stand(replace(known, facts=together)), max(fact.at for fact in new))


def inherits(matter: Matter | None, request_id: str, via: str, left: Iterable[Fact]) -> Decision[Matter]:
    """What the request `via` leaves it now, instead of all that was left by that one before; nothing of its own comes
    back to it. So what it stands under control for follows from what is known of the other, whenever it was heard."""
    known = matter or Matter(request_id=request_id)
    kept = [fact for fact in known.facts if (fact.kind, fact.via) != ("inherited", via)]
    places = {_place(fact) for fact in kept}
    new = [fact for fact in left if _place(fact) not in places and fact.ref.split()[0] != request_id]
    together = tuple(sorted((*kept, *new), key=_place))
    if together == known.facts:
        return Decision(known)
    changed = {*together} ^ {*known.facts}
    return _moved(known, stand(replace(known, facts=together)), max(fact.at for fact in changed))


def in_circle(matter: Matter, *, circled: bool) -> Decision[Matter]:
    """Whether the mergers lead from it back to it: until that is undone it stands for itself (R-IMP-4)."""
    if matter.circled == circled:
        return Decision(matter)
    return _moved(matter, stand(replace(matter, circled=circled)), matter.facts[-1].at)


def stand(matter: Matter) -> Matter:
    """What the facts come to."""
    first = matter.registration
    named, ranked = matter.of("identified"), matter.of("reprioritised")
    party = _whose(matter)
    contact_id = named[-1].contact_id if named else first.contact_id if first else None
    found = replace(
        matter,
        party=party,
        client_id=party.client_id if party else None,
        contact_id=contact_id,
        priority=(ranked[-1].priority if ranked else first.priority if first else None) or "routine",
        nature=ranked[-1].nature if ranked else first.nature if first else None,
        merged_into=_merged_into(matter.facts),
    )
    return _controlled(_judged(found))


def _whose(matter: Matter) -> Party | None:
    """Who it is, by those who say whose request it is; as it stood when it was last spoken of."""
    named = [fact.party for fact in matter.of("identified") if fact.party is not None]
    told = [fact.party for fact in matter.facts if fact.party is not None]
    first = matter.registration.party if matter.registration else None
    who = named[-1] if named else first or (told[-1] if told else None)
    same = [party for party in told if who is not None and party.client_id == who.client_id]
    return same[-1] if same else who


def at_moment(matter: Matter, moment: datetime) -> Matter | None:
    """The request as it stood at `moment`; None where it had not come in yet."""
    first = matter.registration
    if first is None or first.at > moment:
        return None
    if not matter.facts or matter.facts[-1].at <= moment:
        return matter
    return stand(replace(matter, facts=tuple(fact for fact in matter.facts if fact.at <= moment)))


def heirs(matter: Matter) -> Mapping[str, tuple[Fact, ...]]:
    """What is left to each request it is, or ever was, merged into: to the present one each bad thing the accountant
    has not answered, by its own name, so that no verdict of before the merge answers it (R-IMP-4); to others nothing.
    """
    return {
        fact.ref: _bequeathed(matter, matter.of("merged")[-1].at) if fact.ref == matter.merged_into else ()
        for fact in matter.of("merged")
    }


def _bequeathed(matter: Matter, merged_at: datetime) -> tuple[Fact, ...]:
    return tuple(
        Fact(
            kind="inherited", at=max(bad.at, merged_at), ref=_origin(matter, bad), by=bad.by, text=bad.text,
            party=matter.party, finding=bad.finding, cancelled_by=bad.cancelled_by, via=matter.request_id,
        )
        for bad in _unanswered(matter)
    )  # fmt: skip


def leads_back(request_id: str, into: Mapping[str, str | None]) -> bool:
    """Whether `into`, what each request is merged into, leads from this one back to it."""
    seen: set[str] = set()
    at = into.get(request_id)
    while at is not None and at not in seen | {request_id}:
        seen.add(at)
        at = into.get(at)
    return at == request_id


def _origin(matter: Matter, bad: Fact) -> str:
    """The request it was first said of, then what tells it from others said of that one."""
    return bad.ref if bad.kind == "inherited" else f"{matter.request_id} {bad.kind} {bad.ref} {bad.at.isoformat()}"


def _merged_into(facts: Iterable[Fact]) -> str | None:
    last = [fact for fact in facts if fact.kind in {"merged", "unmerged"}]
    return last[-1].ref if last and last[-1].kind == "merged" else None


def _judged(matter: Matter) -> Matter:
    """Open, closed or withdrawn: the accountant's last word decides (R-REQ-3, R-REQ-4). What they withdrew stays so:
    content with it or not, they have not had it solved."""
    words = [fact for fact in matter.facts if fact.kind in {"satisfied", "refused"}]
    gone, refused = matter.of("withdrawn"), matter.of("refused")
    solved = words[-1] if words and words[-1].kind == "satisfied" and not gone else None
    present = matter.registration is not None and matter.merged_into is None
    closed_at = solved.at if solved is not None and present else None
    flawless = closed_at is not None and not (refused or matter.breaches() or matter.of("replaced"))
    return replace(
        matter,
        open=present and solved is None and not gone,
        withdrawn=bool(gone),
        closed_at=closed_at,
        flawless=flawless,
        praised=closed_at is not None and matter.priority in PRAISED,
        refused_at=refused[-1].at if refused else None,
        weighs_at=_weighs_at(matter, gone[-1].at if gone else solved.at if solved else FOR_EVER),
    )


def _weighs_at(matter: Matter, ended: datetime) -> datetime | None:
    """A request that ended on the day it came never weighed anything by itself."""
    if matter.registration is None:
        return None
    moments = [fact.at for fact in matter.facts if fact.kind in WEIGHTY]
    zone = ZoneInfo(matter.party.zone) if matter.party is not None else UTC
    begun = matter.registration.at
    if ended == FOR_EVER or begun.astimezone(zone).date() != ended.astimezone(zone).date():
        moments.append(ended)
    return max(moments, default=None)


def _controlled(matter: Matter) -> Matter:
    """Under control since the first bad thing after the last satisfied verdict, and by nothing else freed (R-IMP-4)."""
    bad = _unanswered(matter)
    under = bool(bad) and matter.party is not None and (matter.merged_into is None or matter.circled)
    weighs_at = FOR_EVER if under and matter.registration is not None else matter.weighs_at
    return replace(matter, controlled=under, control_since=bad[0].at if under else None, weighs_at=weighs_at)


def _unanswered(matter: Matter) -> tuple[Fact, ...]:
    last = max((fact.at for fact in matter.of("satisfied")), default=None)
    return tuple(fact for fact in matter.facts if fact.bad and (last is None or fact.at > last))


def _moved(before: Matter, after: Matter, at: datetime) -> Decision[Matter]:
    """The step, with what is told where the request came under control or left it."""
    events: tuple[Event, ...] = ()
    party = after.party
    if party is not None and after.controlled and not before.controlled:
        finding = after.finding()
        events = (
            ControlOpened(
                at=at, request_id=after.request_id, client=party.ref(), manager_id=party.manager_id,
                finding=(finding and finding.finding) or "cancelled", cancelled_by=finding and finding.cancelled_by,
            ),
        )  # fmt: skip
    if party is not None and before.controlled and not after.controlled and after.merged_into is None:
        events = (ControlClosed(at=at, request_id=after.request_id, client=party.ref(), manager_id=party.manager_id),)
    return Decision(after, events)


def _place(fact: Fact) -> tuple[datetime, str, str, str]:
    return fact.at, fact.kind, fact.ref, fact.text
