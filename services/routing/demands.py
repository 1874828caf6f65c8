"""What is to be done as soon as it can be: a manager's orders (R-IMP-3), somebody else instead of a lost specialist
(R-URG-7) or of one who is kept away from the client (R-COI-3), whenever that became known, and the work of those who
are absent, by their substitutes first.

It is tried at once, and again whenever the queue is gone through: what is to be done stands in the work item itself.
"""

import asyncio
from datetime import datetime

import structlog

from services.routing.dispatcher import Dispatcher
from services.routing.domain.candidates import Board
from services.routing.domain.facts import ROUTING
from services.routing.domain.refusals import NobodyCan, RoutingError
from services.routing.domain.steps import order_lapsed
from services.routing.domain.story import Demand
from services.routing.domain.work import Work, held
from services.routing.metrics import ORDERS
from services.routing.orders import Orders
from services.routing.roster import Roster
from services.routing.store import Store

log = structlog.get_logger()

ABSENT = "отсутствует, работу принимает другой"


class Demands:
    """Carries out what stands in work items to be done."""

    def __init__(self, store: Store, roster: Roster, dispatcher: Dispatcher, orders: Orders) -> None:
        self._store = store
        self._roster = roster
        self._dispatcher = dispatcher
        self._orders = orders

    async def carry_out(self) -> None:
        """Whatever can be done now."""
        for specialist_id in self._roster.kept_away():
            await self._take_away(specialist_id)
        works = await self._store.pending()
        while works:
            board = self._dispatcher.board()
            await asyncio.gather(*(self.try_one(work) for work in works if not self._in_vain(work, board)))
            works = await self._store.pending(works[-1].request_id)
        for specialist_id, chain, since in self._roster.gone():
            await self._hand_over(specialist_id, chain, since)

    def _in_vain(self, work: Work, board: Board) -> bool:
        """Whether somebody else is to have it, and nobody has a place: it need not be tried."""
        demand = work.tale.pending
        return demand is not None and demand.action == "replace" and self._dispatcher.nobody_instead(work, board)

    async def try_one(self, work: Work) -> None:
        """Do what is to be done with this work, if it can be done."""
        demand = work.tale.pending
        if demand is None:
            return
        try:
            if demand.action == "replace":
                higher = demand.by != ROUTING and not self._kept_away(work, demand)
                await self._orders.replace(
                    work, None, demand.by, demand.reason, overrule=False, higher=higher, because=demand
                )
            elif demand.finish_by is not None and demand.finish_by <= self._dispatcher.now():
                await self._end(work, demand)
                return
            elif demand.finish_by is not None:
                await self._orders.force(work, None, demand.by, demand.reason, demand.finish_by, because=demand)
            ORDERS.labels(action=demand.action, outcome="done").inc()
        except RoutingError as refusal:
            ORDERS.labels(action=demand.action, outcome="waits").inc()
            log.info("not yet", action="demand.waits", request=work.request_id, why=str(refusal))

    async def _end(self, work: Work, demand: Demand) -> None:
        now = self._dispatcher.now()
        await self._dispatcher.commit(work.request_id, lambda found: order_lapsed(found, demand, now), None)
        ORDERS.labels(action=demand.action, outcome="lapsed").inc()

    def _kept_away(self, work: Work, demand: Demand) -> bool:
        """Whether it is to go to somebody else because of an exclusion: then anybody able will do."""
        place, client = held(work), work.tale.client
        kept = place and client and self._roster.excluded(place[0], client.client_id)
        return demand.kept_away or bool(kept)

    async def _take_away(self, specialist_id: str) -> None:
        """Work they got before the exclusion, or before it was known whose it is, is to go to somebody else."""
        works = await self._store.works_of(self._roster.holds(specialist_id))
        for work in works.values():
            place, client, pending = held(work), work.tale.client, work.tale.pending
            exclusion = self._roster.excluded(specialist_id, client.client_id) if client else None
            ordered = pending is not None and pending.action == "replace"
            if exclusion is not None and place is not None and place[0] == specialist_id and not ordered:
                await self._orders.demand_another(work, exclusion.by, exclusion.reason)

    async def _hand_over(self, specialist_id: str, chain: list[str], since: datetime) -> None:
        works, board = await self._store.works_of(self._roster.holds(specialist_id)), self._dispatcher.board()
        for work in works.values():
            place = held(work)
            by_hand = work.tale.given_by != ROUTING and work.tale.given_at is not None and work.tale.given_at >= since
            theirs = place is not None and place[0] == specialist_id and not by_hand
            if theirs and not self._dispatcher.nobody_instead(work, board):
                await self._pass_on(work, chain)

    async def _pass_on(self, work: Work, chain: list[str]) -> None:
        """To the first substitute who can have it, else to the best; where nobody can, it stays."""
        for whom in (*chain, None):
            try:
                await self._orders.replace(work, whom, ROUTING, ABSENT, overrule=False, higher=False)
            except NobodyCan:
                continue
            except RoutingError as refusal:
                log.info("changed meanwhile", action="handover.overtaken", request=work.request_id, why=str(refusal))
            return
