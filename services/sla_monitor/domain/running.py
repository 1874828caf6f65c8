"""The clocks of one request or call while its facts are gone through: what runs, until when, and what has ended.

Each clock goes by the version of the policy that was in force when it started, until a version that applies to what
is open comes into force. What is late stays as it is, whatever changes afterwards.

A clock that continues (R-URG-5) counts the time the accountant had to wait: from the start of the work until «готово»,
and from the refusal on, whoever has the work then; the time between the two, when the accountant tried what was
called done, does not count. Where nothing is left it is late from its first moment.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from services.sla_monitor.domain.facts import CLOSING, Kind
from services.sla_monitor.domain.obligations import Ending, Obligation
from services.sla_monitor.domain.policies import Policy
from services.sla_monitor.domain.rules import Allowed, Edition, Rules, Span, Traits, due_times, to_millisecond
from shared.contracts.sla_monitor import ClockName

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)

Times = tuple[tuple[datetime, ...], datetime]
"""The warnings, and when it is due."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What counts: the `earlier` stretches, and the time from `base` on."""

    base: datetime
    earlier: tuple[Span, ...] = ()

    def until(self, at: datetime) -> tuple[Span, ...]:
        """Everything that has counted by then."""
        return (*self.earlier, Span(self.base, at))

    def resumed(self, paused: datetime, at: datetime) -> "Tally":
        """From now on again, after a pause."""
        return Tally(at, self.until(paused))


@dataclass(slots=True, kw_only=True)
class Running:
    """A clock that runs. What is free of it is only kept in mind: `allowed` is None, and nothing is due."""

    policy: Policy
    edition: Edition
    traits: Traits
    since: datetime
    own: Tally
    """What has counted since it began, earlier rounds included."""
    counts: Tally
    """What its due time is reckoned by: its own, or only what came after its terms changed."""
    continued: bool = False
    paused: datetime | None = None
    specialist_id: str | None
    id: str = ""
    allowed: Allowed | None = None
    warnings: tuple[datetime, ...] = ()
    due: datetime
    promised: bool = False

    def late(self, at: datetime) -> bool:
        """Whether it was due before."""
        return self.allowed is not None and self.paused is None and at > self.due

    def times(self, allowed: Allowed, tally: Tally) -> Times:
        """The warnings and the due time by these terms. Raises `NoCalendarYear`."""
        return due_times(allowed, self.since, tally.earlier, tally.base)

    def pause(self, at: datetime) -> None:
        """No time counts from now on; what is late stays late, and a promise stands."""
        if self.paused is None and not self.promised and not self.late(at):
            self.paused = at

    def resume(self, at: datetime) -> None:
        """Time counts again."""
        if self.paused is None:
            return
        self.own, self.counts = self.own.resumed(self.paused, at), self.counts.resumed(self.paused, at)
        self.paused = None
        if self.allowed is not None:
            self.warnings, self.due = self.times(self.allowed, self.counts)

    def obligation(self, allowed: Allowed, ended: datetime | None = None, ending: Ending | None = None) -> Obligation:
        """As it is kept and shown, under the terms it is `allowed`."""
        return Obligation(
            id=self.id,
            clock=self.policy.clock,
            priority=self.traits.priority,
            since=self.since,
            warn_at=self.warnings[0],
            warn_again=self.warnings[1:],
            due=self.due,
            promised=self.promised,
            specialist_id=self.specialist_id,
            policy=self.edition.number,
            terms=allowed.number,
            place=allowed.place,
            earlier=() if self.promised else self.counts.earlier,
            counted_from=None if self.promised or self.counts.base == self.since else self.counts.base,
            paused=self.paused,
            ended=ended,
            ending=ending,
        )


class Clocks:
    """Starts, ends and moves the clocks of `subject`. The course of its facts sets what the next one starts with."""

    def __init__(self, subject: str, rules: Rules) -> None:
        self.round = 1
        self.traits = Traits()
        self.promise: datetime | None = None
        self.specialist_id: str | None = None
        self._subject = subject
        self._rules = rules
        self._running: dict[ClockName, Running] = {}
        self._counted: dict[ClockName, tuple[Span, ...]] = {}
        self._ended: list[Obligation] = []
        self._used: set[str] = set()

    def obligations(self) -> tuple[Obligation, ...]:
        """Everything obliged to so far, in the order in which it began."""
        still = (run.obligation(run.allowed) for run in self._running.values() if run.allowed is not None)
        return tuple(sorted((*self._ended, *still), key=lambda one: (one.since, one.due, one.id)))

    def take(self, kind: Kind, at: datetime, *, closed: bool) -> None:
        """What the policy says of such a fact; once the request is closed nothing starts."""
        again, onward = self._ended_by(kind, at)
        if closed:
            return
        edition = self._rules.at(at)
        for clock in (*onward, *(one for one in edition.continues(kind) if one in self._counted)):
            self._begin(clock, at, edition, continued=True)
        for clock in (*again, *edition.starts(kind)):
            self._begin(clock, at, edition)

    def expect(self, at: datetime) -> None:
        """The clocks due when somebody is expected run."""
        edition = self._rules.at(at)
        for clock in edition.promised:
            self._begin(clock, at, edition)

    def end_all(self, at: datetime) -> None:
        """Nobody has to do anything any more."""
        for clock in tuple(self._running):
            self._end(clock, at, "cancelled")

    def give(self, specialist_id: str | None) -> None:
        """Whose it is to come when somebody is expected."""
        for run in self._promised():
            run.specialist_id = specialist_id

    def promise_made(self, until: datetime, at: datetime) -> None:
        """A promise moves what is not late yet. What is late stays broken, and ends."""
        self.promise = until
        for run in list(self._promised()):
            if at > run.due:
                self._end(run.policy.clock, at, "cancelled")
            else:
                self._hold_to_promise(run)

    def traits_changed(self, traits: Traits, at: datetime) -> None:
        """Other terms apply from now on, but what is late already stays as it was."""
        self.traits = traits
        for run in self._running.values():
            if not run.late(at):
                self._change(run, traits, at)

    def turned(self, edition: Edition) -> None:
        """A version comes into force that applies to what is open. What it has no clock for is cancelled."""
        at = edition.since
        for clock, run in tuple(self._running.items()):
            policy = edition.policies.get(clock)
            if policy is None:
                self._end(clock, at, "cancelled")
            elif not run.late(at):
                run.policy, run.edition = policy, edition
                self._change(run, self.traits, at)

    def _ended_by(self, kind: Kind, at: datetime) -> tuple[list[ClockName], list[ClockName]]:
        """Ends, pauses and resumes; what of it starts anew, and what goes on with the time it has left."""
        again: list[ClockName] = []
        onward: list[ClockName] = []
        for clock, run in tuple(self._running.items()):
            if kind in run.policy.met_by:
                self._end(clock, at, "met")
                again += [clock] if kind in run.policy.restarts else []
            elif kind in run.policy.cancelled_by:
                self._end(clock, at, "cancelled")
                onward += [clock] if run.continued and kind not in CLOSING else []
            elif kind in run.policy.paused_by:
                run.pause(at)
            elif kind in run.policy.resumed_by:
                run.resume(at)
        return again, onward

    def _begin(self, clock: ClockName, at: datetime, edition: Edition, *, continued: bool = False) -> None:
        """The clock runs from `at`, unless it runs already."""
        policy = edition.policies.get(clock)
        if policy is None or clock in self._running:
            return
        tally = Tally(at, self._counted.get(clock, ()) if continued else ())
        run = Running(
            policy=policy,
            edition=edition,
            traits=self.traits,
            since=at,
            own=tally,
            counts=tally,
            due=at,
            continued=continued,
            specialist_id=self.specialist_id,
        )
        self._running[clock] = run
        self._set_going(run, at)

    def _end(self, clock: ClockName, at: datetime, ending: Ending) -> None:
        run = self._running.pop(clock)
        run.resume(at)
        self._counted[clock] = run.own.until(at)
        if run.allowed is not None:
            self._ended.append(run.obligation(run.allowed, at, ending))

    def _set_going(self, run: Running, at: datetime) -> None:
        run.traits, run.allowed = self.traits, run.edition.allowed(run.policy.clock, self.traits)
        if run.allowed is None:
            return
        run.id, run.since = self._new_id(run.policy.clock, at), at
        if not run.continued:
            run.own = run.counts = Tally(at)
            run.paused = at if run.paused is not None else None
        run.warnings, run.due = run.times(run.allowed, run.counts)
        if run.policy.promised:
            self._hold_to_promise(run)

    def _hold_to_promise(self, run: Running) -> None:
        """Where a promise stands, due is when the contact was told to expect somebody."""
        if self.promise is None or run.allowed is None or self.promise <= run.since:
            return
        span = self.promise - run.since
        run.due, run.promised, run.paused = self.promise, True, None
        run.warnings = tuple(to_millisecond(run.since + span * share) for share in run.allowed.terms.warnings)

    def _change(self, run: Running, traits: Traits, at: datetime) -> None:
        """The new terms count from the clock's own start; where that would be over by now, from the change, but never
        later than before. A promise is kept whatever the terms."""
        if run.allowed is None:
            self._set_going(run, at)
            return
        allowed = run.edition.allowed(run.policy.clock, traits)
        if allowed is None:
            self._ended.append(run.obligation(run.allowed, at, "cancelled"))
            run.allowed = None
            return
        same = (run.allowed.terms, run.allowed.calendar) == (allowed.terms, allowed.calendar)
        run.traits, run.allowed = traits, allowed
        if same or run.promised:
            return
        now = run.paused or at
        from_start, from_now = run.times(allowed, run.own), run.times(allowed, Tally(now))
        if from_start[1] > now:
            run.counts, (run.warnings, run.due) = run.own, from_start
        elif from_now[1] <= run.due:
            run.counts, (run.warnings, run.due) = Tally(now), from_now

    def _promised(self) -> Iterator[Running]:
        return (run for run in self._running.values() if run.policy.promised)

    def _new_id(self, clock: ClockName, at: datetime) -> str:
        """Of the first in a round by the round, of the others by the moment: a fact that comes late moves neither."""
        first = f"{self._subject}:{clock}:{self.round}"
        found = first if first not in self._used else f"{first}.{(at - EPOCH) // MILLISECOND}"
        self._used.add(found)
        return found
