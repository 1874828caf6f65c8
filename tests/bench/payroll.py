"""What closing a month costs: `python -m tests.bench.payroll [managers] [facts each]`. Some minutes.

The real process, on a RabbitMQ and a mongod of its own: 10 000 managers with 100 facts each in the month. Then the same
close again, the process killed (-9) on the way: the statements must have the same hashes. Beside it Tryton's commission
module on the same facts of fewer managers, by time a settled fact; and a naive loop in the same database: one query a
manager, the rule of R-PAY-1/2, one insert.
"""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from time import perf_counter
from typing import Any

import httpx
import psutil
from pymongo import MongoClient, WriteConcern
from pymongo.collection import Collection

from deploy.local.ports import some_free_ports
from deploy.tokens import sign
from services.payroll.domain.facts import Fact
from services.payroll.domain.ledger import Employment, Ledger
from shared.clock import machine_now
from shared.store.codec import CODEC_OPTIONS, to_fields
from tests.bench.environments import NotInstalled
from tests.bench.results import Aim, keep, scratch, show_aims, step
from tests.bench.tryton import settled
from tests.kit import PRIVATE_KEY, PUBLIC_KEY
from tests.servers import Servers, servers, stop

MONTH, VHOST, DATABASE = "2026-11", "svoy-bench", "payroll_bench"
AFTER = datetime(2026, 12, 3, 3, 0, tzinfo=UTC)
FAR = datetime(2030, 1, 1, tzinfo=UTC)
KILLS = (0.25, 0.6)
BATCH = 100
WAIT = 0.1
PASS = timedelta(hours=2)
AIMS = (
    Aim(figure="close_s", bound=60.0, at_most=True),
    Aim(figure="peak_rss_mb", bound=1024.0, at_most=True),
    Aim(figure="ratio_vs_reference", bound=1.0, at_most=True),
    Aim(figure="same_bytes", bound=1.0),
)


def ledger(number: int, facts: int) -> Ledger:
    """A manager who won and lost clients all month; every client lost was won before."""
    manager_id = f"m{number:06}"
    employed = Employment(
        revision=1, name=f"Менеджер {number}", hired=date(2026, 11, 1), left=None, known_from=date(2026, 11, 1)
    )
    found = [fact(manager_id, each) for each in range(facts)]
    found.sort(key=lambda each: (each.effective, each.fact_id))
    return Ledger(manager_id=manager_id, manager=employed, facts=tuple(found))


def fact(manager_id: str, number: int) -> Fact:
    """One of them."""
    client, lost = divmod(number, 2)
    return Fact(
        fact_id=f"f-{manager_id}-{number:04}",
        kind="lost" if lost else "won",
        at=datetime(2026, 11, 30, tzinfo=UTC),
        effective=date(2026, 11, 1 + (client + 14 * lost) % 14 + 14 * lost),
        client_id=f"c-{manager_id}-{client:04}",
        client_name=f"Школа № {client}",
        fee=Decimal(6_900 + 37 * client - lost),
        source=None if lost else "referral",
        reason="заявку решил конкурент" if lost else None,
        request_id=f"r-{manager_id}-{number:04}",
        vouched_by_client_id=None if lost else "fan",
        proposed_by=manager_id,
        confirmed_by="director",
    )


def ledgers(managers: int, facts: int) -> Iterator[dict[str, Any]]:
    """Their documents."""
    for number in range(managers):
        one = ledger(number, facts)
        yield to_fields(one) | {"_id": one.manager_id, "version": 1, "outbox": [], "seen": []}


def fill(database: Any, managers: int, facts: int) -> None:
    """The ledgers, the word of accounts, and the same facts one by one for the naive loop."""
    batch: list[dict[str, Any]] = []
    for document in ledgers(managers, facts):
        batch.append(document)
        if len(batch) == BATCH:
            _insert(database, batch)
            batch = []
    if batch:
        _insert(database, batch)
    database["naive_facts"].create_index("manager_id")
    database["watermarks"].insert_one({"_id": "accounts", "until": FAR, "version": 1, "outbox": [], "seen": []})


def _insert(database: Any, batch: list[dict[str, Any]]) -> None:
    database["ledgers"].insert_many(batch)
    database["naive_facts"].insert_many(
        [dict(fact) | {"manager_id": each["_id"]} for each in batch for fact in each["facts"]]
    )


def naive(database: Any, managers: int) -> float:
    """Seconds of the naive loop: nothing is kept of the way, nothing is told, no hash, no late facts."""
    facts: Collection[dict[str, Any]] = database["naive_facts"]
    paid = database["naive_statements"].with_options(write_concern=WriteConcern(w="majority", j=True))
    began = perf_counter()
    for number in range(managers):
        manager_id = f"m{number:06}"
        mine = facts.find({"manager_id": manager_id, "effective": {"$gte": "2026-11-01", "$lt": "2026-12-01"}})
        growth = Decimal(0)
        for each in mine:
            growth += each["fee"] if each["kind"] == "won" and each["source"] == "referral" else 0
            growth -= each["fee"] if each["kind"] == "lost" else 0
        paid.insert_one({"_id": f"{manager_id}:{MONTH}", "total": 70_000 + max(growth, Decimal(0)), "growth": growth})
    return perf_counter() - began


class Payroll:
    """The service as a process of its own."""

    def __init__(self, process: "subprocess.Popen[bytes]", http: httpx.AsyncClient) -> None:
        self.process = process
        self._http = http

    async def post(self, path: str, who: str) -> dict[str, Any]:
        """The answer to a POST, which must succeed."""
        answer = await self._http.post(path, headers=_pass(who), json={})
        answer.raise_for_status()
        return dict(answer.json())

    async def month(self) -> dict[str, Any]:
        """The month and its progress."""
        answer = await self._http.get(f"/v1/months/{MONTH}", headers=_pass("one"))
        assert answer.is_success, answer.text
        return dict(answer.json())

    async def looked_through(self) -> None:
        """The month is looked through, however long that takes."""
        await self.post(f"/v1/months/{MONTH}/review", "one")
        await self._until(lambda month: month["state"] == "in_review")

    async def reached(self, share: float) -> dict[str, Any]:
        """The month, once it is closed for this share of the managers, or altogether."""
        return await self._until(
            lambda month: month["state"] == "closed" or (share < 1 and month["done"] >= share * month["every"])
        )

    async def _until(self, there: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        while True:
            month = await self.month()
            if there(month):
                return month
            await asyncio.sleep(WAIT)

    def cpu_s(self) -> float:
        """Seconds of CPU it took so far, which do not hang on what else the machine does."""
        spent = psutil.Process(self.process.pid).cpu_times()
        return float(spent.user + spent.system)

    def peak_mb(self) -> float:
        """The most memory it ever had, in MB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024


@asynccontextmanager
async def running(there: Servers, folder: Path) -> AsyncIterator[Payroll]:
    """Payroll running, its clock after the month."""
    port = some_free_ports(1)[0]
    env = {
        "PATH": os.environ["PATH"],
        "SVOY_MODE": "development",
        "SVOY_AMQP_URL": there.amqp_url(VHOST),
        "SVOY_MONGO_URL": there.mongo_url(DATABASE),
        "SVOY_JWT_PUBLIC_KEY": PUBLIC_KEY,
        "SVOY_HTTP_PORT": str(port),
        "SVOY_RESUME_AFTER_SECONDS": "1",
    }
    process = _started(env, folder / "payroll.log")
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=600) as http:
            await _ready(http)
            offset = (AFTER - machine_now()).total_seconds()
            await http.put("/v1/clock", json={"offset_seconds": offset}, headers=_pass("director", "director"))
            yield Payroll(process, http)
    finally:
        process.terminate()
        process.wait(30)


def _started(env: dict[str, str], log: Path) -> "subprocess.Popen[bytes]":
    with log.open("ab") as file:
        return subprocess.Popen([sys.executable, "-m", "services.payroll"], env=env, stdout=file, stderr=file)


async def _ready(http: httpx.AsyncClient) -> None:
    while True:
        try:
            if (await http.get("/health/ready")).is_success:
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(WAIT)


def _pass(who: str, role: str = "payroll") -> dict[str, str]:
    return {"Authorization": f"Bearer {sign(PRIVATE_KEY, who, [role], PASS)}"}


async def straight(there: Servers, folder: Path) -> dict[str, Any]:
    """Look through, ask, close."""
    async with running(there, folder) as payroll:
        began = perf_counter()
        await payroll.looked_through()
        reviewed = perf_counter()
        await payroll.post(f"/v1/months/{MONTH}/request", "one")
        begun, worked = perf_counter(), payroll.cpu_s()
        await payroll.post(f"/v1/months/{MONTH}/close", "another")
        month = await payroll.reached(1)
        return {
            "review_s": round(reviewed - began, 2),
            "close_s": round(perf_counter() - begun, 2),
            "close_cpu_s": round(payroll.cpu_s() - worked, 2),
            "peak_rss_mb": round(payroll.peak_mb(), 1),
            "seal": month["seal"],
            "total": month["total"],
            "statements": month["statements"],
        }


async def killed(there: Servers, folder: Path, database: Any) -> tuple[str, list[int]]:
    """The same close again, killed on the way: the seal in the end, and where it was killed."""
    database["ledgers"].update_many({}, {"$set": {"closed": [], "settled_to": None, "proposed": [], "cases": []}})
    database["books"].update_one(
        {}, {"$set": {"months.0.state": "closing", "months.0.seal": None, "months.0.closed_at": None}}
    )
    places = []
    for share in KILLS:
        async with running(there, folder) as payroll:
            places.append((await payroll.reached(share))["done"])
            payroll.process.send_signal(signal.SIGKILL)
            payroll.process.wait()
    async with running(there, folder) as payroll:
        return str((await payroll.reached(1))["seal"]), places


def tryton(folder: Path) -> dict[str, Any] | str:
    """What Tryton's commission module takes, or why it could not be set up."""
    try:
        return settled(folder)
    except NotInstalled as error:
        return str(error)


def compared(ours: float, loop: float, other: dict[str, Any] | str) -> dict[str, Any]:
    """Microseconds a settled fact, beside others': the reference is Tryton, where it could be set up."""
    beside = {"naive_us_per_fact": round(loop, 2), "ratio_vs_naive": round(ours / loop, 2)}
    if isinstance(other, str):
        why = {"reference": "naive loop, one query a manager", "tryton": other}
        return why | {"ratio_vs_reference": beside["ratio_vs_naive"]} | beside
    theirs = 1e6 * other["seconds"] / other["facts"]
    grown = Decimal(other["total"]) / other["statements"]
    return {
        "reference": f"trytond-commission, {other['facts']} of the facts, each manager's growth {grown}",
        "reference_us_per_fact": round(theirs, 2),
        "ratio_vs_reference": round(ours / theirs, 4),
    } | beside


async def bench(managers: int, each: int) -> dict[str, Any]:
    """All figures."""
    with scratch() as folder:
        step("RabbitMQ and mongod")
        there = servers(folder, os.getpid(), [VHOST])
        try:
            client: MongoClient[dict[str, Any]] = MongoClient(there.mongo_url(), tz_aware=True)
            database = client.get_database(DATABASE, codec_options=CODEC_OPTIONS)
            step(f"{managers} managers with {each} facts each")
            await asyncio.to_thread(fill, database, managers, each)
            step("Tryton")
            other = await asyncio.to_thread(tryton, folder)
            step("the naive loop")
            naive_s = await asyncio.to_thread(naive, database, managers)
            step("review, request, close")
            found = await straight(there, folder)
            step("the same again, killed on the way")
            seal, places = await killed(there, folder, database)
        finally:
            stop(folder)
    facts = managers * each
    us_per_fact = 1e6 * found["close_s"] / facts
    return {
        "managers": managers,
        "facts": facts,
        **found,
        "us_per_fact": round(us_per_fact, 2),
        **compared(us_per_fact, 1e6 * naive_s / facts, other),
        "killed_at": places,
        "same_bytes": seal == found["seal"],
    }


def main() -> None:
    """Measure, show, keep."""
    managers, each = (*map(int, sys.argv[1:]), *(10_000, 100)[len(sys.argv) - 1 :])
    figures = asyncio.run(bench(managers, each))
    keep("payroll", figures)
    for name, value in figures.items():
        step(f"{name}: {value}")
    show_aims(figures, AIMS)


if __name__ == "__main__":
    main()
