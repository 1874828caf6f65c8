"""How the doors show what was found; a service names its view of a difference."""

from datetime import datetime
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict

View = TypeVar("View")


class FoundView(BaseModel):
    """Read from the service's own records."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class VerifiedView(FoundView, Generic[View]):
    """What was found on one page; ask on with `after` = `next` until that is null."""

    checked: int
    differences: list[View]
    next: str | None


class NightView(FoundView, Generic[View]):
    """The newest nightly verification that was finished."""

    day: str
    began: datetime
    ended: datetime
    checked: int
    different: int
    differences: list[View]
    """The first fifty."""
