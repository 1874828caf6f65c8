"""Settings of accounts."""

from pydantic import Field

from shared.settings import ServiceSettings


class AccountsSettings(ServiceSettings):
    """What accounts needs to know besides what every service does."""

    resume_after_seconds: float = Field(default=10, gt=0)
    """How long a confirmation may stand unfinished before it is taken up again; it is looked for as often."""
    facts_told_every_seconds: float = Field(default=30, gt=0)
    """How often it is told up to which moment all facts that move money are told (`client.facts_complete`)."""
    measure_every_seconds: float = Field(default=15, gt=0)
    """How often the gauges of clients and proposals are renewed."""
