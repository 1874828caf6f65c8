"""Why accounts refuses. The docstring is the text a person reads unless a better one is given."""

from collections.abc import Sequence
from decimal import Decimal

from shared.money import roubles_text


class AccountsError(Exception):
    """Так сделать нельзя."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.__doc__)


class WrongValue(AccountsError):
    """Значение поля неверно."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.errors = [{"field": field, "message": message}]


class UnknownManager(AccountsError):
    """Такого менеджера нет."""


class UnknownClient(AccountsError):
    """Такого клиента нет."""


class UnknownProposal(AccountsError):
    """Такого предложения нет."""


class UnknownConflict(AccountsError):
    """Такого расхождения нет."""


class NotYourBase(AccountsError):
    """Это клиент другого менеджера: менеджер видит и меняет только свою базу."""


class OwnProposal(AccountsError):
    """Предложение подтверждает не тот, кто его внёс: нужен другой директор."""


class OwnPay(AccountsError):
    """Предложение меняет вашу собственную зарплату: решить его должен другой директор."""


class InnTaken(AccountsError):
    """Клиент с таким ИНН уже есть."""

    def __init__(self, client_id: str, name: str) -> None:
        super().__init__(
            f"Клиент с таким ИНН уже есть: «{name}» ({client_id}). Если он уходил и вернулся, предложите его приход "
            "(won) с этим client_id."
        )
        self.client_id = client_id


class SnilsTaken(AccountsError):
    """СНИЛС бывает только у одного человека, а этот уже у другого менеджера."""

    def __init__(self, manager_id: str, name: str) -> None:
        whose = f"этот СНИЛС уже у менеджера «{name}» ({manager_id})"
        super().__init__(
            f"snils: {whose}. Проверьте номер; если человек вернулся на работу, не заводите его заново: директор "
            f"исправит прежнюю карточку (PATCH /v1/managers/{manager_id}, поле left)."
        )
        self.manager_id = manager_id
        self.errors = [{"field": "snils", "message": whose}]


class ManagerExists(AccountsError):
    """Менеджер с таким manager_id уже есть."""


class ClientNotActive(AccountsError):
    """Клиент уже потерян: терять, передавать и менять плату можно только у действующего клиента."""


class ClientStillActive(AccountsError):
    """Клиент и так с нами: прийти может только новый или ушедший клиент."""


class NotReversible(AccountsError):
    """Этот факт нельзя отменить."""


class NothingChanges(AccountsError):
    """Предложение ничего не меняет."""


class AlreadyDecided(AccountsError):
    """По этому предложению уже есть решение."""


class ProposalChanged(AccountsError):
    """Пока предложение ждало решения, изменились плата в этот день или те, кого оно касается."""

    def __init__(self, fee_then: Decimal | None, fee_now: Decimal | None, concerns: Sequence[str]) -> None:
        before = "не указана" if fee_then is None else f"{roubles_text(fee_then)} ₽"
        after = "не указана" if fee_now is None else f"{roubles_text(fee_now)} ₽"
        super().__init__(
            f"{self.__doc__} Плата была {before}, теперь {after}; касается: {', '.join(concerns)}. "
            "Посмотрите предложение заново и подтвердите ещё раз."
        )


class KeyReused(AccountsError):
    """С этим Idempotency-Key уже отправляли другие данные: для нового запроса нужен новый ключ."""
