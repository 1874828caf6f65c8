"""Ports that are free."""

import socket

import pytest

from deploy.local.errors import HouseError
from deploy.local.ports import HIGHEST, STEP, free_ports, is_free, some_free_ports


@pytest.fixture
def taken() -> int:
    return some_free_ports(1)[0]


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


def test_where_nothing_is_free_it_says_which_port_to_free() -> None:
    with pytest.raises(HouseError, match=str(HIGHEST)):
        free_ports(HIGHEST)
