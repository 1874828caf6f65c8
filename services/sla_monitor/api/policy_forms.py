"""A version of the policy as it is sent and shown: what is shown can be sent back as it is."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator
from pydantic_core import PydanticCustomError

from services.sla_monitor.domain.facts import Kind
from services.sla_monitor.domain.ladder import BadLadder, Ladder, Role, Step
from services.sla_monitor.domain.policies import CalendarName, Calendars, Policy, Terms, Version
from shared.calendar import BadHours, Week, hours
from shared.contracts.base import Moment, Nature, Priority
from shared.contracts.sla_monitor import About

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MOST_SECONDS = 366 * 24 * 3600
MOST_MINUTES = 31 * 24 * 60
NAME = r"^[a-z][a-z0-9_]{1,39}$"
MINUTE = timedelta(minutes=1)

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Kinds = Annotated[list[Kind], Field(max_length=40)]
Region = Annotated[str, StringConstraints(pattern=r"^\d\d$")]


class Form(BaseModel):
    """What is sent; unknown fields are mistakes."""

    model_config = ConfigDict(extra="forbid")


class StepForm(Form):
    """Who is called, and how long after the breach, in the clock's own calendar."""

    role: Role
    after_minutes: Annotated[int, Field(strict=True, ge=0, le=MOST_MINUTES)]


class LadderForm(Form):
    """The steps upward, how often the step it stands on is repeated, and who gets a letter with a warning already."""

    steps: Annotated[list[StepForm], Field(min_length=1, max_length=10)]
    repeat_minutes: Annotated[int, Field(strict=True, ge=1, le=MOST_MINUTES)]
    warned: Annotated[list[Role], Field(max_length=3)] = []

    @model_validator(mode="after")
    def _climbable(self) -> Self:
        try:
            self.ladder()
        except BadLadder as error:
            raise PydanticCustomError("ladder", "{why}", {"why": str(error)}) from None
        return self

    def ladder(self) -> Ladder:
        """As the domain has it. Raises `BadLadder`."""
        steps = tuple(Step(one.role, one.after_minutes * MINUTE) for one in self.steps)
        warned = tuple(dict.fromkeys(self.warned))
        return Ladder(steps=steps, repeat_every=self.repeat_minutes * MINUTE, warned=warned)

    @classmethod
    def of(cls, ladder: Ladder | None) -> "LadderForm | None":
        """As it is shown."""
        if ladder is None:
            return None
        steps = [StepForm(role=one.role, after_minutes=one.after // MINUTE) for one in ladder.steps]
        return cls(steps=steps, repeat_minutes=ladder.repeat_every // MINUTE, warned=list(ladder.warned))


class TermsForm(Form):
    """What a clock allows to whom it applies to; the first terms that fit count."""

    priorities: Annotated[list[Priority | None], Field(min_length=1, max_length=3)]
    natures: Annotated[list[Nature], Field(max_length=2)] = []
    tariffs: Annotated[list[Annotated[str, StringConstraints(min_length=1, max_length=60)]], Field(max_length=50)] = []
    target_seconds: Annotated[int, Field(strict=True, ge=0, le=MOST_SECONDS)]
    """Of the calendar's time; 0 where the due time is appointed."""
    warnings: Annotated[list[Annotated[float, Field(gt=0, lt=1)]], Field(min_length=1, max_length=5)]
    calendar: CalendarName
    ladder: LadderForm | None = None

    def terms(self) -> Terms:
        """As the domain has them."""
        return Terms(
            priorities=tuple(self.priorities),
            natures=tuple(self.natures),
            tariffs=tuple(self.tariffs),
            target=timedelta(seconds=self.target_seconds),
            warnings=tuple(self.warnings),
            calendar=self.calendar,
            ladder=None if self.ladder is None else self.ladder.ladder(),
        )

    @classmethod
    def of(cls, terms: Terms) -> Self:
        """As they are shown."""
        return cls(
            priorities=list(terms.priorities),
            natures=list(terms.natures),
            tariffs=list(terms.tariffs),
            target_seconds=int(terms.target.total_seconds()),
            warnings=list(terms.warnings),
            calendar=terms.calendar,
            ladder=LadderForm.of(terms.ladder),
        )


class PolicyForm(Form):
    """One clock: which facts start it, meet it, stop it for a while, let it go on, and give it up."""

    clock: Annotated[str, StringConstraints(pattern=NAME)]
    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
    """What people are told was broken, in Russian."""
    rule: Annotated[str, StringConstraints(max_length=100)] = ""
    about: About
    starts: Kinds
    met_by: Kinds
    restarts: Kinds = []
    cancelled_by: Kinds = []
    paused_by: Kinds = []
    resumed_by: Kinds = []
    continued_by: Kinds = []
    promised: bool = False
    appointed: bool = False
    terms: Annotated[list[TermsForm], Field(max_length=20)]

    def policy(self) -> Policy:
        """As the domain has it."""
        plain = {name: _plain(getattr(self, name)) for name in PolicyForm.model_fields if name != "terms"}
        return Policy(**plain, terms=tuple(one.terms() for one in self.terms))

    @classmethod
    def of(cls, policy: Policy) -> Self:
        """As it is shown."""
        plain = {name: getattr(policy, name) for name in cls.model_fields if name != "terms"}
        return cls(**plain, terms=[TermsForm.of(one) for one in policy.terms])


class WeekForm(Form):
    """The hours of each day, `09:00-13:00`; a day without any is not worked."""

    mon: list[str] = []
    tue: list[str] = []
    wed: list[str] = []
    thu: list[str] = []
    fri: list[str] = []
    sat: list[str] = []
    sun: list[str] = []

    @field_validator(*DAYS)
    @classmethod
    def _hours(cls, value: list[str]) -> list[str]:
        try:
            if value:
                hours(",".join(value))
        except BadHours as error:
            raise PydanticCustomError("hours", "{why}", {"why": str(error)}) from None
        return value

    def week(self) -> Week:
        """As the calendar has it."""
        mon, tue, wed, thu, fri, sat, sun = (
            hours(",".join(day)) if (day := getattr(self, name)) else () for name in DAYS
        )
        return (mon, tue, wed, thu, fri, sat, sun)

    @classmethod
    def of(cls, week: Week) -> Self:
        """As it is shown."""
        days = ([f"{_clock(begins)}-{_clock(ends)}" for begins, ends in day] for day in week)
        return cls(**dict(zip(DAYS, days, strict=True)))


class CalendarsForm(Form):
    """The hours targets are counted in, over Russia's production calendar."""

    company: WeekForm
    client: WeekForm
    """A client's hours, in the client's own zone and region."""
    company_region: Region | None = None
    regional_holidays: Annotated[dict[Region, Annotated[list[date], Field(max_length=400)]], Field(max_length=100)] = {}
    """The days a region (two digits) does not work besides."""

    def calendars(self, zone: str) -> Calendars:
        """As the domain has them."""
        regional = {region: tuple(sorted(set(days))) for region, days in self.regional_holidays.items()}
        week, client = self.company.week(), self.client.week()
        return Calendars(zone=zone, region=self.company_region, company=week, client=client, regional=regional)

    @classmethod
    def of(cls, calendars: Calendars) -> Self:
        """As they are shown."""
        regional: Mapping[str, Any] = {region: list(days) for region, days in calendars.regional.items()}
        return cls(
            company=WeekForm.of(calendars.company),
            client=WeekForm.of(calendars.client),
            company_region=calendars.region,
            regional_holidays=dict(regional),
        )


class VersionForm(Form):
    """A whole version of the policy. `since`: at most an hour ahead; as soon as every replica knows it where absent."""

    reason: Text
    applies_to_open: Annotated[bool, Field(strict=True)] = False
    since: Moment | None = None
    clocks: Annotated[list[PolicyForm], Field(min_length=1, max_length=50)]
    calendars: CalendarsForm

    def version(self, number: int, *, since: datetime, made: datetime, by: str, zone: str) -> Version:
        """As the domain has it."""
        return Version(
            number=number,
            since=since,
            made=made,
            by=by,
            reason=self.reason,
            applies_to_open=self.applies_to_open,
            clocks=tuple(one.policy() for one in self.clocks),
            calendars=self.calendars.calendars(zone),
        )


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
