"""A whole house with real servers, and services that do nothing but be there."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import psutil
import pytest

from deploy.local.board import read_board
from deploy.local.errors import AlreadyRunning, Died
from deploy.local.home import PROJECT, Home
from deploy.local.house import SERVER_NAMES, House, end_leftovers
from deploy.local.process import running_under
from deploy.local.supervise import Stopped, keep_up, up_unless
from tests.deploy.tiny import tiny
from tests.kit import eventually

pytestmark = pytest.mark.timeout(400)

SERVICES = ("routing", "payroll")
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("stubborn", flush=True)
time.sleep(600)
"""
UP_AND_STAY = """
import asyncio, os, subprocess, sys
from pathlib import Path
from deploy.local.home import PROJECT, Home
from deploy.local.house import House
from deploy.local.process import MARK
from tests.deploy.tiny import tiny

async def stay():
    home = Home(Path(sys.argv[1]))
    async with House(home, services=["routing"], programs=tiny).running():
        subprocess.Popen([sys.executable, "-c", sys.argv[2]], env={**os.environ, MARK: str(home.run / "routing")})
        print("up", flush=True)
        await asyncio.Event().wait()

asyncio.run(stay())
"""


@pytest.fixture(scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    made = House(Home(tmp_path_factory.mktemp("house")), services=SERVICES, programs=tiny)
    async with made.running():
        yield made


async def ready(house: House, service: str) -> bool:
    async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
        try:
            return (await client.get(f"{house.url(service)}/health/ready")).is_success
        except httpx.HTTPError:
            return False


async def test_everything_in_it_is_ready(house: House) -> None:
    shown = read_board(house.home.board)
    assert shown.up
    assert {row.name: row.state for row in shown.rows} == dict.fromkeys((*SERVER_NAMES, *SERVICES), "ready")
    assert all([await ready(house, service) for service in SERVICES])


async def test_everything_is_heard_on_this_machine_alone(house: House) -> None:
    heard = {
        connection.laddr.ip
        for _, process in running_under(str(house.home.run))
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert heard <= {"127.0.0.1", "::1"}


async def test_no_service_is_told_what_is_private(house: House) -> None:
    for service in SERVICES:
        pid = house.pid(service)
        assert pid is not None
        environment = "\n".join(psutil.Process(pid).environ().values())
        assert house.wiring.credentials.amqp["admin"] not in environment
        assert house.wiring.credentials.mongo["root"] not in environment
        assert '"d"' not in environment
        assert house.wiring.credentials.webhook_secret not in environment


async def test_a_service_is_told_its_settings_and_nothing_else_of_our_environment(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CLOUD_KEY", "SVOY_BROKER_ADMIN_PASSWORD", "SVOY_MONGO_URL", "SVOY_MAIL_FROM"):
        monkeypatch.setenv(name, f"the {name}")
    environment = house.parts["payroll"].env()  # type: ignore[attr-defined]  # a service's
    assert "CLOUD_KEY" not in environment
    assert "SVOY_BROKER_ADMIN_PASSWORD" not in environment
    assert environment["SVOY_MONGO_URL"].startswith("mongodb://svoy_payroll:")
    assert environment["SVOY_MAIL_FROM"] == "the SVOY_MAIL_FROM"


async def test_a_second_one_in_the_same_folder_is_refused(house: House) -> None:
    assert house.home.keeper() == os.getpid()
    with pytest.raises(AlreadyRunning, match="svoy status"), house.home.locked():
        pass
    assert house.home.keeper() == os.getpid()


@pytest.mark.parametrize("name", [*SERVICES, *SERVER_NAMES])
async def test_what_was_killed_can_be_started_again(house: House, name: str) -> None:
    before = house.pid(name)
    await house.kill(name)
    assert house.pid(name) is None
    await house.start(name)
    assert house.pid(name) not in {None, before}
    for service in SERVICES:
        await eventually(lambda service=service: ready(house, service), within=90)  # type: ignore[misc]


async def test_a_frozen_one_goes_on_when_thawed(house: House) -> None:
    house.freeze("routing")
    pid = house.pid("routing")
    assert pid is not None
    await eventually(lambda: psutil.Process(pid).status() == psutil.STATUS_STOPPED)
    house.thaw("routing")
    await eventually(lambda: ready(house, "routing"))


async def test_what_ends_by_itself_is_started_again_and_said_so(house: House) -> None:
    told = asyncio.Event()
    keeping = asyncio.create_task(keep_up(house, told))
    before = house.pid("payroll")
    assert before is not None
    os.kill(before, signal.SIGKILL)
    await eventually(lambda: house.board.rows["payroll"].state == "restarting")
    assert "завершился" in house.board.rows["payroll"].note
    await eventually(lambda: house.board.rows["payroll"].state == "ready", within=90)
    assert house.pid("payroll") != before
    assert house.board.rows["payroll"].restarts == 1
    told.set()
    await keeping


async def test_what_cannot_be_started_for_a_reason_nobody_thought_of_is_tried_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    part, told = house.parts["payroll"], asyncio.Event()
    start, failures = part.start, [OSError("нет места на диске")]

    async def fails_once() -> None:
        if failures:
            raise failures.pop()
        await start()

    monkeypatch.setattr(part, "start", fails_once)
    keeping, before = asyncio.create_task(keep_up(house, told)), house.pid("payroll")
    try:
        os.kill(before or 0, signal.SIGKILL)
        await eventually(lambda: not failures, within=90)
        await eventually(lambda: house.board.rows["payroll"].state == "ready", within=90)
        assert house.pid("payroll") not in {None, before}
    finally:
        told.set()
        await keeping


async def test_a_service_that_dies_at_start_stops_everything(tmp_path: Path) -> None:
    def broken(service: str) -> list[str]:
        return tiny(service) if service == "payroll" else [sys.executable, "-c", "raise SystemExit('нет настройки')"]

    house = House(Home(tmp_path), services=SERVICES, programs=broken)
    with pytest.raises(Died, match="routing") as died:
        await house.up()
    assert died.value.last_lines == ["нет настройки"]
    assert house.board.rows["routing"].state == "failed"
    assert running_under(str(house.home.run)) == []


async def test_told_to_stop_before_it_is_up_it_stops_everything(tmp_path: Path) -> None:
    house = House(Home(tmp_path), services=SERVICES, programs=tiny)
    told = asyncio.Event()
    coming = asyncio.create_task(up_unless(house, told))
    await eventually(lambda: house.pid("rabbitmq"))
    told.set()
    with pytest.raises(Stopped):
        await coming
    assert running_under(str(house.home.run)) == []


async def test_after_a_crash_what_can_ends_by_itself_and_the_rest_is_cleared_by_the_next(tmp_path: Path) -> None:
    home = Home(tmp_path)
    crashed = subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-c", UP_AND_STAY, str(tmp_path), STUBBORN], cwd=PROJECT, stdout=subprocess.PIPE
    )
    with crashed:
        assert crashed.stdout is not None
        said = {await asyncio.to_thread(crashed.stdout.readline) for _ in range(2)}
        assert said == {b"up\n", b"stubborn\n"}
        crashed.kill()
    await eventually(lambda: {name for name, _ in running_under(str(home.run))} == {"routing"}, within=60)
    house = House(home, services=["routing"], programs=tiny)
    async with house.running():
        assert await ready(house, "routing")
    assert running_under(str(home.run)) == []
    assert end_leftovers(home) == []
