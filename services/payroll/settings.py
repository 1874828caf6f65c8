"""Settings of payroll."""

from decimal import Decimal

from pydantic import Field

from shared.contracts.base import Roubles
from shared.settings import ServiceSettings


class PayrollSettings(ServiceSettings):
    """What payroll needs to know besides what every service does."""

    base_pay: Roubles = Field(default=Decimal("70000.00"), gt=0)
    """Roubles a month, whatever happens (R-PAY-1). A closed month keeps what was in force then."""
    resume_after_seconds: float = Field(default=10, gt=0)
    """How often a month that a crash left half closed is looked for, and closed to the end."""
