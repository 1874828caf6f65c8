"""What deciding costs: `python -m tests.bench.routing`. A minute.

assign_cpu_ms_1000  CPU of one assignment among 1 000 specialists who are all able and have a place (the worst case for
                    a score), as a mean over a stream of requests of mixed kinds, pools of each new minute included, and
                    how long the work takes the winner by what 5 000 finished works say
replan_10000_s      wall time, on a real MongoDB, of all that follows an absence while 10 000 requests wait: the work
                    of the absent goes to the substitute, and the whole queue is gone through for the places others
                    have free, of which 40 can be used and 20 are for a product nobody waits for
learn_cpu_s         CPU of reading 5 000 finished works and learning from them, which is done every ten minutes; of it
                    `learn_stall_ms` is the longest that nothing else got its turn
"""

import asyncio
import gc
import secrets
from datetime import timedelta
from functools import partial
from time import perf_counter, process_time
from typing import Any

import uvloop

from deploy.local.mongo import ROOT, EmbeddedMongo
from services.routing.domain.absences import Absence
from services.routing.domain.assignment import choose
from services.routing.domain.candidates import Wish
from services.routing.domain.facts import Registration
from services.routing.domain.needs import need_of
from services.routing.domain.places import Ask, claim
from services.routing.domain.specialists import Skill, plan_absence
from services.routing.domain.steps import placed
from services.routing.domain.work import Work, registered
from services.routing.settings import RoutingSettings
from shared.contracts.base import Priority
from tests.bench.results import Aim, keep, scratch, show_aims, step
from tests.kit import PUBLIC_KEY
from tests.routing.given import MONDAY, SCHOOL, asked, had, kept, place, told
from tests.routing.replicas import Replica, replicas

STAFF, WAITING, HELD = 1_000, 10_000, 5
PRODUCTS = tuple(f"1С:{name}" for name in ("ЗГУ", "БГУ", "Документооборот", "Свод", "УТ"))
PRIORITIES: tuple[Priority, ...] = ("urgent", "important", "routine")
ZONES = ("Asia/Krasnoyarsk", "Asia/Novosibirsk", "Europe/Moscow")
STREAM = 2_000
LEARNT = 5_000
SUBJECTS = ("не считает зарплату", "обмен с банком завис", "отчёт 4-ФСС не выгружается", "ошибка при проведении")
RARE, SPARE = 20, 40
AIMS = (
    Aim(figure="assign_cpu_ms_1000", bound=2.0, at_most=True),
    Aim(figure="replan_10000_s", bound=1.0, at_most=True),
)


async def hire(replica: Replica) -> None:
    """Everybody knows every product; the last 20 a rare one alone."""
    skills = tuple(Skill(product, 1 + number % 5) for number, product in enumerate(PRODUCTS))
    await asyncio.gather(
        *(replica.hire(f"s{number:04}", capacity=HELD, skills=skills) for number in range(STAFF - RARE)),
        *(replica.hire(f"rare{number:04}", capacity=HELD, skills=(Skill("редкий", 3),)) for number in range(RARE)),
    )


def wish(number: int) -> Wish:
    """One of a stream of mixed kinds."""
    return Wish(
        request_id=f"r{number}",
        turn=1,
        priority=PRIORITIES[number % 3],
        due=MONDAY,
        registered_at=MONDAY,
        need=need_of((PRODUCTS[number % len(PRODUCTS)],), None),
        client_id=f"c{number % 100}",
        client_zone=ZONES[number % len(ZONES)],
        subject=f"{SUBJECTS[number % 4]} № {number}",
    )


async def learning(replica: Replica) -> dict[str, float]:
    """What it costs to learn how long works take."""
    await asyncio.gather(*(kept(replica.store, past(number)) for number in range(LEARNT)))
    gc.collect()
    gc.freeze()  # as a service does once it is up
    gc.set_threshold(50_000, 20, 20)
    stalls: list[float] = []
    feeling = asyncio.create_task(feel(stalls))
    cpu = process_time()
    await replica.estimates.learn()
    cpu = process_time() - cpu
    feeling.cancel()
    return {"learn_cpu_s": cpu, "learn_stall_ms": max(stalls) * 1000}


async def feel(stalls: list[float]) -> None:
    """How long a turn is waited for, again and again."""
    while True:
        began = perf_counter()
        await asyncio.sleep(0)
        stalls.append(perf_counter() - began)


def past(number: int) -> Work:
    """A work that was finished."""
    at, who = -number * 60 - 60, f"s{number % 200:04}"
    over = {"products": (PRODUCTS[number % len(PRODUCTS)],), "priority": PRIORITIES[number % 3]}
    work = asked(f"past{number}", at, f"{SUBJECTS[number % 4]} № {number}", **over)
    return told(had(work, who, at + 1, ("start", at + 2), ("finish", at + 3 + number % 50)), "accept", at + 55)


def assigning(replica: Replica) -> float:
    """Milliseconds of CPU an assignment; the pools are made anew four times on the way, as in four minutes."""
    began = process_time()
    for number in range(STREAM):
        if number % (STREAM // 4) == 0:
            replica.roster.forget_pools()
        one = wish(number)
        found = choose(one, replica.roster.pool(one), replica.roster.board())
        replica.estimates.minutes(one, found.winner or "")
    return (process_time() - began) / STREAM * 1000


def request(number: int) -> Registration:
    """What a client wants solved."""
    return Registration(
        at=MONDAY + timedelta(seconds=number),
        number=str(number),
        priority=PRIORITIES[number % 3],
        subject_text="не считает зарплату",
        products=(PRODUCTS[number % len(PRODUCTS)],),
        client=SCHOOL,
    )


async def fill(replica: Replica) -> None:
    """Everybody who knows a usual product is full, but 40 places; the first holds real work; 10 000 requests wait."""
    for number in range(HELD):
        await replica.dispatcher.take_in(f"first{number}", request(number), "", f"f{number}")
    asks = [Ask(f"nobody{number}:1") for number in range(HELD)]
    everybody = await replica.store.specialists.find({}, limit=STAFF)
    for one in everybody:
        if not one.specialist_id.startswith("rare"):
            take = partial(claim, asks=asks[: HELD - len(one.holds)], now=MONDAY)
            replica.roster.put((await replica.store.specialists.step(one.specialist_id, take)).state)
    await asyncio.gather(*(wait(replica, number) for number in range(WAITING)))


async def wait(replica: Replica, number: int) -> None:
    """One more request waits, and that was told."""
    work = registered(None, f"w{number:05}", request(number)).state
    told = placed(work, place(work, None), "", MONDAY)
    await replica.store.works.step(work.request_id, lambda _: told, new=True)


async def replanning(replica: Replica) -> dict[str, Any]:
    """Seconds from an absence until nothing more can be given away."""
    everybody = await replica.store.specialists.find({"holds": {"$regex": "^first"}}, limit=1)
    absent, substitute = everybody[0].specialist_id, "s0900"
    spare = [f"s{number:04}" for number in range(900, 900 + SPARE // HELD)]
    for key in spare:
        await replica.assigner.release(key, replica.roster.holds(key))
    new = Absence(
        absence_id="a", start=MONDAY, end=MONDAY + timedelta(days=14), reason="отпуск", substitute_id=substitute
    )
    decide = partial(plan_absence, new=new, everybody=replica.roster.everybody(), now=MONDAY)
    began, cpu = perf_counter(), process_time()
    replica.roster.put((await replica.store.specialists.step(absent, decide)).state)
    given = await replica.backlog.give_away()
    wall, cpu = perf_counter() - began, process_time() - cpu
    moved = sum(one.startswith("first") for one in replica.roster.holds(substitute))
    return {"replan_10000_s": wall, "replan_cpu_s": cpu, "replan_given": given, "replan_handed_over": moved}


async def main() -> None:
    """Measure, show, keep."""
    with scratch() as folder:
        step("starting mongod")
        async with EmbeddedMongo(folder, passwords={ROOT: secrets.token_hex(8)}).running() as mongo:
            settings = RoutingSettings(
                amqp_url="amqp://nowhere", mongo_url=mongo.root_url("bench_routing"), jwt_public_key=PUBLIC_KEY
            )
            async with replicas(settings, count=1) as (replica,):
                step(f"{STAFF} specialists; {STREAM} assignments among them")
                await hire(replica)
                await replica.roster.ready()
                figures: dict[str, Any] = await learning(replica)
                figures["assign_cpu_ms_1000"] = assigning(replica)
                step(f"{WAITING} requests wait; somebody is absent")
                await fill(replica)
                figures |= await replanning(replica)
    show_aims(figures, AIMS)
    keep("routing", figures)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
