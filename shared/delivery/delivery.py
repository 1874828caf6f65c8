"""One thing to be brought to somebody outside: a letter or a webhook, and what came of trying."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

Kind = Literal["letter", "hook"]
Standing = Literal["waiting", "delivered", "given_up"]

AGAIN_AFTER = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 1800, 7200, 21_600, 43_200, 86_400))
"""How long to wait after the first, second, … attempt that failed; after the last of them nobody tries again."""
CLAIM = timedelta(minutes=2)
"""Longer than an attempt takes: a delivery that is claimed for longer was left by a crash."""
FORGOTTEN_AFTER = timedelta(days=90)
ATTEMPTS_KEPT = 30

Hours = tuple[tuple[datetime, datetime], ...]
"""Stretches of time, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A mail in plain text. `headers` may name `In-Reply-To`, `References`, `Reply-To`, `Auto-Submitted`, ….

    The Message-ID is made from the delivery's id: a letter that goes out twice is one letter to who reads it.
    """

    to: tuple[str, ...]
    subject: str
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def writable(self) -> "Letter":
        """The letter without the half characters that neither a mail nor a document can carry."""
        return replace(self, subject=_whole(self.subject), text=_whole(self.text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """A webhook: `payload` is posted to `url` as {type, timestamp, data}, signed by Standard Webhooks."""

    url: str
    type: str
    payload: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try, and why it failed; None where it did not."""

    at: datetime
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A letter or a hook on its way."""

    delivery_id: str
    about: str
    """What it is about, e.g. the id of a request: for finding it again."""
    letter: Letter | None = None
    hook: Hook | None = None
    urgent: bool = False
    hours: Hours = ()
    """When alone it may go out, by the service's own clock; at any time where there are none, or no more."""
    resting: bool = False
    """It waits for its hours: nothing is wrong with it."""
    standing: Standing = "waiting"
    created_at: datetime
    due: datetime | None
    """When it is tried next; None where nobody will."""
    tries: int = 0
    """Attempts since it was last asked for."""
    attempts: tuple[Attempt, ...] = ()
    forget_at: datetime | None = None

    @property
    def kind(self) -> Kind:
        """What is brought."""
        return "letter" if self.letter is not None else "hook"

    def rest(self, moment: datetime) -> timedelta:
        """How long it may not go out from `moment` on."""
        opens = next((max(opens, moment) for opens, closes in self.hours if moment < closes), moment)
        return opens - moment

    def put_off(self, due: datetime) -> "Delivery":
        """It waits for its hours."""
        return replace(self, due=due, resting=True)

    def claimed(self, now: datetime) -> "Delivery":
        """In the hands of one who tries it now: nobody else does, unless they die."""
        return replace(self, due=now + CLAIM, resting=False)

    def delivered(self, now: datetime) -> "Delivery":
        """It arrived."""
        return self._tried(Attempt(now), standing="delivered", due=None, forget_at=now + FORGOTTEN_AFTER)

    def failed(self, now: datetime, error: str, *, for_good: bool) -> "Delivery":
        """It did not arrive; `for_good` where another try would not help."""
        if for_good or self.tries >= len(AGAIN_AFTER):
            return self._tried(Attempt(now, error), standing="given_up", due=None, forget_at=now + FORGOTTEN_AFTER)
        return self._tried(Attempt(now, error), standing="waiting", due=now + AGAIN_AFTER[self.tries], forget_at=None)

    def asked_again(self, now: datetime) -> "Delivery":
        """A person wants it sent once more, whatever became of it and whatever the hour."""
        return replace(self, standing="waiting", due=now, tries=0, forget_at=None, hours=(), resting=False)

    def _tried(
        self, attempt: Attempt, *, standing: Standing, due: datetime | None, forget_at: datetime | None
    ) -> "Delivery":
        return replace(
            self,
            standing=standing,
            due=due,
            forget_at=forget_at,
            tries=self.tries + 1,
            attempts=(*self.attempts, attempt)[-ATTEMPTS_KEPT:],
        )


def _whole(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
