"""What all providers' doors have in common."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from services.intake.domain.calls import Fact
from services.intake.domain.refusals import Refused

WEBHOOK_LIMIT = 64_000
"""Bytes of one webhook; providers send a few hundred. More is refused before it is read."""

AHEAD = timedelta(minutes=5)
"""How far a provider's clock may be ahead of ours."""


class NotSetUp(Refused):
    """Этот канал не настроен: секрет провайдера не задан."""


class BadSignature(Refused):
    """Подпись не принята."""


class Unreadable(Refused):
    """Сообщение провайдера не разобрать."""


class FromTheFuture(Refused):
    """Событие из будущего. Проверьте часы телефонии."""


def none_from_the_future(facts: Iterable[Fact], now: datetime) -> None:
    """Raises `FromTheFuture` where no clock could be that wrong."""
    if any(fact.at > now + AHEAD for fact in facts):
        raise FromTheFuture
