"""The clocks of one request or call while its facts are gone through: what runs, until when, and what has ended."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from services.sla_monitor.domain.obligations import Ending, Obligation
from services.sla_monitor.domain.policies import Terms
from services.sla_monitor.domain.rules import Rules, to_millisecond
from shared.contracts.base import Priority
from shared.contracts.sla_monitor import ClockName

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


@dataclass(slots=True, kw_only=True)
class Running:
    """A clock that runs. Without terms (the priority is free of it) it is only kept in mind: nothing is due."""

    clock: ClockName
    since: datetime
    due: datetime
    warn_at: datetime
    specialist_id: str | None
    priority: Priority | None
    id: str = ""
    terms: Terms | None = None
    promised: bool = False

    def obligation(self, ended: datetime | None = None, ending: Ending | None = None) -> Obligation:
        """As it is kept and shown."""
        return Obligation(
            id=self.id,
            clock=self.clock,
            priority=self.priority,
            since=self.since,
            warn_at=self.warn_at,
            due=self.due,
            promised=self.promised,
            specialist_id=self.specialist_id,
            ended=ended,
            ending=ending,
        )


class Clocks:
    """Starts, ends and moves the clocks of `subject`. The course of its facts sets what the next one starts with."""

    def __init__(self, subject: str, rules: Rules) -> None:
        self.round = 1
        self.priority: Priority | None = None
        self.promise: datetime | None = None
        self.specialist_id: str | None = None
        self._subject = subject
        self._rules = rules
        self._running: dict[ClockName, Running] = {}
        self._ended: list[Obligation] = []
        self._used: set[str] = set()

    def __contains__(self, clock: ClockName) -> bool:
        return clock in self._running

    def obligations(self) -> tuple[Obligation, ...]:
        """Everything obliged to so far, in the order in which it began."""
        still = (run.obligation() for run in self._running.values() if run.terms is not None)
        return tuple(sorted((*self._ended, *still), key=lambda one: (one.since, one.due, one.id)))

    def begin(self, clock: ClockName, at: datetime) -> None:
        """The clock runs from `at`, unless it runs already."""
        if clock in self._running:
            return
        run = Running(
            clock=clock, since=at, due=at, warn_at=at, specialist_id=self.specialist_id, priority=self.priority
        )
        self._running[clock] = run
        self._set_going(run, at)

    def end(self, clock: ClockName, at: datetime, ending: Ending) -> bool:
        """The clock stops; false where it did not run."""
        run = self._running.pop(clock, None)
        if run is not None and run.terms is not None:
            self._ended.append(run.obligation(at, ending))
        return run is not None

    def end_all(self, at: datetime) -> None:
        """Nobody has to do anything any more."""
        for clock in tuple(self._running):
            self.end(clock, at, "cancelled")

    def give(self, clock: ClockName, specialist_id: str | None) -> None:
        """Whose it is, if it runs."""
        if clock in self._running:
            self._running[clock].specialist_id = specialist_id

    def promise_made(self, until: datetime, at: datetime) -> None:
        """A promise moves what is not late yet. What is late stays broken, and ends."""
        self.promise = until
        for run in list(self._promised()):
            if at > run.due:
                self.end(run.clock, at, "cancelled")
            else:
                self._hold_to_promise(run)

    def priority_changed(self, priority: Priority | None, at: datetime) -> None:
        """What is late already stays as it was."""
        self.priority = priority
        for run in self._running.values():
            if run.terms is None:
                self._set_going(run, at)
            elif at <= run.due:
                self._change_terms(run, at)

    def _set_going(self, run: Running, at: datetime) -> None:
        run.terms, run.priority = self._rules.terms(run.clock, self.priority), self.priority
        if run.terms is None:
            return
        run.id, run.since = self._new_id(run.clock, at), at
        run.warn_at, run.due = self._rules.times(run.terms, at)
        if run.clock in self._rules.promised:
            self._hold_to_promise(run)

    def _hold_to_promise(self, run: Running) -> None:
        """Where a promise stands, due is when the contact was told to expect somebody."""
        if self.promise is None or run.terms is None or self.promise <= run.since:
            return
        run.due, run.promised = self.promise, True
        run.warn_at = to_millisecond(run.since + (self.promise - run.since) * run.terms.warning)

    def _change_terms(self, run: Running, at: datetime) -> None:
        """The new terms count from the clock's own start; where that would be over by now, from the change, but never
        later than before. A promise is kept whatever the priority."""
        terms = self._rules.terms(run.clock, self.priority)
        if terms is None:
            self._ended.append(run.obligation(at, "cancelled"))
            run.terms = None
            return
        run.terms, run.priority = terms, self.priority
        if run.promised:
            return
        from_start, from_now = self._rules.times(terms, run.since), self._rules.times(terms, at)
        if from_start[1] >= min(run.due, from_now[1]):
            run.warn_at, run.due = from_start
        elif from_now[1] <= run.due:
            run.warn_at, run.due = from_now

    def _promised(self) -> Iterator[Running]:
        return (run for run in self._running.values() if run.clock in self._rules.promised)

    def _new_id(self, clock: ClockName, at: datetime) -> str:
        """Of the first in a round by the round, of the others by the moment: a fact that comes late moves neither."""
        first = f"{self._subject}:{clock}:{self.round}"
        found = first if first not in self._used else f"{first}.{(at - EPOCH) // MILLISECOND}"
        self._used.add(found)
        return found
