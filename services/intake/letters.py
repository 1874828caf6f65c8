"""The letters intake writes by itself, in Russian."""

from services.intake.domain.conversation import Ask
from services.intake.domain.requests import ServiceRequest
from shared.delivery import Letter

AUTOMATIC = {"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "All", "Precedence": "auto_reply"}
"""What keeps other machines from answering ours."""

ACKNOWLEDGED = """Здравствуйте!

Ваше письмо «{subject}» получено, заявка № {number} зарегистрирована.
{manager}
Если нужно что-то добавить, ответьте на это письмо, не меняя тему.
"""
FINISHED = """Здравствуйте!

Специалист сообщил, что заявка № {number} «{subject}» выполнена. Закрыть её можете только вы.

Решено: {yes}

Не решено: {no}

Каждая ссылка действует один раз. Если пропустить это письмо, {manager} спросит вас сам.
"""


def acknowledgement(request: ServiceRequest, to: str, header_id: str | None, manager: str | None) -> Letter:
    """«Ваше письмо получено», with the number and the manager."""
    held = f"Ваш менеджер: {manager}.\n" if manager else "Менеджер свяжется с вами.\n"
    text = ACKNOWLEDGED.format(subject=_line(request.subject), number=request.number, manager=held)
    return Letter(to=(to,), subject=_subject(request), text=text, headers=AUTOMATIC | _in_reply_to(header_id))


def closing(request: ServiceRequest, ask: Ask, public_url: str, manager: str | None) -> Letter:
    """«Решено или нет?», with a link for each answer, and the manager who asks otherwise."""
    link = f"{public_url}/v1/answers/{request.request_id}/{ask.token}"
    text = FINISHED.format(
        number=request.number,
        subject=_line(request.subject),
        yes=f"{link}?solved=yes",
        no=f"{link}?solved=no",
        manager=f"ваш менеджер ({manager})" if manager else "менеджер",
    )
    return Letter(to=(ask.to,), subject=_subject(request), text=text, headers={"Auto-Submitted": "auto-generated"})


def _subject(request: ServiceRequest) -> str:
    return f"[Заявка {request.number}] {_line(request.subject)}"


def _line(text: str) -> str:
    return " ".join(text.split())[:200]


def _in_reply_to(header_id: str | None) -> dict[str, str]:
    fits = header_id is not None and header_id.isascii() and header_id.isprintable()
    return {"In-Reply-To": header_id, "References": header_id} if header_id and fits else {}
