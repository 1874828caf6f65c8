"""What payroll refuses, and why. The docstring is the message where none is given."""

from datetime import date, datetime

from services.payroll.domain.months import Month, first_day, following, named


class PayrollError(Exception):
    """Расчёт отказал."""


class BadFact(PayrollError):
    """The fact cannot be what it says; somebody has to look at it."""


class UnknownManager(PayrollError):
    """Такого менеджера нет."""


class NotYourPay(PayrollError):
    """Менеджер видит только свой расчёт."""


class NoStatement(PayrollError):
    """За этот месяц расчёта нет."""


class MonthNotEnded(PayrollError):
    """The month is still going on, or has not begun."""

    def __init__(self, month: Month, zone: str) -> None:
        self.can_be_closed_from: date = first_day(following(month))
        day = f"{self.can_be_closed_from:%d.%m.%Y}"
        super().__init__(f"{named(month).capitalize()} ещё не кончился: закрыть его можно с {day} ({zone}).")


class MonthAlreadyClosed(PayrollError):
    """The month was closed before; it never changes (R-PAY-6)."""

    def __init__(self, month: Month, closed_at: datetime, local: str) -> None:
        self.month = month
        self.closed_at = closed_at.isoformat()
        super().__init__(
            f"{named(month).capitalize()} уже закрыт {local} и больше не меняется. "
            "Факт за него попадёт поправкой в следующий открытый месяц."
        )


class MonthIsClosing(PayrollError):
    """Somebody is closing it at this moment."""

    def __init__(self, month: Month) -> None:
        self.month = month
        super().__init__(f"{named(month).capitalize()} уже закрывается; когда закроется, видно в GET /v1/months.")


class MonthOutOfOrder(PayrollError):
    """Another month has to be closed first."""

    def __init__(self, month: Month, first: Month) -> None:
        self.close_first = first
        super().__init__(f"Месяцы закрываются по порядку: прежде чем закрыть {named(month)}, закройте {named(first)}.")


class BeforeTheBooks(PayrollError):
    """The month lies before the first one that was closed here."""

    def __init__(self, month: Month, begin: Month) -> None:
        self.begin = begin
        super().__init__(f"Расчёт здесь ведётся с месяца {named(begin)}; {named(month)} оплачен до того.")


class NobodyEmployed(PayrollError):
    """Nobody worked in the month."""

    def __init__(self, month: Month) -> None:
        super().__init__(f"Закрывать нечего: за {named(month)} не работал ни один известный менеджер.")


class ManagersUnknown(PayrollError):
    """Facts that pay or cost wait for a manager nobody has told of yet."""

    def __init__(self, month: Month, facts: dict[str, list[str]]) -> None:
        self.facts = facts
        told = "; ".join(f"{manager}: {', '.join(ids)}" for manager, ids in facts.items())
        super().__init__(
            f"Нельзя закрыть {named(month)}: есть факты, чей менеджер ещё не известен ({told}). "
            "Заведите менеджера или дождитесь сообщения о нём."
        )
