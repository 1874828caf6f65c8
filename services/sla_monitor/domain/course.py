"""Facts → obligations: a pure fold. The same set of facts gives the same obligations, in whatever order and however
often they came; a late fact with an earlier time puts right what was computed without it.

The facts are gone through in the order of their own times. Each ends and starts clocks as the policy table says;
what a table cannot say stands here: rounds, promises, changes of priority, and what closes a request.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from services.sla_monitor.domain.appointments import APPOINTED
from services.sla_monitor.domain.facts import BIRTHS, Fact, Kind
from services.sla_monitor.domain.obligations import Obligation
from services.sla_monitor.domain.rules import Rules
from services.sla_monitor.domain.running import Clocks

CLOSING: frozenset[Kind] = frozenset({"request.satisfied", "request.withdrawn", "request.merged", "call.answered"})
"""After these nothing starts any more, unless the work is reopened."""


def obligations_of(subject: str, facts: Sequence[Fact], rules: Rules) -> tuple[Obligation, ...]:
    """What `facts` (in order) oblige us to. Facts about a request nobody registered yet oblige to nothing.

    Raises `NoCalendarYear` where a due time lies beyond the production calendar.
    """
    if facts and (fold := APPOINTED.get(facts[0].kind.partition(".")[0])) is not None:
        return fold(subject, facts)
    facts = still_merged(facts)
    if not facts or (facts[0].kind not in BIRTHS and not facts[0].kind.startswith("call.")):
        return ()
    course = _Course(Clocks(subject, rules), rules, told_round=max(fact.round for fact in facts))
    born = facts[0].at
    for fact in facts:
        course.take(fact, max(fact.at, born))
    return course.clocks.obligations()


def still_merged(facts: Sequence[Fact]) -> Sequence[Fact]:
    """The facts without the mergings that were undone: these count as if they had never been."""
    if not any(fact.kind == "request.unmerged" for fact in facts):
        return facts
    left: list[Fact] = []
    for fact in facts:
        if fact.kind != "request.unmerged":
            left.append(fact)
        elif undone := [one for one in left if one.kind == "request.merged" and one.note == fact.note]:
            left.remove(undone[-1])
    return left


class _Course:
    def __init__(self, clocks: Clocks, rules: Rules, told_round: int) -> None:
        self.clocks = clocks
        self._rules = rules
        self._told_round = told_round
        self._closed: Kind | None = None
        self._under_way = False

    def take(self, fact: Fact, at: datetime) -> None:
        """The next fact."""
        now = self.clocks.round
        if fact.round > now:
            self._reopen(fact.round, at)
        elif 0 < fact.round < now <= self._told_round:
            return  # of a round that routing itself has left behind
        if fact.kind in SPECIAL:
            SPECIAL[fact.kind](self, fact, at)
        else:
            self._apply(fact.kind, at)

    def registered(self, fact: Fact, at: datetime) -> None:
        """From here on the priority is known."""
        self.clocks.priority = fact.priority
        self._apply(fact.kind, at)

    def reprioritised(self, fact: Fact, at: datetime) -> None:
        """Other terms, for what is not late already."""
        self.clocks.priority_changed(fact.priority, at)

    def promised(self, fact: Fact, at: datetime) -> None:
        """Somebody is expected by then, whether or not the work is assigned (R-URG-3, R-URG-6)."""
        self._apply(fact.kind, at)
        if fact.until is not None and fact.until > at:
            self.clocks.promise_made(fact.until, at)
            self._expect_somebody(at)

    def assigned(self, fact: Fact, at: datetime) -> None:
        """Somebody has it; where somebody had it already, it is handed over."""
        if "assign" not in self.clocks:
            self.replaced(fact, at)
            return
        self.clocks.specialist_id = fact.who
        self._apply(fact.kind, at)
        self.clocks.give("start", fact.who)

    def replaced(self, fact: Fact, at: datetime) -> None:
        """Somebody else has it, and has yet to start (R-IMP-3, R-URG-7)."""
        self._under_way = False
        self.clocks.specialist_id = fact.who
        self._apply("work.replaced", at)

    def displaced(self, fact: Fact, at: datetime) -> None:
        """It waits for somebody again; what was promised stands."""
        self.clocks.specialist_id = None
        self._apply(fact.kind, at)
        self._expect_somebody(at)

    def merged(self, fact: Fact, at: datetime) -> None:
        """Only the other request is watched from here on."""
        self.clocks.end_all(at)
        self._apply(fact.kind, at)

    def forced(self, fact: Fact, at: datetime) -> None:
        """Bound to go on with what is in hand changes no clock; bound to go on with what was called done does."""
        if "verdict" in self.clocks:
            self.replaced(fact, at)

    def under_way(self, fact: Fact, at: datetime) -> None:
        """Nobody has to be waited for any more."""
        self._under_way = True
        self._apply(fact.kind, at)

    def refused(self, _: Fact, at: datetime) -> None:
        """The accountant is not content: what was called done, or closed, is open again (R-REQ-3). Of a refusal in the
        midst of the work routing tells whether it is."""
        if self._closed == "request.satisfied" or "verdict" in self.clocks:
            self._reopen(self.clocks.round + 1, at)

    def reopened(self, _: Fact, __: datetime) -> None:
        """The round it carries has said it."""

    def _reopen(self, number: int, at: datetime) -> None:
        self.clocks.round, self.clocks.specialist_id = number, None
        self._closed, self._under_way = None, False
        self._apply("work.reopened", at)
        self._expect_somebody(at)

    def _expect_somebody(self, at: datetime) -> None:
        promise = self.clocks.promise
        if promise is None or promise <= at or self._under_way or self._closed is not None:
            return
        for clock in self._rules.promised:
            self.clocks.begin(clock, at)

    def _apply(self, kind: Kind, at: datetime) -> None:
        """What the policy table says."""
        effects = self._rules.effects(kind)
        for clock in effects.meets:
            if self.clocks.end(clock, at, "met") and clock in effects.restarts:
                self.clocks.begin(clock, at)
        for clock in effects.cancels:
            self.clocks.end(clock, at, "cancelled")
        if kind in CLOSING:
            self._closed = kind
        if self._closed is None:
            for clock in effects.starts:
                self.clocks.begin(clock, at)


SPECIAL: Mapping[Kind, Callable[[_Course, Fact, datetime], None]] = {
    "request.registered": _Course.registered,
    "request.reprioritised": _Course.reprioritised,
    "request.wait_promised": _Course.promised,
    "request.refused": _Course.refused,
    "work.reopened": _Course.reopened,
    "work.assigned": _Course.assigned,
    "work.replaced": _Course.replaced,
    "work.displaced": _Course.displaced,
    "request.merged": _Course.merged,
    "work.forced": _Course.forced,
    "work.started": _Course.under_way,
    "work.finished": _Course.under_way,
}
"""The facts that do more than the policy table says."""
