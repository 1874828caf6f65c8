"""Why a message waits for a person, in Russian: what is wrong, where, and what to do. Logs say it in English."""

from collections.abc import Iterable

from pydantic import ValidationError

from shared.wording import in_russian

SHOWN = 300
"""Characters of an error, which may be long, so that what to do is always said."""
FOREIGN = "Его послал не Svoy, или оно повреждено. Найдите отправителя; сообщение удалите: svoy parked drop НОМЕР."
OTHER_VERSION = "Обновите службу и верните сообщение: svoy parked retry НОМЕР; ненужное удалите: drop НОМЕР."
GAVE_UP = (
    "Служба не пережила это сообщение: каждый раз прерывалась, пока обрабатывала его. Найдите причину в журнале "
    "службы (на этой машине: svoy logs), устраните её и верните сообщение: svoy parked retry НОМЕР."
)
"""Of what the broker parked after too many deliveries: nobody could write down why."""


def without(attribute: str) -> str:
    """An attribute of the envelope is missing."""
    return f"В конверте сообщения нет атрибута CloudEvents «{attribute}». {FOREIGN}"


def bad_schema(kind: str) -> str:
    """The envelope's schema is another event's, or none."""
    return f"Атрибут dataschema не подходит к событию {_shortened(kind)}. {FOREIGN}"


def unknown_event(service: str, kind: str) -> str:
    """Nobody in the service handles it."""
    return f"Служба {service} не знает события {_shortened(kind)}. {OTHER_VERSION}"


def unknown_version(service: str, kind: str, version: int, known: int) -> str:
    """The contract has another version."""
    return f"Событие {kind} пришло в версии {version}, а служба {service} знает версию {known}. {OTHER_VERSION}"


def bad_body(kind: str, error: ValidationError) -> str:
    """The body is no such event."""
    return f"Содержание не подходит к событию {kind}: {_shortened('; '.join(_faults(error)))}. {FOREIGN}"


def failed(service: str, attempt: int, error: Exception) -> str:
    """The service tried, and could not."""
    words = _shortened(f"{type(error).__name__}: {error}".rstrip(": ."))
    return (
        f"Служба {service} не смогла обработать сообщение, попыток: {attempt}. Последняя ошибка: {words}. "
        f"Подробности в журнале службы (на этой машине: svoy logs {service}). "
        "Устраните причину и верните сообщение: svoy parked retry НОМЕР."
    )


def _faults(error: ValidationError) -> Iterable[str]:
    for fault in error.errors(include_input=False, include_url=False)[:5]:
        yield f"{'.'.join(map(str, fault['loc'])) or 'тело'}: {in_russian(fault)}"


def _shortened(words: str) -> str:
    return words if len(words) <= SHOWN else f"{words[:SHOWN]}…"
