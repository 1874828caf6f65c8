"""What every event has, and the words events share."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, ClassVar, Generic, Literal, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, PlainSerializer

from shared.money import exact_roubles

Priority = Literal["urgent", "important", "routine"]
Nature = Literal["complex", "long"]
Channel = Literal["phone", "email", "portal", "api", "weekly_call"]
Direction = Literal["in", "out"]

Roubles = Annotated[Decimal, BeforeValidator(exact_roubles), PlainSerializer(str, return_type=str)]
"""Roubles with at most two decimal places, a string in JSON (R-PAY-7)."""

STANDARD_TARIFF = "standard"

State = TypeVar("State")


def to_milliseconds(moment: datetime) -> datetime:
    """`moment` in UTC, cut to the millisecond: as finely as a document keeps it, so that nothing changes when it
    is read back. Raises `ValueError` for a moment before the year 1 or after 9999 in UTC."""
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("такого момента не бывает: год — от 0001 до 9999 (UTC)") from None
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


Moment = Annotated[AwareDatetime, AfterValidator(to_milliseconds)]
"""An aware time, in UTC, to the millisecond."""


class Contract(BaseModel):
    """A frozen part of an event. Unknown fields are ignored, so that publishers may add."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Event(Contract):
    """A business fact, in the past tense. `at` is when it happened, not when it was heard of."""

    TYPE: ClassVar[str]
    """Routing key and CloudEvents `type`, e.g. `request.registered`."""
    VERSION: ClassVar[int] = 1
    SUBJECT: ClassVar[str]
    """The field that names what the fact is about."""

    at: Moment

    @property
    def subject(self) -> str:
        """The id of what the fact is about: the CloudEvents `subject`."""
        return str(getattr(self, self.SUBJECT))


class ClientRef(Contract):
    """A client as other services need to know it: enough that nobody has to ask back."""

    client_id: str
    name: str
    zone: str
    """IANA zone name, e.g. `Asia/Krasnoyarsk`."""
    manager_id: str | None = None
    tariff: str = STANDARD_TARIFF
    """What the client pays for; SLA policies may apply to some tariffs alone."""
    region: str | None = None
    """Two digits of the subject of the Federation, e.g. `24`: its holidays are the client's."""


@dataclass(frozen=True, slots=True)
class Decision(Generic[State]):
    """What a pure `decide(state, message, now)` returns: the state to keep and the facts to tell."""

    state: State
    events: tuple[Event, ...] = ()


Decide = Callable[[State | None], Decision[State]]
"""A decision that waits only for the state to decide on; `None` where there is no such document yet."""


class NotYet(Exception):
    """What this message speaks of has not been heard of yet; try the message again later."""
