"""A bundle as people read it, and as programs do."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from services.sla_monitor.domain.bundle import Notice
from services.sla_monitor.domain.timeline import Timeline
from shared.calendar import written
from shared.contracts.routing import WorkEvent, WorkOrderLapsed, WorkPostponed
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
PUT_OFF: Mapping[type[WorkEvent], tuple[str, str, str, str]] = {
    WorkPostponed: (
        "Отложено",
        "Специалист отложил работу",
        "До",
        "Если клиент ждать не согласен, поручите работу другому или обяжите закончить в срок.",
    ),
    WorkOrderLapsed: (
        "Срок поручения прошёл",
        "Обязать закончить работу в срок никого не удалось",
        "Срок был",
        "Назначьте новый срок или поручите работу другому.",
    ),
}
"""The subject, the sentence, what the date is, and what to do."""
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


def put_off_letter(to: str, event: WorkPostponed | WorkOrderLapsed, timeline: Timeline, company_zone: str) -> Letter:
    """A specialist put work off, or an order to finish it by a date lapsed: which, what date, and why."""
    zone = timeline.client.zone if timeline.client else company_zone
    head, said, until, then = PUT_OFF[type(event)]
    what, date = _request(event, timeline), _date(event)
    return Letter(
        to=(to,),
        subject=f"{head}: {what}",
        text=f"{said}: {what}.\n{until} {written(date, zone, reader=company_zone)}\n"
        f"Причина: {event.reason}\n\n{then}\n",
        headers={"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"},
    )


def put_off_hook(url: str, event: WorkPostponed | WorkOrderLapsed, timeline: Timeline) -> Hook:
    """The same as a webhook."""
    told = {"request_id": event.request_id, "number": timeline.number, "reason": event.reason}
    if isinstance(event, WorkPostponed):
        told |= {"specialist_id": event.specialist_id, "until": event.until.isoformat()}
    else:
        told |= {"by": event.by, "finish_by": event.finish_by.isoformat()}
    return Hook(url=url, type=event.TYPE, payload=told)


def _date(event: WorkPostponed | WorkOrderLapsed) -> datetime:
    return event.until if isinstance(event, WorkPostponed) else event.finish_by


def _request(event: WorkPostponed | WorkOrderLapsed, timeline: Timeline) -> str:
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
    due = written(notice.due, notice.zone or company_zone, seconds=True, reader=company_zone)
    if not notice.step:
        what = f"{number}. {_what(notice)}\n   Пока {_clock(notice)}"
        return f"{what}\n   Срок {due}"
    again = f", вызов № {notice.count}" if notice.count > 1 else ""
    lines = [
        f"{number}. {_what(notice)}",
        f"   {'Обещание нарушено: ' if notice.promise_broken else ''}{_clock(notice)}",
        f"   Срок был {due}",
        f"   Ступень {notice.step}: {ROLES[notice.role]}{again}",
    ]
    return "\n".join(lines)


def _what(notice: Notice) -> str:
    named = f"{SUBJECTS[notice.about]} {f'№ {notice.number}' if notice.number else notice.about_id}"
    return f"{named}, {notice.client_name}" if notice.client_name else named


def _clock(notice: Notice) -> str:
    return notice.title or notice.clock


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
