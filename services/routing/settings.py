"""Settings of routing, beside those every service has."""

from pydantic import Field

from shared.settings import ServiceSettings


class RoutingSettings(ServiceSettings):
    """All of them are seconds, and rarely need a change."""

    refresh_seconds: float = Field(default=1.0, gt=0)
    """How often is looked at whose hours began and what other replicas changed."""
    backlog_seconds: float = Field(default=30.0, gt=0)
    """How often waiting work is gone through without being woken."""
    sweep_seconds: float = Field(default=5.0, gt=0)
    """How often places taken are compared with the work that should hold them."""
    orphan_seconds: float = Field(default=30.0, ge=0)
    """How long a place may be taken and not yet used before the turn is called off."""
    record_seconds: float = Field(default=60.0, gt=0)
    """How often the specialists' record is read anew for the score."""
    estimates_seconds: float = Field(default=600.0, gt=0)
    """How often how long works take is learnt anew from history."""
