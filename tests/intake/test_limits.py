"""How often somebody outside may knock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.answer_guard import AnswerGuard, household
from services.intake.limits import Allowance
from services.intake.mail_settings import MailSettings


def test_so_many_at_once_then_one_every_so_often() -> None:
    allowance = Allowance(3, 2.0)
    assert [allowance.wait("a", 0.0) for _ in range(4)] == [0, 0, 0, 2.0]
    assert allowance.wait("b", 0.0) == 0
    assert (allowance.wait("a", 1.5), allowance.wait("a", 2.0), allowance.wait("a", 2.0)) == (0.5, 0, 2.0)


@given(st.lists(st.floats(0, 5), max_size=60))
def test_never_more_than_allowed_and_who_waits_as_told_comes_in(pauses: list[float]) -> None:
    allowance, now, taken = Allowance(4, 1.0), 0.0, 0
    for pause in pauses:
        now += pause
        wait = allowance.wait("a", now)
        taken += not wait
        assert taken <= 4 + now + 1e-6
        if wait:
            now += wait + 1e-9
            assert allowance.wait("a", now) == 0
            taken += 1


def test_a_flood_of_ever_new_keys_takes_no_more_memory() -> None:
    allowance = Allowance(1, 1.0, keys=10)
    assert all(allowance.wait(str(number), 0.0) == 0 for number in range(1_000))
    assert allowance.wait("999", 0.0) > 0
    assert allowance.wait("0", 0.0) == 0


@pytest.mark.parametrize(
    ("peer", "source"),
    [
        ("203.0.113.5", "203.0.113.5"),
        ("::ffff:10.1.1.1", "10.1.1.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("nonsense", "unknown"),
        ("", "unknown"),
    ],
)
def test_a_customer_of_ipv6_is_one_source(peer: str, source: str) -> None:
    assert household(peer) == source


def test_one_link_and_one_source_have_each_their_own_limit() -> None:
    settings = MailSettings.model_construct(answers_burst=6, answers_every_seconds=10.0)
    guard = AnswerGuard(settings)
    assert [guard.wait(f"203.0.113.{number}", "r/t", 0.0) for number in range(3)] == [0, 0, 10.0]
    assert [guard.wait("198.51.100.1", f"r/{number}", 0.0) for number in range(7)][5:] == [0, 10.0]
