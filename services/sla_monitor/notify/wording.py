"""A bundle as people read it, and as programs do."""

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.sla_monitor.domain.bundle import Notice
from services.sla_monitor.domain.timeline import Timeline
from shared.contracts.routing import WorkPostponed
from shared.delivery import Hook, Letter

SUBJECTS: Mapping[str, str] = {
    "request": "заявка",
    "call": "звонок",
    "contact_call": "еженедельный звонок",
    "prospect": "потенциальный клиент",
}
ROLES: Mapping[str, str] = {"manager": "менеджер", "lead": "руководитель специалистов", "director": "директор"}
HOOK_TYPE, WARNING_TYPE = "escalation.raised", "sla.warned"
CALLED = "Возьмите на себя в рабочем месте: пока этого никто не сделал, вызов повторится и пойдёт выше."
POSTPONED = "Если клиент ждать не согласен, поручите работу другому или обяжите закончить в срок."
WARNED = "Срок ещё не прошёл; если ничего не сделать, он будет нарушен."


def letter(to: str, notices: Sequence[Notice], company_zone: str) -> Letter:
    """The bundle as a letter; an answer to it is answered by nobody."""
    paragraphs = [_paragraph(number, notice, company_zone) for number, notice in enumerate(notices, 1)]
    return Letter(
        to=(to,),
        subject=_subject(notices),
        text="\n\n".join([*paragraphs, CALLED if notices[0].step else WARNED]) + "\n",
        headers={"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"},
    )


def hook(url: str, person_id: str, notices: Sequence[Notice]) -> Hook:
    """The bundle as a webhook."""
    kind = HOOK_TYPE if notices[0].step else WARNING_TYPE
    return Hook(url=url, type=kind, payload={"person_id": person_id, "escalations": [*map(_item, notices)]})


def postponed_letter(to: str, event: WorkPostponed, timeline: Timeline, company_zone: str) -> Letter:
    """A specialist put work off: which, until when, and in whose words why."""
    zone = _zone(timeline.client.zone if timeline.client else None, company_zone)
    what = _request(event, timeline)
    return Letter(
        to=(to,),
        subject=f"Отложено: {what}",
        text=f"Специалист отложил работу: {what}.\nДо {event.until.astimezone(zone):%d.%m.%Y %H:%M} ({zone.key})\n"
        f"Причина: {event.reason}\n\n{POSTPONED}\n",
        headers={"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"},
    )


def postponed_hook(url: str, event: WorkPostponed, timeline: Timeline) -> Hook:
    """The same as a webhook."""
    told = {"request_id": event.request_id, "number": timeline.number, "specialist_id": event.specialist_id}
    return Hook(url=url, type=event.TYPE, payload=told | {"until": event.until.isoformat(), "reason": event.reason})


def _request(event: WorkPostponed, timeline: Timeline) -> str:
    named = f"заявка № {timeline.number}" if timeline.number else f"заявка {event.request_id}"
    return f"{named}, {timeline.client.name}" if timeline.client else named


def _subject(notices: Sequence[Notice]) -> str:
    first = notices[0]
    if not first.step:
        return f"Скоро срок: {len(notices) if len(notices) > 1 else f'{_what(first)}: {_clock(first)}'}"
    if len(notices) > 1:
        return f"{'Нарушены обещания' if first.promise_broken else 'Нарушены сроки'}: {len(notices)}"
    head = "Нарушено обещание" if first.promise_broken else "Нарушен срок"
    return f"{head}: {_what(first)}: {_clock(first)}"


def _paragraph(number: int, notice: Notice, company_zone: str) -> str:
    zone = _zone(notice.zone, company_zone)
    due = notice.due.astimezone(zone)
    if not notice.step:
        what = f"{number}. {_what(notice)}\n   Пока {_clock(notice)}"
        return f"{what}\n   Срок {due:%d.%m.%Y %H:%M:%S} ({zone.key})"
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
    return notice.title or notice.clock


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
