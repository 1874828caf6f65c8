"""What is known of a work before it is done, and how long it took once it is: what estimates are learnt from."""

from collections.abc import Iterable, Mapping

from services.routing.domain.attempts import attempts
from services.routing.domain.candidates import Wish
from services.routing.domain.estimates import Done, Task
from services.routing.domain.signals import Stems
from services.routing.domain.work import Work, wish_of
from services.routing.domain.worktime import Worked, real_minutes, spent


def task_of(wish: Wish, specialist_id: str | None, stems: Stems) -> Task:
    """What is known of the work before somebody does it."""
    return Task(
        product="|".join(wish.need.products),
        client_id=wish.client_id or "",
        words=stems(wish.subject),
        specialist_id=specialist_id or "",
    )


def lived(work: Work, worked: Mapping[str, Worked], stems: Stems) -> Iterable[Done]:
    """The goes at it that were finished and that nobody refused, in the working time of whoever did it."""
    for one in attempts(work):
        if one.finished_at is not None and one.outcome in {"finished", "accepted"}:
            minutes = spent(tuple(one.spans), worked.get(one.specialist_id, real_minutes))
            task = task_of(wish_of(work), one.specialist_id, stems)
            yield Done(task=task, at=one.finished_at, minutes=max(1.0, minutes))
