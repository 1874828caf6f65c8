"""What a manager orders for a request under control, and how it stands on the list (R-IMP-3, R-IMP-4, R-IMP-5)."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.accounts.domain.care_refusals import BadOrder, BadVerdict, NotUnderControl
from services.accounts.domain.contact_calls import Found, Order
from services.accounts.domain.matters import Fact, Matter, Party, heard
from shared.calendar import written
from shared.contracts.accounts import Action, ControlOrdered
from shared.contracts.base import Decision, Nature

SAID = {
    "not_started": "не начата",
    "unfinished": "не доведена до конца",
    "cancelled": "отменена без согласия бухгалтера",
    "fine": "всё в порядке",
}
GONE = "Заявка отозвана бухгалтером: приказывать нечего. Если она всё-таки нужна, заведите её заново (discovered)."
DEMANDED = {"force": "тот же специалист доводит до конца", "replace": "нужен более сильный специалист", "keep": "ждём"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A request on the control list: why it is there, for how long, and what is to be done next."""

    request_id: str
    number: str
    subject: str
    client_id: str
    client_name: str
    contact_id: str | None
    since: datetime
    age_days: int
    reason: str
    next_step: str
    recommended: Action | None
    action: Action | None
    finish_by: datetime | None
    overdue: bool
    withdrawn: bool
    """The accountant does not want it any more; whether they are content is still to be heard."""
    lost: bool
    """The client is lost, the prospect dropped: it stays all the same."""


def check(order: Order, at: datetime) -> None:
    """Raises `BadOrder` for an order nobody could follow."""
    if order.action == "force" and (order.finish_by is None or order.finish_by <= at):
        raise BadOrder("finish_by", "до какого времени довести: нужен момент в будущем")
    if order.action != "force" and order.finish_by is not None:
        raise BadOrder("finish_by", "срок назначают только вместе с force")


def ordered(matter: Matter, order: Order, *, order_id: str, by: str, at: datetime, party: Party) -> Decision[Matter]:
    """The order is kept and told to routing; the same again changes nothing. Raises `NotUnderControl`, `BadOrder`."""
    if any(fact.ref == order_id for fact in matter.of("ordered")):
        return Decision(matter)
    check(order, at)
    if not matter.controlled:
        raise NotUnderControl
    if matter.withdrawn:
        raise NotUnderControl(GONE)
    fact = Fact(
        kind="ordered", at=at, ref=order_id, by=by, text=order.reason, action=order.action,
        finish_by=order.finish_by, party=party,
    )  # fmt: skip
    event = ControlOrdered(
        at=at, request_id=matter.request_id, client=party.ref(), manager_id=party.manager_id, order_id=order_id,
        action=order.action, finish_by=order.finish_by, reason=order.reason, by=by,
    )  # fmt: skip
    kept = heard(matter, matter.request_id, fact)
    return replace(kept, events=(*kept.events, event))


def as_verdict(matter: Matter, found: Found, *, by: str, theirs: bool) -> Found:
    """What an accountant says of a request they withdrew: «всё в порядке» is their satisfied verdict, the only thing
    that takes it off the list (R-IMP-4), since intake asks for none about what is withdrawn.

    `theirs`: the one who speaks is the one whose request it is. Raises `BadVerdict` where their words are missing, or
    where who takes them did the work (R-REQ-3); `NotUnderControl` for an order nobody could follow any more.
    """
    if not matter.withdrawn:
        return found
    if found.order is not None:
        raise NotUnderControl(GONE)
    if found.finding != "fine" or not matter.controlled or not theirs:
        return found
    if not found.words.strip():
        raise BadVerdict(
            f"По отозванной заявке {matter.request_id} нужны слова бухгалтера (words): доволен ли он результатом."
        )
    if by in {fact.by for kind in ("finished", "cancel_asked") for fact in matter.of(kind)}:
        raise BadVerdict(f"Слово бухгалтера по заявке {matter.request_id} принимает не тот, кто её делал.")
    return replace(found, verdict=True)


def recommended(nature: Nature | None) -> Action | None:
    """What fits the nature of the request (R-IMP-3): the complex one wants somebody stronger, the long one a date."""
    return {"complex": "replace", "long": "force"}.get(nature or "")  # type: ignore[return-value]


def item(matter: Matter, now: datetime, zone: str, *, lost: bool = False) -> Item | None:
    """How it stands on the list at `now`, its times by the clocks of the company's `zone`; None where it is not under
    control. `lost`: they are with us no more."""
    party, since, first = matter.party, matter.control_since, matter.registration
    if not matter.controlled or party is None or since is None:
        return None
    order = matter.order()
    return Item(
        request_id=matter.request_id,
        number=first.number if first else matter.request_id,
        subject=first.subject if first else "",
        client_id=party.client_id,
        client_name=party.name,
        contact_id=matter.contact_id,
        since=since,
        age_days=(now - since).days,
        reason=_reason(matter.finding()),
        next_step=_next_step(matter, order, now, zone, lost=lost),
        recommended=recommended(matter.nature),
        action=order.action if order else None,
        finish_by=order.finish_by if order else None,
        overdue=not matter.withdrawn and order is not None and order.finish_by is not None and order.finish_by < now,
        withdrawn=matter.withdrawn,
        lost=lost,
    )


def _reason(finding: Fact | None) -> str:
    if finding is None:
        return ""
    if finding.kind == "cancel_asked":
        return f"Специалист просит отмены: {finding.text}"
    if finding.kind == "inherited":
        return f"Под контролем стояла объединённая с ней заявка {finding.ref.split()[0]}"
    return f"На звонке: {SAID[finding.finding or 'cancelled']}" + (f" («{finding.text}»)" if finding.text else "")


def _next_step(matter: Matter, order: Fact | None, now: datetime, zone: str, *, lost: bool) -> str:
    if matter.withdrawn:
        why = matter.of("withdrawn")[-1].text
        return f"Отозвана бухгалтером («{why}»): спросите на звонке, доволен ли бухгалтер, и запишите его слова"
    if lost:
        return "Клиента с нами нет: узнайте, решена ли заявка; снимет её только слово бухгалтера"
    if matter.of("finished") and matter.open and _finished_last(matter):
        return "Специалист говорит «готово»: спросите бухгалтера, решено ли"
    if order is None:
        return "Решите: довести (force), заменить специалиста (replace) или оставить с причиной (keep)"
    if order.finish_by is not None and order.finish_by < now:
        return f"Срок {written(order.finish_by, zone)} прошёл: замените специалиста или назначьте новый срок"
    return f"{DEMANDED[order.action or 'keep'].capitalize()}: {order.text}"


def _finished_last(matter: Matter) -> bool:
    refused = matter.refused_at
    return refused is None or matter.of("finished")[-1].at > refused
