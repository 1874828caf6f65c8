"""Settings of sla_monitor."""

from pydantic import Field, field_validator

from shared.calendar import hours
from shared.delivery import DeliverySettings


class SlaMonitorSettings(DeliverySettings):
    """What sla_monitor needs to know besides what every service does."""

    working_hours: str = "09:00-13:00,14:00-18:00"
    """The company's hours from Monday to Friday, in its own zone: the calendar `company` until the policy says
    otherwise."""
    company_region: str | None = Field(default=None, pattern=r"^(\d\d)?$", examples=["24"])
    """Two digits of the subject of the Federation whose holidays (named in the policy) are the company's."""
    measure_every_seconds: float = Field(default=5, gt=0)
    """How often the open obligations are counted for the metrics."""

    @field_validator("working_hours")
    @classmethod
    def _some_hours(cls, value: str) -> str:
        hours(value)
        return value

    @field_validator("company_region")
    @classmethod
    def _none(cls, value: str | None) -> str | None:
        return value or None
