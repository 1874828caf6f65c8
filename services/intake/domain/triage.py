"""How pressing a request is (R-REQ-1), and why: the accountant's words, the deadline in them, the calendar budget
institutions live by, the client's debt. The rules are the company's (`triage_rules`).

A word inside a negation («не срочно», «без срочности») does not count. What an integration says itself wins.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from services.intake.domain.triage_calendar import next_pay_day, next_report_day
from services.intake.domain.triage_deadlines import deadlines
from services.intake.domain.triage_phrases import Found, Token, tokens_of
from services.intake.domain.triage_rules import Compiled
from shared.calendar import ProductionCalendar
from shared.contracts.base import Priority
from shared.contracts.intake import PriorityReason

READ = 20_000
"""Characters of a text that are looked at."""
EVIDENCE = 120
"""Characters of evidence kept."""
GIVEN = "given"
"""The rule's name where somebody gave the priority."""
DEBT = "debt_risk"
"""Never shown to the client (R-IMP-6)."""
BESIDE = 5
"""Words around a day in which «нужно» or «можно» speak of it."""
RANK: dict[Priority, int] = {"urgent": 0, "important": 1, "routine": 2}
_STEP_UP: dict[Priority, Priority] = {"routine": "important", "important": "urgent", "urgent": "urgent"}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a request has its priority."""

    rule: str
    evidence: str
    due: datetime | None = None
    """The moment the text names (UTC): a hint for people, not a clock."""

    def contract(self) -> PriorityReason:
        """The reason as events carry it."""
        return PriorityReason(rule=self.rule, evidence=self.evidence)


@dataclass(frozen=True, slots=True)
class Triage:
    """A priority and the reasons for it."""

    priority: Priority
    reasons: tuple[Reason, ...] = ()
    products: tuple[str, ...] = ()
    """Named in the text."""
    version: int = 0
    """Of the rules; 0 where they were not versioned yet."""

    @property
    def due(self) -> datetime | None:
        """The earliest moment the text names."""
        return min((reason.due for reason in self.reasons if reason.due is not None), default=None)

    @property
    def shown(self) -> tuple[Reason, ...]:
        """The reasons a client may see."""
        return tuple(reason for reason in self.reasons if reason.rule != DEBT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What beside the words matters."""

    now: datetime
    zone: tzinfo
    """The client's; else the company's."""
    calendar: ProductionCalendar
    at_risk: bool = False
    """The client's debt is in the band `risk` (R-IMP-6)."""


_Judged = tuple[Reason, Priority]


def judge(
    text: str, rules: Compiled, given: Priority | None = None, circumstances: Circumstances | None = None
) -> Triage:
    """The priority of a request with this `text`; `given` by the integration or a person, it wins."""
    reading = _Reading(text[:READ], rules)
    found = list(reading.words())
    if circumstances is not None:
        found += [*reading.deadline(circumstances), *reading.calendar(circumstances)]
    found.sort(key=lambda judged: RANK[judged[1]])
    reasons = tuple(reason for reason, _ in found)
    products, version = reading.products(), rules.rules.number
    if given is not None:
        return Triage(given, (Reason(GIVEN, given), *reasons), products, version)
    priority: Priority = found[0][1] if found else "routine"
    if circumstances is not None and circumstances.at_risk and rules.rules.debt_raises:
        reasons = (*reasons, Reason(DEBT, "ручной долг клиента: риск потери"))
        priority = _STEP_UP[priority]
    return Triage(priority, reasons, products, version)


class _Reading:
    """One text, read once."""

    def __init__(self, text: str, rules: Compiled) -> None:
        self.text, self.rules = text, rules
        self.tokens = tokens_of(text, rules.stem)
        self.found = rules.book.found(self.tokens)
        self.denied = frozenset(at for found in self.of("denied") for at in range(found.start, found.end))

    def of(self, use: str) -> list[Found]:
        """The places of phrases that are for this."""
        return self.found.get(use, [])

    def words(self) -> Iterator[_Judged]:
        """Each rule once, with its first evidence; by the order of the rules where equally pressing."""
        first: dict[str, Found] = {}
        for found in self.of("word"):
            if found.start not in self.denied:
                first.setdefault(found.name, found)
        for name in self.rules.priorities:
            if name in first:
                yield Reason(name, self._evidence(first[name])), self.rules.priorities[name]

    def deadline(self, at: Circumstances) -> Iterator[_Judged]:
        """The earliest deadline, and how near it is."""
        soft, need = self._starts("soft"), self._starts("need")

        def counts(start: int, end: int, firm: bool) -> bool:  # noqa: FBT001
            around = self._around(start, end)
            return not soft & around and (firm or bool(need & around))

        found = min(deadlines(self.text, at.now, at.zone, counts), key=lambda one: one.due, default=None)
        if found is not None:
            evidence = " ".join(self.text[found.start : found.end].split())[:EVIDENCE]
            yield Reason("deadline", evidence, found.due), self._nearness(found.due, at)

    def calendar(self, at: Circumstances) -> Iterator[_Judged]:
        """Pay days and reporting days that are near and spoken of."""
        if not self.of("trouble"):
            return
        rules, today = self.rules.rules, at.now.astimezone(at.zone).date()
        reports = {report.name: report for report in rules.reports}
        for name, found in {found.name: found for found in self.of("day")}.items():
            if name:
                day = next_report_day(today, reports[name].months, reports[name].day, at.calendar)
            else:
                day = next_pay_day(today, rules.pay_days, at.calendar)
            if day is not None and day - today <= timedelta(days=rules.near.calendar_days):
                yield self._by_calendar(name, found, day, today)

    def products(self) -> tuple[str, ...]:
        """The products named, a letter wrong or not, in the order of the rules."""
        meant = [self.rules.typos.corrected(token) for token in self.tokens]
        named = {found.name for found in self.rules.products.found(meant).get("product", ())}
        return tuple(product.name for product in self.rules.rules.products if product.name in named)

    def _by_calendar(self, name: str, found: Found, day: date, today: date) -> _Judged:
        said = f"{self._evidence(found)}: срок {day:%d.%m.%Y}"[:EVIDENCE]
        rule = "report_day_near" if name else "pay_day_near"
        return Reason(rule, said), "urgent" if day == today else "important"

    def _nearness(self, due: datetime, at: Circumstances) -> Priority:
        near, today = self.rules.rules.near, at.now.astimezone(at.zone).date()
        last = due.astimezone(at.zone).date()
        if last <= today or due - at.now <= timedelta(hours=near.urgent_hours):
            return "urgent"
        return "important" if last - today <= timedelta(days=near.important_days) else "routine"

    def _starts(self, use: str) -> frozenset[int]:
        return frozenset(found.start for found in self.of(use))

    def _around(self, start: int, end: int) -> frozenset[int]:
        """The words near this place in the same sentence."""
        inside = [at for at, token in enumerate(self.tokens) if token.start < end and start < token.end]
        if not inside:
            return frozenset()
        first, last = inside[0], inside[-1]
        before, after = first, last
        while before > max(0, first - BESIDE) and not self.tokens[before].after_stop:
            before -= 1
        while after < min(len(self.tokens) - 1, last + BESIDE) and not self.tokens[after + 1].after_stop:
            after += 1
        return frozenset(range(before, after + 1))

    def _evidence(self, found: Found) -> str:
        first, last = self._ends(found)
        return " ".join(self.text[first.start : last.end].split())[:EVIDENCE].strip()

    def _ends(self, found: Found) -> tuple[Token, Token]:
        return self.tokens[found.start], self.tokens[found.end - 1]
