"""The rules of triage as the company keeps them: one document a version, checked before it is in force."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from services.intake.domain.refusals import Refused
from services.intake.domain.triage_phrases import BadPhrase, Book, Stem, Typos
from shared.contracts.base import Decision, Priority

PHRASES_MOST = 2_000
PHRASE_LENGTH = 200
ELEMENTS_MOST = 12
RESERVED = frozenset({"given", "deadline", "pay_day_near", "report_day_near", "debt_risk"})


class BadRules(Refused):
    """Правила приоритета написаны неверно."""


class RulesOvertaken(Refused):
    """Правила приоритета тем временем изменили."""


class UnknownRules(Refused):
    """Такой версии правил приоритета нет."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Phrases that make a request so pressing."""

    name: str
    priority: Priority
    phrases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Product:
    """A 1C product as specialists' skills name it, and what accountants call it."""

    name: str
    phrases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """A report of budget institutions: due on `day` of each of `months`, or the next working day."""

    name: str
    phrases: tuple[str, ...]
    months: tuple[int, ...]
    day: int


@dataclass(frozen=True, slots=True)
class Near:
    """How near a day must be to raise the priority."""

    urgent_hours: int = 12
    """A deadline this near, or on the same local day, is urgent."""
    important_days: int = 3
    """A deadline within so many days is important."""
    calendar_days: int = 2
    """A reporting or pay day within so many days raises what is spoken of with it: important, on the day urgent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TriageRules:
    """One version of the rules."""

    number: int
    """The first one is 1; outside it is called the version."""
    rules: tuple[Rule, ...]
    denials: tuple[str, ...] = ()
    """Where a pressing word does not press."""
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    products: tuple[Product, ...] = ()
    need: tuple[str, ...] = ()
    """Beside one of these a bare «завтра» is a deadline."""
    soft: tuple[str, ...] = ()
    """Beside one of these a day is no deadline: «можно завтра»."""
    trouble: tuple[str, ...] = ()
    """Without one of these a reporting or pay day does not raise anything."""
    pay: tuple[str, ...] = ()
    pay_days: tuple[int, ...] = ()
    """Days of the month on which the institutions pay, or the working day before."""
    reports: tuple[Report, ...] = ()
    near: Near = Near()
    debt_raises: bool = True
    """Whether a client at risk is taken one step more seriously (R-IMP-6)."""
    by: str = ""
    reason: str = ""
    at: datetime | None = None


class Compiled:
    """Rules ready to be asked. Raises `BadRules`."""

    def __init__(self, rules: TriageRules, stem: Stem) -> None:
        _check(rules)
        self.rules, self.stem = rules, stem
        self.priorities = {rule.name: rule.priority for rule in rules.rules}

        phrases = {("word", rule.name): rule.phrases for rule in rules.rules}
        phrases |= {("denied", ""): rules.denials, ("need", ""): rules.need, ("soft", ""): rules.soft}
        phrases |= {("trouble", ""): rules.trouble, ("day", ""): rules.pay}
        phrases |= {("day", report.name): report.phrases for report in rules.reports}
        products = {("product", product.name): product.phrases for product in rules.products}
        try:
            self.book = Book(phrases, rules.groups, stem)
            self.products = Book(products, rules.groups, stem)
            self.typos = Typos(self.products.stems())
        except BadPhrase as error:
            raise BadRules(str(error)) from None


def enacted(known: TriageRules | None, new: TriageRules) -> Decision[TriageRules]:
    """`new` is in force. Raises `RulesOvertaken` where somebody was quicker."""
    if known is not None:
        raise RulesOvertaken(f"Версия {new.number} уже есть: посмотрите её и повторите.")
    return Decision(new)


def _check(rules: TriageRules) -> None:
    names = [one.name for one in _named(rules)]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise BadRules(f"«{twice}»: это имя стоит дважды.")
    if reserved := RESERVED.intersection(names):
        raise BadRules(f"«{min(reserved)}»: это имя занято программой.")
    phrases = list(_phrases(rules))
    if len(phrases) > PHRASES_MOST:
        raise BadRules(f"Фраз {len(phrases)}, а бывает не больше {PHRASES_MOST}.")
    for phrase in phrases:
        if len(phrase) > PHRASE_LENGTH or len(phrase.split()) > ELEMENTS_MOST:
            raise BadRules(f"«{phrase[:40]}…»: в фразе не больше {ELEMENTS_MOST} слов и {PHRASE_LENGTH} знаков.")


def _named(rules: TriageRules) -> list[Rule | Product | Report]:
    return [*rules.rules, *rules.products, *rules.reports]


def _phrases(rules: TriageRules) -> Iterator[str]:
    for named in _named(rules):
        yield from named.phrases
    for several in (rules.denials, rules.need, rules.soft, rules.trouble, rules.pay, *rules.groups.values()):
        yield from several
