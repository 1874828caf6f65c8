"""What a request gathers after it was registered, besides the words of `requests`: kept on it, never taken away."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shared.contracts.base import Channel, Priority


@dataclass(frozen=True, slots=True)
class Pressing:
    """What the words of a follow-up call for, where that presses more than what the request had."""

    priority: Priority
    was: Priority
    evidence: tuple[str, ...]
    raised: bool
    """Whether the priority was raised; where a person had set it, a person has to look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """The client spoke again about the same matter."""

    at: datetime
    channel: Channel
    words: str
    message_id: str | None = None
    call_id: str | None = None
    by: str
    """Who passed it on: a person, an integration, the post."""
    pressing: Pressing | None = None

    @property
    def cause(self) -> str | None:
        """The letter or call it was said in: counts once."""
        return self.message_id or self.call_id


@dataclass(frozen=True, slots=True)
class Merge:
    """A person said that it is the same matter as `into`; undone where a person said that it is not after all."""

    into: str
    by: str
    at: datetime
    undone_by: str | None = None
    undone_at: datetime | None = None
    broken: str | None = None
    """Why intake broke it off by itself, in words for whoever had merged them."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the accountant pressed on the page behind a closing letter, and wrote below."""

    solved: bool
    words: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A closing letter: the accountant is asked whether it is solved. Its links are good for one answer."""

    token: str
    """What the links carry, besides the request's id."""
    round: int
    at: datetime
    """When the specialist called it finished."""
    to: str
    answer: Answer | None = None


@dataclass(frozen=True, slots=True)
class Doubt:
    """The pressed answer and the words below it contradict each other: a person has to ask."""

    solved: bool
    words: str
    at: datetime


@dataclass(frozen=True, slots=True)
class WorkStep:
    """A step of the work on it, as far as intake hears of it."""

    kind: Literal["finished", "reopened", "closed"]
    at: datetime
    round: int
    who: str | None = None
    """The specialist."""
    note: str | None = None
