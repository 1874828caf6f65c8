"""What all providers' doors have in common."""

from datetime import datetime, timedelta

from services.intake.domain.refusals import Refused

WEBHOOK_LIMIT = 64_000
"""Bytes of one webhook; providers send a few hundred."""

AHEAD = timedelta(minutes=5)
"""How far a provider's clock may be ahead of ours."""


class NotSetUp(Refused):
    """Этот канал не настроен: секрет провайдера не задан."""


class BadSignature(Refused):
    """Подпись не принята."""


class TooLong(Refused):
    """Сообщение провайдера больше 64 КБ."""


class Unreadable(Refused):
    """Сообщение провайдера не разобрать."""


class FromTheFuture(Refused):
    """Поле at: событие из будущего. Проверьте часы телефонии."""


def not_from_the_future(moment: datetime, now: datetime) -> datetime:
    """`moment`, unless no clock could be that wrong. Raises `FromTheFuture`."""
    if moment > now + AHEAD:
        raise FromTheFuture
    return moment


def within_limit(body: bytes) -> bytes:
    """Raises `TooLong`."""
    if len(body) > WEBHOOK_LIMIT:
        raise TooLong
    return body
