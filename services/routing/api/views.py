"""What the doors take and answer with."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from services.routing.domain.assignment import BARS, BEHIND, PARTS, Explained, points_of
from services.routing.domain.estimates import Span
from services.routing.domain.facts import Deed, Word
from services.routing.domain.life import Stage
from services.routing.domain.specialists import DAYS, Limits, Profile, Skill, Specialist, of_ticket, visible
from services.routing.domain.work import Work, postponement
from shared.contracts.base import ClientRef, Nature, Priority


def _seen(text: str) -> str:
    if not visible(text):
        raise ValueError("нужен хотя бы один видимый знак")
    return text


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000), AfterValidator(_seen)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Shift = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)$")]
"""`09:00-18:00`, in the specialist's own zone."""


class Hours(BaseModel, extra="forbid"):
    """The shifts of each weekday; none on a day that is not named."""

    mon: list[Shift] = []
    tue: list[Shift] = []
    wed: list[Shift] = []
    thu: list[Shift] = []
    fri: list[Shift] = []
    sat: list[Shift] = []
    sun: list[Shift] = []


class LimitsIn(BaseModel, extra="forbid"):
    """Capacity by priority: how many of the places lesser work may take; urgent work may take any."""

    important: int = Field(ge=0, le=100_000)
    """Important and routine work together."""
    routine: int = Field(ge=0, le=100_000)


class SpecialistIn(BaseModel, extra="forbid"):
    """What a lead says about a specialist."""

    name: Name
    products: dict[Name, Annotated[int, Field(ge=1, le=5)]] = Field(min_length=1, max_length=100)
    """Level by 1C product."""
    hours: Hours
    zone: str = Field(max_length=100)
    capacity: int = Field(ge=1, le=100_000)
    active: bool = True
    limits: LimitsIn | None = None

    def profile(self) -> Profile:
        """As the domain has it."""
        return Profile(
            name=self.name,
            skills=tuple(Skill(product, level) for product, level in self.products.items()),
            hours=tuple(tuple(map(_span, getattr(self.hours, day))) for day in DAYS),
            zone=self.zone,
            capacity=self.capacity,
            active=self.active,
            limits=Limits(important=self.limits.important, routine=self.limits.routine) if self.limits else None,
        )


class AbsenceOut(BaseModel, from_attributes=True):
    """When a specialist is not there, and who has their work meanwhile."""

    absence_id: str
    start: datetime
    end: datetime
    reason: str
    substitute_id: str | None
    by: str


class PauseOut(BaseModel, from_attributes=True):
    """No new work for a while."""

    since: datetime
    until: datetime | None
    reason: str
    by: str


class ExclusionOut(BaseModel, from_attributes=True):
    """Who is kept away from a client (R-COI-3)."""

    exclusion_id: str
    client_id: str
    specialist_id: str = ""
    reason: str
    since: datetime
    until: datetime | None
    by: str


class SpecialistOut(BaseModel):
    """A specialist with their load."""

    specialist_id: str
    name: str
    products: dict[str, int]
    hours: Hours
    zone: str
    capacity: int
    active: bool
    load: int
    holds: list[str]
    """The requests that take their places."""
    limits: LimitsIn | None
    paused: PauseOut | None
    absences: list[AbsenceOut]

    @classmethod
    def of(cls, specialist: Specialist) -> "SpecialistOut":
        """From the document."""
        profile = specialist.profile
        hours = {day: [_shift(*span) for span in spans] for day, spans in zip(DAYS, profile.hours, strict=True)}
        return cls(
            specialist_id=specialist.specialist_id,
            name=profile.name,
            products={skill.product: skill.level for skill in profile.skills},
            hours=Hours(**hours),
            zone=profile.zone,
            capacity=profile.capacity,
            active=profile.active,
            load=len(specialist.holds),
            holds=[of_ticket(one)[0] for one in specialist.holds],
            limits=profile.limits and LimitsIn(important=profile.limits.important, routine=profile.limits.routine),
            paused=specialist.pause and PauseOut.model_validate(specialist.pause),
            absences=[AbsenceOut.model_validate(one) for one in specialist.absences],
        )


class WorkOut(BaseModel):
    """Where the work on a request stands."""

    request_id: str
    number: str
    stage: Stage
    specialist_id: str | None
    specialist_name: str | None
    priority: Priority
    nature: Nature | None
    round: int
    client: ClientRef | None
    subject_text: str
    products: list[str]
    registered_at: datetime
    due: datetime
    """When the client expects a specialist."""
    finish_by: datetime | None
    postponed_until: datetime | None
    """Of work that is put off; why stands beside it."""
    postponed_because: str | None
    ended_at: datetime | None

    @classmethod
    def of(cls, work: Work, name: str) -> "WorkOut":
        """From the document of a registered request."""
        tale, registered, put_off = work.tale, work.registered, postponement(work)
        return cls(
            request_id=work.request_id,
            number=registered.number if registered else "",
            stage=tale.stage,
            specialist_id=tale.specialist_id,
            specialist_name=name or None,
            priority=tale.priority,
            nature=tale.nature,
            round=tale.round,
            client=tale.client.ref() if tale.client else None,
            subject_text=registered.subject_text if registered else "",
            products=list(registered.products) if registered else [],
            registered_at=registered.at if registered else tale.due,
            due=tale.due,
            finish_by=tale.finish_by,
            postponed_until=put_off and put_off.until,
            postponed_because=put_off and put_off.text,
            ended_at=tale.ended_at,
        )


class FactOut(BaseModel):
    """One line of a request's history."""

    at: datetime
    what: str
    by: str
    specialist_id: str | None = None
    text: str | None = None
    until: datetime | None = None
    handover: str | None = None
    """Where the work stood when somebody else got it."""

    @classmethod
    def of(cls, fact: Word | Deed) -> "FactOut":
        """From a fact."""
        shown = cls(at=fact.at, what="", by=fact.by, text=fact.text or None, until=fact.until)
        if isinstance(fact, Deed):
            did = {"what": fact.did, "specialist_id": fact.specialist_id, "handover": fact.note or None}
            return shown.model_copy(update=did)
        return shown.model_copy(update={"what": fact.said, "specialist_id": fact.specialist_id})


class WorkStory(WorkOut):
    """The work with its whole history."""

    history: list[FactOut]


class CandidateOut(BaseModel):
    """Somebody who could have had it."""

    specialist_id: str
    name: str
    score: int
    parts: dict[str, int]
    won: bool
    why: str


class BarredOut(BaseModel):
    """Those a hard condition stood against."""

    reason: str
    text: str
    count: int
    specialist_ids: list[str]


class EstimateOut(BaseModel):
    """How long such work takes, in working minutes: one in five takes less than `low`, half take less than `likely`,
    four in five less than `high`."""

    low: int
    likely: int
    high: int
    works: int
    """So many finished works it was learnt from."""

    @classmethod
    def of(cls, span: Span | None) -> "EstimateOut | None":
        """From what history says; None where it is too short."""
        if span is None:
            return None
        return cls(low=round(span.low), likely=round(span.likely), high=round(span.high), works=span.works)


class AssignmentOut(BaseModel):
    """Why it went to whom it went, or to nobody (R-COI-4)."""

    request_id: str
    at: datetime
    winner: str | None
    named_by_manager: bool
    overruled: bool
    policy: int
    """The version it was decided by; 0: before there were versions."""
    displaced: str | None
    """The routine request whose place it took."""
    candidates: list[CandidateOut]
    able: int
    barred: list[BarredOut]
    estimate: EstimateOut | None = None
    """How long it takes whoever has it; null while history is too short to say."""

    @classmethod
    def of(cls, request_id: str, place: Explained, names: "dict[str, str]", span: Span | None) -> "AssignmentOut":
        """From the explanation kept with the work, and what history says."""
        scored = [points_of(line, place.policy) for line in place.scored]
        won = next((parts for who, parts in scored if who == place.winner), {})
        return cls(
            request_id=request_id,
            at=place.at,
            winner=place.winner,
            named_by_manager=place.named is not None,
            overruled=place.overruled,
            policy=place.policy,
            displaced=place.displaced,
            candidates=[
                CandidateOut(
                    specialist_id=who,
                    name=names.get(who, who),
                    score=sum(parts.values()),
                    parts=parts,
                    won=who == place.winner,
                    why=_why(parts, won, place, mine=who == place.winner),
                )
                for who, parts in scored
            ],
            able=place.counts.get("able", 0),
            barred=[
                BarredOut(
                    reason=bar, text=text, count=place.counts[bar], specialist_ids=list(place.barred.get(bar, ()))
                )
                for bar, text in BARS.items()
                if place.counts.get(bar)
            ],
            estimate=EstimateOut.of(span),
        )


def _why(parts: dict[str, int], won: dict[str, int], place: Explained, *, mine: bool) -> str:
    if mine and place.displaced:
        return "занял место обычной заявки, к которой ещё не приступали"
    if mine:
        return "назначен менеджером" if place.named else "набрал больше всех"
    if place.named is not None:
        return "менеджер назвал другого"
    if place.winner is None:
        return BEHIND
    behind = {part: won.get(part, 0) - points for part, points in parts.items() if won.get(part, 0) > points}
    short = sum(won.values()) - sum(parts.values())
    if not short:
        return "поровну с назначенным; тот получал работу в этот же миг, или у него меньше заявок, или меньше номер"
    reasons = ", ".join(f"{PARTS[part]} −{points}" for part, points in sorted(behind.items(), key=lambda one: -one[1]))
    return f"меньше на {short}: {reasons}"


def _span(shift: str) -> tuple[int, int]:
    start, end = (int(clock[:2]) * 60 + int(clock[3:]) for clock in shift.split("-"))
    return start, end


def _shift(start: int, end: int) -> str:
    return f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}"
