"""What payroll refuses, and why. The docstring is the message where none is given."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from services.payroll.domain.months import Month, first_day, following, named
from shared.calendar import written

NAMED = 100
"""Managers named in one refusal."""


class PayrollError(Exception):
    """Расчёт отказал."""


class BadFact(PayrollError):
    """The fact cannot be what it says; somebody has to look at it."""

    def __init__(self, fact_id: str, wrong: str) -> None:
        super().__init__(
            f"Факт {fact_id} не записан и ничего не меняет в оплате: {wrong}. Проверьте его в учёте клиентов и, если "
            "он нужен, подтвердите верный; это сообщение удалите: svoy parked drop НОМЕР."
        )


class UnknownManager(PayrollError):
    """Такого менеджера нет."""


class NotYourPay(PayrollError):
    """Менеджер видит только свой расчёт."""


class NoStatement(PayrollError):
    """За этот месяц расчёта нет."""


class NoProposal(PayrollError):
    """За этот месяц увольнение не предлагалось."""


class NotPossibleNow(PayrollError):
    """What is asked is not possible in the state it is in."""

    def __init__(self, state: str) -> None:
        self.state = state
        super().__init__(f"Сейчас так нельзя: состояние «{state}». Откройте свежее и посмотрите, что уже сделано.")


class TermOver(PayrollError):
    """The manager's time to object has passed."""

    def __init__(self, until: datetime, zone: str) -> None:
        self.until = until.isoformat()
        super().__init__(f"Срок для возражения прошёл {written(until, zone)}; скажите о нём директору лично.")


class TermNotOver(PayrollError):
    """The manager may still object."""

    def __init__(self, until: datetime, zone: str) -> None:
        self.until = until.isoformat()
        super().__init__(f"Менеджер может возразить до {written(until, zone)}: решайте после этого срока.")


class EvidenceChanged(PayrollError):
    """Facts came after the director had looked."""

    def __init__(self, evidence: str) -> None:
        self.evidence = evidence
        super().__init__("Основания изменились с тех пор, как вы их смотрели: откройте предложение снова.")


class MonthNotEnded(PayrollError):
    """The month is still going on, or has not begun."""

    def __init__(self, month: Month) -> None:
        self.can_be_closed_from: date = first_day(following(month))
        day = f"{self.can_be_closed_from:%d.%m.%Y}"
        super().__init__(f"{named(month).capitalize()} ещё не кончился: закрыть его можно с {day}.")


class MonthAlreadyClosed(PayrollError):
    """The month was closed before; it never changes (R-PAY-6)."""

    def __init__(self, month: Month, closed_at: datetime, zone: str) -> None:
        self.month = month
        self.closed_at = closed_at.isoformat()
        super().__init__(
            f"{named(month).capitalize()} уже закрыт {written(closed_at, zone)} и больше не меняется. "
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

    def __init__(self, month: Month, facts: Mapping[str, list[str]]) -> None:
        self.facts = dict(facts)
        told = "; ".join(f"{manager}: {', '.join(ids)}" for manager, ids in facts.items())
        super().__init__(
            f"Нельзя закрыть {named(month)}: есть факты, чей менеджер ещё не известен ({told}). "
            "Заведите менеджера или дождитесь сообщения о нём."
        )


class FactsWaiting(PayrollError):
    """Words that a fact was wrong came before the fact."""

    def __init__(self, month: Month, reversals: Sequence[str]) -> None:
        self.facts = list(reversals)
        told = ", ".join(reversals)
        super().__init__(
            f"Нельзя закрыть {named(month)}: отменены факты, которых здесь ещё нет ({told}). "
            "Дождитесь их; если не приходят, смотрите svoy parked list."
        )


class FactsInDoubt(PayrollError):
    """Facts contradict each other."""

    def __init__(self, month: Month, found: Mapping[str, str], answerable: int) -> None:
        self.doubts = dict(list(found.items())[:answerable])
        told = "; ".join(f"{fact_id}: {why}" for fact_id, why in self.doubts.items())
        more = len(found) - len(self.doubts)
        rest = (
            f"и ещё {more}: столько сразу принять нельзя, сначала отмените неверные"
            if more
            else "если всё верно, попросите закрыть ещё раз (прежнюю просьбу отозвав): какие — в doubts, почему — в "
            "doubts_accepted"
        )
        super().__init__(
            f"Прежде чем закрыть {named(month)}, разберитесь с фактами: {told}. Неверный факт отменяется в учёте "
            f"клиентов; {rest}."
        )


class ReviewFirst(PayrollError):
    """The month was not looked through."""

    def __init__(self, month: Month) -> None:
        super().__init__(
            f"Сначала посмотрите {named(month)}: POST /v1/months/{month}/review; просить закрыть можно после."
        )


class CloseRequestedAlready(PayrollError):
    """Somebody has asked for it before."""

    def __init__(self, month: Month, by: str | None) -> None:
        self.requested_by = by
        super().__init__(
            f"Закрыть {named(month)} уже просит {by}; другой человек подтверждает (POST /v1/months/{month}/close) "
            "или отзывает просьбу (POST …/withdraw), чтобы попросить иначе."
        )


class ReviewNotFinished(PayrollError):
    """The month is still being looked through."""

    def __init__(self, month: Month) -> None:
        super().__init__(
            f"{named(month).capitalize()} ещё просматривается; сколько готово, видно в GET /v1/months/{month}. "
            "Просить закрыть можно после просмотра."
        )


class ReviewOvertaken(PayrollError):
    """What was looked at is not what would be closed any more."""

    def __init__(self, month: Month, moved: Sequence[str] = ()) -> None:
        self.managers = list(moved[:NAMED])
        if not moved:
            super().__init__(
                f"Пока {named(month)} просматривался, условия оплаты изменились: посмотрите месяц ещё раз."
            )
            return
        more = f" и ещё {len(moved) - NAMED}" if len(moved) > NAMED else ""
        super().__init__(
            f"После просмотра за {named(month)} изменился расчёт: {', '.join(self.managers)}{more}. Посмотрите месяц "
            f"ещё раз (POST /v1/months/{month}/review) и попросите закрыть его снова."
        )


class CloseNotRequested(PayrollError):
    """Nobody asked for the month to be closed."""

    def __init__(self, month: Month) -> None:
        super().__init__(
            f"Закрыть {named(month)} никто не просил: один человек просит (POST /v1/months/{month}/request), "
            "другой подтверждает (POST …/close)."
        )


class ConfirmedByTheSame(PayrollError):
    """Who asked for the close cannot confirm it."""

    def __init__(self, by: str) -> None:
        self.requested_by = by
        super().__init__(f"Закрыть месяц просил {by}; подтвердить должен другой человек.")


class MonthNotClosed(PayrollError):
    """What is not closed is not exported."""

    def __init__(self, month: Month) -> None:
        super().__init__(f"{named(month).capitalize()} не закрыт: сначала закройте его.")


class ExportedAlready(PayrollError):
    """The month was exported before."""

    def __init__(self, month: Month, at: datetime, zone: str) -> None:
        self.exported_at = at.isoformat()
        super().__init__(
            f"{named(month).capitalize()} уже выгружен {written(at, zone)}. Чтобы выгрузить ещё раз, "
            "напишите причину в reason: выгрузка будет помечена как повторная."
        )


class NoExport(PayrollError):
    """Такой выгрузки не было."""


class EmployeesIncomplete(PayrollError):
    """Employees lack what the payroll of 1С knows them by, or have what is another's."""

    def __init__(self, missing: Mapping[str, list[str]]) -> None:
        self.missing = dict(missing)
        told = "; ".join(f"{who}: {', '.join(what)}" for who, what in missing.items())
        super().__init__(f"Выгрузить нельзя, данных не хватает или они спорят: {told}. Исправьте их и выгрузите снова.")


class PolicyTooLate(PayrollError):
    """The month's policy cannot be changed any more."""

    def __init__(self, effective: Month, first: Month) -> None:
        self.first = first
        super().__init__(
            f"{named(effective).capitalize()} уже закрыт или закрывается: условия можно менять с месяца {named(first)}."
        )


class EventsPending(PayrollError):
    """Events are known to be on their way."""

    def __init__(self, month: Month, why: Sequence[str]) -> None:
        self.pending = list(why)
        super().__init__(f"Закрывать {named(month)} рано: {'; '.join(why)}. Повторите через несколько секунд.")


class NoPreview(PayrollError):
    """Этот месяц ещё не смотрели: POST /v1/months/{month}/review."""


class UnknownObjection(PayrollError):
    """Такого возражения нет."""


class NoSuchLine(PayrollError):
    """В этом расчёте нет такой строки."""


class KeyReused(PayrollError):
    """Под этим Idempotency-Key уже сказано другое: возьмите новый ключ, и сказанное теперь не потеряется."""


class OwnObjection(PayrollError):
    """На своё возражение не отвечают сами."""


class OwnDismissal(PayrollError):
    """О своём увольнении не решают сами."""


class AnsweredOtherwise(PayrollError):
    """На возражение уже отвечено иначе."""


class NotYourClients(PayrollError):
    """What is asked about clients or prospects the manager does not hold."""

    def __init__(self, ids: Sequence[str]) -> None:
        self.unknown = list(ids)
        super().__init__(f"У менеджера нет таких клиентов или потенциальных клиентов: {', '.join(ids)}.")
