"""What the doors of the record and of estimates answer with."""

from datetime import datetime

from pydantic import BaseModel

from services.routing.domain.dossier import Period
from services.routing.domain.signals import SIGNALS, SignalKind
from services.routing.domain.specialists import Specialist
from services.routing.history import Told

SHOWN = 200
"""Signals shown, the latest first; all of them are counted."""


class WorksOut(BaseModel, from_attributes=True):
    """What the period saw of their works: given, called finished, and what the accountant said of those by now."""

    given: int
    finished: int
    accepted: int
    refused: int


class SignalOut(BaseModel, from_attributes=True):
    """A finding that may speak of self-interest, for a person to judge."""

    kind: SignalKind
    at: datetime
    request_id: str
    text: str
    evidence: dict[str, str | float]


class RecordOut(BaseModel):
    """A specialist's record (R-COI-1): how often, and the requests behind it."""

    specialist_id: str
    name: str
    counts: dict[str, int]
    requests: dict[str, list[str]]
    since: datetime | None
    until: datetime | None
    complete: bool
    """False where there are more works in the period than are looked at (the newest 2 000): ask for a shorter one."""
    works: WorksOut
    months: dict[str, dict[str, int]]
    """`2026-11` in the specialist's zone → how often; months without an entry are left out."""
    signal_counts: dict[str, int] | None
    """Null for those who are not shown signals: they are for leads and directors."""
    signals: list[SignalOut] | None

    @classmethod
    def of(cls, specialist: Specialist, period: Period, told: Told, *, signals: bool) -> "RecordOut":
        """From what was told."""
        found = told.dossier
        kinds = [one.kind for one in found.signals]
        return cls(
            specialist_id=specialist.specialist_id,
            name=specialist.profile.name,
            counts={kind: len(ids) for kind, ids in found.requests.items()},
            requests={kind: list(ids) for kind, ids in found.requests.items()},
            since=period.since,
            until=period.until,
            complete=told.complete,
            works=WorksOut.model_validate(found.works),
            months={month: dict(counts) for month, counts in found.months.items()},
            signal_counts={kind: kinds.count(kind) for kind in SIGNALS} if signals else None,
            signals=[SignalOut.model_validate(one) for one in found.signals[:SHOWN]] if signals else None,
        )


class CalibrationOut(BaseModel):
    """How true the spans proved on works later than those they were learnt from."""

    works: int
    at_or_below: dict[str, float]
    """The share of works that took no longer than each quantile: p20 0.2, p50 0.5, p80 0.8 would be perfect."""
    loss: float
    """Mean pinball loss over the quantiles, in working minutes: less is better."""
    loss_of_plain: float
    """The same without product, client, words and specialist."""
