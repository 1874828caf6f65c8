"""One of each event routing has published: `test_golden.py` holds them against the golden files."""

from datetime import UTC, datetime
from typing import Any

from shared.contracts.base import ClientRef, Event
from shared.contracts.routing import (
    SpecialistChanged,
    SpecialistExcluded,
    SpecialistReadmitted,
    SpecialistRegistered,
    WorkAssigned,
    WorkCancelAsked,
    WorkClosed,
    WorkDisplaced,
    WorkFinished,
    WorkForced,
    WorkOrderLapsed,
    WorkPostponed,
    WorkProgressed,
    WorkReopened,
    WorkReplaced,
    WorkStarted,
    WorkWaiting,
    WorkWithdrawn,
)

AT = datetime(2026, 11, 23, 5, 0, 0, 123000, tzinfo=UTC)
LATER = datetime(2026, 11, 25, 11, 0, tzinfo=UTC)
WORK: dict[str, Any] = {
    "at": AT,
    "request_id": "r1",
    "priority": "urgent",
    "client": ClientRef(client_id="c1", name="Школа № 1", zone="Asia/Krasnoyarsk", manager_id="m1"),
    "round": 2,
}

EVENTS: tuple[Event, ...] = (
    SpecialistRegistered(at=AT, specialist_id="s1", name="Иван Петров"),
    SpecialistChanged(at=AT, specialist_id="s1", name="Иван Сидоров"),
    WorkWaiting(**WORK, reason="Свободных нет: сейчас не на работе — 3."),
    WorkAssigned(**WORK, specialist_id="s1", specialist_name="Иван Петров"),
    WorkStarted(**WORK, specialist_id="s1"),
    WorkProgressed(**WORK, specialist_id="s1", note="нашёл ошибку в начислениях"),
    WorkPostponed(**WORK, specialist_id="s1", until=LATER, reason="жду обновления"),
    WorkFinished(**WORK, specialist_id="s1", note="пересчитал"),
    WorkCancelAsked(**WORK, specialist_id="s1", reason="типовое поведение"),
    WorkForced(**WORK, specialist_id="s1", finish_by=LATER, by="m1"),
    WorkOrderLapsed(**WORK, finish_by=LATER, by="m1", reason="некому"),
    WorkReplaced(
        **WORK,
        from_specialist_id="s1",
        to_specialist_id="s2",
        to_specialist_name="Ольга Орлова",
        reason="пропал",
        by="m1",
    ),
    WorkReopened(**WORK, refused_specialist_id="s1"),
    WorkClosed(**WORK, specialist_id="s2"),
    SpecialistExcluded(
        at=AT,
        specialist_id="s1",
        name="Иван Петров",
        exclusion_id="e1",
        client_id="c1",
        reason="нагрубил бухгалтеру",
        until=LATER,
        by="m1",
    ),
    SpecialistReadmitted(at=AT, specialist_id="s1", name="Иван Петров", exclusion_id="e1", client_id="c1", by="m1"),
    WorkDisplaced(**WORK | {"priority": "routine"}, specialist_id="s1", by_request_id="r2"),
    WorkWithdrawn(**WORK | {"client": None}, specialist_id=None),
)
