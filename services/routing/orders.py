"""What a manager orders: to give waiting work to somebody, to replace somebody, to bind somebody to a date."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from services.routing.dispatcher import Dispatcher
from services.routing.domain.assignment import BARS, Explained, why_nobody
from services.routing.domain.candidates import Wish
from services.routing.domain.facts import Word
from services.routing.domain.life import MANAGER_STEPS, allowed
from services.routing.domain.needs import TOP_LEVEL, Need
from services.routing.domain.refusals import NobodyCan, StepRefused
from services.routing.domain.steps import Order, assigned, forced, may_manage, replaced
from services.routing.domain.story import Demand
from services.routing.domain.work import Work, another_wish_of, held, last_holder, last_words, wish_of
from shared.contracts.base import Decision

Decider = Callable[[Work | None, Order], Decision[Work]]


class Orders:
    """All of them take a place first, so no order puts a load above its capacity."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher

    async def assign(self, work: Work, specialist_id: str, by: str, reason: str, *, overrule: bool) -> Work:
        """Give waiting work to `specialist_id`; with `overrule` the manager answers for product, level and hours.

        Raises `StepRefused`, `NobodyCan` or `Overtaken`.
        """
        may_manage(work, "assign")
        wish = replace(wish_of(work), only=specialist_id, overruled=overrule)
        return await self._with_place(work, wish, assigned, self._order(by, reason))

    async def replace(
        self, work: Work, specialist_id: str | None, by: str, reason: str, *,
        overrule: bool, handover: str = "", higher: bool = True, because: Demand | None = None,
    ) -> Work:  # fmt: skip
        """Somebody else gets it: the best, or `specialist_id`; complex work goes to a `higher` level (R-IMP-3).
        `handover` says where it stands; without it, whatever the one before said last. `because` of a demand: only
        as long as that stands.

        Raises `StepRefused`, `NobodyCan` or `Overtaken`.
        """
        may_manage(work, "replace")
        wish = another_wish_of(work)
        need = self._higher(work, wish.need) if higher else wish.need
        wish = replace(wish, need=need, only=specialist_id, overruled=overrule)
        order = replace(self._order(by, reason), handover=handover or last_words(work), because=because)
        return await self._with_place(work, wish, replaced, order)

    async def demand_another(self, work: Work, by: str, reason: str) -> Work:
        """Somebody else is to have it, as soon as somebody can: whoever has it is kept away from the client."""
        now = self._dispatcher.now()
        word = Word(said="ordered", at=now, counts_at=now, by=by, text=reason, action="replace", kept_away=True)
        return await self._dispatcher.hear(work.request_id, word)

    async def keep(self, work: Work, by: str, reason: str) -> Work:
        """Whoever has it keeps it: nothing that was ordered stands, and nobody replaces them for being lost (R-URG-7).

        Raises `StepRefused` where nobody has it, `NobodyCan` where they are kept away from the client.
        """
        holder = held(work)
        if holder is None:
            raise StepRefused("keep", work.tale.stage, allowed(work.tale.stage, MANAGER_STEPS))
        self._check_admitted(work, holder[0])
        now = self._dispatcher.now()
        word = Word(said="ordered", at=now, counts_at=now, by=by, text=reason, action="keep")
        return await self._dispatcher.hear(work.request_id, word)

    async def force(
        self, work: Work, specialist_id: str | None, by: str, reason: str, finish_by: datetime, *,
        because: Demand | None = None,
    ) -> Work:  # fmt: skip
        """Bind to a date whoever has it, or had it last, or is named; a refusal does not stand against it (R-COI-2).
        `because` as in `replace`.

        Raises `StepRefused`, `BadDate`, `NobodyCan` or `Overtaken`.
        """
        order = replace(self._order(by, reason), finish_by=finish_by, because=because)
        whom, holder = specialist_id or last_holder(work), held(work)
        if whom is None:
            raise StepRefused("force", work.tale.stage, [step for step in MANAGER_STEPS if step != "force"])
        if holder is not None and holder[0] == whom:
            self._check_admitted(work, whom)
            return await self._dispatcher.commit(work.request_id, lambda found: forced(found, order), None)
        may_manage(work, "force")
        wish = replace(wish_of(work), only=whom, barred=frozenset(), overruled=True)
        return await self._with_place(work, wish, forced, replace(order, handover=last_words(work)))

    async def _with_place(self, work: Work, wish: Wish, decide: Decider, order: Order) -> Work:
        place = await self._dispatcher.place(wish)
        if place.winner is None:
            raise NobodyCan(_why_not(place), place.counts)
        order = replace(order, place=place, name=self._dispatcher.roster.name(place.winner), seen=work)
        return await self._dispatcher.commit(work.request_id, lambda found: decide(found, order), place)

    def _check_admitted(self, work: Work, specialist_id: str) -> None:
        """Whoever is kept away from the client does not stay with its work by order either (R-COI-3)."""
        client = work.tale.client
        if client is not None and self._dispatcher.roster.excluded(specialist_id, client.client_id):
            raise NobodyCan(f"Этому специалисту оставить нельзя: {BARS['excluded']}.", {"excluded": 1})

    def _order(self, by: str, reason: str) -> Order:
        return Order(by=by, now=self._dispatcher.now(), reason=reason)

    def _higher(self, work: Work, need: Need) -> Need:
        if work.tale.nature != "complex":
            return need
        before = self._dispatcher.roster.level(last_holder(work), need.products)
        return Need(need.products, min(TOP_LEVEL, max(need.level, before + 1)))


def _why_not(place: Explained) -> str:
    if place.named is None:
        return why_nobody(place.counts)
    bar = next((text for bar, text in BARS.items() if place.named in place.barred.get(bar, ())), "")
    return f"Этому специалисту отдать нельзя: {bar}." if bar else "Такого специалиста нет."
