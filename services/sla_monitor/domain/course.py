"""Facts → obligations: a pure fold. The same set of facts gives the same obligations, in whatever order and however
often they came; a late fact with an earlier time puts right what was computed without it.

The facts are gone through in the order of their own times, and between them the versions of the policy that apply to
what is open. Each fact ends and starts clocks as the policy says; what a table cannot say stands here: rounds,
promises, changes of priority, and what closes a request.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from services.sla_monitor.domain.appointments import APPOINTED
from services.sla_monitor.domain.facts import BIRTHS, CLOSING, Client, Fact, Kind
from services.sla_monitor.domain.obligations import Obligation
from services.sla_monitor.domain.policies import Place
from services.sla_monitor.domain.rules import Rules
from services.sla_monitor.domain.running import Clocks


def obligations_of(subject: str, facts: Sequence[Fact], rules: Rules) -> tuple[Obligation, ...]:
    """What `facts` (in order) oblige us to. Facts about a request nobody registered yet oblige to nothing.

    Raises `NoCalendarYear` where a due time lies beyond the production calendar.
    """
    if facts and (fold := APPOINTED.get(facts[0].kind.partition(".")[0])) is not None:
        return fold(subject, facts, rules)
    facts = still_merged(facts)
    if not facts or (facts[0].kind not in BIRTHS and not facts[0].kind.startswith("call.")):
        return ()
    course = _Course(Clocks(subject, rules), told_round=max(fact.round for fact in facts))
    born = facts[0].at
    turns = deque(rules.turns)
    for fact in facts:
        at = max(fact.at, born)
        while turns and turns[0].since <= at:
            course.clocks.turned(turns.popleft())
        course.take(fact, at)
    for edition in turns:
        course.clocks.turned(edition)
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
    def __init__(self, clocks: Clocks, told_round: int) -> None:
        self.clocks = clocks
        self._told_round = told_round
        self._closed: Kind | None = None
        self._waits = False
        """Nobody has it."""
        self._under_way = False
        self._done = False
        """It was called done, and the accountant has yet to say so."""

    def take(self, fact: Fact, at: datetime) -> None:
        """The next fact."""
        now = self.clocks.round
        if fact.round > now:
            self._reopen(fact.round, at)
        elif 0 < fact.round < now <= self._told_round:
            return  # of a round that routing itself has left behind
        if fact.client is not None:
            self.known(fact.client, at)
        if fact.kind in SPECIAL:
            SPECIAL[fact.kind](self, fact, at)
        else:
            self._apply(fact.kind, at)

    def known(self, client: Client, at: datetime) -> None:
        """Whose it is, what they pay for, and where they are."""
        place = Place(client.zone, client.region)
        self.clocks.traits_changed(replace(self.clocks.traits, tariff=client.tariff, place=place), at)

    def registered(self, fact: Fact, at: datetime) -> None:
        """From here on the priority is known."""
        self._waits = True
        self.clocks.traits = replace(self.clocks.traits, priority=fact.priority, nature=fact.nature)
        self._apply(fact.kind, at)

    def reprioritised(self, fact: Fact, at: datetime) -> None:
        """Other terms, for what is not late already."""
        self.clocks.traits_changed(replace(self.clocks.traits, priority=fact.priority, nature=fact.nature), at)
        self._apply(fact.kind, at)

    def promised(self, fact: Fact, at: datetime) -> None:
        """Somebody is expected by then, whether or not the work is assigned (R-URG-3, R-URG-6)."""
        self._apply(fact.kind, at)
        if fact.until is not None and fact.until > at:
            self.clocks.promise_made(fact.until, at)
            self._expect_somebody(at)

    def assigned(self, fact: Fact, at: datetime) -> None:
        """Somebody has it; where somebody had it already, it is handed over."""
        if not self._waits:
            self.replaced(fact, at)
            return
        self._waits = False
        self.clocks.specialist_id = fact.who
        self._apply(fact.kind, at)
        self.clocks.give(fact.who)

    def replaced(self, fact: Fact, at: datetime) -> None:
        """Somebody else has it, and has yet to start (R-IMP-3, R-URG-7)."""
        self._under_way = self._done = False
        self.clocks.specialist_id = fact.who
        self._apply("work.replaced", at)

    def displaced(self, fact: Fact, at: datetime) -> None:
        """It waits for somebody again; what was promised stands."""
        self._waits = self._closed is None
        self.clocks.specialist_id = None
        self._apply(fact.kind, at)
        self._expect_somebody(at)

    def merged(self, fact: Fact, at: datetime) -> None:
        """Only the other request is watched from here on."""
        self.clocks.end_all(at)
        self._apply(fact.kind, at)

    def forced(self, fact: Fact, at: datetime) -> None:
        """Bound to go on with what is in hand changes no clock; bound to go on with what was called done does."""
        if self._done:
            self.replaced(fact, at)
        self._apply(fact.kind, at)

    def under_way(self, fact: Fact, at: datetime) -> None:
        """Nobody has to be waited for any more."""
        self._under_way = True
        self._done = self._done or (fact.kind == "work.finished" and self._closed is None)
        self._apply(fact.kind, at)

    def refused(self, fact: Fact, at: datetime) -> None:
        """The accountant is not content: what was called done, or closed, is open again (R-REQ-3). Of a refusal in the
        midst of the work routing tells whether it is."""
        if self._closed == "request.satisfied" or self._done:
            self._reopen(self.clocks.round + 1, at)
        self._apply(fact.kind, at)

    def reopened(self, _: Fact, __: datetime) -> None:
        """The round it carries has said it."""

    def _reopen(self, number: int, at: datetime) -> None:
        self.clocks.round, self.clocks.specialist_id = number, None
        self._closed, self._waits, self._under_way, self._done = None, True, False, False
        self._apply("work.reopened", at)
        self._expect_somebody(at)

    def _expect_somebody(self, at: datetime) -> None:
        promise = self.clocks.promise
        if promise is None or promise <= at or self._under_way or self._closed is not None:
            return
        self.clocks.expect(at)

    def _apply(self, kind: Kind, at: datetime) -> None:
        """What the policy says."""
        if kind in CLOSING:
            self._closed, self._waits, self._done = kind, False, False
        self.clocks.take(kind, at, closed=self._closed is not None)


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
