"""A bundle as people read it, and as programs do."""

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.sla_monitor.domain.bundle import Notice
from shared.delivery import Hook, Letter

CLOCKS: Mapping[str, str] = {
    "pickup": "не снята трубка",
    "callback": "не перезвонили",
    "wait_promise": "не получено обещание подождать",
    "assign": "не назначен специалист",
    "start": "специалист не начал",
    "progress": "от специалиста нет вестей",
    "finish": "работа не закончена",
    "verdict": "бухгалтер не подтвердил решение",
    "weekly_call": "нет еженедельного звонка бухгалтеру",
    "prospect_contact": "пропущен контакт с потенциальным клиентом",
}
SUBJECTS: Mapping[str, str] = {
    "request": "заявка",
    "call": "звонок",
    "contact_call": "еженедельный звонок",
    "prospect": "потенциальный клиент",
}
ROLES: Mapping[str, str] = {"manager": "менеджер", "lead": "руководитель специалистов", "director": "директор"}
HOOK_TYPE = "escalation.raised"


def letter(to: str, notices: Sequence[Notice], company_zone: str) -> Letter:
    """The bundle as a letter; an answer to it is answered by nobody."""
    paragraphs = [_paragraph(number, notice, company_zone) for number, notice in enumerate(notices, 1)]
    closing = "Возьмите на себя в рабочем месте: пока этого никто не сделал, вызов повторится и пойдёт выше."
    return Letter(
        to=(to,),
        subject=_subject(notices),
        text="\n\n".join([*paragraphs, closing]) + "\n",
        headers={"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"},
    )


def hook(url: str, person_id: str, notices: Sequence[Notice]) -> Hook:
    """The bundle as a webhook."""
    return Hook(url=url, type=HOOK_TYPE, payload={"person_id": person_id, "escalations": [*map(_item, notices)]})


def _subject(notices: Sequence[Notice]) -> str:
    first = notices[0]
    if len(notices) > 1:
        return f"{'Нарушены обещания' if first.promise_broken else 'Нарушены сроки'}: {len(notices)}"
    head = "Нарушено обещание" if first.promise_broken else "Нарушен срок"
    return f"{head}: {_what(first)}: {_clock(first)}"


def _paragraph(number: int, notice: Notice, company_zone: str) -> str:
    zone = _zone(notice.zone, company_zone)
    due = notice.due.astimezone(zone)
    again = f", вызов № {notice.count}" if notice.count > 1 else ""
    lines = [
        f"{number}. {_what(notice)}",
        f"   {'Обещание нарушено: ' if notice.promise_broken else ''}{_clock(notice)}",
        f"   Срок был {due:%d.%m.%Y %H:%M:%S} ({zone.key})",
        f"   Ступень {notice.step}: {ROLES[notice.role]}{again}",
    ]
    return "\n".join(lines)


def _what(notice: Notice) -> str:
    named = f"{SUBJECTS[notice.about]} {f'№ {notice.number}' if notice.number else notice.about_id}"
    return f"{named}, {notice.client_name}" if notice.client_name else named


def _clock(notice: Notice) -> str:
    return CLOCKS.get(notice.clock, notice.clock)


def _zone(name: str | None, company_zone: str) -> ZoneInfo:
    try:
        return ZoneInfo(name or company_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo(company_zone)


def _item(notice: Notice) -> dict[str, object]:
    return {
        "escalation_id": notice.escalation_id,
        "call": notice.count,
        "step": notice.step,
        "role": notice.role,
        "about": notice.about,
        "about_id": notice.about_id,
        "clock": notice.clock,
        "priority": notice.priority,
        "number": notice.number,
        "client": notice.client_name,
        "promise_broken": notice.promise_broken,
        "due": notice.due.isoformat(),
    }
