"""A statement line by line, in words: what the PDF and the workbook both show."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from services.payroll.domain import wording
from services.payroll.domain.facts import Fact
from services.payroll.domain.months import named
from services.payroll.domain.statement import Statement
from shared.money import ZERO

KINDS = {
    "won": "Приведён клиент",
    "lost": "Потерян клиент",
    "handed_over": "Передан клиент",
    "reversed": "Отменён факт",
}
SOURCES = {
    "opening": "начальная база",
    "referral": "по рекомендации",
    "advert": "по рекламе",
    "tender": "по торгам",
    "other": "иначе",
}


@dataclass(frozen=True, slots=True)
class Line:
    """What, why, on which day, and how much, in roubles."""

    what: str
    why: str
    day: str
    amount: Decimal


def lines(statement: Statement) -> Iterator[Line]:
    """Every line of a statement that a person has to see, in the order of the formula."""
    yield Line("Оклад", "", "", statement.base)
    for fact in statement.own:
        yield Line(_what(fact), _why(fact), f"{fact.effective:%d.%m.%Y}", statement.policy.amount(fact))
    correction = statement.bonus - statement.growth
    if correction:
        yield Line("Прирост платится иначе", _correction(statement), "", correction)
    for each in statement.adjustments:
        yield Line(f"Поправка за {named(each.month)}", wording.reason(each), "", each.amount)
    if statement.carried_in:
        yield Line("Перенесено с прошлых месяцев", "не поместилось тогда выше оклада", "", statement.carried_in)
    if statement.carried:
        yield Line("Переносится дальше", "ниже оклада месяц не оплачивается", "", -statement.carried)
    if statement.forgiven:
        yield Line("Прощается", "ниже оклада месяц не оплачивается, и это не переносится", "", -statement.forgiven)


def notes(statement: Statement) -> list[str]:
    """What besides the lines has to be said."""
    said = []
    if statement.carried:
        said.append(f"На следующие месяцы переносится {wording.money(statement.carried)} ₽.")
    if statement.dismissal_proposed and statement.status == "open":
        said.append(
            "Прирост месяца отрицательный: если месяц так кончится, директору будет предложено рассмотреть увольнение; "
            "решает директор."
        )
    elif statement.dismissal_proposed:
        said.append("Прирост месяца отрицательный: директору предложено рассмотреть увольнение; решает директор.")
    if statement.status == "open":
        said.append("Месяц ещё не закрыт: расчёт на сейчас.")
    return said


def _what(fact: Fact) -> str:
    source = f" ({SOURCES[fact.source]})" if fact.kind == "won" and fact.source else ""
    return f"{KINDS[fact.kind]}{source}: {fact.client_name or fact.client_id}"


def _why(fact: Fact) -> str:
    parts = [
        fact.reason and f"причина: {fact.reason}",
        fact.vouched_by_client_id and f"рекомендовал клиент {fact.vouched_by_client_id}",
        fact.request_id and f"заявка {fact.request_id}",
        fact.reverses_fact_id and f"отменяет факт {fact.reverses_fact_id}",
        f"факт {fact.fact_id}",
    ]
    return "; ".join(part for part in parts if part)


def _correction(statement: Statement) -> str:
    if statement.growth < ZERO:
        return "прирост отрицательный: платится оклад"
    return f"по условиям платится {statement.policy.bonus_percent.normalize():f} % прироста"
