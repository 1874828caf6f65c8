"""Settings of accounts."""

from pathlib import Path

from pydantic import Field, field_validator

from services.accounts import care_policy
from shared.settings import ServiceSettings


class AccountsSettings(ServiceSettings):
    """What accounts needs to know besides what every service does."""

    resume_after_seconds: float = Field(default=10, gt=0)
    """How long a confirmation may stand unfinished before it is taken up again; it is looked for as often."""
    facts_told_every_seconds: float = Field(default=30, gt=0)
    """How often it is told up to which moment all facts that move money are told (`client.facts_complete`)."""
    audit_every_seconds: float = Field(default=2, gt=0)
    """How often changes are linked into the audit chain."""
    conflicts_every_seconds: float = Field(default=3600, gt=0)
    """How often everything is looked through for phones of two accountants; each change is looked at at once."""
    growth_every_seconds: float = Field(default=300, gt=0)
    """How often the gauges of the month's growth are renewed."""
    measure_every_seconds: float = Field(default=15, gt=0)
    """How often the gauges of clients and proposals are renewed."""
    care_policy_file: Path | None = None
    """Weights of manual-work debt, bands, who is a fan; ours (`care_policy.toml`) where none is named."""
    debts_every_seconds: float = Field(default=30, gt=0)
    """How often the debts of clients something happened to are computed anew; all of them every hour."""
    plans_every_seconds: float = Field(default=10, gt=0)
    """How often it is looked whether a day began, and what is planned is told."""
    totals_every_seconds: float = Field(default=60, gt=0)
    """How often the gauges of debt, weekly calls, control and referrals are renewed."""

    @field_validator("care_policy_file")
    @classmethod
    def _usable(cls, value: Path | None) -> Path | None:
        care_policy.load(value)
        return value
