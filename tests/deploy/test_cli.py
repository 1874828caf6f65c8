"""`svoy` from the outside: processes of its own, a folder of its own, the real services."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from deploy.local.board import read_board
from deploy.local.credentials import Credentials
from deploy.local.home import Home
from deploy.local.process import running_under
from deploy.tokens import public_key
from shared.http.auth import Tokens
from shared.messaging.topology import SERVICES
from tests.kit import eventually

pytestmark = pytest.mark.timeout(400)

SVOY = str(Path(sys.executable).parent / "svoy")
UP_WITHIN = 120.0

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "svoy")


@pytest.fixture
def svoy(home: Home) -> Iterator[Run]:
    """Runs `svoy …` on the test's own folder; whatever it leaves running is stopped at the end."""
    environment = {**os.environ, "SVOY_HOME": str(home.root)}

    def run(*words: str, answer: str = "") -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [SVOY, *words],
            env=environment,
            input=answer,
            capture_output=True,
            text=True,
            timeout=UP_WITHIN,
            check=False,
        )

    yield run
    run("down")
    assert running_under(str(home.run)) == []


def test_where_nothing_runs_it_says_so(svoy: Run) -> None:
    status = svoy("status")
    assert status.returncode == 1
    assert "не запущена" in status.stderr
    assert svoy("down").returncode == 0
    assert svoy("logs", "intake").returncode == 1
    assert svoy("parked", "list").returncode == 1


def test_without_a_word_it_lists_what_it_can(svoy: Run) -> None:
    listed = svoy().stdout + svoy().stderr
    assert all(word in listed for word in ("up", "status", "logs", "down", "wipe", "token", "parked", "secrets"))


def test_what_was_mistyped_ends_with_2_and_one_line_of_russian(svoy: Run) -> None:
    mistyped = svoy("stauts")
    assert (mistyped.returncode, mistyped.stdout) == (2, "")
    assert mistyped.stderr == "Ошибка: нет команды «stauts». Похоже на status. Справка: svoy --help.\n"


def test_a_token_is_one_the_services_accept(svoy: Run, home: Home) -> None:
    refused = svoy("token", "--role", "manager", "--subject", "m1")
    assert refused.returncode == 1
    assert "SVOY_JWT_PRIVATE_KEY" in refused.stderr
    home.make()
    key = Credentials.kept(home.credentials).jwt_private_key
    made = svoy("token", "--role", "manager", "--role", "lead", "--subject", "m1").stdout.strip()
    principal = Tokens(public_key(key)).principal(made)
    assert (principal.subject, principal.roles) == ("m1", frozenset({"manager", "lead"}))


def test_a_role_nobody_knows_is_refused(svoy: Run) -> None:
    assert "Нет таких ролей: chief" in svoy("token", "--role", "chief", "--subject", "x").stderr


def test_wipe_removes_ours_and_nothing_else(svoy: Run, home: Home) -> None:
    home.make()
    Credentials.kept(home.credentials)
    (home.root / "notes.txt").write_text("чужое")
    assert svoy("wipe", answer="n\n").returncode == 1
    assert home.credentials.exists()
    assert svoy("wipe", "--yes").returncode == 0
    assert [file.name for file in home.root.iterdir()] == ["notes.txt"]


def hears_ctrl_c() -> None:
    """Whatever runs the tests may have been started with Ctrl-C ignored, which is inherited."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def ended_by_ctrl_c(process: "subprocess.Popen[str]") -> None:
    """As somebody at the keyboard does it: once more where nothing happens."""
    for _ in range(10):
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(2)
            return
    process.kill()
    pytest.fail("Ctrl-C ends nothing")


def test_logs_shows_the_last_lines_and_then_what_is_added(svoy: Run, home: Home) -> None:
    home.make()
    home.logs.mkdir()
    log = home.log("intake")
    log.write_text("one\ntwo\nthree\n")
    home.log("routing").write_text("other\n")
    assert svoy("logs", "intake", "-n", "2").stdout == "two\nthree\n"
    assert "routing │ other" in svoy("logs").stdout
    following = subprocess.Popen(
        [SVOY, "logs", "intake", "-f", "-n", "1"],
        env={**os.environ, "SVOY_HOME": str(home.root), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=hears_ctrl_c,  # noqa: PLW1509 - it sets a signal, and no more
    )
    with following:
        assert following.stdout is not None
        assert following.stdout.readline() == "three\n"
        with log.open("a") as file:
            file.write("fo")
            file.flush()
            file.write("ur\n")
        assert following.stdout.readline() == "four\n"
        log.write_text("5\n")
        assert following.stdout.readline() == "5\n"
        ended_by_ctrl_c(following)


def test_the_house_behind_the_terminal_from_up_to_wipe(svoy: Run, home: Home) -> None:
    up = svoy("up", "--detach")
    assert up.returncode == 0, up.stdout + up.stderr
    assert all(f"http://127.0.0.1:{row.port}/docs" in up.stdout for row in read_board(home.board).rows[2:])
    key = Credentials.kept(home.credentials).api_key
    assert key is not None
    assert key in up.stdout

    status = svoy("status")
    assert status.returncode == 0, status.stdout
    assert all(name in status.stdout for name in (*SERVICES, "rabbitmq", "mongod"))
    assert "service.ready" in svoy("logs", "intake", "-n", "50").stdout
    assert svoy("parked", "list").returncode == 0
    assert "svoy down" in svoy("wipe", "--yes").stderr
    assert "уже работает" in svoy("up", "--detach").stderr
    assert "уже работает" in svoy("up").stderr

    assert svoy("down").returncode == 0
    assert running_under(str(home.run)) == []
    assert svoy("status").returncode == 1
    assert svoy("wipe", "--yes").returncode == 0
    assert not home.root.exists()


@pytest.mark.usefixtures("svoy")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
async def test_in_the_terminal_it_ends_in_order_when_told(home: Home, number: signal.Signals) -> None:
    environment = {**os.environ, "SVOY_HOME": str(home.root), "PYTHONUNBUFFERED": "1"}
    house = subprocess.Popen([SVOY, "up"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # noqa: ASYNC220
    try:
        await eventually(lambda: read_board(home.board).up or house.poll() is not None, within=UP_WITHIN)
    finally:
        house.send_signal(number)
        said, _ = house.communicate(timeout=UP_WITHIN)
    assert house.returncode == 0, said.decode()
    assert running_under(str(home.run)) == []
    rows = json.loads(home.board.read_text())["rows"]
    assert {row["state"] for row in rows} == {"stopped"}
