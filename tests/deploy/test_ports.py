"""Ports that are free, and whoever chose one first has it."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.errors import HouseError
from deploy.local.home import PROJECT
from deploy.local.ports import HIGHEST, STEP, free_ports, give_back, is_free, some_free_ports

CHOOSE = """
import sys
from pathlib import Path
from deploy.local.home import Home
from deploy.local.house import House
print("ready", flush=True)
sys.stdin.readline()
house = House(Home(Path(sys.argv[1])), usual_ports=True)
print(*house.wiring.ports.values(), flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def taken() -> int:
    """A port nobody has."""
    ports = some_free_ports(1)
    give_back(ports)
    return ports[0]


def test_a_free_port_is_taken_as_it_is(taken: int) -> None:
    assert free_ports(taken) == [taken]


def test_instead_of_a_taken_port_comes_the_next_in_steps(taken: int) -> None:
    with socket.create_server(("127.0.0.1", taken)):
        assert not is_free(taken)
        found = free_ports(taken)[0]
    assert found > taken
    assert (found - taken) % STEP == 0


def test_two_who_want_the_same_port_get_two(taken: int) -> None:
    first, second = free_ports(taken, taken)
    assert first != second


def test_a_port_is_its_choosers_though_nobody_listens_yet_until_it_is_given_back(taken: int) -> None:
    assert free_ports(taken) == [taken]
    assert free_ports(taken) != [taken]
    assert is_free(taken)
    give_back([taken])
    assert free_ports(taken) == [taken]


def test_where_nothing_is_free_it_says_which_port_to_free() -> None:
    with pytest.raises(HouseError, match=str(HIGHEST)):
        free_ports(HIGHEST)


def test_houses_started_in_the_same_second_in_two_folders_share_no_port(tmp_path: Path) -> None:
    houses = [_choosing(tmp_path / name) for name in "ab"]
    with houses[0] as one, houses[1] as other:
        for house in (one, other):
            assert _line(house) == ["ready"]
        for house in (one, other):
            _tell(house)
        chosen = [port for house in (one, other) for port in _line(house)]
        for house in (one, other):
            _tell(house)
    assert len(chosen) > 2
    assert len(set(chosen)) == len(chosen)


def _choosing(folder: Path) -> "subprocess.Popen[str]":
    """A process with a house in `folder` that chooses its ports when it is told to."""
    argv = [sys.executable, "-c", CHOOSE, str(folder)]
    return subprocess.Popen(argv, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _tell(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def _line(process: "subprocess.Popen[str]") -> list[str]:
    assert process.stdout is not None
    return process.stdout.readline().split()
