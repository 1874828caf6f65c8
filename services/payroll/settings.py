"""Settings of payroll."""

from decimal import Decimal

from pydantic import Field, field_validator

from shared.contracts.base import Roubles
from shared.delivery import DeliverySettings, hook_url

Odds = float


class PayrollSettings(DeliverySettings):
    """What payroll needs to know besides what every service does."""

    base_pay: Roubles = Field(default=Decimal("70000.00"), gt=0)
    """Roubles a month, whatever happens (R-PAY-1), until a policy says otherwise. A closed month keeps its own."""
    resume_after_seconds: float = Field(default=10, gt=0)
    """How often a month that a crash left half looked through, or half closed, is looked for and brought to the end."""
    close_answers_within_seconds: float = Field(default=20, gt=0)
    """How long the answer to a review or a close waits for its end; it goes on afterwards."""
    watermark_lag_seconds: float = Field(default=120, gt=0)
    """How far the word of accounts that all its facts are published may be behind when a month is closed."""
    objection_days: int = Field(default=5, ge=1, le=60)
    """How long a manager may object to a dismissal proposed."""
    trial_odds: Odds = Field(default=0.5, ge=0, le=1)
    """How often a prospect is won whose trial request is open: for the forecast (R-PAY-8)."""
    trial_odds_flawless: Odds = Field(default=0.9, ge=0, le=1)
    """…whose trial request closed flawless."""
    trial_odds_not_flawless: Odds = Field(default=0.1, ge=0, le=1)
    """…whose trial request closed otherwise."""
    organisation_inn: str = Field(default="", pattern=r"^([0-9]{10}|[0-9]{12})?$", examples=["2466000001"])
    """Who pays, for the payroll of 1С; without it nothing is exported."""
    organisation_kpp: str = Field(default="", pattern=r"^([0-9]{9})?$", examples=["246601001"])
    accrual_base: str = Field(default="00001", min_length=1)
    """The code of the accrual «оклад» in the payroll of 1С."""
    accrual_bonus: str = Field(default="00002", min_length=1)
    """The code of the accrual for growth, adjustments included."""
    pay_hook: str = ""
    """Where to post that a month is closed; signed with `hook_secrets`. Empty: nowhere."""

    @field_validator("pay_hook")
    @classmethod
    def _hook(cls, value: str) -> str:
        return hook_url(value, plain=True) if value else ""
